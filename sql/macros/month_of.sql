-- First day of the month of a day; of the first and the last month there can be where the day is infinite
create or replace macro month_of(a_day) as
cast(date_trunc('month', greatest(least(a_day, date '9999-12-31'), date '0001-01-01')) as date);
