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
            first_day,
            last_day,
            days
        from
            read_parquet(
                count_files('spans', 'ports'),
                hive_partitioning = true,
                hive_types = { 'month': date }
            )
        where month >= first_whole_month(first) and month < after_whole_months(last)
    ),

    -- What is left of the months in the middle of which the period begins or ends.
    of_days as (
        select
            destination_port,
            protocol,
            min(day) as first_day,
            max(day) as last_day,
            count(distinct day) as days
        from
            read_parquet(
                count_files('days', 'ports'),
                hive_partitioning = true,
                hive_types = { 'month': date }
            )
        where
            month between month_of(as_day(first)) and month_of(as_day(last))
            and (month < first_whole_month(first) or month >= after_whole_months(last))
            and day between as_day(first) and as_day(last)
        group by destination_port, protocol
    ),

    seen as (
        select * from of_months
        union all
        select * from of_days
    ),

    sighted as (
        select
            destination_port as port,
            protocol,
            min(first_day) as first_day,
            max(last_day) as last_day,
            cast(sum(days) as bigint) as days
        from seen
        where destination_port is not null
        group by destination_port, protocol
    )

    select
        tried.port,
        tried.protocol,
        tried.service,
        tried.events,
        tried.sources,
        sighted.first_day,
        sighted.last_day,
        sighted.days
    from top_ports_between(first, last) as tried
    inner join sighted on tried.port = sighted.port and tried.protocol is not distinct from sighted.protocol
    order by tried.events desc, tried.port asc, tried.protocol asc;
