-- Sources of a named relation (see source_days) that five or more on a day are alike: the same three ports or more
create or replace macro alike_sources(days_of_sources) as table
    with found as (select * from query_table(days_of_sources)),

    of_sets as (
        select
            day,
            port_set_hash,
            -- Habits are the same where the events have as many digits.
            length(cast(events as varchar)) as digits
        from found
        where ports >= 3 and backscatter_events < events
        group by day, port_set_hash, length(cast(events as varchar))
        having count(*) >= 5
    )

    select
        found.day,
        found.source_ip,
        found.source_country,
        found.port_set_hash,
        found.port_set,
        of_sets.digits,
        found.events,
        found.first_seen,
        found.last_seen
    from found
    inner join of_sets
        on
            found.day = of_sets.day
            and found.port_set_hash = of_sets.port_set_hash
            and length(cast(found.events as varchar)) = of_sets.digits;
