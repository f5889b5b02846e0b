-- Destination ports by number of events from day `first` to day `last`: the columns of the view top_ports
create or replace macro top_ports_between(first, last) as table
    select
        ranked.rank,
        ranked.port,
        ranked.protocol,
        services.service,
        ranked.events,
        ranked.sources,
        ranked.share
    from ranked_ports(first, last) as ranked
    left join services on ranked.port = services.port and ranked.protocol = services.protocol
    order by ranked.rank, ranked.port, ranked.protocol;
