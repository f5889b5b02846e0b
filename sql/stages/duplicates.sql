-- Events of one day that another file of their sensor holds too, and more or as often, and that are counted there
-- A line's count over several files is the largest count in any one of them. Variables: parsed (the day's partition),
-- first_overlap and last_overlap (UTC stamps between which files overlap), parts (a power of two) and part (which of so
-- many, from 0 on: they take turns, so that a day of any size fits into memory).
with overlapping as (
    select
        sensor,
        file,
        line_number,
        line_hash,
        observed_at
    from read_parquet(getvariable('parsed'))
    where
        observed_at between getvariable('first_overlap') and getvariable('last_overlap')
        and (line_hash & (getvariable('parts') - 1)) = getvariable('part')
),

counted as (
    select
        sensor,
        observed_at,
        line_hash,
        file,
        count(*) as copies
    from overlapping
    group by all
),

kept as (
    select
        sensor,
        observed_at,
        line_hash,
        arg_max(file, (copies, file)) as counted_in
    from counted
    group by all
    having count(*) > 1
)

select
    overlapping.file,
    overlapping.line_number
from overlapping
inner join kept using (sensor, observed_at, line_hash)
where overlapping.file <> kept.counted_in
