-- Events of one day that another file of their sensor holds too, and more or as often, and that are counted there
-- A line's count over several files is the largest count in any one of them. Parameters: parsed (the day's partition),
-- first_overlap and last_overlap (UTC stamps between which files overlap).
with overlapping as (
    select
        sensor,
        file,
        line_number,
        line_hash,
        observed_at
    from read_parquet($parsed)
    where observed_at between $first_overlap and $last_overlap
),

counted as (
    select
        sensor,
        observed_at,
        line_hash,
        file,
        count(*) as lines
    from overlapping
    group by all
),

kept as (
    select
        sensor,
        observed_at,
        line_hash,
        arg_max(file, (lines, file)) as file
    from counted
    group by all
    having count(*) > 1
)

select
    overlapping.file,
    overlapping.line_number
from overlapping
inner join kept using (sensor, observed_at, line_hash)
where overlapping.file <> kept.file
order by all
