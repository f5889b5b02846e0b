-- True for the name of a period such as '2020-Q2'; for anything else an error that says what is allowed
create or replace macro is_period_name(name) as
case
    when regexp_full_match(cast(name as varchar), '\d{4}(-(Q[1-4]|H[12]|0[1-9]|1[0-2]))?') then true
    else error(
        'period is ' || as_written(name)
        || ': it must be a year, half, quarter or month such as ''2020'', ''2020-H1'', ''2020-Q2'' or ''2020-04'''
    )
end;
