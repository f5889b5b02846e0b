-- Every scan of each port that one of them found open, and whether it was open then
-- host: Address of the host
-- port: Port
-- protocol: tcp, udp or sctp
-- scanned_at: When the scan began, UTC
-- is_open: Whether that scan found it open, or could not tell
-- was_open: Whether the scan of the port before that one did; NULL where there is none
-- is_last: Whether no later scan tried the port
-- file: Name of the scan's file in scans/
with doors as (
    select distinct
        host,
        port,
        protocol
    from open_ports
),

scanned_hosts as (
    select
        file,
        scanned_at,
        unnest(hosts) as address
    from port_scans
),

scanned_ranges as (
    select
        file,
        unnest(ranges) as scanned
    from port_scans
),

tried as (
    select distinct
        doors.host,
        doors.port,
        doors.protocol,
        scanned_hosts.scanned_at,
        scanned_hosts.file
    from doors
    inner join scanned_hosts on doors.host = scanned_hosts.address
    inner join scanned_ranges
        on
            scanned_hosts.file = scanned_ranges.file
            and doors.protocol = scanned_ranges.scanned.protocol
            and doors.port between scanned_ranges.scanned.first_port and scanned_ranges.scanned.last_port
),

found as (
    select
        tried.*,
        open_ports.file is not null as is_open
    from tried
    left join open_ports
        on
            tried.file = open_ports.file
            and tried.host = open_ports.host
            and tried.port = open_ports.port
            and tried.protocol = open_ports.protocol
)

select
    host,
    port,
    protocol,
    scanned_at,
    is_open,
    lag(is_open) over (partition by host, port, protocol order by scanned_at, file) as was_open,
    lead(file) over (partition by host, port, protocol order by scanned_at, file) is null as is_last,
    file
from found
order by host, port, protocol, scanned_at, file
