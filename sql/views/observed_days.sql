-- The days on which a sensor logged anything at all: what rates are divided by; a day without a row was not observed
-- day: Calendar day of the site's time zone
-- sensor: Name of the source
-- lines: Lines of the day in its files, of every kind
-- observed_share: Part of the day that lies in no gap longer than the sensor's own habit, 0 to 1
-- is_sample: Whether packets were left out, so that counts are too low
select
    day,
    sensor,
    lines,
    observed_share,
    is_sample
from coverage
where lines > 0
