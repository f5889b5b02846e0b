-- Ports that the last scan which tried them found open, and the one before it did not
-- host: Address of the host
-- port: Port
-- protocol: tcp, udp or sctp
-- state: open, or open|filtered where nmap could not tell
-- service: Name of the service, as nmap calls or found it
-- product: Product that answered, as it says itself; NULL without -sV
-- version: Version of the product, as it says itself; NULL without -sV
-- scanned_at: When the scan that found it open began, UTC
-- file: Name of that scan's file in scans/
select * exclude (is_new)
from open_ports_now
where is_new
order by host, port, protocol
