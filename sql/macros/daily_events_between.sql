-- Events and sources of each day from `first` to `last`; NULL on days that were not observed
-- day: Calendar day of the site
-- events: Number of events; NULL where the day was not observed
-- sources: Number of different source addresses; NULL where the day was not observed
create or replace macro daily_events_between(first, last) as table
    with counted as (
        select
            day,
            cast(sum(events) as bigint) as events,
            cast(sum(sources) as bigint) as sources
        from day_counts('countries', first, last)
        group by day
    )

    select
        calendar.day,
        counted.events,
        counted.sources
    from calendar_between(first, last) as calendar
    left join counted on calendar.day = counted.day
    order by calendar.day;
