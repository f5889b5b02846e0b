-- The events from day `first` to day `last`, both included: the columns of the view events
create or replace macro events_between(first, last) as table
    with period as (select is_valid from valid_period(first, last)),

    logged as (
        select *
        from events
        where day between as_day(first) and as_day(last)
    )

    select logged.*
    from logged
    cross join period;
