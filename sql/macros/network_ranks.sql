-- Networks by events in a period named as '2020-Q2', against the period before it
create or replace macro network_ranks(period_name) as table
    -- The argument of a table function is computed even where a query finds no rows.
    with named as (select true as is_valid from range(case when is_period_name(period_name) then 1 end))

    select ranked.*
    from
        network_ranks_between(
            period_start(period_name, 0),
            period_start(period_name, period_months(period_name)) - 1,
            period_start(period_name, -period_months(period_name)),
            period_start(period_name, 0) - 1
        ) as ranked
    cross join named
    order by ranked.rank asc nulls last, ranked.previous_rank asc, ranked.asn asc;
