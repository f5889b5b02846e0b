-- Days since which one of the 30 most active countries stays higher or lower; country_changes_between for a period
-- country: ISO 3166-1 alpha-2 code of the country
-- country_name: Name of the country in English
-- day: First day of the higher or lower level
-- before_per_day: Events a day in the up to 28 observed days before
-- after_per_day: Events a day in the up to 28 observed days from then on
-- change_percent: Change from the one to the other, percent; NULL where there were none before
-- score: How many deviations of chance apart both levels are; 4.5 at least
select * from country_changes_between('-infinity', 'infinity')
