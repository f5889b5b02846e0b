-- Names of the site's own that events hold: of hosts, sensors, interfaces, zones and rules, and hardware addresses
-- kind: Column of the events that holds it
-- name: The name, as logged
select distinct
    kind,
    name
from read_parquet(count_files('months', 'site_names'), hive_partitioning = true, hive_types = { 'month': date })
