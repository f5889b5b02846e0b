-- Networks (AS numbers) by events from `first` to `last`, against `previous_first` to `previous_last`
-- rank: Place by number of events; those with as many events share a place
-- previous_rank: Place in the period before; NULL for what had none
-- status: new, up, down, same, dropped (out of the first 20) or gone; NULL where the period before was not observed
-- asn: Number of the autonomous system
-- network: Name of the autonomous system
-- events: Number of events
-- previous_events: Number of events in the period before
-- sources: Number of different source addresses
-- previous_sources: Number of different source addresses in the period before
-- events_per_day: Events per day observed
-- previous_events_per_day: Events per day observed in the period before
-- change_per_day: Events per day observed more than in the period before; below 0 for fewer
-- change_percent: Change of the events per day observed, in percent of those of the period before
-- share: Part of all events of the period with a known source, 0 to 1
-- previous_share: Part of all events of the period before with a known source, 0 to 1
-- score: How many deviations of chance the two rates are apart; see rate_score
-- is_significant: Whether the change is more than chance: a score of 5 or more, and 30 events in one of the periods
create or replace macro network_ranks_between(first, last, previous_first, previous_last) as table
    with counted_now as (
        select
            source_asn as asn,
            any_value(source_network) as network,
            cast(sum(events) as bigint) as events,
            count(distinct source_key) as sources
        from period_sources(first, last)
        group by source_asn
    ),

    counted_before as (
        select
            source_asn as asn,
            any_value(source_network) as network,
            cast(sum(events) as bigint) as events,
            count(distinct source_key) as sources
        from period_sources(previous_first, previous_last)
        group by source_asn
    ),

    -- The share is of all events of a known source: those of unknown networks are none of the ranks.
    shared_now as (
        select
            asn as item,
            events,
            sources,
            events / sum(events) over () as share
        from counted_now
    ),

    shared_before as (
        select
            asn as item,
            events,
            sources,
            events / sum(events) over () as share
        from counted_before
    ),

    networks_now as (
        select
            *,
            rank() over (order by events desc) as rank
        from shared_now
        where item is not null
    ),

    networks_before as (
        select
            *,
            rank() over (order by events desc) as rank
        from shared_before
        where item is not null
    ),

    named as (
        select
            ranked.*,
            -- A network may have been renamed.
            coalesce(counted_now.network, counted_before.network) as network
        from compared_ranks('networks_now', 'networks_before', first, last, previous_first, previous_last) as ranked
        left join counted_now on ranked.item = counted_now.asn
        left join counted_before on ranked.item = counted_before.asn
    )

    select
        rank,
        previous_rank,
        status,
        item as asn,
        network,
        * exclude (item, rank, previous_rank, status, network)
    from named
    order by rank asc nulls last, previous_rank asc, asn asc;
