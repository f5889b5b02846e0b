-- Destination ports by events from `first` to `last`, against the period from `previous_first` to `previous_last`
create or replace macro port_ranks_between(first, last, previous_first, previous_last) as table
    with ports_now as (
        select
            rank,
            events,
            sources,
            share,
            { 'port': port, 'protocol': protocol, 'service': service } as item
        from top_ports_between(first, last)
    ),

    ports_before as (
        select
            rank,
            events,
            sources,
            share,
            { 'port': port, 'protocol': protocol, 'service': service } as item
        from top_ports_between(previous_first, previous_last)
    )

    select
        rank,
        previous_rank,
        status,
        item.port,
        item.protocol,
        item.service,
        * exclude (item, rank, previous_rank, status)
    from compared_ranks('ports_now', 'ports_before', first, last, previous_first, previous_last)
    order by rank asc nulls last, previous_rank asc, item asc;
