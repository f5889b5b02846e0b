-- Sources that scanned, over all days; scans_between(first, last) answers for a period
-- source_ip: Source address
-- kind: vertical, protocols, horizontal, slow or burst: see sql/macros/scans_of.sql for what makes each
-- ports: Different destination ports tried; at least so many of a source that tried over 16 in a year, month or day
-- destinations: Different destination addresses, the most in a month or day
-- events: Number of events
-- days: Days that the source was seen on
-- first_seen: When its first event was logged, UTC
-- last_seen: When its last event was logged, UTC
select * from scans_between('-infinity', 'infinity')
