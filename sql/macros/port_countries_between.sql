-- Main countries of the 20 ports tried most from day `first` to day `last`: the columns of the view port_countries
create or replace macro port_countries_between(first, last) as table
    with main_ports as (
        select
            port,
            protocol
        from top_ports_between(first, last)
        where rank <= 20
    ),

    -- A list of a few ports leaves most of the counts unread; a protocol among the join's keys would not.
    counted as (
        select
            destination_port as port,
            protocol,
            source_country as country,
            events,
            sources
        from period_counts('port_countries', first, last)
        where destination_port in (select main_ports.port from main_ports)
    ),

    counts_of_main_ports as (
        select counted.*
        from counted
        inner join main_ports
            on counted.port = main_ports.port and counted.protocol is not distinct from main_ports.protocol
    )

    select * from country_shares('counts_of_main_ports');
