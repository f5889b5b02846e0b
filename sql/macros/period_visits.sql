-- Events by port from countries that at most 100 events came from in each month and day from `first` to `last`
create or replace macro period_visits(first, last) as table
    with period as (select is_valid from valid_period(first, last)),

    of_months as (
        select * exclude (month)
        from count_rows('months', 'visitor_ports')
        where month >= first_whole_month(first) and month < after_whole_months(last)
    ),

    of_days as (
        select * exclude (month, day)
        from count_rows('days', 'visitor_ports')
        where
            month between month_of(as_day(first)) and month_of(as_day(last))
            and (month < first_whole_month(first) or month >= after_whole_months(last))
            and day between as_day(first) and as_day(last)
    ),

    counted as (
        select * from of_months
        union all
        select * from of_days
        union all by name
        -- No row, but an error where the period is none: a join with it would hold all rows in memory.
        select cast(null as bigint) as events
        from period
        where not is_valid
    )

    select *
    from counted;
