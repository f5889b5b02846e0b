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
        select * from of_months
        union all
        select * from of_days
    )

    select
        counted.* exclude (sources),
        -- A source that was seen in the period before is counted there.
        case when counted.previous >= period.first_day then 0 else counted.sources end as sources
    from counted
    cross join period;
