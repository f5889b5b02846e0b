-- Every line is accounted for: lines = events + ignored + rejected, for each day and file
select *
from loads
where
    is_checked(day)
    and (lines is distinct from events + ignored + rejected or least(events, ignored, rejected) < 0)
