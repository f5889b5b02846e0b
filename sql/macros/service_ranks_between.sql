-- Services by events from `first` to `last`, against the period from `previous_first` to `previous_last`
-- rank: Place by number of events; those with as many events share a place
-- previous_rank: Place in the period before; NULL for what had none
-- status: new, up, down, same, dropped (out of the first 20) or gone; NULL where the period before was not observed
-- service: Name of the service, as in the table services
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
create or replace macro service_ranks_between(first, last, previous_first, previous_last) as table
    with services_now as (
        select
            rank,
            events,
            sources,
            share,
            { 'service': service } as item
        from top_services_between(first, last)
    ),

    services_before as (
        select
            rank,
            events,
            sources,
            share,
            { 'service': service } as item
        from top_services_between(previous_first, previous_last)
    )

    select
        rank,
        previous_rank,
        status,
        item.service,
        * exclude (item, rank, previous_rank, status)
    from compared_ranks('services_now', 'services_before', first, last, previous_first, previous_last)
    order by rank asc nulls last, previous_rank asc, item asc;
