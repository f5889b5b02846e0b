-- Ports that the last scan which tried them found open
-- host: Address of the host
-- port: Port
-- protocol: tcp, udp or sctp
-- state: open, or open|filtered where nmap could not tell
-- service: Name of the service, as nmap calls or found it
-- product: Product that answered, as it says itself; NULL without -sV
-- version: Version of the product, as it says itself; NULL without -sV
-- is_new: Whether the scan before tried the port and did not find it open
-- scanned_at: When the scan began, UTC
-- file: Name of the scan's file in scans/
select
    open_ports.host,
    open_ports.port,
    open_ports.protocol,
    open_ports.state,
    open_ports.service,
    open_ports.product,
    open_ports.version,
    coalesce(not open_port_history.was_open, false) as is_new,
    open_ports.scanned_at,
    open_ports.file
from open_ports
inner join open_port_history
    on
        open_ports.file = open_port_history.file
        and open_ports.host = open_port_history.host
        and open_ports.port = open_port_history.port
        and open_ports.protocol = open_port_history.protocol
where open_port_history.is_last
order by open_ports.host, open_ports.port, open_ports.protocol
