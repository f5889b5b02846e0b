-- The lines of a raw file are the lines of its days
with summed as (
    select
        raw_files.sensor,
        raw_files.file,
        raw_files.lines,
        coalesce(list_sum([held.lines for held in raw_files.days]), 0) as lines_of_days
    from raw_files
    where raw_files.days is not null
)

select *
from summed
where lines is distinct from lines_of_days
