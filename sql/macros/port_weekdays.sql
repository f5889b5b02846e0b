-- Weekly pattern of one port from day `first` to day `last`: events per observed day of each weekday
create or replace macro port_weekdays(port_number, protocol_name, first, last) as table
    with days_of_port as (select * from port_days(port_number, protocol_name, first, last))

    select * from weekly_pattern('days_of_port');
