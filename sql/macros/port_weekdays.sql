-- Weekly pattern of one port from day `first` to day `last`: events per observed day of each weekday
-- iso_weekday: Day of the week, from 1 for Monday to 7 for Sunday
-- weekday_name: Name of the day of the week
-- observed_days: Days of that weekday on which an event was logged
-- events: Number of events
-- events_per_day: Events per day observed
-- relative_to_mean: Events per day against the mean of the weekdays: 1 is as many
create or replace macro port_weekdays(port_number, protocol_name, first, last) as table
    with days_of_port as (select * from port_days(port_number, protocol_name, first, last))

    select * from weekly_pattern('days_of_port');
