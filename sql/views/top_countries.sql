-- Countries that packets came from by number of events, over all days; top_countries_between(first, last) for a period
-- rank: Place by number of events; countries with as many events share a place
-- country: ISO 3166-1 alpha-2 code of the country of the source address
-- country_name: Name of the country in English
-- events: Number of events
-- sources: Number of different source addresses
-- share: Part of all events of the period, those of unknown country included, 0 to 1
select * from top_countries_between('-infinity', 'infinity')
