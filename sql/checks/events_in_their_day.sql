-- An event lies in the partition of the calendar day, in the site's time zone, when it was logged
with minutes as (
    -- The clock is read for each minute and not for each event: no zone's offset changes within a minute.
    select
        day,
        date_trunc('minute', observed_at) as observed_at
    from events
    where is_checked(day)
    group by day, date_trunc('minute', observed_at)
),

misplaced as (
    select
        day,
        observed_at
    from minutes
    where cast(observed_at at time zone 'UTC' at time zone site_timezone() as date) is distinct from day
)

select
    events.day,
    events.observed_at,
    site_timezone() as site_timezone,
    events.sensor,
    events.file,
    events.line_number
from events
inner join misplaced
    on
        events.day = misplaced.day
        and date_trunc('minute', events.observed_at) is not distinct from misplaced.observed_at
where is_checked(events.day)
