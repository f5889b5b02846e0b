-- Countries by events from `first` to `last`, against the period from `previous_first` to `previous_last`
create or replace macro country_ranks_between(first, last, previous_first, previous_last) as table
    with countries_now as (
        select
            rank,
            events,
            sources,
            share,
            { 'country': country, 'country_name': country_name } as item
        from top_countries_between(first, last)
    ),

    countries_before as (
        select
            rank,
            events,
            sources,
            share,
            { 'country': country, 'country_name': country_name } as item
        from top_countries_between(previous_first, previous_last)
    )

    select
        rank,
        previous_rank,
        status,
        item.country,
        item.country_name,
        * exclude (item, rank, previous_rank, status)
    from compared_ranks('countries_now', 'countries_before', first, last, previous_first, previous_last)
    order by rank asc nulls last, previous_rank asc, item asc;
