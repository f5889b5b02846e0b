-- Days whose raw lines are not those they were loaded from, as of the last look at the raw files; loading mends them
-- day: Calendar day of the site's time zone
-- sensor: Name of the source
-- is_loaded: Whether the day has been loaded with lines of this sensor
-- new_files: Files with lines of the day that were not loaded so; a copy, or a new name of one that was, is none
-- gone_files: Files that the day was loaded from and that are gone or changed: loading drops what only they held
with held_apart as (
    select
        sensor,
        file,
        unnest(days) as held
    from raw_files
),

held as (
    select
        struct_extract(held, 'day') as day,
        sensor,
        file,
        struct_extract(held, 'lines') as lines,
        struct_extract(held, 'digest') as file_digest
    from held_apart
),

-- The many small files of loads are read once.
loaded_files as materialized (
    select
        day,
        sensor,
        file,
        lines,
        file_digest
    from loads
),

changes as (
    select
        held.day,
        held.sensor,
        held.file as new_file,
        null as gone_file
    from held
    anti join loaded_files
        on
            held.day = loaded_files.day
            and held.sensor = loaded_files.sensor
            and held.lines = loaded_files.lines
            and held.file_digest = loaded_files.file_digest
    union all
    select
        loaded_files.day,
        loaded_files.sensor,
        null as new_file,
        loaded_files.file as gone_file
    from loaded_files
    anti join held
        on
            loaded_files.day = held.day
            and loaded_files.sensor = held.sensor
            and loaded_files.lines = held.lines
            and loaded_files.file_digest = held.file_digest
),

loaded as (
    select distinct
        day,
        sensor
    from loaded_files
)

select
    changes.day,
    changes.sensor,
    loaded.day is not null as is_loaded,
    coalesce(list(changes.new_file order by changes.new_file) filter (changes.new_file is not null), []) as new_files,
    coalesce(
        list(changes.gone_file order by changes.gone_file) filter (changes.gone_file is not null), []
    ) as gone_files
from changes
left join loaded
    on changes.day = loaded.day and changes.sensor = loaded.sensor
group by changes.day, changes.sensor, loaded.day
