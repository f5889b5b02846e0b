-- Whether a day is one that the checks look at: from getvariable('first_day') to getvariable('last_day'), or all days
create or replace macro is_checked(a_day) as
a_day between coalesce(cast(getvariable('first_day') as date), cast('-infinity' as date))
and coalesce(cast(getvariable('last_day') as date), cast('infinity' as date));
