-- Days, days observed, events, different sources, countries and ports from day `first` to day `last`, in one row
-- days: Number of days of the period
-- observed_days: Days on which an event was logged
-- events: Number of events
-- sources: Number of different source addresses
-- countries: Number of different countries
-- unlocated_events: Number of events of unknown country
-- ports: Number of different destination ports
-- events_per_day: Events per day observed
create or replace macro period_totals_between(first, last) as table
    with by_country as (
        select
            cast(coalesce(sum(events), 0) as bigint) as events,
            cast(coalesce(sum(sources), 0) as bigint) as sources,
            count(distinct source_country) as countries,
            cast(coalesce(sum(events) filter (where source_country is null), 0) as bigint) as unlocated_events
        from period_counts('countries', first, last)
    ),

    by_port as (
        select count(*) as ports
        from top_ports_between(first, last)
    ),

    by_day as (
        select
            count(*) as days,
            count(*) filter (where is_observed) as observed_days
        from calendar_between(first, last)
    )

    select
        by_day.days,
        by_day.observed_days,
        by_country.events,
        by_country.sources,
        by_country.countries,
        by_country.unlocated_events,
        by_port.ports,
        by_country.events / nullif(by_day.observed_days, 0) as events_per_day
    from by_country
    cross join by_port
    cross join by_day;
