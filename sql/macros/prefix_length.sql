-- Bits of a network such as 192.0.2.0/24 that all its addresses share; all bits of an address that stands in its place
create or replace macro prefix_length(network) as
coalesce(
    try_cast(split_part(network, '/', 2) as integer),
    4 * length(address_digits(split_part(network, '/', 1)))
);
