"""The first stage, from raw files to partitions: every line is accounted for, in its day, whatever the files hold."""

import gzip
import os
import random
import re
import shutil
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import parse, raw_bytes, reading
from pipelines.schema import ACCOUNTS, PARSED, RAW_FILES, REJECTED, arrow_schema
from tests.raw_logs import Row, Site, at, packet, text

DAY = date(2020, 4, 3)
STAGES = {"parsed": PARSED, "rejected": REJECTED, "accounts": ACCOUNTS}
OTHER = "gate sshd[411]: Failed password for root from 203.0.113.9"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "warehouse")


def counts(row: Row) -> tuple[int, int, int, int]:
    return row["lines"], row["events"], row["ignored"], row["rejected"]


def accounts(site: Site, day: date) -> dict[str, tuple[int, int, int, int]]:
    """Return (lines, events, ignored, rejected) of each file that has lines of a day."""
    return {row["file"]: counts(row) for row in site.rows("accounts", day)}


def reasons(site: Site, day: date = DAY) -> list[str]:
    return [row["reason"] for row in site.rows("rejected", day)]


def observed(site: Site, *days: date) -> list[str]:
    """Return the stamps of the events of some days."""
    return [str(row["observed_at"]) for day in days for row in site.rows("parsed", day)]


def every_day(first: date, last: date) -> list[date]:
    return [first + timedelta(days) for days in range((last - first).days + 1)]


# What is counted


def test_every_line_is_an_event_or_ignored_or_rejected(site: Site) -> None:
    wrong_address = packet("2020-04-03T10:00:02Z", source="203.0.113.256")
    wrong_port = packet("2020-04-03T10:00:03Z", port=65_536)
    site.drop(
        "gate/a.log",
        [
            packet("2020-04-02T23:59:59Z"),
            packet("2020-04-03T00:00:00Z"),
            "",
            f"2020-04-03T10:00:01Z {OTHER}",
            wrong_address,
            wrong_port,
            packet("2020-04-03T23:59:59.999999Z"),
            packet("2020-04-04T00:00:00Z"),
        ],
    )
    site.drop("gate/b.log", [packet("2020-04-03T12:00:00Z")])
    site.drop("attic/c.log", [packet("2020-04-04T12:00:00Z"), "no stamp"])
    days = every_day(date(2020, 4, 2), date(2020, 4, 4))
    parsed = site.parse(*days)
    assert (parsed.files, parsed.problems) == (3, ())
    assert [(day.lines, day.events, day.ignored, day.rejected) for day in parsed.days.values()] == [
        (1, 1, 0, 0),
        (7, 3, 2, 2),
        (3, 2, 0, 1),
    ]
    assert [accounts(site, day) for day in days] == [
        {"gate/a.log": (1, 1, 0, 0)},
        {"gate/a.log": (6, 2, 2, 2), "gate/b.log": (1, 1, 0, 0)},
        {"attic/c.log": (2, 1, 0, 1), "gate/a.log": (1, 1, 0, 0)},
    ]
    assert [(row["sensor"], row["file"], row["line_number"]) for row in site.rows("parsed", DAY)] == [
        ("gate", "gate/a.log", 2),
        ("gate", "gate/a.log", 7),
        ("gate", "gate/b.log", 1),
    ]
    assert site.rows("rejected", DAY) == [
        {
            "observed_at": at(f"2020-04-03 10:00:0{second}"),
            "sensor": "gate",
            "file": "gate/a.log",
            "line_number": number,
            "reason": reason,
            "line": line,
        }
        for number, second, reason, line in (
            (5, 2, "source_ip is no IP address: '203.0.113.256'", wrong_address),
            (6, 3, "destination_port is no number from 0 to 65535: '65536'", wrong_port),
        )
    ]


def test_accounts_tell_when_the_first_and_last_event_were(site: Site) -> None:
    stamps = ["2020-04-03T12:00:00Z", "2020-04-03T11:00:00.25Z", "2020-04-03T13:00:00Z", "2020-04-03T12:30:00Z"]
    site.drop("gate/a.log", [f"2020-04-03T01:00:00Z {OTHER}", *map(packet, stamps)])
    site.drop("gate/b.log", [f"2020-04-03T01:00:00Z {OTHER}"])
    site.parse(DAY)
    assert [(row["first_observed_at"], row["last_observed_at"]) for row in site.rows("accounts", DAY)] == [
        (at("2020-04-03 11:00:00.250000"), at("2020-04-03 13:00")),
        (None, None),
    ]


def test_the_samples_of_a_day_are_its_first_rejected_lines(site: Site) -> None:
    site.drop("gate/a.log", [packet("2020-04-03T10:00:00Z"), *(f"2020-04-03 {number}" for number in range(3))])
    site.drop("gate/b.log", [packet("2020-04-03T10:00:00Z"), *(f"2020-04-03 {number}" for number in range(3, 9))])
    samples = site.parse(DAY).days[DAY].samples
    assert [(sample.file, sample.line_number, sample.line) for sample in samples] == [
        ("gate/a.log", 2, "2020-04-03 0"),
        ("gate/a.log", 3, "2020-04-03 1"),
        ("gate/a.log", 4, "2020-04-03 2"),
        ("gate/b.log", 2, "2020-04-03 3"),
        ("gate/b.log", 3, "2020-04-03 4"),
    ]
    assert {sample.reason for sample in samples} == {"no time stamp at the start of the line"}


def test_two_identical_lines_in_one_file_are_two_packets(site: Site) -> None:
    site.drop("gate/a.log", [packet("2020-04-03T10:00:00Z")] * 3)
    site.parse(DAY)
    assert [row["line_number"] for row in site.rows("parsed", DAY)] == [1, 2, 3]
    assert len({row["line_hash"] for row in site.rows("parsed", DAY)}) == 1


PARTS = st.sampled_from(
    [
        packet("2020-04-03T10:00:00Z").encode(),
        packet("2020-04-03T10:00:00Z", source="1.2.3").encode(),
        f"2020-04-03T10:00:00Z {OTHER}".encode(),
        b"2020-04-03T10:00:00Z gate kernel: eth0: link up",
        b"",
        b" ",
        b"\r",
        b"no stamp",
        b"no stamp, SRC=203.0.113.9",
        b"2020-04-03T10:00:00Z gate kernel: IN=eth0 OUT=",
        b"\0\0\0",
        b"\xff\xfe",
        b"2020-04-03T10:00:00Z \xff SRC=203.0.113.9 DST=198.51.100.7 PROTO=TCP",
        b"1999-12-31T23:59:59Z gate kernel: IN=eth0 OUT= SRC=203.0.113.9 DST=198.51.100.7 PROTO=TCP SPT=1 DPT=2",
        b"x" * 70_000,
    ]
)
NOISE = st.lists(st.sampled_from([byte for byte in range(256) if byte != ord("\n")]), max_size=30).map(bytes)


@settings(deadline=None, max_examples=30)
@given(lines=st.lists(st.one_of(PARTS, NOISE), max_size=30))
def test_no_line_is_lost(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]) -> None:
    site = Site(tmp_path_factory.mktemp("warehouse"))
    first = packet("2020-04-03T09:00:00Z").encode()  # so that the lines without a stamp are this day's
    site.drop("gate/a.log", b"".join(line + b"\n" for line in [first, *lines]))
    day = site.parse(DAY).days[DAY]
    assert day.lines == len(lines) + 1
    assert day.lines == day.events + day.ignored + day.rejected
    assert day.events == len(site.rows("parsed", DAY))
    assert day.rejected == len(site.rows("rejected", DAY))
    numbers = [row["line_number"] for stage in ("parsed", "rejected") for row in site.rows(stage, DAY)]
    assert len(set(numbers)) == len(numbers)
    whole = re.compile(rb"2020-04-03T10:00:00Z .* SRC=203\.0\.113\.9 .*PROTO=TCP")
    assert day.events == 1 + sum(whole.match(line) is not None for line in lines)
    shutil.rmtree(site.folder)


# Days


def test_a_day_without_lines_is_an_empty_day(site: Site) -> None:
    site.drop("gate/a.log", [packet("2020-04-03T10:00:00Z")])
    empty = date(2020, 4, 5)
    day = site.parse(empty).days[empty]
    assert (day.lines, day.events, day.ignored, day.rejected, day.samples) == (0, 0, 0, 0, ())
    for stage, columns in STAGES.items():
        path = site.warehouse.partition(stage, empty)
        assert pq.read_schema(path).equals(arrow_schema(columns))
        assert site.rows(stage, empty) == []


def test_partitions_have_the_columns_of_the_schema(site: Site) -> None:
    site.drop("gate/a.log", [packet("2020-04-03T10:00:00Z"), "no stamp"])
    day = site.parse(DAY).days[DAY]
    for stage, columns in STAGES.items():
        assert pq.read_schema(site.warehouse.partition(stage, DAY)).equals(arrow_schema(columns))
        assert len(site.rows(stage, DAY)) == 1
    assert pq.read_schema(site.warehouse.raw_files).equals(arrow_schema(RAW_FILES))
    assert day.bytes == site.warehouse.partition("parsed", DAY).stat().st_size


def test_days_that_are_not_asked_for_are_not_touched(site: Site) -> None:
    later = date(2020, 4, 4)
    site.drop("gate/a.log", [packet("2020-04-03T10:00:00Z"), packet("2020-04-04T10:00:00Z")])
    site.parse(DAY, later)
    before = {stage: site.warehouse.partition(stage, later).stat() for stage in STAGES}
    site.drop("gate/b.log", [packet("2020-04-03T11:00:00Z"), packet("2020-04-04T11:00:00Z"), "no stamp"])
    parsed = site.parse(DAY)
    assert set(parsed.days) == {DAY}
    assert parsed.days[DAY].events == 2
    assert {stage: site.warehouse.partition(stage, later).stat() for stage in STAGES} == before
    assert site.warehouse.days("parsed") == [DAY, later]
    assert site.parse(later).days[later].lines == 3


def test_loading_twice_changes_nothing(site: Site) -> None:
    lines = [packet(f"2020-04-03T10:{number // 60:02}:{number % 60:02}Z", number=number) for number in range(500)]
    site.drop("gate/a.log", lines)
    site.drop("gate/b.log.gz", gzip.compress(text([*lines[:50], "no stamp"]), mtime=0))
    first = site.parse(DAY)
    before = site.content()
    assert site.parse(DAY) == first
    assert site.content() == before


def test_days_loaded_together_are_the_days_loaded_one_by_one(site: Site, tmp_path: Path) -> None:
    days = every_day(date(2020, 4, 1), date(2020, 4, 5))
    choose = random.Random(3)  # noqa: S311 - no secret
    lines = [
        choose.choice(
            [
                packet(f"2020-04-{choose.randrange(1, 6):02}T10:00:00Z", number=number),
                f"2020-04-{choose.randrange(1, 6):02}T10:00:00Z {OTHER}",
                f"no stamp {number}",
            ]
        )
        for number in range(300)
    ]
    site.drop("gate/a.log", lines)
    together = site.parse(*days)
    other = Site(tmp_path / "other")
    shutil.copytree(site.warehouse.raw, other.warehouse.raw)
    for day in days:
        assert other.parse(day).days[day].lines == together.days[day].lines
        for stage in STAGES:
            assert other.rows(stage, day) == site.rows(stage, day)
    assert sum(day.lines for day in together.days.values()) == 300


def test_partitions_are_the_days_of_the_site(site: Site) -> None:
    site.drop("gate/a.log", [packet("2020-04-03T14:59:59Z"), packet("2020-04-03T15:00:00Z")])
    later = date(2020, 4, 4)
    site.parse(DAY, later, FIREWALL_TIMEZONE="Asia/Tokyo")
    assert observed(site, DAY) == ["2020-04-03 14:59:59"]
    assert observed(site, later) == ["2020-04-03 15:00:00"]


def test_stamps_without_a_zone_are_those_of_the_source(site: Site) -> None:
    site.declare('[[source]]\nname = "tokyo"\ntimezone = "Asia/Tokyo"')
    lines = [
        packet("2020-04-04 00:30:00"),
        packet("Apr  4 00:30:01"),
        packet("2020-04-03T15:30:02Z"),
        packet("2020-04-04T00:30:03+09:00"),
    ]
    site.drop("tokyo/a.log", lines, written=at("2020-04-05"))
    site.drop("utc/a.log", lines, written=at("2020-04-05"))
    later = date(2020, 4, 4)
    site.parse(DAY, later)
    assert [(row["sensor"], str(row["observed_at"])) for row in site.rows("parsed", DAY)] == [
        ("tokyo", "2020-04-03 15:30:00"),
        ("tokyo", "2020-04-03 15:30:01"),
        ("tokyo", "2020-04-03 15:30:02"),
        ("tokyo", "2020-04-03 15:30:03"),
        ("utc", "2020-04-03 15:30:02"),
        ("utc", "2020-04-03 15:30:03"),
    ]
    assert observed(site, later) == ["2020-04-04 00:30:00", "2020-04-04 00:30:01"]


@pytest.mark.parametrize(("day", "hours"), [(date(2020, 3, 28), 24), (date(2020, 3, 29), 23), (date(2020, 10, 25), 25)])
def test_a_day_is_as_long_as_the_clock_makes_it(site: Site, day: date, hours: int) -> None:
    midday = at(f"{day} 12:00")
    stamps = [midday + timedelta(hours=offset) for offset in range(-36, 37)]
    site.drop("gate/a.log", [packet(f"{stamp.isoformat()}Z") for stamp in stamps])
    assert site.parse(day, FIREWALL_TIMEZONE="Europe/Berlin").days[day].events == hours


# Years


@pytest.mark.parametrize(
    ("stamp", "written", "expected"),
    [
        ("Apr  3 04:12:45", at("2020-06-01"), "2020-04-03 04:12:45"),
        ("Apr  3 04:12:45", at("2020-04-03 04:12:45"), "2020-04-03 04:12:45"),
        ("Apr  3 04:12:45", at("2020-03-01"), "2019-04-03 04:12:45"),
        ("Dec 31 23:59:59", at("2021-01-01"), "2020-12-31 23:59:59"),
        ("Jan  1 00:00:00", at("2020-12-30"), "2020-01-01 00:00:00"),
        ("Jan  1 00:00:05", at("2020-12-31 23:59"), "2021-01-01 00:00:05"),  # a clock that is a little ahead
        ("Apr  3 04:12:45", at("2020-04-02 12:00"), "2020-04-03 04:12:45"),
        ("Feb 29 10:00:00", at("2020-03-01"), "2020-02-29 10:00:00"),
        ("Feb 29 10:00:00", at("2021-01-10"), "2020-02-29 10:00:00"),
        ("Feb 29 10:00:00", at("2019-03-01"), "2016-02-29 10:00:00"),
    ],
)
def test_the_year_is_that_of_the_file(site: Site, stamp: str, written: datetime, expected: str) -> None:
    site.drop("gate/a.log", [packet(stamp)], written)
    day = date.fromisoformat(expected[:10])
    site.parse(day)
    assert observed(site, day) == [expected]


def test_the_year_of_a_packed_file_is_in_its_header(site: Site) -> None:
    written = 1_525_132_800  # 2018-05-01
    packed = gzip.compress(text([packet("Apr  3 04:12:45")]), mtime=written)
    site.drop("gate/a.log.1.gz", packed, written=at("2026-01-01"))
    day = date(2018, 4, 3)
    site.parse(day)
    assert observed(site, day) == ["2018-04-03 04:12:45"]


def test_new_year_in_the_middle_of_a_file(site: Site) -> None:
    stamps = ["Dec 30 10:00:00", "Dec 31 23:59:59", "Jan  1 00:00:00", "Jan  2 10:00:00"]
    site.drop("gate/a.log", map(packet, stamps), written=at("2020-01-03"))
    site.parse(*every_day(date(2019, 12, 30), date(2020, 1, 2)))
    assert observed(site, *every_day(date(2019, 12, 30), date(2020, 1, 2))) == [
        "2019-12-30 10:00:00",
        "2019-12-31 23:59:59",
        "2020-01-01 00:00:00",
        "2020-01-02 10:00:00",
    ]


@pytest.mark.parametrize("chunk", [raw_bytes.BLOCK, 5000])
def test_a_log_of_years_ends_when_its_file_does(site: Site, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(reading, "BLOCK", chunk)
    days = every_day(date(2017, 6, 1), date(2020, 8, 31))[::10]
    lines = [packet(f"{day:%b} {day.day:2} 12:00:00", number=number) for number, day in enumerate(days)]
    site.drop("gate/a.log", lines, written=at("2020-09-01"))
    site.drop("gate/b.log", lines[-3:], written=at("2020-09-01"))
    wanted = [days[0], days[40], days[-1]]
    parsed = site.parse(*wanted)
    assert observed(site, *wanted[:2]) == [f"{day} 12:00:00" for day in wanted[:2]]
    assert [(row["file"], row["line_number"]) for row in site.rows("parsed", days[-1])] == [
        ("gate/a.log", len(days)),
        ("gate/b.log", 3),
    ]
    assert sum(day.events for day in parsed.days.values()) == 4
    row = site.raw_files()["gate/a.log"]
    assert (row["first_observed_at"].date(), row["last_observed_at"].date()) == (days[0], days[-1])
    assert row["lines"] == len(days)
    assert not [name for name in site.content() if name.endswith(".tmp")]


def test_a_clock_that_was_not_set_does_not_move_the_years(site: Site) -> None:
    stamps = ["Apr  3 10:00:00", "1970-01-01T00:00:09Z", "Apr  3 10:00:01", "0000-01-01 00:00:00", "Apr  3 10:00:02"]
    site.drop("gate/a.log", map(packet, stamps), written=at("2020-04-05"))
    site.parse(DAY)
    assert observed(site, DAY) == [f"2020-04-03 10:00:0{second}" for second in range(3)]


def test_a_stamp_with_a_year_needs_no_file(site: Site) -> None:
    stamps = ["2015-04-03T10:00:00Z", "Fri Apr  3 10:00:01 2015", "1428055202", "Apr 03 2015 10:00:03"]
    site.drop("gate/a.log", map(packet, stamps), written=at("2026-01-01"))
    day = date(2015, 4, 3)
    site.parse(day)
    assert observed(site, day) == [f"2015-04-03 10:00:0{second}" for second in range(4)]


# Lines without a stamp, and stamps that cannot be


def test_ignored_lines_are_counted_under_the_names_of_rules(site: Site) -> None:
    later = date(2020, 4, 4)
    asa = "gate %ASA-5-111008: User 'admin' executed the 'write' command."
    lines = [
        packet("2020-04-03T10:00:00Z"),
        "",
        f"2020-04-03T10:00:01Z {OTHER}",
        f"2020-04-03T10:00:02Z {asa}",
        f"2020-04-04T10:00:00Z {OTHER}",
        f"2020-04-04T10:00:01Z {OTHER}",
        "",
        packet("2020-04-04T10:00:02Z"),
    ]
    site.drop("gate/a.log", lines)
    site.drop("gate/b.log", [packet("2020-04-03T11:00:00Z")])
    site.parse(DAY, later)
    found = {(row["file"], day): row["ignored_by_rule"] for day in (DAY, later) for row in site.rows("accounts", day)}
    assert found == {
        ("gate/a.log", DAY): [
            {"rule": "blank line", "lines": 1},
            {"rule": "line of another program", "lines": 1},
            {"rule": "other message", "lines": 1},
        ],
        ("gate/a.log", later): [
            {"rule": "blank line", "lines": 1},
            {"rule": "line of another program", "lines": 2},
        ],
        ("gate/b.log", DAY): [],
    }


def test_a_line_without_a_stamp_belongs_to_the_day_of_the_line_before(site: Site) -> None:
    later = date(2020, 4, 4)
    lines = ["one", "", packet("2020-04-03T10:00:00Z"), "two", "", packet("2020-04-04T10:00:00Z"), "three", "\0", ""]
    site.drop("gate/a.log", lines, written=at("2020-05-01"))
    site.parse(DAY, later)
    assert accounts(site, DAY) == {"gate/a.log": (5, 1, 2, 2)}
    assert accounts(site, later) == {"gate/a.log": (4, 1, 1, 2)}
    assert [(row["line"], row["observed_at"]) for row in site.rows("rejected", DAY)] == [
        ("one", None),
        ("two", at("2020-04-03 10:00")),
    ]
    assert [(row["line"], row["observed_at"]) for row in site.rows("rejected", later)] == [
        ("three", at("2020-04-04 10:00")),
        ("\0", at("2020-04-04 10:00")),
    ]


def test_a_file_without_any_stamp_belongs_to_the_day_it_was_written(site: Site) -> None:
    site.drop("gate/a.log", ["one", "", "two"], written=at("2020-04-03 12:00"))
    site.parse(DAY)
    assert accounts(site, DAY) == {"gate/a.log": (3, 0, 1, 2)}
    assert [row["observed_at"] for row in site.rows("rejected", DAY)] == [None, None]


@pytest.mark.parametrize("source", ["UTC", "Asia/Tokyo", "America/New_York"])
@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
@pytest.mark.parametrize(
    "stamp",
    [
        "1999-12-30T23:59:59Z",
        "1970-01-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "0000-01-01 00:00:00",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "000000000.5",
    ],
)
def test_a_stamp_of_no_time_is_rejected(site: Site, stamp: str, source: str, zone: str) -> None:
    site.declare(f'[[source]]\nname = "gate"\ntimezone = "{source}"')
    stamps = ["2020-04-03T10:00:00Z", stamp, "2020-04-03T10:00:01Z"]
    site.drop("gate/a.log", [*map(packet, stamps), f"{stamp} {OTHER}", "2020-04-03T10:00:01Z"])
    day = site.parse(DAY, FIREWALL_TIMEZONE=zone).days[DAY]
    assert (day.lines, day.events, day.ignored, day.rejected) == (5, 2, 2, 1)
    assert reasons(site) == ["time stamp before 2000-01-01 or after 9999-12-31"]
    assert site.rows("rejected", DAY)[0]["observed_at"] == at("2020-04-03 10:00")


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
@pytest.mark.parametrize("stamp", ["9999-12-31T23:59:59Z", "9999-12-31 23:59:59", "9999-01-01T00:00:00Z"])
def test_a_stamp_of_the_far_future_is_another_days(site: Site, stamp: str, zone: str) -> None:
    site.drop("gate/a.log", map(packet, ["2020-04-03T10:00:00Z", stamp, "2020-04-03T10:00:01Z"]))
    assert site.parse(DAY, FIREWALL_TIMEZONE=zone).days[DAY].lines == 2


@pytest.mark.parametrize(
    "stamp", ["2020-02-30T10:00:00Z", "Feb 30 10:00:00", "2020-04-03T24:00:00Z", "Apr  3 10:60:00"]
)
def test_an_impossible_stamp_is_rejected(site: Site, stamp: str) -> None:
    site.drop("gate/a.log", [packet("2020-04-03T10:00:00Z"), packet(stamp)], written=at("2020-04-04"))
    assert site.parse(DAY).days[DAY].events == 1
    assert reasons(site) == ["impossible time stamp"]


# Files that are not what they should be


GOOD = [packet("2020-04-03T10:00:00Z"), packet("2020-04-03T10:00:01Z")]


def beside(site: Site) -> None:
    """Drop a good file before and after the bad one."""
    site.drop("gate/0.log", GOOD)
    site.drop("gate/z.log", GOOD)


def assert_beside_is_loaded(site: Site) -> None:
    loaded = accounts(site, DAY)
    assert loaded["gate/0.log"] == loaded["gate/z.log"] == (2, 2, 0, 0)


def test_a_file_that_is_not_there_is_a_problem(site: Site) -> None:
    beside(site)
    (site.warehouse.raw / "gate" / "a.log").symlink_to("gone")
    parsed = site.parse(DAY)
    assert parsed.problems == ("'gate/a.log' cannot be read: No such file or directory",)
    assert parsed.days[DAY].events == 4
    assert_beside_is_loaded(site)
    assert site.raw_files()["gate/a.log"]["problem"] == parsed.problems[0]
    assert site.raw_files()["gate/0.log"]["problem"] is None


def test_a_pipe_is_a_problem_and_is_not_waited_for(site: Site) -> None:
    beside(site)
    os.mkfifo(site.warehouse.raw / "gate" / "a.log")
    assert site.parse(DAY).problems == ("'gate/a.log' cannot be read: it is no regular file",)
    assert_beside_is_loaded(site)


def test_a_folder_that_may_not_be_listed_is_a_problem(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    beside(site)
    closed = site.drop("gate/closed/a.log", GOOD).parent
    real = os.scandir

    def refusing(path: str) -> object:
        if str(path) == str(closed):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", refusing)
    assert site.parse(DAY).problems == ("'gate/closed' cannot be read: it is a folder that may not be listed",)
    assert_beside_is_loaded(site)


def test_a_folder_named_like_a_file_is_a_folder(site: Site) -> None:
    beside(site)
    site.drop("gate/a.log/b.log", GOOD)
    assert site.parse(DAY).problems == ()
    assert set(accounts(site, DAY)) == {"gate/0.log", "gate/a.log/b.log", "gate/z.log"}


@pytest.mark.parametrize(("module", "seam"), [(parse, "look_at"), (reading, "read_chunks")])
def test_a_file_that_may_not_be_read_is_a_problem(
    site: Site, monkeypatch: pytest.MonkeyPatch, module: ModuleType, seam: str
) -> None:
    beside(site)
    closed = site.drop("gate/two\nlines.log", GOOD)
    real = getattr(module, seam)

    def refusing(path: Path, *rest: object) -> object:
        if path == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *rest)

    monkeypatch.setattr(module, seam, refusing)
    assert site.parse(DAY).problems == (r"'gate/two\nlines.log' cannot be read: Permission denied",)
    assert_beside_is_loaded(site)


def test_an_empty_file_is_no_problem(site: Site) -> None:
    beside(site)
    site.drop("gate/a.log", b"")
    site.drop("gate/b.log.gz", gzip.compress(b""))
    assert site.parse(DAY).problems == ()
    assert set(accounts(site, DAY)) == {"gate/0.log", "gate/z.log"}
    assert site.raw_files()["gate/a.log"]["lines"] == 0
    assert site.raw_files()["gate/b.log.gz"]["lines"] == 0


@pytest.mark.parametrize(
    "content",
    [
        bytes(range(256)) * 40,
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(1000),
        random.Random(4).randbytes(20_000),  # noqa: S311 - no secret
        b"\x7fELF" + bytes(5000) + b"\n" + bytes(100),
    ],
    ids=["bytes", "png", "random", "elf"],
)
def test_binary_lines_are_rejected(site: Site, content: bytes) -> None:
    beside(site)
    site.drop("gate/a.log", content, written=at("2020-04-03"))
    parsed = site.parse(DAY)
    lines = content.split(b"\n")
    blank = sum(not line.strip(b" \r") for line in lines)
    assert accounts(site, DAY)["gate/a.log"] == (len(lines), 0, blank, len(lines) - blank)
    expected = {"no time stamp at the start of the line", "NUL byte in the line"}
    assert set(reasons(site)) <= expected
    for row in site.rows("rejected", DAY):
        assert (row["reason"] == "NUL byte in the line") == (b"\0" in lines[row["line_number"] - 1])
    assert parsed.problems == ()
    assert_beside_is_loaded(site)


def test_a_truncated_file_is_read_up_to_its_end(site: Site) -> None:
    beside(site)
    lines = [packet(f"2020-04-03T10:{number // 60:02}:{number % 60:02}Z", number=number) for number in range(3000)]
    packed = gzip.compress(text(lines), mtime=0)
    site.drop("gate/a.log.gz", packed[: len(packed) // 2])
    parsed = site.parse(DAY)
    reason = "the gzip stream ends early: the file is cut here"
    assert parsed.problems == (f"'gate/a.log.gz' is not read whole: {reason}",)
    [rejected] = site.rows("rejected", DAY)
    assert rejected["reason"] == reason
    read = rejected["line_number"] - 1
    assert read > 1000
    assert lines[read].startswith(rejected["line"])
    assert rejected["observed_at"].isoformat() == lines[read - 1][:19]
    assert accounts(site, DAY)["gate/a.log.gz"] == (read + 1, read, 0, 1)
    assert_beside_is_loaded(site)


def test_damage_that_leaves_nothing_is_told(site: Site) -> None:
    beside(site)
    site.drop("gate/a.log", b"\x1f\x8b\x08\0\0\0\0\0\0\3" + b"garbage" * 10, written=at("2020-04-03"))
    [problem] = site.parse(DAY).problems
    assert problem.startswith("'gate/a.log' is not read whole: the gzip stream is damaged here and cannot be read")
    assert accounts(site, DAY)["gate/a.log"] == (1, 0, 0, 1)
    assert_beside_is_loaded(site)


@pytest.mark.parametrize(
    ("line", "reason", "stored"),
    [
        (GOOD[0].encode().replace(b"gate", b"ga\0te"), "NUL byte in the line", GOOD[0].replace("gate", "ga\0te")),
        (b"\xff" + GOOD[0].encode(), "no time stamp at the start of the line", rf"\xff{GOOD[0]}"),
        (b"x" * (1 << 20), "longer than 65536 bytes", "x" * 8192),
        (GOOD[0].encode() + b" " + b"x" * 65_536, "longer than 65536 bytes", f"{GOOD[0]} {'x' * 8192}"[:8192]),
    ],
    ids=["nul", "no text", "long", "long event"],
)
@pytest.mark.parametrize("last", [True, False], ids=["last", "middle"])
def test_a_line_that_is_none_is_rejected_alone(
    site: Site, line: bytes, reason: str, stored: str, *, last: bool
) -> None:
    content = text(GOOD) + line + (b"" if last else b"\n" + text(GOOD))
    site.drop("gate/a.log", content)
    assert site.parse(DAY).problems == ()
    good = 2 if last else 4
    assert accounts(site, DAY) == {"gate/a.log": (good + 1, good, 0, 1)}
    [rejected] = site.rows("rejected", DAY)
    assert (rejected["line_number"], rejected["reason"], rejected["line"]) == (3, reason, stored)
    assert rejected["observed_at"] == at("2020-04-03 10:00:01")


def test_a_line_longer_than_a_chunk_is_rejected_alone(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BLOCK", 5000)
    site.drop("gate/a.log", text(GOOD) + b"x" * 100_000 + b"\n" + text(GOOD))
    assert site.parse(DAY).problems == ()
    assert accounts(site, DAY) == {"gate/a.log": (5, 4, 0, 1)}
    [rejected] = site.rows("rejected", DAY)
    assert (rejected["line_number"], rejected["reason"]) == (3, "longer than 5000 bytes")
    assert rejected["observed_at"] == at("2020-04-03 10:00:01")


def test_bytes_that_are_no_text_are_kept_in_events(site: Site) -> None:
    site.drop("gate/a.log", text(GOOD[:1]).replace(b"UFW BLOCK", b"UFW \xe3\x81 \xc3\xbc BLOCK"))
    site.parse(DAY)
    assert [row["rule"] for row in site.rows("parsed", DAY)] == [r"[UFW \xe3\x81 ü BLOCK]"]


def test_line_ends_of_other_systems_make_no_difference(site: Site) -> None:
    lines = [*GOOD, f"2020-04-03T10:00:02Z {OTHER}", "", "no stamp"]
    site.drop("one/a.log", lines)
    site.drop("two/a.log", text(lines).replace(b"\n", b"\r\n"))
    site.parse(DAY)
    assert set(accounts(site, DAY).values()) == {(5, 2, 2, 1)}
    one, two = ([row for row in site.rows("parsed", DAY) if row["sensor"] == name] for name in ("one", "two"))
    lineage = {"sensor", "file"}
    assert [{key: row[key] for key in row.keys() - lineage} for row in one] == [
        {key: row[key] for key in row.keys() - lineage} for row in two
    ]


def test_what_is_known_of_each_file_is_stored(site: Site) -> None:
    site.drop("gate/a.log", [*GOOD, "no stamp"], written=at("2020-04-05 01:02:03"))
    packed = gzip.compress(text([packet("2020-04-09T10:00:00Z")]))
    site.drop("gate/b.log", packed, written=at("2020-04-09"))
    site.parse(DAY)
    shared = {"sensor": "gate", "format": "netfilter", "confidence": 1.0, "problem": None}
    found = site.raw_files()
    fingerprints = {row.pop("fingerprint") for row in found.values()}
    assert len(fingerprints) == 2
    assert None not in fingerprints
    digests = {days.pop("digest") for row in found.values() for days in row["days"]}
    assert len(digests - {0}) == 2
    assert found == {
        "gate/a.log": {
            **shared,
            "first_day": DAY,
            "last_day": DAY,
            "days": [{"day": DAY, "lines": 3}],
            "file": "gate/a.log",
            "bytes": len(text([*GOOD, "no stamp"])),
            "modified_at": at("2020-04-05 01:02:03"),
            "compression": "none",
            "lines": 3,
            "first_observed_at": at("2020-04-03 10:00"),
            "last_observed_at": at("2020-04-03 10:00:01"),
        },
        "gate/b.log": {
            **shared,
            "first_day": date(2020, 4, 9),
            "last_day": date(2020, 4, 9),
            "days": [{"day": date(2020, 4, 9), "lines": 1}],
            "file": "gate/b.log",
            "bytes": len(packed),
            "modified_at": at("2020-04-09"),
            "compression": "gzip",
            "lines": 1,
            "first_observed_at": at("2020-04-09 10:00"),
            "last_observed_at": at("2020-04-09 10:00"),
        },
    }


def test_raw_files_are_only_read(site: Site) -> None:
    path = site.drop("gate/a.log", GOOD, written=at("2020-04-05"))
    before = path.stat()
    site.parse(DAY)
    after = path.stat()
    assert (after.st_mtime_ns, after.st_ino, path.read_bytes()) == (before.st_mtime_ns, before.st_ino, text(GOOD))
    assert list(site.warehouse.raw.rglob("*")) == [path.parent, path]


# Chunks


@pytest.mark.parametrize("block", [raw_bytes.BLOCK, 5000])
@pytest.mark.parametrize(
    ("span", "written"),
    [
        # 366 days before the end of the file lies the same date of the year after: 2021-01-01 is nearer
        ((date(2020, 1, 1), date(2020, 12, 30)), at("2020-12-31")),
        ((date(2020, 2, 27), date(2021, 2, 26)), at("2021-02-27")),
        # 29 February is in no year but a leap year: what stands before it is of the year before, or the same
        ((date(2019, 3, 2), date(2020, 3, 1)), at("2020-03-01 12:00")),
        ((date(2020, 2, 29), date(2020, 12, 1)), at("2021-12-01")),
    ],
)
def test_a_log_of_a_whole_year_is_of_its_year(
    site: Site, monkeypatch: pytest.MonkeyPatch, span: tuple[date, date], written: datetime, block: int
) -> None:
    monkeypatch.setattr(reading, "BLOCK", block)
    days = every_day(*span)
    lines = [packet(f"{day:%b} {day.day:2} 12:00:00", number=number) for number, day in enumerate(days)]
    site.drop("gate/a.log", lines, written=written)
    assert [figures.events for figures in site.parse(*days).days.values()] == [1] * len(days)


def test_the_result_does_not_depend_on_chunks(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    choose = random.Random(5)  # noqa: S311 - no secret
    moment = at("2019-12-30 12:00")
    lines = []
    for number in range(1500):
        moment += timedelta(seconds=choose.randrange(300))
        stamp = f"{moment:%b} {moment.day:2} {moment:%H:%M:%S}"
        event, wrong = packet(stamp, number=number), packet(stamp, source="1.2.3")
        kinds = [
            event,
            packet(f"{moment.isoformat()}Z"),
            f"{stamp} {OTHER}",
            "no stamp",
            "",
            wrong,
            packet("Feb 30 10:00:00"),
        ]
        lines.append(choose.choices(kinds, [60, 10, 10, 5, 5, 5, 2])[0])
    days = every_day(date(2019, 12, 30), moment.date())
    site.drop("gate/a.log", [packet("Dec 30 12:00:00"), *lines], written=moment)
    whole = site.parse(*days)
    monkeypatch.setattr(reading, "BLOCK", 3000)
    monkeypatch.setattr(reading, "ROWS", 64)
    monkeypatch.setattr(reading, "MOST_OTHERS", 3)
    other = Site(tmp_path / "other")
    shutil.copytree(site.warehouse.raw, other.warehouse.raw)
    pieces = other.parse(*days)
    assert len(days) > 3
    assert sum(day.lines for day in whole.days.values()) == len(lines) + 1
    for day in days:
        assert pieces.days[day].lines == whole.days[day].lines
        for stage in STAGES:
            assert other.rows(stage, day) == site.rows(stage, day)
    assert other.raw_files() == site.raw_files()


def test_many_files_are_read_in_order(site: Site) -> None:
    written = Counter[str]()
    for number in range(40):
        name = f"gate/{number:02}.log"
        written[name] = number % 5
        site.drop(name, [packet("2020-04-03T10:00:00Z", number=number * 100 + line) for line in range(number % 5)])
    site.parse(DAY)
    rows = site.rows("parsed", DAY)
    assert Counter(row["file"] for row in rows) == +written
    places = [(row["file"], row["line_number"]) for row in rows]
    assert places == sorted(places)
    assert [row["ip_id"] for row in rows] == [number * 100 + line for number in range(40) for line in range(number % 5)]
