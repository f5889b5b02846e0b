-- A file has one row a day in the loads
select
    day,
    sensor,
    file,
    count(*) as loads
from loads
where is_checked(day)
group by day, sensor, file
having count(*) > 1
