-- Sources with the most events in a period named as '2020-Q2', against the period before it
-- rank: Place by number of events; those with as many events share a place
-- previous_rank: Place in the period before; NULL for what had none
-- source_ip: Source address
-- source_country: ISO 3166-1 alpha-2 code of its country
-- source_asn: Number of its autonomous system
-- source_network: Name of its autonomous system
-- events: Number of events
-- previous_events: Number of events in the period before
-- ports: Number of different ports; of a source with more than 16 on a day or in a month the most of one
-- destinations: Number of different destination addresses
-- events_per_day: Events per day observed
-- change_percent: Change of the events per day observed, in percent of those of the period before
-- share: Part of all events of the period with a known source, 0 to 1
create or replace macro source_ranks(period_name) as table
    -- The argument of a table function is computed even where a query finds no rows.
    with named as (select true as is_valid from range(case when is_period_name(period_name) then 1 end))

    select ranked.*
    from
        source_ranks_between(
            period_start(period_name, 0),
            period_start(period_name, period_months(period_name)) - 1,
            period_start(period_name, -period_months(period_name)),
            period_start(period_name, 0) - 1
        ) as ranked
    cross join named
    order by ranked.rank asc, ranked.source_ip asc;
