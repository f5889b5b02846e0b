"""Ranges against Python's `ipaddress`, and scopes against the IANA special-purpose address registries."""

import os
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.address_ranges import EMBEDDED_IPV4, NOTHING, AddressRanges
from pipelines.address_scope import SCOPES, scope_ranges

SCALE = int(os.environ.get("TEST_SCALE", "1"))
EXAMPLES = settings(max_examples=200 * SCALE, deadline=None)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# IANA IPv4 and IPv6 Special-Purpose Address Registries of 2025-04: the block, whether it is globally reachable ("N/A"
# and ended ones count as not), and the scope that a reader expects of it.
REGISTRY = [
    ("0.0.0.0/8", False, "unspecified"),
    ("0.0.0.0/32", False, "unspecified"),
    ("10.0.0.0/8", False, "private"),
    ("100.64.0.0/10", False, "shared"),
    ("127.0.0.0/8", False, "loopback"),
    ("169.254.0.0/16", False, "link_local"),
    ("172.16.0.0/12", False, "private"),
    ("192.0.0.0/24", False, "reserved"),
    ("192.0.0.0/29", False, "reserved"),
    ("192.0.0.8/32", False, "reserved"),
    ("192.0.0.9/32", True, "public"),
    ("192.0.0.10/32", True, "public"),
    ("192.0.0.170/32", False, "reserved"),
    ("192.0.0.171/32", False, "reserved"),
    ("192.0.2.0/24", False, "documentation"),
    ("192.31.196.0/24", True, "public"),
    ("192.52.193.0/24", True, "public"),
    ("192.88.99.0/24", False, "reserved"),
    ("192.88.99.2/32", False, "reserved"),
    ("192.168.0.0/16", False, "private"),
    ("192.175.48.0/24", True, "public"),
    ("198.18.0.0/15", False, "benchmarking"),
    ("198.51.100.0/24", False, "documentation"),
    ("203.0.113.0/24", False, "documentation"),
    ("240.0.0.0/4", False, "reserved"),
    ("255.255.255.255/32", False, "broadcast"),
    ("::1/128", False, "loopback"),
    ("::/128", False, "unspecified"),
    ("::ffff:0:0/96", False, "translation"),
    ("64:ff9b::/96", True, "translation"),
    ("64:ff9b:1::/48", False, "translation"),
    ("100::/64", False, "reserved"),
    ("100:0:0:1::/64", False, "reserved"),
    ("2001::/23", False, "reserved"),
    ("2001::/32", False, "translation"),
    ("2001:1::1/128", True, "public"),
    ("2001:1::2/128", True, "public"),
    ("2001:1::3/128", True, "public"),
    ("2001:2::/48", False, "benchmarking"),
    ("2001:3::/32", True, "public"),
    ("2001:4:112::/48", True, "public"),
    ("2001:10::/28", False, "reserved"),
    ("2001:20::/28", True, "public"),
    ("2001:30::/28", True, "public"),
    ("2001:db8::/32", False, "documentation"),
    ("2002::/16", False, "translation"),
    ("2620:4f:8000::/48", True, "public"),
    ("3fff::/20", False, "documentation"),
    ("5f00::/16", False, "reserved"),
    ("fc00::/7", False, "private"),
    ("fe80::/10", False, "link_local"),
]
# What the registries leave to other documents: multicast, and all that is not special.
UNREGISTERED = [
    ("1.0.0.0", "public"),
    ("8.8.8.8", "public"),
    ("223.255.255.255", "public"),
    ("224.0.0.0", "multicast"),
    ("239.255.255.255", "multicast"),
    ("2000::", "public"),
    ("2a00:1450::1", "public"),
    ("3ffe:ffff::1", "public"),
    ("ff00::", "multicast"),
    ("ff02::1", "multicast"),
    ("::1.2.3.4", "reserved"),
    ("1fff::1", "reserved"),
    ("4000::", "reserved"),
    ("fec0::1", "reserved"),
]


def find(ranges: AddressRanges, addresses: list[Address]) -> list[int]:
    numbers = [int(address) for address in addresses]
    found = ranges.find(
        np.array([address.version for address in addresses], np.int8),
        np.array([number >> 64 for number in numbers], np.uint64),
        np.array([number & (1 << 64) - 1 for number in numbers], np.uint64),
    )
    return [int(payload) for payload in found]


def scopes(addresses: list[Address]) -> list[str]:
    return [SCOPES[index] for index in find(scope_ranges(), addresses)]


def borders(networks: list[Network]) -> list[Address]:
    """Return the first and last addresses of networks and those just outside."""
    return [
        IPv4Address(near) if network.version == 4 else IPv6Address(near)
        for network in networks
        for border in (int(network.network_address), int(network.broadcast_address))
        for near in (border - 1, border, border + 1)
        if 0 <= near < 1 << network.max_prefixlen
    ]


def smallest(networks: list[tuple[Network, int]], address: Address) -> int:
    around = [(network.prefixlen, payload) for network, payload in networks if address in network]
    return max(around)[1] if around else NOTHING


def networks_of(version: int, bits: int) -> st.SearchStrategy[Network]:
    """Return networks that often hold and touch each other: few different bits, at both ends of the space."""

    def network(prefix: int, number: int, fill: int) -> Network:
        first = (number << bits - 6 | fill * ((1 << bits - 6) - 1)) >> bits - prefix << bits - prefix
        return IPv4Network((first, prefix)) if version == 4 else IPv6Network((first, prefix))

    return st.builds(network, st.integers(0, 7) | st.integers(0, bits), st.integers(0, 63), st.integers(0, 1))


@EXAMPLES
@given(st.lists(networks_of(4, 32) | networks_of(6, 128), max_size=30, unique=True))
def test_the_smallest_network_around_an_address_decides(networks: list[Network]) -> None:
    known = [(network, payload % 7) for payload, network in enumerate(networks)]
    whole: list[Network] = [IPv4Network((0, 0)), IPv6Network((0, 0))]
    addresses = borders([*networks, *whole])
    assert find(AddressRanges.from_networks(known), addresses) == [smallest(known, address) for address in addresses]


def test_ranges_of_no_network_hold_nothing() -> None:
    assert find(AddressRanges.from_networks([]), [ip_address("1.2.3.4"), ip_address("::1")]) == [NOTHING, NOTHING]


def test_no_address_belongs_to_nothing() -> None:
    everything = AddressRanges.from_networks([(ip_network("0.0.0.0/0"), 3), (ip_network("::/0"), 4)])
    version = np.array([0, 4, 6, 5], np.int8)
    nought = np.zeros(4, np.uint64)
    assert everything.find(version, nought, nought).tolist() == [NOTHING, 3, 4, NOTHING]


def test_ranges_take_columns_that_are_parts_of_others() -> None:
    ranges = AddressRanges.from_networks([(ip_network("10.0.0.0/8"), 1)])
    version, high = np.full(6, 4, np.int8), np.zeros(6, np.uint64)
    low = np.array([0x0A000000, 0, 0x0B000000, 0, 0x0AFFFFFF, 0], np.uint64)
    assert ranges.find(version[::2], high[::2], low[::2]).tolist() == [1, NOTHING, 1]
    assert ranges.find(version[:0], high[:0], low[:0]).tolist() == []


def test_a_network_named_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        AddressRanges.from_networks([(ip_network("10.0.0.0/8"), 1), (ip_network("10.0.0.0/8"), 2)])


@pytest.mark.parametrize(
    ("ipv4", "high", "low"),
    [
        ([1, 2], [0], [0]),
        ([0, 5, 5], [0], [0]),
        ([0, 5, 4], [0], [0]),
        ([0], [0, 1], [1, 0]),
        ([0], [0, 1, 1], [0, 5, 5]),
        ([0], [0, 2, 1], [0, 0, 0]),
        ([], [0], [0]),
        ([0], [], []),
    ],
)
def test_starts_that_do_not_ascend_from_the_first_address_are_refused(
    ipv4: list[int], high: list[int], low: list[int]
) -> None:
    payload4, payload6 = np.zeros(len(ipv4), np.int32), np.zeros(len(high), np.int32)
    with pytest.raises(ValueError, match="start"):
        AddressRanges(
            np.array(ipv4, np.uint32), payload4, np.array(high, np.uint64), np.array(low, np.uint64), payload6
        )


@pytest.mark.parametrize("bit", range(97))
@pytest.mark.parametrize("number", [0x0123456789ABCDEF_FEDCBA9876543210, 0xDEADBEEFCAFEBABE_0B5E55ED5CA1AB1E])
def test_an_embedded_ipv4_address_is_looked_up(bit: int, number: int) -> None:
    embedded = number >> 96 - bit & (1 << 32) - 1
    starts = sorted({0, max(embedded - 1, 0), embedded, min(embedded + 1, (1 << 32) - 1)})
    ranges = AddressRanges(
        np.array(starts, np.uint32),
        np.arange(len(starts), dtype=np.int32),
        np.zeros(1, np.uint64),
        np.zeros(1, np.uint64),
        np.array([EMBEDDED_IPV4 - bit], np.int32),
    )
    assert find(ranges, [IPv6Address(number)]) == [starts.index(embedded)]


@pytest.mark.parametrize(("block", "reachable", "scope"), REGISTRY)
def test_registered_blocks_have_their_scope(block: str, reachable: bool, scope: str) -> None:  # noqa: FBT001
    network = ip_network(block)
    inner = [ip_network(other) for other, _, _ in REGISTRY if other != block]
    inner = [other for other in inner if other.version == network.version and other.subnet_of(network)]  # type: ignore[arg-type]
    addresses = [address for address in borders([network, *inner]) if address in network]
    own = [address for address in addresses if not any(address in other for other in inner)]
    assert set(scopes(own)) <= {scope}
    assert reachable == (scope == "public" or block == "64:ff9b::/96")


def test_public_is_what_the_registries_call_reachable() -> None:
    networks = [(ip_network(block), reachable) for block, reachable, _ in REGISTRY]
    for address in borders([network for network, _ in networks]):
        registered = [(network.prefixlen, reachable) for network, reachable in networks if address in network]
        if registered:
            scope = scopes([address])[0]
            assert (scope == "public") == (max(registered)[1] and scope != "translation"), address


@pytest.mark.parametrize(("text", "scope"), UNREGISTERED)
def test_what_is_not_registered(text: str, scope: str) -> None:
    assert scopes([ip_address(text)]) == [scope]


@EXAMPLES
@given(st.ip_addresses())
def test_scopes_agree_with_python(address: Address) -> None:
    scope = scopes([address])[0]
    assert (scope == "multicast") == address.is_multicast
    assert (scope == "loopback") == address.is_loopback
    assert (scope == "link_local") == address.is_link_local
    assert not address.is_unspecified or scope == "unspecified"


def test_every_address_has_a_scope() -> None:
    ranges = scope_ranges()
    assert set(ranges.ipv4_payload.tolist()) | set(ranges.ipv6_payload.tolist()) == set(range(len(SCOPES)))
