-- A line of a file is one event at most; on another day a file of the same name may be another, after log rotation
with in_order as (
    select
        day,
        sensor,
        file,
        line_number,
        lag(day) over () as day_before,
        lag(sensor) over () as sensor_before,
        lag(file) over () as file_before,
        lag(line_number) over () as line_before
    from events
    where is_checked(day)
),

unsorted as (
    -- Events mostly stand in the order of their lines, file after file: where they do, a file begins once on a day and
    -- nothing needs to be counted, which takes ten times as long.
    select
        day,
        sensor,
        file
    from in_order
    where
        day is distinct from day_before
        or sensor is distinct from sensor_before
        or file is distinct from file_before
        or coalesce(line_number <= line_before, true)
    group by day, sensor, file
    having count(*) > 1
)

select
    events.day,
    events.sensor,
    events.file,
    events.line_number,
    count(*) as events
from events
inner join unsorted
    on
        events.day = unsorted.day
        and events.sensor is not distinct from unsorted.sensor
        and events.file is not distinct from unsorted.file
where is_checked(events.day)
group by events.day, events.sensor, events.file, events.line_number
having count(*) > 1
