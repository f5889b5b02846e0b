-- Groups of sources with the same ports and habits on the same days; campaigns_between answers for a period
-- port_set: The ports that each tried on a day, as '23/tcp 2323/tcp'; of more than 16 the lowest, and ' ...'
-- protocol: IP protocols of these ports
-- sources: Number of different source addresses
-- events: Number of events
-- days: Days on which five or more of the sources were seen so
-- countries: ISO 3166-1 alpha-2 codes of the countries of the sources
-- first_seen: When the first event was logged, UTC
-- last_seen: When the last event was logged, UTC
select * from campaigns_between('-infinity', 'infinity')
