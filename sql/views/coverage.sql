-- Per sensor and day, from its first day on: how much of the day it saw, and whether what it logged is a sample
-- day: Calendar day of the site's time zone
-- status: blind: no line at all; sampled: is_sample; partial: blind for some minutes, or not over yet; else observed
-- observed_share: Part of the day that lies in no long gap, 0 to 1
-- is_sample: Whether the logger, the kernel or UFW's limit left packets out, so that counts are too low
-- long_gaps: Number of gaps longer than three times the sensor's usual one, and than 20 minutes
-- blind_minutes: Minutes in those
-- usual_gap_minutes: Median of the longest gaps of up to 56 days around it, else the day's own; 0 if below 10 minutes
with stored as (
    select
        day,
        * exclude (day)
    from read_parquet(
        partitions('coverage'),
        hive_partitioning = true,
        hive_types = { 'day': date },
        union_by_name = list_contains(uneven_stages(), 'coverage')
    )
),

known as (
    select
        *,
        suppressed > 0 or lost > 0 or limited_minutes > 0 as is_sample,
        min(day) filter (where lines > 0) over (partition by sensor) as first_day,
        -- A day is no habit of its own: the gap that it is judged for would excuse itself.
        coalesce(median(case when lines > 0 then longest_gap_minutes end) over (
            partition by sensor
            order by day
            rows between 28 preceding and 28 following
            exclude current row
        ), longest_gap_minutes, 0) as usual_gap_minutes
    from stored
),

gaps_apart as (
    select
        day,
        sensor,
        usual_gap_minutes,
        unnest(gaps) as gap
    from known
),

blind as (
    select
        day,
        sensor,
        count(*) as long_gaps,
        sum(struct_extract(gap, 'minutes')) as blind_minutes
    from gaps_apart
    where struct_extract(gap, 'minutes') > greatest(3 * usual_gap_minutes, 20)
    group by day, sensor
)

select
    known.day,
    known.sensor,
    case
        when known.lines = 0 then 'blind'
        when known.is_sample then 'sampled'
        when blind.long_gaps > 0 then 'partial'
        else 'observed'
    end as status,
    case
        when known.lines = 0 then 0.0
        else 1.0 - coalesce(blind.blind_minutes, 0) / known.day_minutes
    end as observed_share,
    known.is_sample,
    known.lines,
    known.events,
    known.first_line_at,
    known.last_line_at,
    known.hours,
    known.day_minutes,
    known.gaps,
    known.longest_gap_minutes,
    cast(known.usual_gap_minutes as double) as usual_gap_minutes,
    coalesce(blind.long_gaps, 0) as long_gaps,
    cast(coalesce(blind.blind_minutes, 0) as bigint) as blind_minutes,
    known.clock_jumps,
    known.clock_back_seconds,
    known.restarts,
    known.suppressed,
    known.lost,
    known.repeated,
    known.limited_minutes,
    known.logged_twice
from known
left join blind on known.day = blind.day and known.sensor = blind.sensor
where known.day >= known.first_day
