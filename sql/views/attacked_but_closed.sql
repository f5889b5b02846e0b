-- Ports tried that were scanned here and are open on no host, over all days; attacked_but_closed_between for a period
-- port: Destination port
-- protocol: tcp or udp
-- service: Name of the service at this port; NULL where the table of services has none
-- events: Number of events
-- sources: Number of different source addresses
-- rank: Place of the port by number of events
-- scanned_at: When the last scan that tried the port at any host began, UTC
select * from attacked_but_closed_between('-infinity', 'infinity')
