-- Ports that were tried from day `first` to day `last` and on no day after that is loaded, most events first
create or replace macro port_last_sights_between(first, last) as table
    with later as (
        select distinct
            destination_port,
            protocol
        from
            read_parquet(
                count_files('spans', 'ports'),
                hive_partitioning = true,
                hive_types = { 'month': date }
            )
        where last_day > as_day(last)
    )

    select sighted.*
    from port_sights_between(first, last) as sighted
    left join later
        on sighted.port = later.destination_port and sighted.protocol is not distinct from later.protocol
    where later.destination_port is null
    order by sighted.events desc, sighted.port asc, sighted.protocol asc;
