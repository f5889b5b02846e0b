-- The events that the counts were made of are the events stored, for each day
with stored as (
    select
        day,
        count(*) as events
    from events
    where is_checked(day)
    group by day
),

counted as (
    select
        day,
        sum(events) as counted_events
    from count_rows('days', 'countries')
    where is_checked(day)
    group by day
)

select
    day,
    stored.events,
    counted.counted_events
from stored
full join counted using (day)
where stored.events is distinct from counted.counted_events
