-- Answers (see is_backscatter) in some partitions by day, source and the port that they come from
create or replace macro source_backscatter(files) as table
    select
        day,
        source_ip,
        source_port,
        max(source_country) as source_country,
        count(*) as events,
        min(observed_at) as first_seen,
        max(observed_at) as last_seen
    from read_parquet(files, hive_partitioning = true, hive_types = { 'day': date }, union_by_name = true)
    where source_ip is not null and is_backscatter(tcp_flags)
    group by day, source_ip, source_port;
