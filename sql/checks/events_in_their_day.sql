-- An event lies in the partition of the calendar day, in the site's time zone, when it was logged
select
    day,
    observed_at,
    site_timezone() as site_timezone,
    sensor,
    file,
    line_number
from events
where
    is_checked(day)
    and cast(observed_at at time zone 'UTC' at time zone site_timezone() as date) is distinct from day
