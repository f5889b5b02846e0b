-- Events by day, source, destination and port, of the days and sources that a named relation lists
create or replace macro source_spread(files, sources) as table
    with logged as (
        select
            day,
            source_ip,
            destination_ip,
            port_code(destination_port, protocol) as port_code
        from read_parquet(files, hive_partitioning = true, hive_types = { 'day': date }, union_by_name = true)
        where destination_ip is not null
    ),

    listed as (select * from query_table(sources))

    select distinct logged.*
    from logged
    semi join listed on logged.day = listed.day and logged.source_ip = listed.source_ip;
