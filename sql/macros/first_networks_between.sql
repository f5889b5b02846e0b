-- Networks from which the first event ever was logged from day `first` to day `last`; reads all events up to `last`
-- asn: Number of the autonomous system
-- network: Name of the autonomous system
-- first_seen: When the first event was logged, UTC
-- events: Number of events
-- sources: Number of different source addresses
create or replace macro first_networks_between(first, last) as table
    with period as (select as_day(first) as first_day from valid_period(first, last)),

    seen as (
        select
            source_asn as asn,
            max(source_network) as network,
            min(observed_at) as first_seen,
            min(day) as first_day,
            count(*) as events,
            count(distinct source_ip) as sources
        from events
        where day <= as_day(last) and source_asn is not null
        group by source_asn
    )

    select
        seen.asn,
        seen.network,
        seen.first_seen,
        seen.events,
        seen.sources
    from seen
    inner join period on seen.first_day >= period.first_day
    order by seen.first_seen, seen.asn;
