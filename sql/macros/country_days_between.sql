-- Events of each day from `first` to `last` of each country that came then; NULL on days that were not observed
-- day: Calendar day of the site
-- rank: Place by number of events in the period
-- country: ISO 3166-1 alpha-2 code of the country
-- country_name: Name of the country in English
-- events: Number of events; 0 where none came, NULL where the day was not observed
-- sources: Number of different source addresses; NULL where the day was not observed
create or replace macro country_days_between(first, last) as table
    with visitors as (
        select
            rank,
            country,
            country_name
        from top_countries_between(first, last)
    ),

    counted as (
        select
            day,
            source_country as country,
            cast(sum(events) as bigint) as events,
            cast(sum(sources) as bigint) as sources
        from day_counts('countries', first, last)
        group by day, source_country
    )

    select
        calendar.day,
        visitors.rank,
        visitors.country,
        visitors.country_name,
        case when calendar.is_observed then coalesce(counted.events, 0) end as events,
        case when calendar.is_observed then coalesce(counted.sources, 0) end as sources
    from calendar_between(first, last) as calendar
    cross join visitors
    left join counted on calendar.day = counted.day and visitors.country = counted.country
    order by visitors.rank, visitors.country, calendar.day;
