-- What the events of some partitions say of each source and day, without a look at ports
create or replace macro source_totals(files) as table
    select
        day,
        source_ip,
        -- Stands for the address where rows are joined: a number costs half of what a text does.
        hash(source_ip) as source_hash,
        -- Functions of the address: any row's is right, and the first costs less than the greatest.
        any_value(source_country) as source_country,
        any_value(source_asn) as source_asn,
        any_value(source_network) as source_network,
        count(*) as events,
        min(observed_at) as first_seen,
        max(observed_at) as last_seen,
        -- Different where there are several destinations; NULL where there is none.
        min(hash(destination_ip)) filter (where destination_ip is not null) as first_destination,
        max(hash(destination_ip)) filter (where destination_ip is not null) as last_destination
    from read_parquet(files, hive_partitioning = true, hive_types = { 'day': date }, union_by_name = true)
    where source_ip is not null
    group by day, source_ip;
