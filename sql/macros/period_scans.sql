-- Facts that scans are told by from day `first` to day `last`: of whole years a row, and the rest of period_sources
create or replace macro period_scans(first, last) as table
    with of_years as (
        select * exclude (year)
        from year_rows('scans')
        where year >= first_whole_year(first) and year < after_whole_years(last)
    ),

    others as (
        select * exclude (month)
        from period_sources(first, last)
        where month < first_whole_year(first) or month >= after_whole_years(last)
    )

    select *
    from of_years
    -- What is no such fact is NULL in the rows of years.
    union all by name
    select *
    from others;
