"""A table over the whole address space: which of a number of things (a country, a scope) an address belongs to."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.addresses import IPV4, IPV6, Addresses
from pipelines.compiled import kernel

# The payload of addresses that belong to nothing.
NOTHING = -1
# An IPv6 range may repeat the IPv4 space (::/96, 6to4, Teredo). Its payload is EMBEDDED_IPV4 minus the number of the
# bit where the 32 bits of the IPv4 address begin, counted from the highest; that address is then looked up.
EMBEDDED_IPV4 = -2
# The last bit at which 32 bits can begin.
LAST_EMBEDDED_BIT = 96

_HALF = 64
_IPV4_BITS = np.uint64(0xFFFFFFFF)

Network = IPv4Network | IPv6Network
Integers = npt.NDArray[np.integer[Any]]
Halves = npt.NDArray[np.uint64]
Payload = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class AddressRanges:
    """Ranges, sorted and without gaps, each from its start to the address before the next start.

    Attributes:
        ipv4_starts: uint32, the first address of each IPv4 range; the first is 0.
        ipv4_payload: int32 of the same length, an index from 0 on, or `NOTHING`.
        ipv6_high: uint64, upper half of the first address of each IPv6 range; the first address is 0.
        ipv6_low: uint64, its lower half.
        ipv6_payload: int32, an index from 0 on, `NOTHING`, or `EMBEDDED_IPV4 - bit`.

    Raises:
        ValueError: lengths differ, or the starts do not ascend from 0.
    """

    ipv4_starts: npt.NDArray[np.uint32]
    ipv4_payload: npt.NDArray[np.int32]
    ipv6_high: npt.NDArray[np.uint64]
    ipv6_low: npt.NDArray[np.uint64]
    ipv6_payload: npt.NDArray[np.int32]

    def __post_init__(self) -> None:
        if not len(self.ipv4_starts) == len(self.ipv4_payload) > 0:
            raise ValueError("IPv4 ranges need as many starts as payloads, at least one")
        if not len(self.ipv6_high) == len(self.ipv6_low) == len(self.ipv6_payload) > 0:
            raise ValueError("IPv6 ranges need as many starts as payloads, at least one")
        high, low = self.ipv6_high, self.ipv6_low
        ascending = (high[1:] > high[:-1]) | ((high[1:] == high[:-1]) & (low[1:] > low[:-1]))
        if self.ipv4_starts[0] or high[0] or low[0]:
            raise ValueError("ranges start at the first address, 0")
        if not (ascending.all() and (self.ipv4_starts[1:] > self.ipv4_starts[:-1]).all()):
            raise ValueError("the starts of ranges must ascend")

    @classmethod
    def from_networks(cls, networks: Iterable[tuple[Network, int]]) -> "AddressRanges":
        """Return the ranges of networks with their payload; where networks overlap, the smallest decides.

        Raises:
            ValueError: a network is named twice.
        """
        known = list(networks)
        ipv4 = _ranges([(network, payload) for network, payload in known if network.version == IPV4], 1 << 32)
        ipv6 = _ranges([(network, payload) for network, payload in known if network.version == IPV6], 1 << 128)
        return cls(
            np.array([start for start, _ in ipv4], np.uint32),
            np.array([payload for _, payload in ipv4], np.int32),
            np.array([start >> _HALF for start, _ in ipv6], np.uint64),
            np.array([start & (1 << _HALF) - 1 for start, _ in ipv6], np.uint64),
            np.array([payload for _, payload in ipv6], np.int32),
        )

    def find(self, version: Integers, high: Integers, low: Integers) -> npt.NDArray[np.int32]:
        """Return the payload of each address, an int32 array; `NOTHING` where its version is neither 4 nor 6.

        Args:
            version: 4, 6, or 0 for no address, as int8.
            high: upper half as uint64; not read for IPv4.
            low: lower half as uint64, the whole of an IPv4 address.
        """
        found = np.empty(len(version), np.int32)
        _find_all(
            (self.ipv4_starts, self.ipv4_payload),
            (self.ipv6_high, self.ipv6_low, self.ipv6_payload),
            Addresses(
                np.ascontiguousarray(version, np.int8),
                np.ascontiguousarray(high, np.uint64),
                np.ascontiguousarray(low, np.uint64),
            ),
            found,
        )
        return found


def _ranges(networks: list[tuple[Network, int]], end: int) -> list[tuple[int, int]]:
    """Return start and payload of the ranges of networks of one version, equal neighbours joined.

    `end` is the number of addresses that there are.
    """
    if len({network for network, _ in networks}) != len(networks):
        raise ValueError("a network is named twice")
    starts = {0: NOTHING}
    around: list[tuple[int, int]] = []  # last address and payload of the networks that lie around, the smallest last

    def leave(address: int) -> None:
        while around and around[-1][0] < address:
            last, _ = around.pop()
            starts[last + 1] = around[-1][1] if around else NOTHING

    for network, payload in sorted(networks, key=lambda entry: (entry[0].network_address, entry[0].prefixlen)):
        first = int(network.network_address)
        leave(first)
        starts[first] = payload
        around.append((int(network.broadcast_address), payload))
    leave(end)
    starts.pop(end, None)
    return [next(equal) for _, equal in groupby(starts.items(), itemgetter(1))]


@kernel
def find_ipv4(starts: npt.NDArray[np.uint32], payload: npt.NDArray[np.int32], address: np.uint64) -> int:
    """Return the payload of the range that holds an IPv4 address."""
    first, end = 0, len(starts)
    while end - first > 1:
        middle = (first + end) >> 1
        if starts[middle] <= address:
            first = middle
        else:
            end = middle
    return int(payload[first])


@kernel
def find_ipv6(ranges: tuple[Halves, Halves, Payload], high: np.uint64, low: np.uint64) -> int:
    """Return the payload of the range that holds an IPv6 address; `ranges` are high and low starts and payload."""
    highs, lows, payload = ranges
    first, end = 0, len(highs)
    while end - first > 1:
        middle = (first + end) >> 1
        if highs[middle] < high or (highs[middle] == high and lows[middle] <= low):
            first = middle
        else:
            end = middle
    return int(payload[first])


@kernel
def embedded_ipv4(high: np.uint64, low: np.uint64, bit: int) -> np.uint64:
    """Return the 32 bits that begin `bit` bits, 0 to 96, below the highest of a 128-bit number."""
    if bit <= _HALF // 2:
        return high >> np.uint64(_HALF // 2 - bit) & _IPV4_BITS
    if bit < _HALF:
        return (high << np.uint64(bit - _HALF // 2) | low >> np.uint64(3 * _HALF // 2 - bit)) & _IPV4_BITS
    return low >> np.uint64(LAST_EMBEDDED_BIT - bit) & _IPV4_BITS


@kernel
def _find_all(
    ipv4: tuple[npt.NDArray[np.uint32], Payload],
    ipv6: tuple[Halves, Halves, Payload],
    addresses: Addresses,
    found: Payload,
) -> None:
    for index in range(len(found)):
        version, high, low = addresses.version[index], addresses.high[index], addresses.low[index]
        payload = NOTHING
        if version == IPV6:
            payload = find_ipv6(ipv6, high, low)
            if payload <= EMBEDDED_IPV4:
                low = embedded_ipv4(high, low, EMBEDDED_IPV4 - payload)
        if version == IPV4 or payload <= EMBEDDED_IPV4:
            payload = find_ipv4(ipv4[0], ipv4[1], low)
        found[index] = payload
