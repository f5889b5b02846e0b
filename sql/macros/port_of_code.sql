-- The port that a number of port_code stands for, as '445/tcp'
create or replace macro port_of_code(code) as
cast(code >> 2 as varchar) || ['/tcp', '/udp', '/sctp', ''][(code & 3) + 1];
