-- First day of a named period, moved by some months
create or replace macro period_start(name, months) as
cast(
    make_date(coalesce(try_cast(left(name, 4) as integer), 1), 1, 1)
    + to_months(
        cast(period_months(name) * (coalesce(try_cast(ltrim(name[6:], 'HQ') as integer), 1) - 1) + months as integer)
    )
    as date
);
