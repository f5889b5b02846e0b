-- The calendar day, in the site's time zone, of a UTC stamp
create or replace macro day_of(stamp) as
cast(stamp at time zone 'UTC' at time zone site_timezone() as date);
