-- The days on which a sensor logged anything at all: what rates are divided by; a day without a row was not observed
-- day: Calendar day of the site's time zone
-- sensor: Name of the source
-- lines: Lines of the day in its files, of every kind
-- observed_share: Part of the day between its first and its last event, 0 to 1
select
    day,
    sensor,
    cast(sum(lines) as bigint) as lines,
    least(1.0, coalesce(
        (epoch(max(last_observed_at)) - epoch(min(first_observed_at))) / 86400.0,
        0.0
    )) as observed_share
from loads
where lines > 0
group by day, sensor
