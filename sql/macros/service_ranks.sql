-- Services by events in a period named as '2020-Q2', against the period before it
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
create or replace macro service_ranks(period_name) as table
    -- The argument of a table function is computed even where a query finds no rows.
    with named as (select true as is_valid from range(case when is_period_name(period_name) then 1 end))

    select ranked.*
    from
        service_ranks_between(
            period_start(period_name, 0),
            period_start(period_name, period_months(period_name)) - 1,
            period_start(period_name, -period_months(period_name)),
            period_start(period_name, 0) - 1
        ) as ranked
    cross join named
    order by ranked.rank asc nulls last, ranked.previous_rank asc;
