-- Days from `first` to `last` since which one of the 30 most active countries stays higher or lower than before
create or replace macro country_changes_between(first, last) as table
    with visitors as (
        select
            country,
            country_name
        from top_countries_between(first, last)
        where rank <= 30
    ),

    -- What was before the period, and comes after it, tells whether a change at its ends is one.
    counted as (
        select
            day,
            source_country as country,
            sum(events) as events
        from day_counts('countries', days_around(first, -56), days_around(last, 56))
        group by day, source_country
    ),

    daily_countries as (
        select
            calendar.day,
            { 'country': visitors.country, 'country_name': visitors.country_name } as item,
            coalesce(counted.events, 0) as events
        from observed_between(days_around(first, -56), days_around(last, 56)) as calendar
        cross join visitors
        left join counted on calendar.day = counted.day and visitors.country = counted.country
    )

    select
        item.country,
        item.country_name,
        * exclude (item)
    from change_points('daily_countries')
    where day between as_day(first) and as_day(last);
