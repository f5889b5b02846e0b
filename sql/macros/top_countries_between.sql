-- Countries that packets came from by number of events, from day `first` to day `last`: the columns of top_countries
create or replace macro top_countries_between(first, last) as table
    with counted as (
        select
            source_country as country,
            cast(sum(events) as bigint) as events,
            cast(sum(sources) as bigint) as sources
        from period_counts('countries', first, last)
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
