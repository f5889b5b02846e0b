-- Events of some partitions by day, sensor and destination, and by what tells whether that is the site's own
create or replace macro destination_days(files) as table
    select
        day,
        sensor,
        destination_ip,
        destination_scope,
        source_scope,
        direction,
        action,
        count(*) as events
    from read_parquet(files, hive_partitioning = true, hive_types = { 'day': date }, union_by_name = true)
    group by all;
