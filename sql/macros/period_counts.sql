-- Counts of one kind from day `first` to day `last`, to be added up: rows of its whole months, and of the other days
create or replace macro period_counts(kind, first, last) as table
    with period as (select greatest(as_day(first), counts_since()) as first_day from valid_period(first, last)),

    of_months as (
        select * exclude (month)
        from
            read_parquet(
                count_files('months', kind),
                hive_partitioning = true,
                hive_types = { 'month': date }
            )
        where month >= first_whole_month(first) and month < after_whole_months(last)
    ),

    -- A month's rows tell the month that a source was last seen in. Of the month that the period begins in the middle
    -- of, the day decides.
    of_edges as (
        select * exclude (month)
        from
            read_parquet(
                count_files('edges', kind),
                hive_partitioning = true,
                hive_types = { 'month': date }
            )
        where
            as_day(first) > month_of(as_day(first))
            and as_day(first) >= counts_since()
            and month >= first_whole_month(first) and month < after_whole_months(last)
            and previous between month_of(as_day(first)) and as_day(first) - 1
    ),

    of_days as (
        select * exclude (month, day)
        from
            read_parquet(
                count_files('days', kind),
                hive_partitioning = true,
                hive_types = { 'month': date }
            )
        where
            month between month_of(as_day(first)) and month_of(as_day(last))
            and (month < first_whole_month(first) or month >= after_whole_months(last))
            and day between as_day(first) and as_day(last)
    ),

    counted as (
        -- A source that was seen in the period before is counted there.
        select
            of_months.* replace (
                case when of_months.previous >= month_of(period.first_day) then 0 else of_months.sources end as sources
            )
        from of_months
        cross join period
        union all by name
        select * from of_edges
        union all by name
        select
            of_days.* replace (
                case when of_days.previous >= period.first_day then 0 else of_days.sources end as sources
            )
        from of_days
        cross join period
    )

    select *
    from counted;
