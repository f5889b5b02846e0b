-- The calendar day that a date or a text such as '2020-04-01' names; NULL for anything else
create or replace macro as_day(value) as
try_cast(cast(value as varchar) as date);
