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
    ),

    port_counts as (select * from different_ports('listed')),

    -- Of more than 16 ports the number says all that is asked.
    few as (
        select source_key
        from port_counts
        where ports <= 16
    ),

    tried as (
        select
            listed.source_key,
            listed.port_set_hash,
            unnest(string_split(listed.port_set, ' ')) as port
        from listed
        semi join few on listed.source_key = few.source_key
        where listed.port_set is not null
    ),

    port_sets as (
        select
            source_key,
            string_agg(distinct port, ' ' order by port) as port_set,
            min(port_set_hash) as first_set,
            max(port_set_hash) as last_set
        from tried
        group by source_key
    )

    select
        added_up.*,
        port_counts.ports,
        port_sets.port_set,
        case
            when port_sets.first_set = port_sets.last_set then port_sets.first_set
            when port_sets.port_set is not null then cast(hash(port_sets.port_set) >> 1 as bigint)
        end as port_set_hash
    from added_up
    inner join port_counts on added_up.source_key = port_counts.source_key
    left join port_sets on added_up.source_key = port_sets.source_key;
