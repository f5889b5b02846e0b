-- A number for a source address: an IPv4 address as it is, for any other 2^62 or more, by which rows are found fast
create or replace macro source_key(address) as
coalesce(
    ipv4_number(address),
    4611686018427387904 + cast(md5_number(address) & 4611686018427387903 as bigint)
);
