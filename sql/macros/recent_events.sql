-- Last events up to `last`, none before `first`, that habits are told from: 30 days, or the last with 500,000 in all
create or replace macro recent_events(first, last) as table
    with period as (select is_valid from valid_period(first, last)),

    observed as (
        select
            day,
            sum(events) as events
        from day_counts('countries', first, last)
        group by day
    ),

    added_up as (
        select
            day,
            max(day) over () as last_day,
            sum(events) over (order by day desc) as events
        from observed
    ),

    recent as (
        select
            min(day) as first_day,
            max(day) as last_day
        from added_up
        where day = last_day or (day > last_day - 30 and events <= 500000)
    )

    select events.*
    from events
    cross join period
    where
        events.day between as_day(first) and as_day(last)
        -- Written so, the days before are not even opened.
        and events.day >= (select recent.first_day from recent)
        and events.day <= (select recent.last_day from recent);
