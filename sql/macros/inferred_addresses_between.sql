-- Addresses that most of a sensor's blocked inbound lines of a day from `first` to `last` went to: the site's own
create or replace macro inferred_addresses_between(first, last) as table
    select
        sensor,
        address,
        sum(events) / sum(family_events) as share
    from day_facts('own_addresses', first, last)
    group by sensor, address;
