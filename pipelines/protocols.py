"""Names of IP protocols, as the IANA protocol number registry gives them, in lower case."""

BY_NUMBER = {
    1: "icmp",
    2: "igmp",
    4: "ipip",
    6: "tcp",
    17: "udp",
    33: "dccp",
    41: "ipv6",
    46: "rsvp",
    47: "gre",
    50: "esp",
    51: "ah",
    58: "icmpv6",
    88: "eigrp",
    89: "ospf",
    94: "ipip",
    103: "pim",
    108: "ipcomp",
    112: "vrrp",
    115: "l2tp",
    132: "sctp",
    136: "udplite",
}
NAMES = frozenset(BY_NUMBER.values())
_OTHER_NAMES = {"ipv6-icmp": "icmpv6", "icmp6": "icmpv6", "ospfigp": "ospf", "carp": "vrrp", "ipencap": "ipip"}
_LARGEST = 255


def protocol_name(text: str) -> str | None:
    """Return the name of a protocol that a log gives by name or number; None for what is neither.

    A number that has no name in `BY_NUMBER` is returned as it is: `61`.
    """
    lower = text.lower()
    if lower.isascii() and lower.isdigit() and len(lower) <= len(str(_LARGEST)):
        number = int(lower)
        return BY_NUMBER.get(number, str(number)) if number <= _LARGEST else None
    name = _OTHER_NAMES.get(lower, lower)
    return name if name in NAMES else None
