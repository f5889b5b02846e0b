-- Addresses of the site's own in some partitions: where inbound packets went to, and those that are not public
create or replace macro addresses_of_site(files, destinations) as table
    with logged as (
        select *
        from read_parquet(files, hive_partitioning = true, hive_types = { 'day': date }, union_by_name = true)
    )

    select destination_ip as address
    from query_table(destinations)
    where destination_ip is not null and (direction is distinct from 'outbound' or destination_scope <> 'public')
    union
    select source_ip as address
    from logged
    where source_ip is not null and (direction = 'outbound' or source_scope <> 'public')
    union
    select nat_source_ip as address
    from logged
    where nat_source_ip is not null
    union
    select nat_destination_ip as address
    from logged
    where nat_destination_ip is not null;
