-- The 1,000 sources with the most events from `first` to `last`, against `previous_first` to `previous_last`
-- rank: Place by number of events; those with as many events share a place
-- previous_rank: Place in the period before; NULL for what had none
-- source_ip: Source address
-- source_country: ISO 3166-1 alpha-2 code of its country
-- source_asn: Number of its autonomous system
-- source_network: Name of its autonomous system
-- events: Number of events
-- previous_events: Number of events in the period before
-- ports: Number of different ports; of a source with more than 16 on a day or in a month the most of one
-- destinations: Number of different destination addresses
-- events_per_day: Events per day observed
-- change_percent: Change of the events per day observed, in percent of those of the period before
-- share: Part of all events of the period with a known source, 0 to 1
create or replace macro source_ranks_between(first, last, previous_first, previous_last) as table
    with counted as (
        select
            source_key,
            sum(events) as events
        from period_sources(first, last)
        group by source_key
    ),

    total as (
        select sum(events) as events
        from counted
    ),

    main as (
        select *
        from counted
        order by events desc, source_key asc
        limit 1000
    ),

    facts as materialized (
        select found.*
        from period_sources(first, last) as found
        semi join main on found.source_key = main.source_key
    ),

    known as (
        select
            source_key,
            any_value(source_ip) as source_ip,
            arg_max(source_country, last_seen) as source_country,
            arg_max(source_asn, last_seen) as source_asn,
            arg_max(source_network, last_seen) as source_network,
            max(destinations) as destinations
        from facts
        group by source_key
    ),

    ranked as (
        select
            *,
            rank() over (order by events desc) as rank
        from main
    ),

    counted_before as (
        select
            source_key,
            sum(events) as events
        from period_sources(previous_first, previous_last)
        group by source_key
    ),

    -- A rank is one more than the sources with more events: there are fewer numbers of events than there are sources.
    ranks_before as (
        select
            events,
            1 + coalesce(sum(count(*)) over (order by events desc rows between unbounded preceding and 1 preceding), 0)
                as rank
        from counted_before
        group by events
    ),

    ranked_before as (
        select
            counted_before.source_key,
            counted_before.events,
            ranks_before.rank
        from counted_before
        semi join main on counted_before.source_key = main.source_key
        inner join ranks_before on counted_before.events = ranks_before.events
    ),

    observed as (
        select
            nullif((select count(*) from observed_between(first, last)), 0) as days,
            nullif((select count(*) from observed_between(previous_first, previous_last)), 0) as previous_days
    )

    select
        ranked.rank,
        cast(ranked_before.rank as bigint) as previous_rank,
        known.source_ip,
        known.source_country,
        known.source_asn,
        known.source_network,
        cast(ranked.events as bigint) as events,
        cast(coalesce(ranked_before.events, 0) as bigint) as previous_events,
        port_counts.ports,
        known.destinations,
        ranked.events / observed.days as events_per_day,
        100 * ((ranked.events / observed.days) / (ranked_before.events / observed.previous_days) - 1) as change_percent,
        ranked.events / total.events as share
    from ranked
    inner join known on ranked.source_key = known.source_key
    inner join different_ports('facts') as port_counts on ranked.source_key = port_counts.source_key
    left join ranked_before on ranked.source_key = ranked_before.source_key
    cross join observed
    cross join total
    order by ranked.rank, known.source_ip;
