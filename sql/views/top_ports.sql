-- Destination ports by number of events, over all days; top_ports_between(first, last) answers for a period
-- rank: Place by number of events; ports with as many events share a place
-- port: Destination port
-- protocol: IP protocol of the port: tcp, udp, ...
-- service: Name of the service at this port; NULL where the table of services has none
-- events: Number of events
-- sources: Number of different source addresses
-- share: Part of all events of the period, 0 to 1
select * from top_ports_between('-infinity', 'infinity')
