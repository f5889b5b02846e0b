-- Ranks of one period against those of another, of two named relations (item, rank, events, sources, share)
create or replace macro compared_ranks(
    current_relation, previous_relation, first, last, previous_first, previous_last
) as table
    with current_items as (select * from query_table(current_relation)),

    previous_items as (select * from query_table(previous_relation)),

    observed as (
        select
            (select count(*) from observed_between(first, last)) as days,
            (select count(*) from observed_between(previous_first, previous_last)) as previous_days
    ),

    joined as (
        select
            current_items.rank,
            previous_items.rank as previous_rank,
            current_items.share,
            previous_items.share as previous_share,
            observed.days,
            observed.previous_days,
            coalesce(current_items.item, previous_items.item) as item,
            coalesce(current_items.events, 0) as events,
            coalesce(previous_items.events, 0) as previous_events,
            coalesce(current_items.sources, 0) as sources,
            coalesce(previous_items.sources, 0) as previous_sources
        from current_items
        full join previous_items on current_items.item = previous_items.item
        cross join observed
    ),

    rated as (
        select
            *,
            events / nullif(days, 0) as events_per_day,
            previous_events / nullif(previous_days, 0) as previous_events_per_day,
            rate_score(events, nullif(days, 0), previous_events, nullif(previous_days, 0)) as score
        from joined
    )

    select
        item,
        rank,
        previous_rank,
        case
            when previous_days = 0 then null
            when events = 0 then 'gone'
            when previous_events = 0 or (rank <= 20 and previous_rank > 20) then 'new'
            when previous_rank <= 20 and rank > 20 then 'dropped'
            when rank < previous_rank then 'up'
            when rank > previous_rank then 'down'
            else 'same'
        end as status,
        events,
        previous_events,
        sources,
        previous_sources,
        events_per_day,
        previous_events_per_day,
        events_per_day - previous_events_per_day as change_per_day,
        100 * (events_per_day - previous_events_per_day) / nullif(previous_events_per_day, 0) as change_percent,
        share,
        previous_share,
        score,
        abs(score) >= 5 and greatest(events, previous_events) >= 30 as is_significant
    from rated;
