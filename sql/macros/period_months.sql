-- How many months a period named as '2020', '2020-H1', '2020-Q2' or '2020-04' has; an error for any other name
create or replace macro period_months(name) as
case
    when regexp_full_match(cast(name as varchar), '\d{4}') then 12
    when regexp_full_match(cast(name as varchar), '\d{4}-H[12]') then 6
    when regexp_full_match(cast(name as varchar), '\d{4}-Q[1-4]') then 3
    when regexp_full_match(cast(name as varchar), '\d{4}-(0[1-9]|1[0-2])') then 1
    else error(
        'period is ' || as_written(name)
        || ': it must be a year, half, quarter or month such as ''2020'', ''2020-H1'', ''2020-Q2'' or ''2020-04'''
    )
end;
