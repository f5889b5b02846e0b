-- Events of each day from `first` to `last` of the 20 ports tried most then; NULL on days that were not observed
-- day: Calendar day of the site
-- rank: Place by number of events in the period
-- port: Destination port
-- protocol: IP protocol of the port: tcp, udp, ...
-- service: Name of the service at this port; NULL where the table of services has none
-- events: Number of events; 0 where none came, NULL where the day was not observed
-- sources: Number of different source addresses; NULL where the day was not observed
create or replace macro port_days_between(first, last) as table
    with main_ports as (
        select
            rank,
            port,
            protocol,
            service
        from top_ports_between(first, last)
        where rank <= 20
    ),

    counted as (
        select
            day,
            destination_port as port,
            protocol,
            cast(sum(events) as bigint) as events,
            cast(sum(sources) as bigint) as sources
        from day_counts('ports', first, last)
        where destination_port in (select main_ports.port from main_ports)
        group by day, destination_port, protocol
    )

    select
        calendar.day,
        main_ports.rank,
        main_ports.port,
        main_ports.protocol,
        main_ports.service,
        case when calendar.is_observed then coalesce(counted.events, 0) end as events,
        case when calendar.is_observed then coalesce(counted.sources, 0) end as sources
    from calendar_between(first, last) as calendar
    cross join main_ports
    left join counted
        on
            calendar.day = counted.day
            and main_ports.port = counted.port
            and main_ports.protocol is not distinct from counted.protocol
    order by main_ports.rank, main_ports.port, main_ports.protocol, calendar.day;
