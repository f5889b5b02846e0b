-- Rows of one kind of counts or facts, see count_files, of each day from `first` to `last`
create or replace macro day_facts(kind, first, last) as table
    with period as (select is_valid from valid_period(first, last)),

    of_days as (
        select * exclude (month)
        from count_rows('days', kind)
        where
            month between month_of(as_day(first)) and month_of(as_day(last))
            and day between as_day(first) and as_day(last)
    )

    select *
    from of_days
    union all by name
    -- No row, but an error where the period is none: a join with it would hold all rows in memory.
    select cast(null as bigint) as events
    from period
    where not is_valid;
