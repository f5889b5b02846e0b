-- What the events of some partitions say of each source and day, without a look at ports
create or replace macro source_totals(files) as table
    select
        day,
        source_ip,
        -- Stands for the address where rows are joined: a number costs half of what a text does.
        hash(source_ip) as source_key,
        max(source_country) as source_country,
        max(source_asn) as source_asn,
        max(source_network) as source_network,
        count(*) as events,
        min(observed_at) as first_seen,
        max(observed_at) as last_seen,
        min(destination_ip) as first_destination,
        max(destination_ip) as last_destination
    from read_parquet(files, hive_partitioning = true, hive_types = { 'day': date }, union_by_name = true)
    where source_ip is not null
    group by day, source_ip;
