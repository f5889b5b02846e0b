-- Names of the site's own that events hold: of hosts, sensors, interfaces, zones and rules, and hardware addresses
-- kind: Column of the events that holds it
-- name: The name, as logged
select distinct
    kind,
    name
from (
    unpivot (
        select distinct
            host,
            sensor,
            rule,
            in_interface,
            out_interface,
            in_zone,
            out_zone,
            in_bridge_port,
            out_bridge_port,
            source_mac,
            destination_mac
        from events
    )
    on columns(*) into name kind value name
)
