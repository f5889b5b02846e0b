-- A line of a file is one event at most; on another day a file of the same name may be another, after log rotation
select
    day,
    sensor,
    file,
    line_number,
    count(*) as events
from events
where is_checked(day)
group by day, sensor, file, line_number
having count(*) > 1
