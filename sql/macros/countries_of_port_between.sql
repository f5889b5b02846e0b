-- Main countries of one port from day `first` to day `last`: the columns of the view port_countries
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
