-- Days from `first` to `last` since which one of the 20 ports tried most stays higher or lower than before
create or replace macro port_changes_between(first, last) as table
    with main_ports as (
        select
            port,
            protocol,
            service
        from top_ports_between(first, last)
        where rank <= 20
    ),

    -- What was before the period, and comes after it, tells whether a change at its ends is one.
    counted as (
        select
            day,
            destination_port as port,
            protocol,
            sum(events) as events
        from day_counts('ports', days_around(first, -56), days_around(last, 56))
        where destination_port in (select main_ports.port from main_ports)
        group by day, destination_port, protocol
    ),

    daily_ports as (
        select
            calendar.day,
            { 'port': main_ports.port, 'protocol': main_ports.protocol, 'service': main_ports.service } as item,
            coalesce(counted.events, 0) as events
        from observed_between(days_around(first, -56), days_around(last, 56)) as calendar
        cross join main_ports
        left join counted
            on
                calendar.day = counted.day
                and main_ports.port = counted.port
                and main_ports.protocol is not distinct from counted.protocol
    )

    select
        item.port,
        item.protocol,
        item.service,
        * exclude (item)
    from change_points('daily_ports')
    where day between as_day(first) and as_day(last);
