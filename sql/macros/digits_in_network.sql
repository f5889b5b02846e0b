-- Whether the digits of an address (see address_digits) are of a network, by its digits and the bits of its prefix
create or replace macro digits_in_network(digits, network_digits, prefix) as
length(digits) = length(network_digits)
and left(digits, prefix // 4) = left(network_digits, prefix // 4)
-- Of the digit in which the prefix ends only its first bits count.
and strpos('0123456789abcdef', substr(digits || '0', prefix // 4 + 1, 1)) - 1 >> (4 - prefix % 4)
= strpos('0123456789abcdef', substr(network_digits || '0', prefix // 4 + 1, 1)) - 1 >> (4 - prefix % 4);
