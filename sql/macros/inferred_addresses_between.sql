-- Addresses that most of a sensor's blocked inbound lines of a day from `first` to `last` went to: the site's own
create or replace macro inferred_addresses_between(first, last) as table
    with period as (select is_valid from valid_period(first, last)),

    of_days as (
        select *
        from
            read_parquet(
                count_files('days', 'own_addresses'),
                hive_partitioning = true,
                hive_types = { 'month': date }
            )
        where
            month between month_of(as_day(first)) and month_of(as_day(last))
            and day between as_day(first) and as_day(last)
    )

    select
        of_days.sensor,
        of_days.address,
        sum(of_days.events) / sum(of_days.family_events) as share
    from of_days
    cross join period
    group by of_days.sensor, of_days.address;
