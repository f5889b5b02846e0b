-- Ports that were tried from day `first` to day `last`, with their first and last day in it, most events first
create or replace macro port_sights_between(first, last) as table
    with sighted as (
        select
            destination_port as port,
            protocol,
            min(day) as first_day,
            max(day) as last_day,
            count(distinct day) as days
        from day_counts('ports', first, last)
        where destination_port is not null
        group by destination_port, protocol
    )

    select
        tried.port,
        tried.protocol,
        tried.service,
        tried.events,
        tried.sources,
        sighted.first_day,
        sighted.last_day,
        sighted.days
    from top_ports_between(first, last) as tried
    inner join sighted on tried.port = sighted.port and tried.protocol is not distinct from sighted.protocol
    order by tried.events desc, tried.port asc, tried.protocol asc;
