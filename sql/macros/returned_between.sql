-- Countries that came back from day `first` to day `last` after being away for at least `days` observed days in a row
-- country: ISO 3166-1 alpha-2 code of the country
-- country_name: Name of the country in English
-- last_day_before: Last day with events before the absence
-- returned_on: Day of the return
-- days_away: Number of days observed in between
-- events: Number of events on the day of the return
-- sources: Number of different source addresses on that day
create or replace macro returned_between(first, last, days) as table
    with period as (select is_valid from valid_period(first, last)),

    -- Days that were not observed are no absence, so only the observed ones are numbered.
    observed as (
        select
            day,
            row_number() over (order by day) as number
        from observed_between('-infinity', last)
    ),

    visits as (
        select
            source_country as country,
            day,
            cast(sum(events) as bigint) as events,
            cast(sum(sources) as bigint) as sources
        from day_counts('countries', '-infinity', last)
        where source_country is not null
        group by source_country, day
    ),

    numbered as (
        select
            visits.*,
            observed.number,
            lag(visits.day) over (partition by visits.country order by visits.day) as last_day_before,
            lag(observed.number) over (partition by visits.country order by visits.day) as number_before
        from visits
        inner join observed on visits.day = observed.day
    ),

    returns as (
        select
            *,
            number - number_before - 1 as days_away
        from numbered
        where number - number_before > days and day between as_day(first) and as_day(last)
    )

    select
        returns.country,
        countries.country_name,
        returns.last_day_before,
        returns.day as returned_on,
        returns.days_away,
        returns.events,
        returns.sources
    from returns
    cross join period
    left join countries on returns.country = countries.country
    order by returns.days_away desc, returns.country asc, returns.day asc;
