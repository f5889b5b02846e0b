-- First day after the last month that may lie whole in a period up to `last`
create or replace macro after_whole_months(last) as
cast(date_trunc('month', greatest(least(as_day(last), date '9999-12-30'), date '0001-01-01') + 1) as date);
