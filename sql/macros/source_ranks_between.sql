-- The 1,000 sources with the most events from `first` to `last`, against `previous_first` to `previous_last`
create or replace macro source_ranks_between(first, last, previous_first, previous_last) as table
    with counted as (
        select
            source_ip,
            sum(events) as events
        from period_sources(first, last)
        group by source_ip
    ),

    ranked as (
        select
            *,
            rank() over (order by events desc) as rank,
            events / sum(events) over () as share
        from counted
    ),

    main as (
        select *
        from ranked
        order by rank, source_ip
        limit 1000
    ),

    facts as (
        select found.*
        from period_sources(first, last) as found
        semi join main on found.source_ip = main.source_ip
    ),

    known as (
        select
            source_ip,
            arg_max(source_country, last_seen) as source_country,
            arg_max(source_asn, last_seen) as source_asn,
            arg_max(source_network, last_seen) as source_network,
            max(destinations) as destinations
        from facts
        group by source_ip
    ),

    counted_before as (
        select
            source_ip,
            sum(events) as events
        from period_sources(previous_first, previous_last)
        group by source_ip
    ),

    ranked_before as (
        select
            *,
            rank() over (order by events desc) as rank
        from counted_before
    ),

    observed as (
        select
            nullif((select count(*) from observed_between(first, last)), 0) as days,
            nullif((select count(*) from observed_between(previous_first, previous_last)), 0) as previous_days
    )

    select
        main.rank,
        ranked_before.rank as previous_rank,
        main.source_ip,
        known.source_country,
        known.source_asn,
        known.source_network,
        cast(main.events as bigint) as events,
        cast(coalesce(ranked_before.events, 0) as bigint) as previous_events,
        port_counts.ports,
        known.destinations,
        main.events / observed.days as events_per_day,
        100 * ((main.events / observed.days) / (ranked_before.events / observed.previous_days) - 1) as change_percent,
        main.share
    from main
    inner join known on main.source_ip = known.source_ip
    inner join different_ports('facts') as port_counts on main.source_ip = port_counts.source_ip
    left join ranked_before on main.source_ip = ranked_before.source_ip
    cross join observed
    order by main.rank, main.source_ip;
