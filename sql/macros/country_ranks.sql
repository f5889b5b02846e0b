-- Countries by events in a period named as '2020-Q2', against the period before it
create or replace macro country_ranks(period_name) as table
    select *
    from
        country_ranks_between(
            period_start(period_name, 0),
            period_start(period_name, period_months(period_name)) - 1,
            period_start(period_name, -period_months(period_name)),
            period_start(period_name, 0) - 1
        );
