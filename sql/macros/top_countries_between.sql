-- Countries that packets came from by number of events, from day `first` to day `last`: the columns of top_countries
create or replace macro top_countries_between(first, last) as table
    with counted as (
        select
            source_country as country,
            count(*) as events,
            count(distinct source_ip) as sources
        from events_between(first, last)
        group by source_country
    ),

    shared as (
        select
            *,
            events / sum(events) over () as share
        from counted
    )

    select
        rank() over (order by shared.events desc) as rank,
        shared.country,
        countries.country_name,
        shared.events,
        shared.sources,
        shared.share
    from shared
    left join countries on shared.country = countries.country
    where shared.country is not null
    order by rank, countries.country_name, shared.country;
