-- Ports that were tried from day `first` to day `last`, with their first and last day in it, most events first
-- port: Destination port
-- protocol: IP protocol of the port: tcp, udp, ...
-- service: Name of the service at this port; NULL where the table of services has none
-- events: Number of events
-- sources: Number of different source addresses
-- first_day: First day in the period
-- last_day: Last day in the period
-- days: Number of days with events in the period
create or replace macro port_sights_between(first, last) as table
    with of_months as (
        select
            destination_port,
            protocol,
            cast(0 as bigint) as events,
            cast(0 as bigint) as sources,
            first_day,
            last_day,
            days,
            cast(0 as bigint) as other_days
        from count_rows('spans', 'ports')
        where month >= first_whole_month(first) and month < after_whole_months(last)
    ),

    counted as (
        select
            destination_port,
            protocol,
            events,
            sources,
            day as first_day,
            day as last_day,
            cast(0 as bigint) as days,
            -- A bit for each day of the months in the middle of which the period begins or ends: a fourth of what a
            -- count of different days costs.
            cast(1 as bigint)
            << cast(case when day < first_whole_month(first) then 0 else 31 end + day(day) - 1 as bigint) as other_days
        from period_counts('ports', first, last)
        union all
        select * from of_months
    ),

    sighted as (
        select
            destination_port as port,
            protocol,
            cast(sum(events) as bigint) as events,
            cast(sum(sources) as bigint) as sources,
            min(first_day) as first_day,
            max(last_day) as last_day,
            cast(sum(days) + coalesce(bit_count(bit_or(other_days)), 0) as bigint) as days
        from counted
        where destination_port is not null
        group by destination_port, protocol
    )

    select
        sighted.port,
        sighted.protocol,
        services.service,
        sighted.events,
        sighted.sources,
        sighted.first_day,
        sighted.last_day,
        sighted.days
    from sighted
    left join services on sighted.port = services.port and sighted.protocol = services.protocol
    order by sighted.events desc, sighted.port asc, sighted.protocol asc;
