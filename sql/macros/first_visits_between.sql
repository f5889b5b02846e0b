-- Countries from which the first event ever was logged from day `first` to day `last`, and their events in the period
-- country: ISO 3166-1 alpha-2 code of the country
-- country_name: Name of the country in English
-- state: ISO 3166-1 alpha-2 code of the state that the territory belongs to, or of itself
-- state_name: Name of that state in English
-- first_seen: When the first event was logged, UTC
-- last_seen: When the last event was logged, UTC
-- events: Number of events
-- sources: Number of different source addresses
-- main_ports: The up to five ports tried most, as 23/tcp
create or replace macro first_visits_between(first, last) as table
    with seen as (
        select
            source_country as country,
            day_of(min(first_seen)) as first_day
        from period_counts('countries', '-infinity', last)
        group by source_country
    ),

    new_countries as (
        select country
        from seen
        where first_day between as_day(first) and as_day(last)
    )

    select
        countries.country,
        countries.country_name,
        countries.sovereign as state,
        states.country_name as state_name,
        visitors.first_seen,
        visitors.last_seen,
        visitors.events,
        visitors.sources,
        visitors.main_ports
    from rare_visitors_between(first, last) as visitors
    inner join new_countries on visitors.country = new_countries.country
    inner join countries on visitors.country = countries.country
    inner join countries as states on countries.sovereign = states.country
    order by visitors.first_seen, countries.country;
