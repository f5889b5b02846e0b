-- Whether checks look at a day: from getvariable('first_day') to getvariable('last_day'), of those with events kept
create or replace macro is_checked(a_day) as
a_day between coalesce(cast(getvariable('first_day') as date), cast('-infinity' as date))
and coalesce(cast(getvariable('last_day') as date), cast('infinity' as date))
and a_day >= events_since();
