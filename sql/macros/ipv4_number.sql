-- An IPv4 address as the number that its 32 bits are; NULL for anything else
create or replace macro ipv4_number(address) as
try_cast(split_part(address, '.', 1) as bigint) * 16777216
+ try_cast(split_part(address, '.', 2) as bigint) * 65536
+ try_cast(split_part(address, '.', 3) as bigint) * 256
+ try_cast(split_part(address, '.', 4) as bigint);
