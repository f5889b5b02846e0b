-- Ports that were tried from day `first` to day `last` and on no day before that is loaded, most events first
-- port: Destination port
-- protocol: IP protocol of the port: tcp, udp, ...
-- service: Name of the service at this port; NULL where the table of services has none
-- events: Number of events
-- sources: Number of different source addresses
-- first_day: First day in the period
-- last_day: Last day in the period
-- days: Number of days with events in the period
create or replace macro port_newcomers_between(first, last) as table
    with earlier as (
        select distinct
            destination_port,
            protocol
        from count_rows('spans', 'ports')
        where first_day < as_day(first)
    )

    select sighted.*
    from port_sights_between(first, last) as sighted
    left join earlier
        on sighted.port = earlier.destination_port and sighted.protocol is not distinct from earlier.protocol
    where earlier.destination_port is null
    order by sighted.events desc, sighted.port asc, sighted.protocol asc;
