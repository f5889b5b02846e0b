-- Networks (AS numbers) by events from `first` to `last`, against `previous_first` to `previous_last`
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
