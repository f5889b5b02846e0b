-- Counts of one kind from day `first` to day `last`, to be added up: of whole years and months, and of days with `day`
create or replace macro period_counts(kind, first, last) as table
    with period as (select is_valid from valid_period(first, last)),

    of_years as (
        select * exclude (year)
        from year_rows(kind)
        where year >= first_whole_year(first) and year < after_whole_years(last)
    ),

    of_months as (
        select * exclude (month)
        from count_rows('months', kind)
        where
            month >= first_whole_month(first) and month < after_whole_months(last)
            and (month < first_whole_year(first) or month >= after_whole_years(last))
    ),

    -- Rows of a month or year tell the month that a source was last seen in. Of the month that the period begins in the
    -- middle of, the day decides.
    of_edges as (
        select * exclude (month)
        from count_rows('edges', kind)
        where
            as_day(first) > month_of(as_day(first))
            and as_day(first) >= counts_since()
            and month >= first_whole_month(first) and month < after_whole_months(last)
            and previous between month_of(as_day(first)) and as_day(first) - 1
    ),

    of_days as (
        select * exclude (month)
        from count_rows('days', kind)
        where
            month between month_of(as_day(first)) and month_of(as_day(last))
            and (month < first_whole_month(first) or month >= after_whole_months(last))
            and day between as_day(first) and as_day(last)
    ),

    of_years_and_months as (
        select * from of_years
        union all by name
        select * from of_months
    ),

    counted as (
        -- A source that was seen in the period before is counted there.
        select
            * replace (
                case
                    when previous >= month_of(greatest(as_day(first), counts_since())) then 0
                    else sources
                end as sources
            )
        from of_years_and_months
        union all by name
        select * from of_edges
        union all by name
        select
            * replace (
                case
                    when previous >= greatest(as_day(first), counts_since()) then 0
                    else sources
                end as sources
            )
        from of_days
        union all by name
        -- No row, but an error where the period is none: a join with it would hold all rows in memory.
        select cast(null as bigint) as events
        from period
        where not is_valid
    )

    select *
    from counted;
