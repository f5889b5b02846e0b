-- Facts that scans are told by, of each source of a named relation of facts of months: one row for all of them
create or replace macro source_years(months) as table
    with listed as (
        select *
        from query_table(months)
        -- Answers to what others sent under our address are no scans: see scans_of.
        where backscatter_events < events
    ),

    added_up as (
        select
            source_key,
            any_value(source_ip) as source_ip,
            cast(sum(events) as bigint) as events,
            cast(sum(days) as bigint) as days,
            min(first_seen) as first_seen,
            max(last_seen) as last_seen,
            cast(sum(backscatter_events) as bigint) as backscatter_events,
            max(destinations) as destinations,
            max(scanned_ports) as scanned_ports,
            max(scanned_protocols) as scanned_protocols,
            max(scanned_destinations) as scanned_destinations,
            max(burst_events) as burst_events
        from listed
        group by source_key
    )

    select
        added_up.*,
        tried.ports,
        tried.port_set,
        tried.port_set_hash
    from added_up
    inner join port_sets('listed') as tried on added_up.source_key = tried.source_key;
