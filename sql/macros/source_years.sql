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
            max(burst_events) as burst_events,
            any_value(port_set) as any_set,
            min(port_set_hash) as first_set,
            max(port_set_hash) as last_set
        from listed
        group by source_key
    ),

    port_counts as (select * from different_ports('listed')),

    counted as (
        select
            added_up.*,
            port_counts.ports
        from added_up
        inner join port_counts on added_up.source_key = port_counts.source_key
    ),

    -- Of more than 16 ports the number says all that is asked, and sets that are all the same are put together already.
    to_list as (
        select source_key
        from counted
        where ports <= 16 and first_set < last_set
    ),

    tried as (
        select
            listed.source_key,
            unnest(string_split(listed.port_set, ' ')) as port
        from listed
        semi join to_list on listed.source_key = to_list.source_key
        where listed.port_set is not null
    ),

    port_sets as (
        select
            source_key,
            string_agg(distinct port, ' ' order by port) as whole_set
        from tried
        group by source_key
    ),

    put_together as (
        select
            counted.*,
            port_sets.whole_set
        from counted
        left join port_sets on counted.source_key = port_sets.source_key
    )

    select
        * exclude (any_set, first_set, last_set, whole_set),
        case
            when ports > 16 then null
            when first_set = last_set then any_set
            else whole_set
        end as port_set,
        case
            when ports > 16 then null
            when first_set = last_set then first_set
            when whole_set is not null then cast(hash(whole_set) >> 1 as bigint)
        end as port_set_hash
    from put_together;
