"""Facts of sources against brute force, and what is told by them; every other answer was worked out by hand."""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines import count_years
from pipelines.catalogue import publish, unpublished
from pipelines.roll_up import roll_up
from pipelines.settings import SQL_FOLDER
from tests.partitions import Row, event, settings_for, write_partition
from tests.shells import Answer, ask_library, ask_shell

Ask = Callable[[str], Answer]

PORTS = [None, 0, 22, 23, 2323, 5060, 65535]
PROTOCOLS = [None, "tcp", "udp", "sctp", "icmp", "gre"]
FLAGS = [None, "", "SYN", "SYN ACK", "RST", "ACK RST", "ACK"]
DESTINATIONS = [None, "198.51.100.7", "198.51.100.8", "2001:db8::1"]
SOURCES = [None, "192.0.2.1", "192.0.2.2", "2001:db8::2", "255.255.255.255"]


def random_day(chance: random.Random, day: date) -> list[Row]:
    """Return events of a day, some of which bear the mark of a tool."""
    rows = []
    for number in range(chance.choice([0, 3, 60])):
        stamp = datetime.combine(day, datetime.min.time()) + timedelta(seconds=chance.randrange(86_400))
        destination, port = chance.choice(DESTINATIONS), chance.choice(PORTS)
        target = int(IPv4Address(destination)) if destination and "." in destination else 1
        sequence = chance.choice([target, 7, None])
        rows.append(
            event(
                str(stamp),
                number + 1,
                source_ip=chance.choice(SOURCES),
                source_port=chance.choice([80, 443]),
                destination_ip=destination,
                destination_port=port,
                protocol=chance.choice(PROTOCOLS),
                tcp_flags=chance.choice(FLAGS),
                tcp_sequence=sequence,
                ip_id=chance.choice([54321, (target ^ (port or 0) ^ (sequence or 0)) & 65535, 3]),
            )
        )
    return rows


def marks_of(row: Row) -> set[str]:
    """Return the marks that an event bears, worked out with Python's numbers."""
    marks = set()
    if row["tcp_flags"] in {"SYN ACK", "RST", "ACK RST"}:
        marks.add("backscatter")
    if row["ip_id"] == 54321:
        marks.add("zmap")
    address: Any = row["destination_ip"]
    if row["protocol"] == "tcp" and row["tcp_sequence"] is not None and address and "." in address:
        target = int(IPv4Address(address))
        if row["tcp_sequence"] == target:
            marks.add("mirai")
        port, sequence, number = row["destination_port"], row["tcp_sequence"], row["ip_id"]
        assert isinstance(sequence, int)
        if isinstance(port, int) and number == (target ^ port ^ sequence) & 65535:
            marks.add("masscan")
    return marks


def facts(rows: Iterable[Row]) -> tuple[object, ...]:
    """Return what the events of one source come to: the numbers of a day or month that add over no days."""
    rows = list(rows)
    tried = Counter(
        (row["destination_port"], row["protocol"] if row["protocol"] in {"tcp", "udp", "sctp"} else "")
        for row in rows
        if row["destination_port"] is not None
    )
    order = {"tcp": 0, "udp": 1, "sctp": 2, "": 3}
    ports: list[Any] = sorted(tried, key=lambda port: (port[0], order[port[1]]))
    names = {port: str(port[0]) + (f"/{port[1]}" if port[1] else "") for port in ports}
    marks = Counter(mark for row in rows for mark in marks_of(row))
    stamps: list[Any] = [row["observed_at"] for row in rows]
    return (
        len(rows),
        len(ports),
        names[max(ports, key=lambda port: tried[port])] if ports else None,
        (" ".join(names[port] for port in ports[:16]) + (" ..." if len(ports) > 16 else "")) if ports else None,
        min(stamps),
        max(stamps),
        *(marks[name] for name in ("backscatter", "mirai", "zmap", "masscan")),
        len({row["destination_ip"] for row in rows} - {None}),
    )


def spread(rows: Iterable[Row]) -> tuple[int, int, int, int]:
    """Return the most ports and protocols at a destination, the most destinations of a port, and events of a burst."""
    ports: dict[object, set[object]] = defaultdict(set)
    protocols: dict[object, set[object]] = defaultdict(set)
    destinations: dict[object, set[object]] = defaultdict(set)
    rows = list(rows)
    one = len({row["destination_ip"] for row in rows} - {None}) <= 1
    for row in rows:
        protocol: Any = row["protocol"]
        place = "" if one else row["destination_ip"]
        if place is None:
            continue
        code = protocol if row["destination_port"] is None or protocol in {"tcp", "udp", "sctp"} else "other"
        tried = row["destination_port"], code or ""
        (protocols if row["destination_port"] is None else ports)[place].add(tried)
        if row["destination_ip"] is not None:
            destinations[tried].add(row["destination_ip"])
    stamps: list[Any] = [row["observed_at"] for row in rows]
    return (
        max(map(len, ports.values()), default=0),
        max(map(len, protocols.values()), default=0),
        max(map(len, destinations.values()), default=0),
        len(rows) if max(stamps) - min(stamps) <= timedelta(minutes=10) else 0,
    )


COLUMNS = """events, ports, main_port, port_set, first_seen, last_seen, backscatter_events, mirai_events, zmap_events,
    masscan_events, destinations, scanned_ports, scanned_protocols, scanned_destinations, burst_events"""


def test_facts_of_days_and_months_are_those_of_the_events(tmp_path: Path) -> None:
    chance = random.Random(1)  # noqa: S311
    days = [date(2020, 2, 20) + timedelta(days=number) for number in range(20)]
    rows = {day: random_day(chance, day) for day in days}
    for day in days:
        write_partition(tmp_path, "events", str(day), rows[day])
    roll_up(settings_for(tmp_path))

    of_day: dict[tuple[object, date], list[Row]] = defaultdict(list)
    of_month: dict[tuple[object, date], list[Row]] = defaultdict(list)
    for day in days:
        for row in rows[day]:
            if row["source_ip"] is not None:
                of_day[row["source_ip"], day].append(row)
                of_month[row["source_ip"], day.replace(day=1)].append(row)
    expected_days = {key: (*facts(found), *spread(found)) for key, found in of_day.items()}
    expected_months = {}
    for (source, month), found in of_month.items():
        in_month = [spread(of) for (who, day), of in of_day.items() if who == source and day.replace(day=1) == month]
        expected_months[source, month] = (*facts(found), *(max(most) for most in zip(*in_month, strict=True)))
    with unpublished(settings_for(tmp_path)) as connection:
        for level, key, expected in (("days", "day", expected_days), ("months", "month", expected_months)):
            answer = connection.execute(
                f"select source_ip, {key}, {COLUMNS} from read_parquet(count_files('{level}', 'sources'),"  # noqa: S608
                "hive_partitioning = true, hive_types = {'month': date})"
            ).fetchall()
            assert {(source, day): tuple(row) for source, day, *row in answer} == expected
            assert len(answer) == len(expected)


def test_scans_of_years_are_those_of_their_months(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(count_years, "SLICE_ROWS", 7)
    chance = random.Random(2)  # noqa: S311
    for number in range(0, 900, 9):
        day = date(2019, 10, 1) + timedelta(days=number)
        rows = [
            row
            for source in SOURCES[1:]
            for row in packets(
                str(day),
                str(source),
                chance.sample(range(1, 17), chance.choice([0, 1, 1, 2, 15 if chance.random() < 0.1 else 3])),
                tcp_flags=chance.choice(["SYN", "SYN", "SYN ACK"]),
            )
        ]
        write_partition(tmp_path, "events", str(day), rows)
    roll_up(settings_for(tmp_path))
    with unpublished(settings_for(tmp_path)) as connection:
        for first, last, is_of_years in (
            ("-infinity", "infinity", True),
            ("2020-01-01", "2021-12-31", True),
            ("2019-11-07", "2022-02-03", False),
            ("2019-11-01", "2021-02-03", True),
        ):
            period = f"'{first}', '{last}'"
            months = f"with facts as (from period_sources({period})) from scans_of('facts')"
            of_months, of_years = (
                connection.execute(f"select count(*) from {name}({period})").fetchall()  # noqa: S608
                for name in ("period_sources", "period_scans")
            )
            assert (of_years < of_months) == is_of_years
            answer = connection.execute(f"from scans_between({period})").fetchall()
            assert answer == connection.execute(months).fetchall()
            assert {row[1] for row in answer} >= {"vertical", "slow"}


def test_marks_are_borne_by_random_packets_as_often_as_the_rates_say(tmp_path: Path) -> None:
    count = 2_000_000
    chance = np.random.default_rng(1)
    table = pa.table(
        {
            "day": pa.array([date(2020, 4, 1)]).take(pa.array(np.zeros(count, np.int64))),
            "source_ip": pa.array(["192.0.2.1"]).take(pa.array(np.zeros(count, np.int64))),
            "destination_ip": pa.array([f"198.51.100.{number}" for number in range(256)]).take(
                pa.array(chance.integers(0, 256, count))
            ),
            "destination_port": pa.array(chance.integers(0, 65_536, count)),
            "protocol": pa.array(["tcp"]).take(pa.array(np.zeros(count, np.int64))),
            "tcp_flags": pa.array(["SYN"]).take(pa.array(np.zeros(count, np.int64))),
            "tcp_sequence": pa.array(chance.integers(0, 1 << 32, count)),
            "ip_id": pa.array(chance.integers(0, 65_536, count)),
        }
    )
    folder = tmp_path / "day=2020-04-01"
    folder.mkdir()
    pq.write_table(table.drop_columns("day"), folder / "part.parquet")
    with duckdb.connect() as connection:
        for name in ("ipv4_number", "is_backscatter", "source_marks"):
            connection.execute((SQL_FOLDER / "macros" / f"{name}.sql").read_text(encoding="utf-8"))
        [(mirai, zmap, masscan)] = connection.execute(
            "select mirai_events, zmap_events, masscan_events from source_marks($files)",
            {"files": [str(folder / "part.parquet")]},
        ).fetchall()
    # Expected 30.5 with a deviation of 5.5; of 2^32 sequence numbers none.
    assert mirai == 0
    assert 9 <= zmap <= 52
    assert 9 <= masscan <= 52


def packets(day: str, source: str, ports: Iterable[int | None], **values: object) -> list[Row]:
    """Return a packet to each port, one a second from noon on."""
    noon = datetime.fromisoformat(f"{day} 12:00:00")
    defaults = {"destination_ip": "198.51.100.7", "protocol": "tcp", "tcp_flags": "SYN", "source_country": "CN"}
    return [
        event(
            str(noon + timedelta(seconds=second)),
            second + 1,
            source_ip=source,
            destination_port=port,
            **{**defaults, **values},
        )
        for second, port in enumerate(ports)
    ]


VERTICAL, HORIZONTAL, SLOW, BURST, PROTOCOLS_SCAN = (f"192.0.2.{number}" for number in range(1, 6))
VICTIM, MIRAI, TELNET, ZMAP, MASSCAN = (f"203.0.113.{number}" for number in range(1, 6))
GANG = [f"192.0.2.{number}" for number in range(101, 107)]
TARGET = int(IPv4Address("198.51.100.7"))

EVENTS: dict[str, list[Row]] = {
    "2020-04-01": [
        *packets("2020-04-01", VERTICAL, range(1, 16)),
        *(
            row
            for last in range(10)
            for row in packets("2020-04-01", HORIZONTAL, [445], destination_ip=f"198.51.100.{last}")
        ),
        *packets("2020-04-01", BURST, [22] * 100),
        *(
            row
            for number in range(10)
            for row in packets("2020-04-01", PROTOCOLS_SCAN, [None], protocol=str(200 + number))
        ),
        *packets("2020-04-01", VICTIM, [40_001, 40_002], tcp_flags="SYN ACK", source_port=443, source_country="US"),
        *packets("2020-04-01", VICTIM, [40_003], tcp_flags="ACK RST", source_port=80, source_country="US"),
        *packets("2020-04-01", MIRAI, [23, 23], tcp_sequence=TARGET),
        *packets("2020-04-01", TELNET, [23, 2323]),
        *packets("2020-04-01", ZMAP, [443], ip_id=54321),
        *packets("2020-04-01", MASSCAN, [80], tcp_sequence=9, ip_id=(TARGET ^ 80 ^ 9) & 65535),
    ],
    # One zmap mark of three events is chance.
    "2020-05-03": [
        *packets("2020-05-03", VICTIM, [40_004], tcp_flags="SYN ACK", source_port=443, source_country="US"),
        *packets("2020-05-03", BURST, [80, 80]),
        *packets("2020-05-03", BURST, [80], ip_id=54321),
    ],
    **{f"2020-06-0{day}": packets(f"2020-06-0{day}", SLOW, range(3 * day, 3 * day + 3)) for day in range(1, 6)},
    # Six sources alike on two days, then five of them twelve days later; two ports would be no group.
    **{
        day: [
            row
            for source in gang
            for row in packets(day, source, [22, 5060, 8080], source_country="CN" if source < GANG[3] else "VN")
        ]
        for day, gang in (("2020-07-01", GANG), ("2020-07-02", GANG), ("2020-07-14", GANG[:5]))
    },
    "2020-08-01": [row for source in GANG for row in packets("2020-08-01", source, [1, 2])],
}


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("warehouse")
    for day, events in EVENTS.items():
        write_partition(folder, "events", day, events)
    roll_up(settings_for(folder))
    publish(settings_for(folder))
    return folder / "firewall.duckdb"


@pytest.fixture(params=[ask_shell, ask_library], ids=["shell", "library"])
def ask(request: pytest.FixtureRequest, catalogue: Path) -> Ask:
    return lambda sql: request.param(catalogue, sql)


SCAN = ("source_ip", "kind", "ports", "destinations", "events", "days")
SCANS = [
    (BURST, "burst", 1, 1, 100, 1),
    (VERTICAL, "vertical", 15, 1, 15, 1),
    (HORIZONTAL, "horizontal", 1, 10, 10, 1),
    (PROTOCOLS_SCAN, "protocols", 0, 1, 10, 1),
]


@pytest.mark.parametrize("period", ["'2020-04-01', '2020-04-01'", "'2020-04-01', '2020-04-30'"])
def test_scans_of_each_kind(ask: Ask, period: str) -> None:
    found = ask(f"from scans_between({period})")
    assert [tuple(row[name] for name in SCAN) for row in found] == SCANS


def test_a_slow_scan_is_found_over_its_days_only(ask: Ask) -> None:
    query = "select source_ip, kind, ports, destinations, events, days from scans_between('2020-06-01', '{}')"
    slow = dict(zip(SCAN, (SLOW, "slow", 15, 1, 15, 5), strict=True))
    assert ask(query.format("2020-06-05")) == ask(query.format("2020-06-30")) == [slow]
    assert ask(query.format("2020-06-04")) == []
    assert ask("select first_seen, last_seen from scans where kind = 'slow'") == ask(
        "select timestamp '2020-06-01 12:00:00' as first_seen, timestamp '2020-06-05 12:00:02' as last_seen"
    )


def test_campaigns(ask: Ask) -> None:
    found = ask("select port_set, protocol, sources, events, days, countries from campaigns")
    ports = {"port_set": "22/tcp 5060/tcp 8080/tcp", "protocol": "tcp"}
    assert found == [
        {**ports, "sources": 6, "events": 36, "days": 2, "countries": ["CN", "VN"]},
        {**ports, "sources": 5, "events": 15, "days": 1, "countries": ["CN", "VN"]},
    ]
    assert ask("select count(*) as n from campaigns_between('2020-07-14', '2020-07-14')") == [{"n": 1}]


def test_backscatter(ask: Ask) -> None:
    found = ask("select source_ip, source_country, port, events, days from backscatter")
    assert found == [
        {"source_ip": VICTIM, "source_country": "US", "port": 443, "events": 3, "days": 2},
        {"source_ip": VICTIM, "source_country": "US", "port": 80, "events": 1, "days": 1},
    ]
    assert ask("select events from backscatter_between('2020-05-01', '2020-05-31')") == [{"events": 1}]


def test_tools(ask: Ask) -> None:
    found = ask(
        "select tool, mark, sources, events, main_ports, round(1 / false_positive_rate) as one_in from scan_tools"
    )
    assert [tuple(row.values()) for row in found] == [
        ("mirai", "ports", 1, 2, ["23/tcp"], None),
        ("mirai", "sequence", 1, 2, ["23/tcp"], 2**32),
        ("masscan", "identification", 1, 1, ["80/tcp"], 2**16),
        ("zmap", "identification", 1, 1, ["443/tcp"], 2**16),
    ]


def test_ranks_of_sources_against_the_period_before(ask: Ask) -> None:
    # May: one day observed, 3 events of BURST and 1 of VICTIM; April: one day, 145 events.
    found = ask(
        "select rank, previous_rank, source_ip, source_country, events, previous_events, ports, destinations,"
        " events_per_day, change_percent, share from source_ranks('2020-05')"
    )
    assert found == [
        {
            "rank": 1,
            "previous_rank": 1,
            "source_ip": BURST,
            "source_country": "CN",
            "events": 3,
            "previous_events": 100,
            "ports": 1,
            "destinations": 1,
            "events_per_day": 3.0,
            "change_percent": pytest.approx(-97.0),
            "share": 0.75,
        },
        {
            "rank": 2,
            "previous_rank": 5,
            "source_ip": VICTIM,
            "source_country": "US",
            "events": 1,
            "previous_events": 3,
            "ports": 1,
            "destinations": 1,
            "events_per_day": 1.0,
            "change_percent": pytest.approx(-200 / 3),
            "share": 0.25,
        },
    ]
    [new] = ask("select previous_rank, previous_events, change_percent, ports from source_ranks('2020-06')")
    assert new == {"previous_rank": None, "previous_events": 0, "change_percent": None, "ports": 15}


def test_the_dossier_of_a_source(ask: Ask) -> None:
    dossier = "select {} from source_dossier('{}') where topic {}"
    assert ask(dossier.format("topic, item, events, note", SLOW, "<> 'port'")) == [
        {"topic": "what it is", "item": "China", "events": 15, "note": "unknown network"},
        {
            "topic": "history",
            "item": "seen on 5 days",
            "events": 15,
            "note": "from 2020-06-01 12:00:00 to 2020-06-05 12:00:02, at least 15 ports of 1 destinations",
        },
        {"topic": "month", "item": "2020-06", "events": 15, "note": "5 days, most on one: 3"},
        {"topic": "scan", "item": "slow", "events": 15, "note": "15 ports, 1 destinations, 5 days"},
    ]
    assert ask(dossier.format("item, note", MIRAI, "= 'port'")) == [{"item": "23/tcp", "note": "service: telnet"}]
    assert ask(dossier.format("item, events", MIRAI, "= 'mark'")) == [{"item": "mirai", "events": 2}]
    assert ask("from source_dossier('192.0.2.99')") == []
