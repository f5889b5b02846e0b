-- Days of a period named as '2020', '2020-H1', '2020-Q2' or '2020-04', of the one before it, and of that a year ago
create or replace macro period(name) as
case
    when is_period_name(name)
        then {
            'first': period_start(name, 0),
            'last': period_start(name, period_months(name)) - 1,
            'previous_first': period_start(name, -period_months(name)),
            'previous_last': period_start(name, 0) - 1,
            'year_ago_first': period_start(name, -12),
            'year_ago_last': period_start(name, period_months(name) - 12) - 1
        }
end;
