"""Countries and networks of addresses, from MaxMind DB files (DB-IP Lite, GeoLite2, GeoIP2) expanded once into ranges.

Expanded, a file answers some ten million addresses a second; `maxminddb`'s own `get` answers 0.9 million and `geoip2`
0.17 million. The answers are the same as theirs for every address.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt
from maxminddb import Reader

from pipelines.address_ranges import NOTHING, AddressRanges, Integers
from pipelines.geoip_kinds import DamagedTreeError, DatabaseKind, country_kind, network_kind
from pipelines.maxmind_tree import Leaves, Tree, walk

Value = TypeVar("Value", str, tuple[int, str])


@dataclass(frozen=True, eq=False)
class CountryDatabase:
    """A database of countries, in memory.

    Attributes:
        path: the file it was read from.
        database_type: what the file says it is, such as "GeoLite2-Country".
        build_date: when the file was made, UTC.
        countries: ISO 3166-1 alpha-2 codes as the file has them (also XK for Kosovo), in alphabetical order.
        ranges: the address space; the payload is an index into `countries`.
    """

    path: Path
    database_type: str
    build_date: date
    countries: list[str]
    ranges: AddressRanges

    @classmethod
    def open(cls, path: Path, setting: str = "GEOIP_DB") -> "CountryDatabase":
        """Read and expand a file: about 0.1 s for countries, some seconds for cities.

        Args:
            path: a MaxMind DB file of countries or cities.
            setting: name of the setting that the path came from.

        Raises:
            SettingError: the file is missing, cannot be read, is damaged or of another kind.
        """
        file = _open(path, country_kind(setting), _iso_code)
        return cls(path, file.database_type, file.build_date, file.values, file.ranges)

    def country(self, version: Integers, high: Integers, low: Integers) -> npt.NDArray[np.int32]:
        """Return an index into `countries` for each address, or -1 where the country is not known.

        Args:
            version: 4, 6, or 0 for no address, as int8.
            high: upper half as uint64; not read for IPv4.
            low: lower half as uint64, the whole of an IPv4 address.
        """
        return self.ranges.find(version, high, low)


@dataclass(frozen=True, eq=False)
class NetworkDatabase:
    """A database of autonomous systems, in memory.

    Attributes:
        path: the file it was read from.
        numbers: autonomous system numbers, ascending.
        organisations: who runs each of them; None where the file does not say.
        ranges: the address space; the payload is an index into both.
    """

    path: Path
    numbers: list[int]
    organisations: list[str | None]
    ranges: AddressRanges

    @classmethod
    def open(cls, path: Path, setting: str = "GEOIP_ASN_DB") -> "NetworkDatabase":
        """Read and expand a file.

        Args:
            path: a MaxMind DB file of autonomous systems.
            setting: name of the setting that the path came from.

        Raises:
            SettingError: the file is missing, cannot be read, is damaged or of another kind.
        """
        file = _open(path, network_kind(setting), _autonomous_system)
        return cls(path, [number for number, _ in file.values], [name or None for _, name in file.values], file.ranges)

    def network(self, version: Integers, high: Integers, low: Integers) -> npt.NDArray[np.int32]:
        """Return an index into `numbers` and `organisations` for each address, or -1 where none announces it.

        Args:
            version: 4, 6, or 0 for no address, as int8.
            high: upper half as uint64; not read for IPv4.
            low: lower half as uint64, the whole of an IPv4 address.
        """
        return self.ranges.find(version, high, low)


@dataclass(frozen=True)
class _File(Generic[Value]):
    """A file, expanded: its distinct values in order, and the ranges whose payload is an index into them."""

    database_type: str
    build_date: date
    values: list[Value]
    ranges: AddressRanges


def _open(path: Path, kind: DatabaseKind, value_of: Callable[[object], Value | None]) -> _File[Value]:
    with kind.opened(path) as reader:
        values, ranges = _expand(path, reader, value_of)
        metadata = reader.metadata()
        build_date = date(1970, 1, 1) + timedelta(seconds=metadata.build_epoch)
        if not values:
            raise kind.refusal(path, f"none of its records names {kind.named}")
        return _File(metadata.database_type, build_date, values, ranges)


def _expand(
    path: Path, reader: Reader, value_of: Callable[[object], Value | None]
) -> tuple[list[Value], AddressRanges]:
    """Return the distinct values of a database's records, in order, and its ranges."""
    metadata = reader.metadata()
    size = metadata.node_count * metadata.record_size // 4
    tree = Tree(np.fromfile(path, np.uint8, size), metadata.node_count, metadata.record_size)
    if len(tree.nodes) < size:
        raise DamagedTreeError("the file ends inside the search tree")
    ipv4, ipv6 = walk(tree, metadata.ip_version)
    leaves = np.concatenate([ipv4.value, ipv6.value])
    distinct, firsts, which = np.unique(leaves, return_index=True, return_inverse=True)
    found = {
        index: value_of(reader.get(_address(ipv4, ipv6, int(firsts[index]))))
        for index in np.flatnonzero(distinct > NOTHING).tolist()
    }
    values = sorted({value for value in found.values() if value is not None})
    numbers = {value: number for number, value in enumerate(values)}
    payload = np.minimum(distinct, NOTHING).astype(np.int32)
    for index, value in found.items():
        payload[index] = NOTHING if value is None else numbers[value]
    return values, _ranges(ipv4, ipv6, payload[which])


def _address(ipv4: Leaves, ipv6: Leaves, position: int) -> IPv4Address | IPv6Address:
    """Return the first address of a range; the ranges are counted through both versions."""
    if position < len(ipv4.value):
        return IPv4Address(int(ipv4.low[position]))
    position -= len(ipv4.value)
    return IPv6Address(int(ipv6.high[position]) << 64 | int(ipv6.low[position]))


def _iso_code(record: object) -> str | None:
    """Return the country code of a record, or None.

    It is what geoip2 calls `country.iso_code`: where the address is, not where its network is registered.
    """
    country = record.get("country") if isinstance(record, dict) else None
    code = country.get("iso_code") if isinstance(country, dict) else None
    return code if isinstance(code, str) else None


def _autonomous_system(record: object) -> tuple[int, str] | None:
    """Return number and organisation (or nothing, "") of a record, or None."""
    if not isinstance(record, dict) or not isinstance(record.get("autonomous_system_number"), int):
        return None
    return record["autonomous_system_number"], str(record.get("autonomous_system_organization") or "")


def _ranges(ipv4: Leaves, ipv6: Leaves, payload: npt.NDArray[np.int32]) -> AddressRanges:
    """Return the ranges with their payload, neighbours of the same country joined."""
    ipv4_payload, ipv6_payload = np.split(payload, [len(ipv4.value)])
    kept4 = np.flatnonzero(np.diff(ipv4_payload, prepend=ipv4_payload[0] - 1))
    kept6 = np.flatnonzero(np.diff(ipv6_payload, prepend=ipv6_payload[0] - 1))
    return AddressRanges(
        ipv4.low[kept4].astype(np.uint32),
        ipv4_payload[kept4],
        ipv6.high[kept6],
        ipv6.low[kept6],
        ipv6_payload[kept6],
    )
