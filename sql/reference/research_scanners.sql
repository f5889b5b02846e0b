-- Who scans the Internet and says so: networks, AS numbers and host names, each with its source and day
-- scanner: Name of the project or company
-- kind: network, asn or hostname; a log has no names, so those are for a lookup of one's own
-- identifier: Network or address, AS number, or end of the reverse DNS name
-- source: Address of what says so
-- checked_on: Day on which it said so
select *
from
    read_csv(
        getvariable('research_scanner_files'),
        auto_detect = false,
        header = true,
        columns = {
            'scanner': 'varchar',
            'kind': 'varchar',
            'identifier': 'varchar',
            'source': 'varchar',
            'checked_on': 'date'
        }
    )
order by scanner, kind, identifier
