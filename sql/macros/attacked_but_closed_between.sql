-- Ports tried from day `first` to day `last` that were scanned here and are not open: columns of attacked_but_closed
create or replace macro attacked_but_closed_between(first, last) as table
    with scans as (
        select
            scanned_at,
            unnest(ranges) as scanned
        from port_scans
        where len(hosts) > 0
    ),

    -- The same ports are scanned again and again.
    ranges as (
        select
            scanned,
            max(scanned_at) as scanned_at
        from scans
        group by scanned
    ),

    tried as materialized (select * from top_ports_between(first, last)),

    closed as (
        select
            tried.port,
            tried.protocol,
            max(ranges.scanned_at) as scanned_at
        from tried
        inner join ranges
            on
                tried.protocol = ranges.scanned.protocol
                and tried.port between ranges.scanned.first_port and ranges.scanned.last_port
        anti join open_ports_now
            on tried.port = open_ports_now.port and tried.protocol = open_ports_now.protocol
        group by tried.port, tried.protocol
    )

    select
        closed.port,
        closed.protocol,
        tried.service,
        tried.events,
        tried.sources,
        tried.rank,
        closed.scanned_at
    from closed
    inner join tried on closed.port = tried.port and closed.protocol = tried.protocol
    order by tried.events desc, closed.port asc, closed.protocol asc;
