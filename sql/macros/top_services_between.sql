-- Services, each of one or several ports, that were tried most from day `first` to day `last`
-- rank: Place by number of events; those with as many events share a place
-- service: Name of the service, as in the table services
-- events: Number of events
-- sources: Number of different source addresses
-- share: Part of all events of the period, 0 to 1
create or replace macro top_services_between(first, last) as table
    with counted as (
        select
            service,
            cast(sum(events) as bigint) as events,
            cast(sum(sources) as bigint) as sources
        from period_counts('services', first, last)
        group by service
    ),

    shared as (
        select
            *,
            events / sum(events) over () as share
        from counted
    )

    select
        rank() over (order by shared.events desc) as rank,
        shared.service,
        shared.events,
        shared.sources,
        shared.share
    from shared
    where shared.service is not null
    order by rank, shared.service;
