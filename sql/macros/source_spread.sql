-- Tries by destination, of the sources and days of a named relation (see source_totals) with several destinations
create or replace macro source_spread(files, totals) as table
    with logged as (
        select
            day,
            destination_ip,
            hash(source_ip) as source_hash,
            port_code(destination_port, protocol) as port_code
        from read_parquet(files, hive_partitioning = true, hive_types = { 'day': date }, union_by_name = true)
        where destination_ip is not null
    ),

    listed as (
        select
            day,
            source_hash
        from query_table(totals)
        where first_destination < last_destination
    )

    select distinct logged.*
    from logged
    semi join listed on logged.day = listed.day and logged.source_hash = listed.source_hash;
