-- Facts of each source over all days of named relations (see source_days, source_tries, source_spread)
create or replace macro source_months(days_of_sources, tries, spread) as table
    with added_up as (
        select
            source_hash,
            any_value(source_ip) as source_ip,
            any_value(source_key) as source_key,
            max(source_country) as source_country,
            max(source_asn) as source_asn,
            max(source_network) as source_network,
            cast(sum(events) as bigint) as events,
            count(*) as days,
            any_value(ports) as ports,
            any_value(main_port) as main_port,
            any_value(port_set) as port_set,
            any_value(port_set_hash) as port_set_hash,
            min(first_seen) as first_seen,
            max(last_seen) as last_seen,
            cast(sum(backscatter_events) as bigint) as backscatter_events,
            cast(sum(mirai_events) as bigint) as mirai_events,
            cast(sum(zmap_events) as bigint) as zmap_events,
            cast(sum(masscan_events) as bigint) as masscan_events,
            max(destinations) as destinations,
            max(scanned_ports) as scanned_ports,
            max(scanned_protocols) as scanned_protocols,
            max(scanned_destinations) as scanned_destinations,
            max(burst_events) as burst_events
        from query_table(days_of_sources)
        group by source_hash
    ),

    of_several_days as (
        select source_hash
        from added_up
        where days > 1
    ),

    tried as (select * from query_table(tries)),

    month_tries as (
        select
            date '1970-01-01' as day,
            tried.source_hash,
            tried.port_code,
            sum(tried.events) as events
        from tried
        semi join of_several_days on tried.source_hash = of_several_days.source_hash
        group by tried.source_hash, tried.port_code
    ),

    of_ports as (select * from source_ports('month_tries')),

    of_destinations as (
        select
            source_hash,
            count(distinct destination_ip) as destinations
        from query_table(spread)
        group by source_hash
    )

    select
        added_up.* replace (
            case when added_up.days = 1 then added_up.ports else of_ports.ports end as ports,
            case when added_up.days = 1 then added_up.main_port else of_ports.main_port end as main_port,
            case when added_up.days = 1 then added_up.port_set else of_ports.port_set end as port_set,
            case when added_up.days = 1 then added_up.port_set_hash else of_ports.port_set_hash end as port_set_hash,
            greatest(added_up.destinations, coalesce(of_destinations.destinations, 0)) as destinations
        )
    from added_up
    left join of_ports on added_up.source_hash = of_ports.source_hash
    left join of_destinations on added_up.source_hash = of_destinations.source_hash;
