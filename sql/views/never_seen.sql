-- Countries and territories that no event ever came from, over all days; all others are those of country_sights
-- country: ISO 3166-1 alpha-2 code; XK for Kosovo
-- country_name: Name of the country or territory in English
-- recognised_by_japan: Whether Japan recognises it as a country, or is it
-- state: Code of the country that it belongs to; its own code when it is none's territory
-- state_name: Name of that country in English
-- in_iso_3166: Whether it is one of the 249 of ISO 3166-1; only Kosovo is not
select
    country,
    country_name,
    recognised_by_japan,
    state,
    state_name,
    in_iso_3166
from country_sights
where first_seen is null
order by country_name
