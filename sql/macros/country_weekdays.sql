-- Weekly pattern of one country from day `first` to day `last`: events per observed day of each weekday
create or replace macro country_weekdays(country_code, first, last) as table
    with days_of_country as (select * from country_days(country_code, first, last))

    select * from weekly_pattern('days_of_country');
