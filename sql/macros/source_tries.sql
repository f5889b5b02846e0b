-- Events of some partitions by day, source (see source_totals) and port
create or replace macro source_tries(files) as table
    select
        day,
        hash(source_ip) as source_hash,
        port_code(destination_port, protocol) as port_code,
        count(*) as events
    from read_parquet(files, hive_partitioning = true, hive_types = { 'day': date }, union_by_name = true)
    where source_ip is not null
    group by day, hash(source_ip), port_code(destination_port, protocol);
