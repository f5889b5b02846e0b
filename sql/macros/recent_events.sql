-- Events of the last days up to `last`, none before `first`, that habits are told from: as many as habit_days() says
create or replace macro recent_events(first, last) as table
    with period as (select is_valid from valid_period(first, last))

    select events.*
    from events
    cross join period
    where
        -- Of constants, so that the files of other days are not even opened.
        events.day >= greatest(as_day(first), least(as_day(last), last_loaded_day()) - habit_days() + 1)
        and events.day <= as_day(last);
