-- A number for a destination port and its protocol: 0 and above, in the order of ports; below 0 for one without ports
create or replace macro port_code(port, protocol) as
case
    when port is null then -1 - cast(hash(coalesce(protocol, '')) % 1048576 as integer)
    when protocol = 'tcp' then port * 4
    when protocol = 'udp' then port * 4 + 1
    when protocol = 'sctp' then port * 4 + 2
    else port * 4 + 3
end;
