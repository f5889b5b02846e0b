-- First day of the first year that counts may be taken whole from in a period from `first` on; far off if from none
create or replace macro first_whole_year(first) as
case
    -- A year's rows tell the months that sources were seen in before, and not the days.
    when day(as_day(first)) > 1 then date '9999-12-31'
    else cast(
        date_trunc('year', greatest(least(as_day(first), date '9999-12-31'), date '0001-01-01') - 1) + interval 1 year
        as date
    )
end;
