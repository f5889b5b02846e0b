-- Source addresses of each country from day `first` to day `last`, and how many of them were never seen there before
-- country: ISO 3166-1 alpha-2 code of the country
-- country_name: Name of the country in English
-- sources: Number of different source addresses
-- new_sources: How many of them were never seen from there before the period
-- share: New sources as a part of all sources, 0 to 1
create or replace macro new_sources_between(first, last) as table
    with counted as (
        select
            source_country as country,
            cast(sum(sources) as bigint) as sources,
            cast(coalesce(sum(sources) filter (where previous is null), 0) as bigint) as new_sources
        from period_counts('countries', first, last)
        where source_country is not null
        group by source_country
    )

    select
        counted.country,
        countries.country_name,
        counted.sources,
        counted.new_sources,
        counted.new_sources / counted.sources as share
    from counted
    left join countries on counted.country = countries.country
    where counted.sources > 0
    order by counted.new_sources desc, counted.country asc;
