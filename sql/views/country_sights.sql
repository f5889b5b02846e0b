-- Every country and territory: whether and when it was ever seen, over all days
-- country: ISO 3166-1 alpha-2 code; XK for Kosovo
-- country_name: Name of the country or territory in English
-- recognised_by_japan: Whether Japan recognises it as a country, or is it
-- state: Code of the country that it belongs to; its own code when it is none's territory
-- state_name: Name of that country in English
-- in_iso_3166: Whether it is one of the 249 of ISO 3166-1; only Kosovo is not
-- first_seen: When the first event from there was logged, UTC; NULL where none ever was
-- last_seen: When the last event from there was logged, UTC; NULL where none ever was
-- events: Number of events; 0 where none ever was logged
-- days: Number of days on which an event was logged
with counted as (
    select
        source_country as country,
        min(first_seen) as first_seen,
        max(last_seen) as last_seen,
        cast(sum(events) as bigint) as events
    from period_counts('countries', '-infinity', 'infinity')
    group by source_country
),

visited as (
    select
        source_country as country,
        count(distinct day) as days
    from day_counts('countries', '-infinity', 'infinity')
    group by source_country
)

select
    countries.country,
    countries.country_name,
    countries.recognised_by_japan,
    countries.sovereign as state,
    states.country_name as state_name,
    countries.in_iso_3166,
    counted.first_seen,
    counted.last_seen,
    coalesce(counted.events, 0) as events,
    coalesce(visited.days, 0) as days
from countries
inner join countries as states on countries.sovereign = states.country
left join counted on countries.country = counted.country
left join visited on countries.country = visited.country
order by countries.country_name
