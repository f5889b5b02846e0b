-- Blocked lines of some partitions that may have gone out, without those to addresses of a named relation of days' own
create or replace macro lines_out(files, own_days) as table
    with lines as (
        select
            day,
            sensor,
            source_ip,
            source_scope,
            destination_ip,
            destination_country,
            destination_port,
            protocol,
            service,
            direction,
            count(*) as events,
            min(observed_at) as first_seen,
            max(observed_at) as last_seen
        from read_parquet(files, hive_partitioning = true, hive_types = { 'day': date }, union_by_name = true)
        where may_go_out(action, direction, destination_scope)
        group by all
    ),

    own as (select * from query_table(own_days))

    select lines.*
    from lines
    left join own on lines.day = own.day and lines.sensor = own.sensor and lines.destination_ip = own.address
    where lines.direction = 'outbound' or own.address is null;
