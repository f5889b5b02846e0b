-- The rejected lines kept are the rejected lines counted, for each day and file
with kept as (
    select
        day,
        sensor,
        file,
        count(*) as kept_lines
    from rejected_lines
    where is_checked(day) and day >= rejected_since()
    group by day, sensor, file
),

counted as (
    select
        day,
        sensor,
        file,
        sum(rejected) as rejected
    from loads
    where is_checked(day) and day >= rejected_since()
    group by day, sensor, file
)

select
    day,
    sensor,
    file,
    counted.rejected,
    kept.kept_lines
from counted
full join kept using (day, sensor, file)
where counted.rejected is distinct from coalesce(kept.kept_lines, 0)
