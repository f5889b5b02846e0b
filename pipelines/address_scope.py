"""The scope of an address: public, private, reserved, ... as the IANA special-purpose address registries say.

Sources: IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890, RFC 8190; entries up to 2025-04), and IANA's
address space and multicast registries. "public" are the addresses that may be met on the Internet: IPv4 unicast and
2000::/3, without the special-purpose blocks, but with those that the registries call globally reachable.
"""

from ipaddress import ip_network

from pipelines.address_ranges import AddressRanges

# In alphabetical order; the payload of `scope_ranges()` is an index into it.
SCOPES = (
    "benchmarking",
    "broadcast",
    "documentation",
    "link_local",
    "loopback",
    "multicast",
    "private",
    "public",
    "reserved",
    "shared",
    "translation",
    "unspecified",
)

# Network, scope, and the document that sets it apart. Where networks overlap, the smallest decides.
_BLOCKS = (
    ("0.0.0.0/0", "public", "RFC 791"),
    ("0.0.0.0/8", "unspecified", "RFC 1122, 3.2.1.3: this host on this network, never a destination"),
    ("10.0.0.0/8", "private", "RFC 1918"),
    ("100.64.0.0/10", "shared", "RFC 6598: between a provider's NAT and its customers"),
    ("127.0.0.0/8", "loopback", "RFC 1122, 3.2.1.3"),
    ("169.254.0.0/16", "link_local", "RFC 3927"),
    ("172.16.0.0/12", "private", "RFC 1918"),
    ("192.0.0.0/24", "reserved", "RFC 6890: IETF protocol assignments, among them RFC 7335, 7600, 7050 and 8880"),
    ("192.0.0.9/32", "public", "RFC 7723: Port Control Protocol anycast, globally reachable"),
    ("192.0.0.10/32", "public", "RFC 8155: TURN anycast, globally reachable"),
    ("192.0.2.0/24", "documentation", "RFC 5737: TEST-NET-1"),
    ("192.88.99.0/24", "reserved", "RFC 7526: 6to4 relay anycast, deprecated; 192.88.99.2 is RFC 6751's"),
    ("192.168.0.0/16", "private", "RFC 1918"),
    ("198.18.0.0/15", "benchmarking", "RFC 2544"),
    ("198.51.100.0/24", "documentation", "RFC 5737: TEST-NET-2"),
    ("203.0.113.0/24", "documentation", "RFC 5737: TEST-NET-3"),
    ("224.0.0.0/4", "multicast", "RFC 5771"),
    ("240.0.0.0/4", "reserved", "RFC 1112, 4: for future use"),
    ("255.255.255.255/32", "broadcast", "RFC 919, 7; RFC 8190"),
    ("::/0", "reserved", "RFC 4291: what is not named below is kept by the IETF"),
    ("::/128", "unspecified", "RFC 4291, 2.5.2"),
    ("::1/128", "loopback", "RFC 4291, 2.5.3"),
    ("::ffff:0:0/96", "translation", "RFC 4291, 2.5.5.2: IPv4-mapped, an IPv4 address in IPv6 notation"),
    ("64:ff9b::/96", "translation", "RFC 6052: NAT64"),
    ("64:ff9b:1::/48", "translation", "RFC 8215: NAT64 of one site"),
    ("2000::/3", "public", "RFC 3587: global unicast"),
    ("2001::/23", "reserved", "RFC 2928: IETF protocol assignments, among them the ended ORCHID (RFC 4843)"),
    ("2001::/32", "translation", "RFC 4380: Teredo"),
    ("2001:1::1/128", "public", "RFC 7723: Port Control Protocol anycast, globally reachable"),
    ("2001:1::2/128", "public", "RFC 8155: TURN anycast, globally reachable"),
    ("2001:1::3/128", "public", "RFC 9665: DNS-SD registration anycast, globally reachable"),
    ("2001:2::/48", "benchmarking", "RFC 5180"),
    ("2001:3::/32", "public", "RFC 7450: multicast tunnelling, globally reachable"),
    ("2001:4:112::/48", "public", "RFC 7535: AS112, globally reachable"),
    ("2001:20::/28", "public", "RFC 7343: ORCHIDv2, globally reachable"),
    ("2001:30::/28", "public", "RFC 9374: drone identifiers, globally reachable"),
    ("2001:db8::/32", "documentation", "RFC 3849"),
    ("2002::/16", "translation", "RFC 3056: 6to4"),
    ("3fff::/20", "documentation", "RFC 9637"),
    ("fc00::/7", "private", "RFC 4193: unique local"),
    ("fe80::/10", "link_local", "RFC 4291, 2.5.6"),
    ("ff00::/8", "multicast", "RFC 4291, 2.7"),
)


def scope_ranges() -> AddressRanges:
    """Return the ranges of the whole address space; the payload is an index into `SCOPES`, for every address."""
    return AddressRanges.from_networks((ip_network(block), SCOPES.index(scope)) for block, scope, _ in _BLOCKS)
