-- Facts of each source and day as they are stored, of named relations (see source_facts, source_spread)
create or replace macro source_days(facts, spread, marks, places) as table
    with listed_facts as (select * from query_table(facts)),

    listed_places as (select * from query_table(places)),

    listed_marks as (select * from query_table(marks)),

    tried as (select * from query_table(spread)),

    at_destinations as (
        select
            day,
            source_ip,
            destination_ip,
            count(*) filter (where port_code >= 0) as ports,
            count(*) filter (where port_code < 0) as protocols
        from tried
        group by day, source_ip, destination_ip
    ),

    of_destinations as (
        select
            day,
            source_ip,
            count(*) as destinations,
            max(ports) as scanned_ports,
            max(protocols) as scanned_protocols
        from at_destinations
        group by day, source_ip
    ),

    at_ports as (
        select
            day,
            source_ip,
            port_code,
            count(*) as destinations
        from tried
        group by day, source_ip, port_code
    ),

    of_ports as (
        select
            day,
            source_ip,
            max(destinations) as scanned_destinations
        from at_ports
        group by day, source_ip
    )

    select
        facts.day,
        facts.source_ip,
        places.source_country,
        places.source_asn,
        places.source_network,
        facts.events,
        cast(1 as bigint) as days,
        facts.ports,
        facts.main_port,
        facts.port_set,
        facts.port_set_hash,
        facts.first_seen,
        facts.last_seen,
        coalesce(marks.backscatter_events, 0) as backscatter_events,
        coalesce(marks.mirai_events, 0) as mirai_events,
        coalesce(marks.zmap_events, 0) as zmap_events,
        coalesce(marks.masscan_events, 0) as masscan_events,
        coalesce(of_destinations.destinations, case when facts.first_destination is null then 0 else 1 end)
            as destinations,
        coalesce(of_destinations.scanned_ports, facts.ports) as scanned_ports,
        coalesce(of_destinations.scanned_protocols, facts.protocols) as scanned_protocols,
        coalesce(of_ports.scanned_destinations, case when facts.first_destination is null then 0 else 1 end)
            as scanned_destinations,
        case when facts.last_seen - facts.first_seen <= interval 10 minute then facts.events else 0 end as burst_events
    from listed_facts as facts
    inner join listed_places as places on facts.source_ip = places.source_ip
    left join listed_marks as marks on facts.day = marks.day and facts.source_ip = marks.source_ip
    left join of_destinations on facts.day = of_destinations.day and facts.source_ip = of_destinations.source_ip
    left join of_ports on facts.day = of_ports.day and facts.source_ip = of_ports.source_ip;
