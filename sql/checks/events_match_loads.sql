-- The events stored and the duplicates left out are the events counted, for each day and file
with stored as (
    select
        day,
        sensor,
        file,
        count(*) as stored_events
    from events
    where is_checked(day)
    group by day, sensor, file
),

counted as (
    select
        day,
        sensor,
        file,
        sum(events) as events,
        sum(duplicates) as duplicates
    from loads
    where is_checked(day)
    group by day, sensor, file
)

select
    day,
    sensor,
    file,
    counted.events,
    counted.duplicates,
    stored.stored_events
from counted
full join stored using (day, sensor, file)
where
    counted.events is distinct from coalesce(stored.stored_events, 0) + counted.duplicates
    or coalesce(counted.duplicates not between 0 and counted.events, true)
