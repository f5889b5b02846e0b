-- Facts of sources from day `first` to day `last`, to be added up: of its whole months, and of the other days
create or replace macro period_sources(first, last) as table
    with period as (select is_valid from valid_period(first, last)),

    of_months as (
        select *
        from count_rows('months', 'sources')
        where month >= first_whole_month(first) and month < after_whole_months(last)
    ),

    of_days as (
        select * exclude (day)
        from count_rows('days', 'sources')
        where
            month between month_of(as_day(first)) and month_of(as_day(last))
            and (month < first_whole_month(first) or month >= after_whole_months(last))
            and day between as_day(first) and as_day(last)
    ),

    rows_of_sources as (
        select * from of_months
        union all
        select * from of_days
    )

    select rows_of_sources.*
    from rows_of_sources
    cross join period;
