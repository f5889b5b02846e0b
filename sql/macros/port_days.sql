-- Events of each day from `first` to `last` of one port, zero where none came; NULL on days that were not observed
-- day: Calendar day of the site
-- events: Number of events; 0 where none came, NULL where the day was not observed
-- sources: Number of different source addresses; NULL where the day was not observed
create or replace macro port_days(port_number, protocol_name, first, last) as table
    with counted as (
        select
            day,
            cast(sum(events) as bigint) as events,
            cast(sum(sources) as bigint) as sources
        from day_counts('ports', first, last)
        where destination_port = port_number and protocol = protocol_name
        group by day
    )

    select
        calendar.day,
        case when calendar.is_observed then coalesce(counted.events, 0) end as events,
        case when calendar.is_observed then coalesce(counted.sources, 0) end as sources
    from calendar_between(first, last) as calendar
    left join counted on calendar.day = counted.day
    order by calendar.day;
