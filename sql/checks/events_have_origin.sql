-- An event says which source, file and line it came from
select
    day,
    observed_at,
    sensor,
    file,
    line_number
from events
where
    is_checked(day)
    and (sensor is null or file is null or line_number is null or line_number < 1)
