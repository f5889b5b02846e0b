-- Networks from which the first event ever was logged from day `first` to day `last`
-- asn: Number of the autonomous system
-- network: Name of the autonomous system
-- first_seen: When the first event was logged, UTC
-- events: Number of events
-- sources: Number of different source addresses
create or replace macro first_networks_between(first, last) as table
    with before as (
        select distinct source_asn as asn
        from period_sources('-infinity', days_around(first, -1))
    ),

    seen as (
        select
            source_asn as asn,
            max(source_network) as network,
            min(first_seen) as first_seen,
            cast(sum(events) as bigint) as events,
            count(distinct source_key) as sources
        from period_sources(first, last)
        where source_asn is not null
        group by source_asn
    )

    select seen.*
    from seen
    anti join before on seen.asn = before.asn
    order by seen.first_seen, seen.asn;
