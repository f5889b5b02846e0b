-- First day of a named period, moved by some months; any day for what is no such name
create or replace macro period_start(name, months) as
cast(
    coalesce(try_cast(name[:4] || '-01-01' as date), date '1970-01-01')
    + to_months(
        cast(period_months(name) * (coalesce(try_cast(ltrim(name[6:], 'HQ') as integer), 1) - 1) + months as integer)
    )
    as date
);
