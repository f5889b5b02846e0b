-- First day of the first month that may lie whole in a period from `first` on
create or replace macro first_whole_month(first) as
cast(
    date_trunc('month', greatest(least(as_day(first), date '9999-12-31'), date '0001-01-01') - 1) + interval 1 month
    as date
);
