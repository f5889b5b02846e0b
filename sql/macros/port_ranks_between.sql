-- Destination ports by events from `first` to `last`, against the period from `previous_first` to `previous_last`
-- rank: Place by number of events; those with as many events share a place
-- previous_rank: Place in the period before; NULL for what had none
-- status: new, up, down, same, dropped (out of the first 20) or gone; NULL where the period before was not observed
-- port: Destination port
-- protocol: IP protocol of the port: tcp, udp, ...
-- service: Name of the service at this port; NULL where the table of services has none
-- events: Number of events
-- previous_events: Number of events in the period before
-- sources: Number of different source addresses
-- previous_sources: Number of different source addresses in the period before
-- events_per_day: Events per day observed
-- previous_events_per_day: Events per day observed in the period before
-- change_per_day: Events per day observed more than in the period before; below 0 for fewer
-- change_percent: Change of the events per day observed, in percent of those of the period before
-- share: Part of all events of the period, 0 to 1
-- previous_share: Part of all events of the period before, 0 to 1
-- score: How many deviations of chance the two rates are apart; see rate_score
-- is_significant: Whether the change is more than chance: a score of 5 or more, and 30 events in one of the periods
create or replace macro port_ranks_between(first, last, previous_first, previous_last) as table
    with ports_now as (
        select
            rank,
            events,
            sources,
            share,
            { 'port': port, 'protocol': protocol } as item
        from ranked_ports(first, last)
    ),

    ports_before as (
        select
            rank,
            events,
            sources,
            share,
            { 'port': port, 'protocol': protocol } as item
        from ranked_ports(previous_first, previous_last)
    ),

    compared as (
        select
            *,
            item.port,
            item.protocol
        from compared_ranks('ports_now', 'ports_before', first, last, previous_first, previous_last)
    ),

    named as (
        select
            compared.*,
            services.service
        from compared
        left join services on compared.port = services.port and compared.protocol = services.protocol
    )

    select
        rank,
        previous_rank,
        status,
        port,
        protocol,
        service,
        * exclude (item, rank, previous_rank, status, port, protocol, service)
    from named
    order by rank asc nulls last, previous_rank asc, port asc, protocol asc;
