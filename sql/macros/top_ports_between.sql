-- Destination ports by number of events from day `first` to day `last`: the columns of the view top_ports
create or replace macro top_ports_between(first, last) as table
    with counted as (
        select
            destination_port as port,
            protocol,
            cast(sum(events) as bigint) as events,
            cast(sum(sources) as bigint) as sources
        from period_counts('ports', first, last)
        group by destination_port, protocol
    ),

    shared as (
        select
            *,
            events / sum(events) over () as share
        from counted
    )

    select
        rank() over (order by shared.events desc) as rank,
        shared.port,
        shared.protocol,
        services.service,
        shared.events,
        shared.sources,
        shared.share
    from shared
    left join services on shared.port = services.port and shared.protocol = services.protocol
    where shared.port is not null
    order by rank, shared.port, shared.protocol;
