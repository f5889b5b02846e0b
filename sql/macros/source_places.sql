-- Country and network of each source of some partitions; the last in order where an address has had several
create or replace macro source_places(files) as table
    select
        source_ip,
        max(source_country) as source_country,
        max(source_asn) as source_asn,
        max(source_network) as source_network
    from read_parquet(files, hive_partitioning = true, hive_types = { 'day': date }, union_by_name = true)
    where source_ip is not null
    group by source_ip;
