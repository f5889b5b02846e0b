-- Facts of each source over all days of named relations (see source_days, source_tries, source_spread)
create or replace macro source_months(days_of_sources, tries, spread) as table
    with month_tries as (
        select
            date '1970-01-01' as day,
            source_ip,
            port_code,
            sum(events) as events,
            min(first_seen) as first_seen,
            max(last_seen) as last_seen,
            min(first_destination) as first_destination,
            max(last_destination) as last_destination
        from query_table(tries)
        group by source_ip, port_code
    ),

    facts as (select * from source_facts('month_tries')),

    of_days as (
        select
            source_ip,
            any_value(source_country) as source_country,
            any_value(source_asn) as source_asn,
            any_value(source_network) as source_network,
            count(*) as days,
            max(destinations) as destinations,
            max(scanned_ports) as scanned_ports,
            max(scanned_protocols) as scanned_protocols,
            max(scanned_destinations) as scanned_destinations,
            cast(sum(backscatter_events) as bigint) as backscatter_events,
            cast(sum(mirai_events) as bigint) as mirai_events,
            cast(sum(zmap_events) as bigint) as zmap_events,
            cast(sum(masscan_events) as bigint) as masscan_events,
            max(burst_events) as burst_events
        from query_table(days_of_sources)
        group by source_ip
    ),

    of_destinations as (
        select
            source_ip,
            count(distinct destination_ip) as destinations
        from query_table(spread)
        group by source_ip
    )

    select
        facts.source_ip,
        of_days.source_country,
        of_days.source_asn,
        of_days.source_network,
        facts.events,
        of_days.days,
        facts.ports,
        facts.main_port,
        facts.port_set,
        facts.port_set_hash,
        facts.first_seen,
        facts.last_seen,
        of_days.backscatter_events,
        of_days.mirai_events,
        of_days.zmap_events,
        of_days.masscan_events,
        coalesce(of_destinations.destinations, of_days.destinations) as destinations,
        of_days.scanned_ports,
        of_days.scanned_protocols,
        of_days.scanned_destinations,
        of_days.burst_events
    from facts
    inner join of_days on facts.source_ip = of_days.source_ip
    left join of_destinations on facts.source_ip = of_destinations.source_ip;
