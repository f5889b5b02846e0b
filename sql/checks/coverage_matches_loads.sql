-- The coverage of a sensor's day counts the lines and the events of its loads
with loaded as (
    select
        day,
        sensor,
        sum(lines) as loaded_lines,
        sum(events) - sum(duplicates) as loaded_events
    from loads
    where is_checked(day)
    group by day, sensor
),

covered as (
    select
        day,
        sensor,
        lines as covered_lines,
        events as covered_events
    from coverage
    where is_checked(day)
),

-- A day that was loaded before coverage was kept has none of any sensor.
covered_days as (
    select distinct day
    from covered
),

compared as (
    select
        day,
        sensor,
        coalesce(loaded.loaded_lines, 0) as loaded_lines,
        covered.covered_lines,
        coalesce(loaded.loaded_events, 0) as loaded_events,
        covered.covered_events
    from loaded
    full join covered using (day, sensor)
)

select compared.*
from compared
inner join covered_days on compared.day = covered_days.day
where
    compared.loaded_lines is distinct from compared.covered_lines
    or compared.loaded_events is distinct from compared.covered_events
