-- First day of the first month that may lie whole in a period from `first` on
create or replace macro first_whole_month(first) as
case
    when as_day(first) > month_of(as_day(first)) then cast(month_of(as_day(first)) + interval 1 month as date)
    else month_of(as_day(first))
end;
