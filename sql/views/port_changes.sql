-- Days since which one of the 20 ports tried most stays higher or lower than before; port_changes_between for a period
-- port: Destination port
-- protocol: IP protocol of the port
-- service: Name of the service at this port
-- day: First day of the higher or lower level
-- before_per_day: Events a day in the up to 28 observed days before
-- after_per_day: Events a day in the up to 28 observed days from then on
-- change_percent: Change from the one to the other, percent; NULL where there were none before
-- score: How many deviations of chance apart both levels are; 4.5 at least
select * from port_changes_between('-infinity', 'infinity')
