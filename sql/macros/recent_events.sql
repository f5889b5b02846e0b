-- Events of the last 30 days up to `last` that are loaded, none before `first`: what dossiers tell habits from
create or replace macro recent_events(first, last) as table
    with period as (select is_valid from valid_period(first, last)),

    recent as (
        select
            max(day) - 29 as first_day,
            max(day) as last_day
        from observed_between(first, last)
    )

    select events.*
    from events
    cross join period
    where
        events.day between as_day(first) and as_day(last)
        -- Written so, the days before are not even opened.
        and events.day >= (select recent.first_day from recent)
        and events.day <= (select recent.last_day from recent);
