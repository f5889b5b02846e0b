-- Days from `first` to `last` on which an event was logged; on any other the firewall was blind, or nothing is loaded
-- day: Calendar day of the site
create or replace macro observed_between(first, last) as table
    select distinct day
    from day_counts('countries', first, last);
