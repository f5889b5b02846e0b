-- Names of the site's own in some partitions: of hosts, sensors, interfaces, zones and rules, and hardware addresses
create or replace macro names_of_site(files) as table
    select distinct
        kind,
        name
    from (
        unpivot (
            select distinct
                host,
                sensor,
                rule,
                in_interface,
                out_interface,
                in_zone,
                out_zone,
                in_bridge_port,
                out_bridge_port,
                source_mac,
                destination_mac
            from read_parquet(files, hive_partitioning = true, hive_types = { 'day': date }, union_by_name = true)
        )
        on columns(*) into name kind value name
    );
