-- Facts that scans are told by from day `first` to day `last`: of whole years a row, and the rest of period_sources
create or replace macro period_scans(first, last) as table
    with of_years as (
        select * exclude (year)
        from
            read_parquet(
                count_files('years', 'scans'),
                hive_partitioning = true,
                hive_types = { 'year': date }
            )
        where year >= first_whole_year(first) and year < after_whole_years(last)
    ),

    others as (
        select * exclude (month)
        from period_sources(first, last)
        where month < first_whole_year(first) or month >= after_whole_years(last)
    )

    select *
    from of_years
    union all by name
    select
        source_key,
        source_ip,
        events,
        days,
        ports,
        port_set,
        port_set_hash,
        first_seen,
        last_seen,
        backscatter_events,
        destinations,
        scanned_ports,
        scanned_protocols,
        scanned_destinations,
        burst_events
    from others;
