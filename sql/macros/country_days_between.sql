-- Events of each day from `first` to `last` of each country that came then; NULL on days that were not observed
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
