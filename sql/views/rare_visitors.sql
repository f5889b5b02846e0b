-- Countries that packets came from, the rarest first, over all days; rare_visitors_between(first, last) for a period
-- country: ISO 3166-1 alpha-2 code of the country of the source address
-- country_name: Name of the country in English
-- events: Number of events
-- sources: Number of different source addresses
-- ports: Number of different destination ports tried; NULL of a country with more than 100 events
-- first_seen: When the first event of the period was logged, UTC
-- last_seen: When the last event of the period was logged, UTC
-- main_ports: The up to five destination ports tried most, as '445/tcp'; NULL likewise
select * from rare_visitors_between('-infinity', 'infinity')
