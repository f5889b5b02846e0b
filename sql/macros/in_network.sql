-- Whether an address lies in a network such as 192.0.2.0/24, or is the address that stands in its place
create or replace macro in_network(address, network) as
length(address_digits(address)) = length(address_digits(split_part(network, '/', 1)))
and left(address_digits(address), prefix_length(network) // 4)
= left(address_digits(split_part(network, '/', 1)), prefix_length(network) // 4)
-- Of the digit in which the prefix ends only its first bits count.
and strpos('0123456789abcdef', substr(address_digits(address) || '0', prefix_length(network) // 4 + 1, 1)) - 1
>> (4 - prefix_length(network) % 4)
= strpos(
    '0123456789abcdef', substr(address_digits(split_part(network, '/', 1)) || '0', prefix_length(network) // 4 + 1, 1)
) - 1 >> (4 - prefix_length(network) % 4);
