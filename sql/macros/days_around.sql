-- A day moved by some days; an infinite one stays where it is
create or replace macro days_around(a_day, days) as
case when isfinite(as_day(a_day)) then as_day(a_day) + cast(days as integer) else as_day(a_day) end;
