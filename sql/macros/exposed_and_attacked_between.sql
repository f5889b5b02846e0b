-- Ports open here and tried from day `first` to day `last`, most tried first: the columns of exposed_and_attacked
create or replace macro exposed_and_attacked_between(first, last) as table
    select
        open_ports_now.host,
        open_ports_now.port,
        open_ports_now.protocol,
        open_ports_now.service,
        open_ports_now.product,
        open_ports_now.version,
        tried.events,
        tried.sources,
        tried.rank,
        services.attack_reason,
        open_ports_now.is_new,
        open_ports_now.scanned_at
    from open_ports_now
    inner join top_ports_between(first, last) as tried
        on open_ports_now.port = tried.port and open_ports_now.protocol = tried.protocol
    left join services on open_ports_now.port = services.port and open_ports_now.protocol = services.protocol
    order by tried.events desc, open_ports_now.port asc, open_ports_now.protocol asc, open_ports_now.host asc;
