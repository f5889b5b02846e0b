-- Addresses that answers came from that were not asked for, over all days; backscatter_between answers for a period
-- source_ip: Address that answered: the victim of packets sent under our address
-- source_country: ISO 3166-1 alpha-2 code of its country
-- port: Port that the answers came from: the service that was attacked
-- events: Number of events: SYN-ACK or RST
-- days: Days on which such events came
-- first_seen: When the first event was logged, UTC
-- last_seen: When the last event was logged, UTC
select * from backscatter_between('-infinity', 'infinity')
