-- First day after the last month that may lie whole in a period up to `last`
create or replace macro after_whole_months(last) as
case
    when as_day(last) >= date '9999-12-31' then date '9999-12-31'
    else month_of(cast(as_day(last) + interval 1 day as date))
end;
