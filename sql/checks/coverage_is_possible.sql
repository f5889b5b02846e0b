-- The hours and gaps of a sensor's day fit into the day, and a sensor without lines saw nothing of it
with covered as (
    select
        coverage.day,
        coverage.sensor,
        coverage.lines,
        coverage.events,
        coverage.hours,
        coverage.day_minutes,
        coverage.longest_gap_minutes,
        coalesce(list_sum([gap.minutes for gap in coverage.gaps]), 0) as gap_minutes
    from coverage
    where is_checked(coverage.day)
)

select *
from covered
where
    events > lines
    or hours not between 0 and ceil(day_minutes / 60)
    or day_minutes not between 1320 and 1560
    or longest_gap_minutes not between 0 and day_minutes
    or gap_minutes not between longest_gap_minutes and day_minutes
    or (lines = 0 and (hours > 0 or gap_minutes <> day_minutes))
