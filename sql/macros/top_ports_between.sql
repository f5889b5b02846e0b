-- Destination ports by number of events from day `first` to day `last`: the columns of the view top_ports
create or replace macro top_ports_between(first, last) as table
    with counted as (
        select
            destination_port as port,
            protocol,
            max(service) as service,
            count(*) as events,
            count(distinct source_ip) as sources
        from events_between(first, last)
        group by destination_port, protocol
    ),

    shared as (
        select
            *,
            events / sum(events) over () as share
        from counted
    )

    select
        rank() over (order by events desc) as rank,
        port,
        protocol,
        service,
        events,
        sources,
        share
    from shared
    where port is not null
    order by rank, port, protocol;
