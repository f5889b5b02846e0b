-- Facts of each source and day as they are stored, of named relations (see source_totals and what goes by its keys)
create or replace macro source_days(
    totals_relation, ports_relation, spread_relation, marks_relation, keys_relation
) as table
    with listed_totals as (select * from query_table(totals_relation)),

    listed_ports as (select * from query_table(ports_relation)),

    listed_marks as (select * from query_table(marks_relation)),

    listed_keys as (select * from query_table(keys_relation)),

    tried as (select * from query_table(spread_relation)),

    at_destinations as (
        select
            day,
            source_hash,
            destination_ip,
            count(*) filter (where port_code >= 0) as ports,
            count(*) filter (where port_code < 0) as protocols
        from tried
        group by day, source_hash, destination_ip
    ),

    of_destinations as (
        select
            day,
            source_hash,
            count(*) as destinations,
            max(ports) as scanned_ports,
            max(protocols) as scanned_protocols
        from at_destinations
        group by day, source_hash
    ),

    at_ports as (
        select
            day,
            source_hash,
            port_code,
            count(*) as destinations
        from tried
        group by day, source_hash, port_code
    ),

    of_ports as (
        select
            day,
            source_hash,
            max(destinations) as scanned_destinations
        from at_ports
        group by day, source_hash
    )

    select
        totals.day,
        totals.source_ip,
        listed_keys.source_key,
        totals.source_hash,
        totals.source_country,
        totals.source_asn,
        totals.source_network,
        totals.events,
        cast(1 as bigint) as days,
        listed_ports.ports,
        listed_ports.main_port,
        listed_ports.port_set,
        listed_ports.port_set_hash,
        totals.first_seen,
        totals.last_seen,
        coalesce(marks.backscatter_events, 0) as backscatter_events,
        coalesce(marks.mirai_events, 0) as mirai_events,
        coalesce(marks.zmap_events, 0) as zmap_events,
        coalesce(marks.masscan_events, 0) as masscan_events,
        coalesce(
            of_destinations.destinations, case when totals.first_destination is null then 0 else 1 end
        ) as destinations,
        coalesce(of_destinations.scanned_ports, listed_ports.ports) as scanned_ports,
        coalesce(of_destinations.scanned_protocols, listed_ports.protocols) as scanned_protocols,
        coalesce(
            of_ports.scanned_destinations, case when totals.first_destination is null then 0 else 1 end
        ) as scanned_destinations,
        case
            when totals.last_seen - totals.first_seen <= interval 10 minute then totals.events
            else 0
        end as burst_events
    from listed_totals as totals
    inner join listed_keys on totals.source_hash = listed_keys.source_hash
    inner join listed_ports on totals.day = listed_ports.day and totals.source_hash = listed_ports.source_hash
    left join listed_marks as marks on totals.day = marks.day and totals.source_hash = marks.source_hash
    left join of_destinations on totals.day = of_destinations.day and totals.source_hash = of_destinations.source_hash
    left join of_ports on totals.day = of_ports.day and totals.source_hash = of_ports.source_hash;
