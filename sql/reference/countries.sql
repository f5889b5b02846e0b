-- The 249 countries and territories of ISO 3166-1, and Kosovo; which of them Japan recognises, and whose they are
-- country: ISO 3166-1 alpha-2 code
-- country_name: Name in English
-- country_name_ja: Name in Japanese
-- continent: Code of the continent: AF, AN, AS, EU, NA, OC or SA
-- latitude: Latitude of a point inside, degrees north
-- longitude: Longitude of a point inside, degrees east
-- recognised_by_japan: Whether Japan recognises it as a country, or is it
-- sovereign: Code of the country that it belongs to; its own code when it is none's territory
-- in_iso_3166: Whether its code stands in ISO 3166-1; Kosovo's is one for users to assign
select *
from read_csv(
    literal_path(getvariable('reference_folder')) || '/countries.csv',
    auto_detect = false,
    header = true,
    columns = {
        'country': 'varchar',
        'country_name': 'varchar',
        'country_name_ja': 'varchar',
        'continent': 'varchar',
        'latitude': 'double',
        'longitude': 'double',
        'recognised_by_japan': 'boolean',
        'sovereign': 'varchar',
        'in_iso_3166': 'boolean'
    }
)
