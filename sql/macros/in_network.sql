-- Whether an address lies in a network such as 192.0.2.0/24, or is the address that stands in its place
create or replace macro in_network(address, network) as
digits_in_network(address_digits(address), address_digits(split_part(network, '/', 1)), prefix_length(network));
