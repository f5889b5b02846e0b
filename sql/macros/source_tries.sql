-- Events of some partitions by day, source and port
create or replace macro source_tries(files) as table
    select
        day,
        source_ip,
        port_code(destination_port, protocol) as port_code,
        count(*) as events,
        min(observed_at) as first_seen,
        max(observed_at) as last_seen,
        min(destination_ip) as first_destination,
        max(destination_ip) as last_destination
    from read_parquet(files, hive_partitioning = true, hive_types = { 'day': date }, union_by_name = true)
    where source_ip is not null
    group by day, source_ip, port_code(destination_port, protocol);
