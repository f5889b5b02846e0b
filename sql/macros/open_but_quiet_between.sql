-- Ports open here that nobody tried from day `first` to day `last`: the columns of the view open_but_quiet
create or replace macro open_but_quiet_between(first, last) as table
    select
        open_ports_now.host,
        open_ports_now.port,
        open_ports_now.protocol,
        open_ports_now.state,
        open_ports_now.service,
        open_ports_now.product,
        open_ports_now.version,
        open_ports_now.is_new,
        open_ports_now.scanned_at
    from open_ports_now
    anti join top_ports_between(first, last) as tried
        on open_ports_now.port = tried.port and open_ports_now.protocol = tried.protocol
    order by open_ports_now.host, open_ports_now.port, open_ports_now.protocol;
