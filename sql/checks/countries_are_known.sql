-- A country code of an event is one of the table of countries
with used as (
    select
        source_country as country,
        day,
        count(*) as events
    from events
    where is_checked(day) and source_country is not null
    group by source_country, day
    union all
    select
        destination_country as country,
        day,
        count(*) as events
    from events
    where is_checked(day) and destination_country is not null
    group by destination_country, day
)

select
    used.country,
    sum(used.events) as events,
    min(used.day) as first_day,
    max(used.day) as last_day
from used
anti join countries on used.country = countries.country
group by used.country
