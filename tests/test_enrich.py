"""The second stage: each packet once, with country, network, scope and service; and the account of each load."""

import bz2
import csv
import gzip
import random
import shutil
from collections import Counter, defaultdict
from datetime import date, timedelta
from ipaddress import ip_network
from pathlib import Path

import geoip2.database
import pyarrow.parquet as pq
import pytest
from geoip2.errors import AddressNotFoundError

from pipelines.enrich import enrich_days
from pipelines.schema import EVENTS, LOADS, arrow_schema
from pipelines.settings import BUNDLED_GEOIP_DB, SQL_FOLDER, SettingError
from tests.mmdb_writer import Value, mmdb
from tests.raw_logs import Row, Site, at, packet, text

DAY = date(2020, 4, 3)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "warehouse")


def hour(number: int, lines: int, start: int = 0) -> list[str]:
    """Return so many different lines of an hour, one a second."""
    return [
        packet(f"2020-04-03T{number:02}:{second // 60:02}:{second % 60:02}Z", number=second)
        for second in range(start, start + lines)
    ]


def kept(site: Site, day: date = DAY) -> Counter[str]:
    """Return how many events of each file are counted."""
    return Counter(row["file"] for row in site.rows("events", day))


def loads(site: Site, day: date = DAY) -> dict[str, Row]:
    return {row["file"]: row for row in site.rows("loads", day)}


def test_a_day_of_few_rows_is_written_as_one_of_many(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.drop("gate/a.log", [*hour(10, 50), "no packet"])
    site.load(DAY)
    few = site.rows("events", DAY)
    monkeypatch.setattr("pipelines.enrich._FEW_ROWS", 0)
    site.load(DAY)
    assert len(few) == 50
    assert site.rows("events", DAY) == few


# The same packet, once


def test_a_packet_is_counted_once_whatever_file_it_came_in(site: Site) -> None:
    lines = hour(10, 600)
    site.drop("gate/kern.log", lines)
    site.drop("gate/kern.log.1", lines[:300])  # its older part, renamed by logrotate
    site.drop("gate/kern.log.2.gz", gzip.compress(text(lines[:100])))
    site.drop("gate/copy of kern.log.bz2", bz2.compress(text(lines)))
    site.drop("gate/tail.log", [*lines[550:], *hour(11, 50)])
    days = site.load(DAY)
    assert days[DAY].events == 650
    assert days[DAY].duplicates == 300 + 100 + 600 + 50
    rows = site.rows("events", DAY)
    assert Counter(row["observed_at"] for row in rows) == Counter(
        at(line[:19].replace("T", " ")) for line in [*lines, *hour(11, 50)]
    )
    assert sum(kept(site).values()) == 650


def test_two_identical_lines_in_one_file_are_two_packets(site: Site) -> None:
    site.drop("gate/a.log", hour(10, 2) * 3)
    assert site.load(DAY)[DAY].events == 6
    assert loads(site)["gate/a.log"]["duplicates"] == 0


def test_the_count_of_a_line_is_the_largest_in_any_file(site: Site) -> None:
    [line, other] = hour(10, 2)
    site.drop("gate/a.log", [line] * 2 + [other])
    site.drop("gate/b.log", [line] * 5)
    site.drop("gate/c.log", [other] * 3 + [line])
    days = site.load(DAY)
    assert days[DAY].events == 5 + 3
    assert kept(site) == {"gate/b.log": 5, "gate/c.log": 3}
    assert {file: row["duplicates"] for file, row in loads(site).items()} == {
        "gate/a.log": 3,
        "gate/b.log": 0,
        "gate/c.log": 1,
    }


def test_sensors_do_not_share_their_packets(site: Site) -> None:
    site.drop("gate/a.log", hour(10, 5))
    site.drop("office/a.log", hour(10, 5))
    days = site.load(DAY)
    assert (days[DAY].events, days[DAY].duplicates) == (10, 0)


def test_lines_that_differ_are_different_packets(site: Site) -> None:
    site.drop("gate/a.log", [packet("2020-04-03T10:00:00Z", number=1)])
    site.drop("gate/b.log", [packet("2020-04-03T10:00:00Z", number=2)])
    site.drop("gate/c.log", [packet("2020-04-03T10:00:00Z", number=1).replace("gate", "date", 1)])
    assert site.load(DAY)[DAY].events == 3


def test_what_trails_a_line_makes_no_difference(site: Site) -> None:
    [line] = hour(10, 1)
    for number, trail in enumerate(["", " ", "  ", "\r", " \r"]):
        site.drop(f"gate/{number}.log", [f"{line}{trail}"])
    days = site.load(DAY)
    assert (days[DAY].events, days[DAY].duplicates) == (1, 4)


def test_a_packet_of_another_day_is_no_duplicate(site: Site) -> None:
    lines = [packet(f"2020-04-0{day}T10:00:00Z") for day in (3, 4)]
    site.drop("gate/a.log", lines)
    site.drop("gate/b.log", lines[:1])
    days = site.load(DAY, date(2020, 4, 4))
    assert [(day.events, day.duplicates) for day in days.values()] == [(1, 1), (1, 0)]


@pytest.mark.parametrize("events_of_a_part", [10, 1_000_000])
def test_any_overlap_is_counted_right(site: Site, monkeypatch: pytest.MonkeyPatch, events_of_a_part: int) -> None:
    monkeypatch.setattr("pipelines.duplicates.PART_EVENTS", events_of_a_part)
    monkeypatch.setattr("pipelines.partitions.GROUP_ROWS", 70)
    choose = random.Random(6)  # noqa: S311 - no secret
    lines = hour(10, 120)
    largest: dict[str, Counter[str]] = defaultdict(Counter)
    sizes = {}
    for number in range(12):
        sensor = choose.choice(["gate", "office"])
        start = choose.randrange(100)
        content = sorted(choose.choices(lines[start : start + choose.randrange(1, 60)], k=choose.randrange(60)))
        largest[sensor] |= Counter(content)
        sizes[f"{sensor}/{number}.log"] = len(content)
        site.drop(f"{sensor}/{number}.log", content)
    days = site.load(DAY)
    rows = site.rows("events", DAY)
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    holders = defaultdict(set)
    for row in rows:
        line = lines[row["ip_id"]]
        counted[row["sensor"]][line] += 1
        holders[row["sensor"], line].add(row["file"])
    assert counted == largest
    assert all(len(files) == 1 for files in holders.values())
    assert days[DAY].events == len(rows)
    assert days[DAY].duplicates == sum(sizes.values()) - len(rows) > 0
    duplicates = {file: row["duplicates"] for file, row in loads(site).items()}
    assert duplicates == {file: size - kept(site)[file] for file, size in sizes.items() if size}


def test_loads_are_the_accounts_with_the_duplicates(site: Site) -> None:
    lines = hour(10, 20)
    site.drop("gate/a.log", [*lines, "no stamp", ""])
    site.drop("gate/b.log", lines[15:])
    site.load(DAY)
    by_file = loads(site)
    digests = [by_file[name].pop("file_digest") for name in ("gate/a.log", "gate/b.log")]
    [digest] = {row.pop("digest") for row in by_file.values()}
    assert digests[0] == digest != digests[1]
    shared = {"sensor": "gate", "last_observed_at": at("2020-04-03 10:00:19")}
    assert by_file["gate/a.log"] == {
        **shared,
        "file": "gate/a.log",
        "lines": 22,
        "events": 20,
        "ignored": 1,
        "ignored_by_rule": [{"rule": "blank line", "lines": 1}],
        "rejected": 1,
        "first_observed_at": at("2020-04-03 10:00:00"),
        "duplicates": 20 - kept(site)["gate/a.log"],
    }
    assert by_file["gate/b.log"] == {
        **shared,
        "file": "gate/b.log",
        "lines": 5,
        "events": 5,
        "ignored": 0,
        "ignored_by_rule": [],
        "rejected": 0,
        "first_observed_at": at("2020-04-03 10:00:15"),
        "duplicates": 5 - kept(site)["gate/b.log"],
    }
    assert sum(row["duplicates"] for row in by_file.values()) == 5


def test_loading_twice_changes_nothing(site: Site) -> None:
    site.drop("gate/a.log", [*hour(10, 300), *hour(11, 300)])
    site.drop("gate/b.log", hour(10, 300, 150))
    first = site.load(DAY)
    before = site.content()
    assert site.load(DAY) == first
    assert site.content() == before
    assert enrich_days(site.settings(), [DAY, DAY]) == first
    assert site.content() == before


def test_days_loaded_together_are_the_days_loaded_one_by_one(site: Site, tmp_path: Path) -> None:
    days = [DAY + timedelta(days) for days in range(3)]
    lines = [packet(f"{day}T10:00:{second:02}Z", number=second) for day in days for second in range(30)]
    site.drop("gate/a.log", lines)
    site.drop("gate/b.log", lines[20:70])
    together = site.load(*days)
    other = Site(tmp_path / "other")
    shutil.copytree(site.warehouse.raw, other.warehouse.raw)
    for day in days:
        assert other.load(day)[day].events == together[day].events == 30
        assert other.rows("events", day) == site.rows("events", day)
        assert other.rows("loads", day) == site.rows("loads", day)


def test_what_a_folder_is_called_is_no_pattern(tmp_path: Path) -> None:
    site = Site(tmp_path / "ware[house]*? 'of' $x;")
    site.drop("gate/a.log", hour(10, 10))
    site.drop("gate/b.log", hour(10, 10))
    days = site.load(DAY)
    assert (days[DAY].events, days[DAY].duplicates) == (10, 10)


# Days


def test_a_day_without_events_is_an_empty_day(site: Site) -> None:
    site.drop("gate/a.log", ["2020-04-03T10:00:00Z gate kernel: eth0: link up"])
    empty = date(2020, 4, 4)
    days = site.load(DAY, empty)
    assert [(day.events, day.duplicates) for day in days.values()] == [(0, 0), (0, 0)]
    for day in (DAY, empty):
        assert site.rows("events", day) == []
        assert pq.read_schema(site.warehouse.partition("events", day)).equals(arrow_schema(EVENTS))
        assert pq.read_schema(site.warehouse.partition("loads", day)).equals(arrow_schema(LOADS))
    assert loads(site)["gate/a.log"]["ignored"] == 1
    assert loads(site, empty) == {}


def test_a_day_that_was_not_parsed_is_an_error_and_changes_nothing(site: Site) -> None:
    site.drop("gate/a.log", hour(10, 10))
    site.load(DAY)
    site.drop("gate/b.log", hour(11, 10))
    site.parse(DAY)
    before = site.content()
    with pytest.raises(FileNotFoundError):
        enrich_days(site.settings(), [DAY, date(2020, 4, 4)])
    assert site.content() == before


def test_other_days_are_not_touched(site: Site) -> None:
    later = date(2020, 4, 4)
    site.drop("gate/a.log", [packet("2020-04-03T10:00:00Z"), packet("2020-04-04T10:00:00Z")])
    site.load(DAY, later)
    before = {stage: site.warehouse.partition(stage, later).stat() for stage in ("events", "loads")}
    site.drop("gate/b.log", [packet("2020-04-03T11:00:00Z"), packet("2020-04-04T11:00:00Z")])
    assert site.load(DAY)[DAY].events == 2
    assert {stage: site.warehouse.partition(stage, later).stat() for stage in ("events", "loads")} == before


def test_events_have_the_columns_of_the_schema(site: Site) -> None:
    site.drop("gate/a.log", hour(10, 3))
    day = site.load(DAY)[DAY]
    path = site.warehouse.partition("events", DAY)
    assert pq.read_schema(path).equals(arrow_schema(EVENTS))
    assert day.bytes == path.stat().st_size
    parsed = site.rows("parsed", DAY)
    shared = set(parsed[0]) - {"line_hash"}
    assert [{name: row[name] for name in shared} for row in site.rows("events", DAY)] == [
        {name: row[name] for name in shared} for row in parsed
    ]


def test_more_rows_than_are_read_at_once(site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lines = [
        packet(f"2020-04-03T10:00:00.{number:06}Z", f"8.8.{number // 250}.{number % 250}", number)
        for number in range(2000)
    ]
    site.drop("gate/a.log", lines)
    site.drop("gate/b.log", lines[::3])
    site.load(DAY)
    other = Site(tmp_path / "other")
    shutil.copytree(site.warehouse.raw, other.warehouse.raw)
    monkeypatch.setattr("pipelines.partitions.GROUP_ROWS", 101)
    other.load(DAY)
    assert other.rows("events", DAY) == site.rows("events", DAY)
    assert len(site.rows("events", DAY)) == 2000


# What is known of an address and a port


def addresses() -> list[str]:
    """Return public and special addresses of both versions."""
    choose = random.Random(7)  # noqa: S311 - no secret
    ipv4 = [f"{choose.randrange(1, 224)}.{choose.randrange(256)}.{choose.randrange(256)}.9" for _ in range(300)]
    ipv6 = [
        f"2{choose.randrange(0x1000):03x}:{choose.randrange(0x10000):x}::{choose.randrange(1, 99)}" for _ in range(300)
    ]
    special = [
        "0.0.0.0",  # noqa: S104 - an address, not one to bind to
        "10.0.0.1",
        "127.0.0.1",
        "192.0.2.1",
        "255.255.255.255",
        "::1",
        "fe80::1",
        "fd00::1",
        "2001:db8::1",
    ]
    return [*ipv4, *ipv6, *special, "2002:808:808::1", "::ffff:8.8.8.8"]


def test_countries_are_those_of_geoip2(site: Site) -> None:
    found = addresses()
    lines = [
        packet("2020-04-03T10:00:00Z", source).replace("198.51.100.7", destination)
        for source, destination in zip(found, reversed(found), strict=True)
    ]
    site.drop("gate/a.log", lines)
    site.load(DAY)
    with geoip2.database.Reader(BUNDLED_GEOIP_DB) as reader:

        def country(address: str) -> str | None:
            try:
                return reader.country(address).country.iso_code
            except AddressNotFoundError:
                return None

        expected = [
            (country(source), country(destination)) for source, destination in zip(found, reversed(found), strict=True)
        ]
    rows = sorted(site.rows("events", DAY), key=lambda row: row["line_number"])
    assert [(row["source_country"], row["destination_country"]) for row in rows] == expected
    assert len({country for pair in expected for country in pair}) > 20
    assert sum(source is not None for source, _ in expected[:300]) > 250


def test_scopes_say_what_kind_of_address_it_is(site: Site) -> None:
    scopes = {
        "8.8.8.8": "public",
        "2606:4700::1111": "public",
        "10.1.2.3": "private",
        "192.168.1.1": "private",
        "fd00::1": "private",
        "100.64.0.1": "shared",
        "127.0.0.1": "loopback",
        "::1": "loopback",
        "169.254.1.1": "link_local",
        "fe80::1": "link_local",
        "224.0.0.251": "multicast",
        "ff02::1": "multicast",
        "255.255.255.255": "broadcast",
        "203.0.113.9": "documentation",
        "2001:db8::1": "documentation",
        "0.0.0.0": "unspecified",  # noqa: S104 - an address, not one to bind to
        "::": "unspecified",
        "198.18.0.1": "benchmarking",
        "240.0.0.1": "reserved",
    }
    other = dict(zip(scopes, [*list(scopes)[1:], "8.8.8.8"], strict=True))
    site.drop("gate/a.log", [packet("2020-04-03T10:00:00Z", one).replace("198.51.100.7", other[one]) for one in scopes])
    site.load(DAY)
    rows = site.rows("events", DAY)
    assert {row["source_ip"]: row["source_scope"] for row in rows} == scopes
    assert all(row["destination_scope"] == scopes[row["destination_ip"]] for row in rows)
    assert len(rows) == len(scopes)


def test_services_are_those_of_the_reference_table(site: Site) -> None:
    with (SQL_FOLDER / "reference" / "services.csv").open(encoding="utf-8", newline="") as file:
        table = {(int(row["port"]), row["protocol"]): row["service"] for row in csv.DictReader(file)}
    assert table[445, "tcp"] != table.get((445, "udp"))
    lines = [
        packet("2020-04-03T10:00:00Z", port=port).replace("PROTO=TCP", f"PROTO={protocol.upper()}")
        for port in [*range(1500), *range(1500, 65_536, 97), *sorted({port for port, _ in table})]
        for protocol in ("tcp", "udp", "sctp")
    ]
    site.drop("gate/a.log", lines)
    site.load(DAY)
    rows = site.rows("events", DAY)
    assert len(rows) == len(lines)
    for row in rows:
        assert row["service"] == table.get((row["destination_port"], row["protocol"])), row
    assert {row["service"] for row in rows} == {*table.values(), None}


def test_without_a_database_of_networks_they_are_not_known(site: Site) -> None:
    site.drop("gate/a.log", [packet("2020-04-03T10:00:00Z", "8.8.8.8")])
    site.load(DAY)
    assert [(row["source_asn"], row["source_network"]) for row in site.rows("events", DAY)] == [(None, None)]


def asn(number: int, organisation: str | None) -> Value:
    record: dict[str, Value] = {"autonomous_system_number": number}
    if organisation:
        record["autonomous_system_organization"] = organisation
    return record


def test_networks_are_those_of_the_database(site: Site, tmp_path: Path) -> None:
    path = tmp_path / "asn.mmdb"
    networks = {
        "8.8.8.0/24": asn(15_169, "Example, Inc."),
        "9.0.0.0/8": asn(4_200_000_000, "Größe AG"),
        "9.9.9.0/24": asn(64_500, None),
        "2606:4700::/32": asn(13_335, "Example, Inc."),
    }
    path.write_bytes(
        mmdb([(ip_network(name), record) for name, record in networks.items()], database_type="GeoLite2-ASN")
    )
    sources = ["8.8.8.8", "9.1.2.3", "9.9.9.9", "2606:4700::1", "8.8.9.1", "10.0.0.1"]
    site.drop("gate/a.log", [packet("2020-04-03T10:00:00Z", source) for source in sources])
    site.load(DAY, GEOIP_ASN_DB=str(path))
    assert {row["source_ip"]: (row["source_asn"], row["source_network"]) for row in site.rows("events", DAY)} == {
        "8.8.8.8": (15_169, "Example, Inc."),
        "9.1.2.3": (4_200_000_000, "Größe AG"),
        "9.9.9.9": (64_500, None),
        "2606:4700::1": (13_335, "Example, Inc."),
        "8.8.9.1": (None, None),
        "10.0.0.1": (None, None),
    }


def test_a_record_without_its_head_has_what_is_left_of_it(site: Site) -> None:
    lines = [
        packet("2020-04-03T09:59:59Z", "8.8.8.8"),  # tells what the file is
        "2020-04-03T10:00:00Z gate kernel: L=126 ID=8698 DF PROTO=TCP SPT=88 DPT=445 WINDOW=1024 RES=0x00 SYN URGP=0",
        "2020-04-03T10:00:01Z gate kernel: DST=10.0.0.7 LEN=40 TTL=126 PROTO=UDP SPT=88 DPT=161 LEN=20",
    ]
    site.drop("gate/a.log", lines)
    assert site.load(DAY)[DAY].events == 3
    names = ["source_ip", "source_country", "source_scope", "source_asn", "source_network"]
    names += ["destination_ip", "destination_country", "destination_scope", "service"]
    assert [[row[name] for name in names] for row in site.rows("events", DAY) if row["source_ip"] is None] == [
        [None, None, None, None, None, None, None, None, "smb"],
        [None, None, None, None, None, "10.0.0.7", None, "private", "snmp"],
    ]


def test_a_database_of_another_kind_is_refused(site: Site, tmp_path: Path) -> None:
    networks = [(ip_network("8.8.8.0/24"), asn(15_169, "Example, Inc."))]
    files = {
        "asn.mmdb": mmdb(networks, database_type="GeoLite2-ASN"),
        "text.mmdb": b"no database\n",
        "empty.mmdb": b"",
        "cut.mmdb": BUNDLED_GEOIP_DB.read_bytes()[:100_000],
    }
    site.drop("gate/a.log", hour(10, 3))
    site.load(DAY)
    before = site.content()
    for name, content in files.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(SettingError) as refused:
            enrich_days(site.settings(GEOIP_DB=str(path)), [DAY])
        assert str(refused.value).startswith(f"GEOIP_DB is {str(path)!r}: it must be a MaxMind DB file of countries")
        assert "\n" not in str(refused.value)
    with pytest.raises(SettingError, match="GEOIP_ASN_DB is "):
        enrich_days(site.settings(GEOIP_ASN_DB=str(BUNDLED_GEOIP_DB)), [DAY])
    assert site.content() == before
