-- Names of the site's own that events hold: of hosts, sensors, interfaces, zones and rules, and hardware addresses
-- kind: Column of the events that holds it
-- name: The name, as logged
select distinct
    kind,
    name
from count_rows('months', 'site_names')
