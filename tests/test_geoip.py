"""Countries against `maxminddb` and `geoip2`, address by address; TEST_SCALE=10 tries ten times as many."""

import os
import random
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path

import geoip2.database
import maxminddb
import numpy as np
import pyarrow as pa
import pytest
from geoip2.errors import AddressNotFoundError
from hypothesis import given, settings
from hypothesis import strategies as st
from maxminddb import Reader

from pipelines.addresses import parse_addresses
from pipelines.geoip import CountryDatabase, NetworkDatabase
from pipelines.geoip_kinds import DamagedTreeError
from pipelines.maxmind_tree import Tree, walk
from pipelines.settings import BUNDLED_GEOIP_DB, SettingError
from tests.mmdb_writer import METADATA_MARKER, Value, encode_node, mmdb

SCALE = int(os.environ.get("TEST_SCALE", "1"))
EXAMPLES = settings(max_examples=100 * SCALE, deadline=None)
IPV4_SIZE = 1 << 32
IPV6_SIZE = 1 << 128

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

ALIASES = [IPv6Network(text) for text in ("::ffff:0:0/96", "2001::/32", "2002::/16", "64:ff9b::/96", "2600::/7")]


@pytest.fixture(scope="module")
def bundled() -> CountryDatabase:
    return CountryDatabase.open(BUNDLED_GEOIP_DB)


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with maxminddb.open_database(BUNDLED_GEOIP_DB) as opened:
        yield opened


@pytest.fixture
def file(tmp_path: Path) -> Callable[[bytes], Path]:
    def write(content: bytes) -> Path:
        path = tmp_path / "test.mmdb"
        path.write_bytes(content)
        return path

    return write


def countries(database: CountryDatabase, addresses: Iterable[Address]) -> list[str | None]:
    known = list(addresses)
    numbers = [int(address) for address in known]
    found = database.country(
        np.array([address.version for address in known], np.int8),
        np.array([number >> 64 for number in numbers], np.uint64),
        np.array([number & (1 << 64) - 1 for number in numbers], np.uint64),
    )
    return [None if index < 0 else database.countries[index] for index in found.tolist()]


def expected(reader: Reader, address: Address) -> str | None:
    """Return what a reader of single addresses says; it refuses IPv6 addresses where a file has IPv4 alone."""
    if address.version == 6 and reader.metadata().ip_version == 4:
        return None
    record = reader.get(address)
    if isinstance(record, dict) and isinstance(record.get("country"), dict):
        code = record["country"].get("iso_code")  # type: ignore[union-attr]
        return code if isinstance(code, str) else None
    return None


def check(database: CountryDatabase, reader: Reader, addresses: Iterable[Address]) -> None:
    known = list(addresses)
    found = countries(database, known)
    wrong = [
        (str(address), country, expected(reader, address))
        for address, country in zip(known, found, strict=True)
        if country != expected(reader, address)
    ]
    assert wrong == []


def dice(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - to be the same each time


def around(numbers: Iterable[int], size: int) -> set[int]:
    """Return the last address before each start, the start, and the next one."""
    return {near for number in numbers for near in (number - 1, number, number + 1) if 0 <= near < size}


def ipv6_starts(database: CountryDatabase) -> list[int]:
    ranges = database.ranges
    return [high << 64 | low for high, low in zip(ranges.ipv6_high.tolist(), ranges.ipv6_low.tolist(), strict=True)]


def embedded(address: IPv4Address) -> list[Address]:
    """Return IPv6 addresses that carry an IPv4 address: compatible, mapped, 6to4, Teredo and NAT64."""
    number = int(address)
    return [
        IPv6Address(number),
        IPv6Address(0xFFFF << 32 | number),
        IPv6Address(0x2002 << 112 | number << 80 | 0x1234),
        IPv6Address(0x20010000 << 96 | number << 64 | 0x5678),
        IPv6Address(0x64FF9B << 96 | number),
    ]


def test_what_the_bundled_file_says_of_itself(bundled: CountryDatabase) -> None:
    assert bundled.path == BUNDLED_GEOIP_DB
    assert bundled.database_type == "DBIP-Country-Lite"
    assert bundled.build_date == date(2026, 6, 1)
    assert len(bundled.countries) == 250
    assert bundled.countries == sorted(set(bundled.countries))
    assert {"AI", "JP", "XK"} < set(bundled.countries)


def test_random_ipv4_addresses(bundled: CountryDatabase, reader: Reader) -> None:
    draw = dice(4)
    check(bundled, reader, (IPv4Address(draw.getrandbits(32)) for _ in range(20_000 * SCALE)))


def test_random_ipv6_addresses(bundled: CountryDatabase, reader: Reader) -> None:
    draw = dice(6)
    unicast = [IPv6Address(1 << 125 | draw.getrandbits(125)) for _ in range(5_000 * SCALE)]
    anything = [IPv6Address(draw.getrandbits(128)) for _ in range(500 * SCALE)]
    starts = [*ipv6_starts(bundled), IPV6_SIZE]
    ranges = draw.choices(range(len(starts) - 1), k=5_000 * SCALE)
    announced = [IPv6Address(draw.randrange(starts[index], starts[index + 1])) for index in ranges]
    check(bundled, reader, [*unicast, *anything, *announced])


def test_ipv4_borders(bundled: CountryDatabase, reader: Reader) -> None:
    starts = bundled.ranges.ipv4_starts.tolist()[:: max(1, 20 // SCALE)]
    check(bundled, reader, map(IPv4Address, around([*starts, IPV4_SIZE], IPV4_SIZE)))


def test_ipv6_borders(bundled: CountryDatabase, reader: Reader) -> None:
    starts = ipv6_starts(bundled)[:: max(1, 20 // SCALE)]
    check(bundled, reader, map(IPv6Address, around([*starts, IPV6_SIZE], IPV6_SIZE)))


def test_borders_of_the_networks_that_the_reader_names(bundled: CountryDatabase, reader: Reader) -> None:
    addresses: list[Address] = []
    for position, (network, _) in enumerate(reader):
        if position >= 20_000 * SCALE and SCALE < 50:
            break
        addresses += [network[0], network[-1]]
    check(bundled, reader, addresses)


def test_ipv6_addresses_that_carry_ipv4_addresses(bundled: CountryDatabase, reader: Reader) -> None:
    draw = dice(2002)
    for _ in range(500 * SCALE):
        check(bundled, reader, embedded(IPv4Address(draw.getrandbits(32))))


def test_geoip2_says_the_same(bundled: CountryDatabase) -> None:
    draw = dice(2)
    starts = ipv6_starts(bundled)
    addresses: list[Address] = [IPv4Address(draw.getrandbits(32)) for _ in range(2_000 * SCALE)]
    addresses += [IPv6Address(draw.choice(starts) + 1) for _ in range(1_000 * SCALE)]
    with geoip2.database.Reader(BUNDLED_GEOIP_DB) as geoip:
        for address, country in zip(addresses, countries(bundled, addresses), strict=True):
            try:
                assert geoip.country(address).country.iso_code == country, address
            except AddressNotFoundError:
                assert country is None, address


def test_addresses_known_to_everybody(bundled: CountryDatabase) -> None:
    addresses = parse_addresses(pa.array(["8.8.8.8", "133.11.0.1", "10.0.0.1", "no address", None, "2001:200::1"]))
    found = [None if index < 0 else bundled.countries[index] for index in bundled.country(*addresses).tolist()]
    assert found == ["US", "JP", None, None, None, "JP"]


RECORDS: list[Value] = [
    {"country": {"iso_code": "DE"}},
    {"country": {"iso_code": "AI"}},
    {"city": {"names": {"en": "Tokyo"}}, "country": {"iso_code": "JP", "names": {"en": "Japan", "ja": "\u65e5\u672c"}}},
    {"country": {"geoname_id": 1861060}},
    {"country": "JP"},
    {"country": {"iso_code": 392}},
    {"registered_country": {"iso_code": "US"}},
    {},
    "JP",
    [{"country": {"iso_code": "JP"}}],
]
LAST: tuple[Network, Value] = (IPv4Network("198.51.100.0/24"), {"country": {"iso_code": "DE"}})


def networks_of(version: int) -> st.SearchStrategy[Network]:
    """Return networks of every size, many of them small numbers, 6to4, Teredo, mapped or near each other."""
    bits = 32 if version == 4 else 128
    heads = (0, 1, 0x0A00, 0x2001, 0x2002, 0x2001_0000_0A00, 0x2002_0A00_0001, 0xFFFF)

    def network(head: int, tail: int, prefix: int) -> Network:
        number = head << bits - max(head.bit_length(), 16) if head.bit_length() < bits else head
        first = (number | tail) % (1 << bits) >> bits - prefix << bits - prefix
        return IPv4Network((first, prefix)) if version == 4 else IPv6Network((first, prefix))

    tails = st.integers(0, 255) | st.integers(0, (1 << bits) - 1)
    return st.builds(network, st.sampled_from(heads), tails, st.sampled_from(range(1, bits + 1)))


@st.composite
def files(draw: st.DrawFn) -> tuple[bytes, list[Address]]:
    """Return a file, and the addresses at the borders of what is in it."""
    ip_version = draw(st.sampled_from((4, 6, 6, 6)))
    known = networks_of(4) if ip_version == 4 else networks_of(4) | networks_of(6)
    networks = draw(st.lists(st.tuples(known, st.sampled_from(RECORDS[:3]) | st.sampled_from(RECORDS)), max_size=20))
    aliases = draw(st.lists(st.sampled_from(ALIASES), unique=True)) if ip_version == 6 else []
    content = mmdb(
        [*networks, LAST],
        ip_version=ip_version,
        record_bits=draw(st.sampled_from((24, 28, 32))),
        database_type=draw(st.sampled_from(("GeoLite2-City", "GeoIP2-Country", "DBIP-ISP (compat=Enterprise)"))),
        aliases=aliases,
    )
    addresses: list[Address] = []
    for network in [*(network for network, _ in [*networks, LAST]), *aliases]:
        ends = (int(network[0]), int(network[-1]))
        if network.version == 4:
            ipv4 = [IPv4Address(number) for number in around(ends, IPV4_SIZE)]
            addresses += [*ipv4, *(carrier for address in ipv4 for carrier in embedded(address))]
        else:
            addresses += map(IPv6Address, around(ends, IPV6_SIZE))
    return content, addresses


def comb(bits: int, way: int) -> list[Network]:
    """Return a network of every prefix length: each branches off the way to one address."""
    firsts = [(prefix, (way >> bits - prefix ^ 1) << bits - prefix) for prefix in range(1, bits + 1)]
    return [IPv4Network((first, prefix)) if bits == 32 else IPv6Network((first, prefix)) for prefix, first in firsts]


@pytest.mark.parametrize("ip_version", [4, 6])
@pytest.mark.parametrize("record_bits", [24, 28, 32])
@pytest.mark.parametrize(
    "ways", [(0x5555_5555, 0x5555 << 112 | 0x5555_5555 << 48), (0xAAAA_AAAA, 0x2AAA << 112 | 0xAAAA)]
)
def test_networks_of_every_size(
    file: Callable[[bytes], Path], ip_version: int, record_bits: int, ways: tuple[int, int]
) -> None:
    networks = [*comb(32, ways[0]), *(comb(128, ways[1]) if ip_version == 6 else [])]
    records: list[tuple[Network, Value]] = [
        (network, {"country": {"iso_code": f"{number % 26 + 65:c}{number // 26 + 65:c}"}})
        for number, network in enumerate(sorted(networks, key=lambda network: network.prefixlen))
    ]
    path = file(mmdb(records, ip_version=ip_version, record_bits=record_bits))
    database = CountryDatabase.open(path)
    with maxminddb.open_database(path) as reader:
        check(database, reader, (end for network in networks for end in (network[0], network[-1])))


@EXAMPLES
@given(files(), st.lists(st.ip_addresses(), max_size=20))
def test_files_of_every_shape(
    tmp_path_factory: pytest.TempPathFactory, made: tuple[bytes, list[Address]], more: list[Address]
) -> None:
    content, addresses = made
    path = tmp_path_factory.mktemp("geoip") / "test.mmdb"
    path.write_bytes(content)
    database = CountryDatabase.open(path)
    with maxminddb.open_database(path) as reader:
        check(database, reader, [*addresses, *more])


@EXAMPLES
@given(files(), st.data())
def test_a_file_with_wrong_bytes_is_refused_or_read_as_the_reader_reads_it(
    tmp_path_factory: pytest.TempPathFactory, made: tuple[bytes, list[Address]], data: st.DataObject
) -> None:
    content, addresses = bytearray(made[0]), made[1]
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("geoip") / "test.mmdb"
    path.write_bytes(content)
    try:
        database = CountryDatabase.open(path)
    except SettingError:
        return
    with maxminddb.open_database(path) as reader:
        check(database, reader, addresses)


def test_aliased_networks_are_not_walked_again(file: Callable[[bytes], Path]) -> None:
    networks: list[tuple[Network, Value]] = [
        (IPv4Network((number << 16, 16)), {"country": {"iso_code": ("DE", "JP")[number % 2]}}) for number in range(1000)
    ]
    database = CountryDatabase.open(file(mmdb(networks, aliases=ALIASES[:4])))
    assert len(database.ranges.ipv4_starts) == 1001
    # ::/96, mapped, NAT64, Teredo and 6to4, and nothing after each of them.
    assert len(database.ranges.ipv6_high) == 10
    assert countries(database, embedded(IPv4Address("0.1.2.3"))) == ["JP"] * 5


def test_a_file_without_ipv4_networks(file: Callable[[bytes], Path]) -> None:
    database = CountryDatabase.open(file(mmdb([(IPv6Network("2a00::/16"), {"country": {"iso_code": "DE"}})])))
    assert countries(database, [IPv4Address("42.0.0.1"), IPv6Address("2a00::1"), IPv6Address(1)]) == [None, "DE", None]
    assert database.ranges.ipv6_payload.tolist() == [-1, 0, -1]


@pytest.mark.parametrize("record_bits", [24, 28, 32])
@EXAMPLES
@given(data=st.data())
def test_records_of_every_size(record_bits: int, data: st.DataObject) -> None:
    left, right = (data.draw(st.integers(2, (1 << record_bits) - 1)) for _ in range(2))
    node = np.frombuffer(encode_node(left, right, record_bits), np.uint8)
    leaves, _ = walk(Tree(node, 1, record_bits), 4)
    assert leaves.value.tolist() == ([left, right] if left != right else [left])
    assert leaves.low.tolist() == ([0, 1 << 31] if left != right else [0])


@pytest.mark.parametrize(
    "kind", ["GeoLite2-Country", "GeoIP2-City", "DBIP-City-Lite", "DBIP-Country (compat=Country)", "GeoIP2-Enterprise"]
)
def test_kinds_of_files_that_name_countries(file: Callable[[bytes], Path], kind: str) -> None:
    path = file(mmdb([LAST], database_type=kind, build_epoch=1_583_020_799))
    database = CountryDatabase.open(path)
    assert (database.path, database.database_type, database.build_date) == (path, kind, date(2020, 2, 29))
    assert countries(database, [IPv4Address("198.51.100.7"), IPv4Address("198.51.101.0")]) == ["DE", None]


def refusal(path: Path) -> str:
    with pytest.raises(SettingError) as caught:
        CountryDatabase.open(path)
    assert (caught.value.name, caught.value.value) == ("GEOIP_DB", path)
    message = str(caught.value)
    sentence = "it must be a MaxMind DB file of countries or cities (DB-IP Lite, GeoLite2 or GeoIP2), but "
    assert message.startswith(f"GEOIP_DB is {str(path)!r}: {sentence}")
    assert "\n" not in message
    return message.partition(sentence)[2]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "no.mmdb") == "there is no file"
    assert refusal(tmp_path) == "there is no file"


def test_a_device_or_pipe_is_refused_without_reading_it(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.mmdb"
    os.mkfifo(pipe)
    assert refusal(pipe) == "there is no file"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(file: Callable[[bytes], Path]) -> None:
    path = file(mmdb([LAST]))
    path.chmod(0)
    assert refusal(path) == "it cannot be read (Permission denied)"


@pytest.mark.parametrize("content", [b"", b"\n", b"ip,country\n1.2.3.4,AU\n", METADATA_MARKER, bytes(100_000)])
def test_a_file_of_another_format_is_refused(file: Callable[[bytes], Path], content: bytes) -> None:
    assert refusal(file(content)) == "it is no such file or a damaged one"


def test_a_file_that_was_cut_is_refused(file: Callable[[bytes], Path]) -> None:
    content = mmdb([LAST])
    for size in range(0, len(content), 7):
        assert refusal(file(content[:size])) == "it is no such file or a damaged one"


@pytest.mark.parametrize("kind", ["GeoLite2-ASN", "GeoIP2-ISP", "GeoIP2-Anonymous-IP", "DBIP-ASN-Lite", "'\n"])
def test_a_file_of_another_type_is_refused(file: Callable[[bytes], Path], kind: str) -> None:
    network = IPv4Network("1.0.0.0/24")
    content = mmdb([(network, {"autonomous_system_number": 13335})], database_type=kind)
    assert refusal(file(content)) == f"its type is {kind!r}"


def test_a_file_whose_records_name_no_country_is_refused(file: Callable[[bytes], Path]) -> None:
    content = mmdb([(IPv4Network("1.0.0.0/24"), {"country": "AU"})], database_type="flat Country")
    assert refusal(file(content)) == "none of its records names a country"


def test_the_setting_that_is_named_is_the_one_that_was_read(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"^GEOIP_ASN_DB is "):
        CountryDatabase.open(tmp_path / "no.mmdb", "GEOIP_ASN_DB")


@pytest.mark.parametrize("record_bits", [24, 28, 32])
def test_a_tree_that_goes_round_in_circles_is_refused(record_bits: int) -> None:
    circle = np.frombuffer(encode_node(0, 40, record_bits), np.uint8)
    for ip_version in (4, 6):
        with pytest.raises(DamagedTreeError):
            walk(Tree(circle, 1, record_bits), ip_version)


def test_a_tree_without_end_is_refused() -> None:
    """Each node names the next one twice: 128 nodes, 2^128 ways."""
    count = 128
    nodes = b"".join(encode_node(number + 1, number + 1, 32) for number in range(count))
    with pytest.raises(DamagedTreeError):
        walk(Tree(np.frombuffer(nodes, np.uint8), count, 32), 6)


def test_a_version_that_does_not_exist_is_refused() -> None:
    with pytest.raises(DamagedTreeError, match="no IP version 5"):
        walk(Tree(np.frombuffer(encode_node(1, 1, 24), np.uint8), 1, 24), 5)


def test_networks_of_addresses(file: Callable[[bytes], Path]) -> None:
    content = mmdb(
        [
            (
                IPv4Network("1.0.0.0/24"),
                {"autonomous_system_number": 64500, "autonomous_system_organization": "Example"},
            ),
            (IPv4Network("1.0.1.0/24"), {"autonomous_system_number": 64496}),
            (IPv4Network("1.0.2.0/24"), {"other": "thing"}),
        ],
        database_type="GeoLite2-ASN",
    )
    database = NetworkDatabase.open(file(content))
    assert database.numbers == [64496, 64500]
    assert database.organisations == [None, "Example"]
    found = database.network(*parse_addresses(pa.array(["1.0.0.9", "1.0.1.9", "1.0.2.9", "1.0.3.9", None])))
    assert found.tolist() == [1, 0, -1, -1, -1]


def test_a_file_of_countries_is_no_file_of_networks() -> None:
    with pytest.raises(SettingError, match=r"GEOIP_ASN_DB .* autonomous systems .* its type is 'DBIP-Country-Lite'"):
        NetworkDatabase.open(BUNDLED_GEOIP_DB)
