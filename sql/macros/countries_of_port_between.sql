-- Main countries of one port from day `first` to day `last`: the columns of the view port_countries
-- port: Destination port
-- protocol: IP protocol of the port: tcp, udp, ...
-- service: Name of the service at this port; NULL where the table of services has none
-- rank: Place of the country by number of events at the port
-- country: ISO 3166-1 alpha-2 code of the country
-- country_name: Name of the country in English
-- events: Number of events
-- sources: Number of different source addresses
-- share: Part of the port's events, 0 to 1
create or replace macro countries_of_port_between(port_number, protocol_name, first, last) as table
    with counts_of_port as (
        select
            destination_port as port,
            protocol,
            source_country as country,
            events,
            sources
        from period_counts('port_countries', first, last)
        where destination_port = port_number and protocol = protocol_name
    )

    select * from country_shares('counts_of_port');
