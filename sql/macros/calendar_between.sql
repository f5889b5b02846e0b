-- Every day from `first` to `last`, and whether it was observed; an open end is the first or last day observed at all
-- day: Calendar day of the site
-- is_observed: Whether an event was logged on the day
create or replace macro calendar_between(first, last) as table
    with observed as (select day from observed_between(first, last)),

    seen as (
        select
            min(day) as first_day,
            max(day) as last_day
        from observed
    ),

    asked as (
        select
            as_day(first) as first_day,
            as_day(last) as last_day
    ),

    bounds as (
        select
            case when isfinite(asked.first_day) then asked.first_day else seen.first_day end as first_day,
            case when isfinite(asked.last_day) then asked.last_day else seen.last_day end as last_day
        from asked
        cross join seen
    ),

    days as (
        select cast(unnest(range(first_day, last_day + interval 1 day, interval 1 day)) as date) as day
        from bounds
        where first_day is not null and last_day is not null
    )

    select
        days.day,
        observed.day is not null as is_observed
    from days
    left join observed on days.day = observed.day;
