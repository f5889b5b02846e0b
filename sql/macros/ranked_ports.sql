-- Destination ports from day `first` to day `last`, with ranks and shares as in top_ports, without services or order
create or replace macro ranked_ports(first, last) as table
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
        rank() over (order by events desc) as rank,
        *
    from shared
    where port is not null;
