"""What a day's coverage is made of, and what is concluded from it."""

import gzip
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.catalogue import publish, unpublished
from pipelines.scanning.notices import find_notices
from pipelines.scanning.words import PADDING
from tests.raw_logs import Row, Site, at, packet, text

DAY = date(2020, 4, 3)
NEXT = date(2020, 4, 4)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "warehouse")


def every(minutes: int, day: date = DAY, start: int = 0, end: int = 1440) -> Iterator[str]:
    """Yield stamps of a day, so many minutes apart."""
    for minute in range(start, end, minutes):
        yield f"{day}T{minute // 60:02}:{minute % 60:02}:30Z"


def covered(site: Site, day: date = DAY) -> dict[str, Row]:
    """Return the coverage of a day as it is stored, by sensor."""
    return {row["sensor"]: row for row in site.rows("coverage", day)}


def ask(site: Site, sql: str) -> list[tuple[Any, ...]]:
    with unpublished(site.settings()) as connection:
        return connection.execute(sql).fetchall()


# What is stored


def test_lines_of_every_kind_are_signs_of_life(site: Site) -> None:
    lines = [packet("2020-04-03T01:10:00Z"), "2020-04-03T02:20:00Z gate sshd[1]: hello", packet("2020-04-03T02:40:00Z")]
    site.drop("gate/a.log", lines)
    site.drop("gate/b.log", ["2020-04-03T22:05:59Z gate sshd[1]: bye"])
    site.load(DAY)
    row = covered(site)["gate"]
    assert (row["lines"], row["events"], row["hours"], row["day_minutes"]) == (4, 2, 3, 1440)
    assert (row["first_line_at"], row["last_line_at"]) == (at("2020-04-03 01:10"), at("2020-04-03 22:05"))
    assert row["gaps"] == [
        {"started_at": at("2020-04-03 00:00"), "minutes": 70},
        {"started_at": at("2020-04-03 01:11"), "minutes": 69},
        {"started_at": at("2020-04-03 02:21"), "minutes": 19},
        {"started_at": at("2020-04-03 02:41"), "minutes": 1164},
        {"started_at": at("2020-04-03 22:06"), "minutes": 114},
    ]
    assert row["longest_gap_minutes"] == 1164


def test_a_sensor_that_logged_nothing_has_a_row(site: Site) -> None:
    site.declare('[[source]]\nname = "office"\n')
    site.drop("gate/a.log", [packet("2020-04-03T01:10:00Z")])
    site.load(DAY)
    row = covered(site)["office"]
    assert (row["lines"], row["hours"], row["first_line_at"], row["longest_gap_minutes"]) == (0, 0, None, 1440)


@pytest.mark.parametrize(
    ("day", "zone", "minutes"),
    [
        (date(2020, 3, 29), "Europe/Berlin", 1380),
        (date(2020, 10, 25), "Europe/Berlin", 1500),
        (date(2020, 4, 5), "Australia/Lord_Howe", 1470),
        (date(2020, 10, 4), "Australia/Lord_Howe", 1410),
        (date(2020, 10, 25), "Asia/Tokyo", 1440),
    ],
)
def test_a_day_is_as_long_as_its_zone_makes_it(site: Site, day: date, zone: str, minutes: int) -> None:
    start = datetime(day.year, day.month, day.day) - timedelta(hours=18)  # noqa: DTZ001 - UTC
    stamps = [(start + timedelta(minutes=minute)).isoformat() for minute in range(60 * 60)]
    site.drop("gate/a.log", [packet(f"{stamp}Z") for stamp in stamps])
    site.load(day, FIREWALL_TIMEZONE=zone)
    row = covered(site, day)["gate"]
    assert (row["lines"], row["day_minutes"], row["gaps"]) == (minutes, minutes, [])
    assert row["hours"] == -(-minutes // 60)


def test_the_files_that_lines_came_in_change_nothing(site: Site, tmp_path: Path) -> None:
    lines = [packet(stamp, number=number) for number, stamp in enumerate(every(7))]
    lines[50:50] = ["2020-04-03T05:50:31Z gate kernel: net_ratelimit: 12 callbacks suppressed"]
    site.drop("gate/a.log", lines)
    other = Site(tmp_path / "other")
    other.drop("gate/a.log.2.gz", gzip.compress(text(lines[:80])))
    other.drop("gate/a.log.1", lines[:120])
    other.drop("gate/a.log", lines[100:])
    for loaded in (site, other):
        loaded.load(DAY)
    one, two = covered(site)["gate"], covered(other)["gate"]
    assert one.pop("lines") == len(lines)
    assert two.pop("lines") > len(lines)
    assert one == two
    assert one["suppressed"] == 12


# What loggers and kernels say

NOTICES = {
    "kernel: [12.5] net_ratelimit: 12 callbacks suppressed": ("suppressed", 12),
    "kernel: nf_conntrack: 7 callbacks suppressed": ("suppressed", 7),
    "systemd-journald[123]: Suppressed 45 messages from kernel": ("suppressed", 45),
    "rsyslogd: imuxsock lost 23 messages from pid 123 due to rate-limiting": ("lost", 23),
    "last message repeated 3 times": ("repeated", 3),
    "rsyslogd: message repeated 4 times: [ dhcpd: no free leases]": ("repeated", 4),
    "kernel: [    0.000000] Linux version 6.1.0-18-amd64 (debian-kernel@lists.debian.org)": ("restarts", 1),
    "kernel: Linux version 5.10.0": ("restarts", 1),
    'rsyslogd: [origin software="rsyslogd" swVersion="8.2302.0" x-pid="7" x-info="https://www.rsyslog.com"] start': (
        "restarts",
        1,
    ),
    "syslogd 1.5.0: restart.": ("restarts", 1),
    "syslog-ng[812]: syslog-ng starting up; version='3.28.1'": ("restarts", 1),
}
NO_NOTICES = (
    "sshd[1]: uppressed message repeated times lost restart",
    "apache2[3]: graceful restart",
    "dhcpd: lost 5 leases",
    "app: Suppressed nothing",
    "kernel: usb 1-1: Linux very old",
    "",
)


@pytest.mark.parametrize("said", NOTICES)
def test_what_is_said_to_be_missing_is_counted(site: Site, said: str) -> None:
    line = f"2020-04-03T10:00:00Z gate {said}"
    site.drop(
        "gate/a.log",
        [packet("2020-04-03T09:00:00Z"), line, line, *(f"2020-04-03T10:00:01Z gate {no}" for no in NO_NOTICES)],
    )
    site.drop("gate/copy.log", [line])
    site.load(DAY)
    column, number = NOTICES[said]
    row = covered(site)["gate"]
    found = {name: row[name] for name in ("suppressed", "lost", "repeated", "restarts") if row[name]}
    assert found == {column: number}


def test_notices_are_found_wherever_they_stand() -> None:
    lines = [f"Apr  3 10:00:00 gate {said}".encode() for said in (*NOTICES, *NO_NOTICES)]
    data = b"\n".join(lines) + b"\n"
    starts = np.cumsum([0, *(len(line) + 1 for line in lines[:-1])])
    spans = np.column_stack([starts, [len(line) for line in lines]]).astype(np.int64)
    buffer = np.frombuffer(data + bytes(PADDING), np.uint8)
    found = find_notices(buffer, spans, np.arange(len(lines)))
    assert [notice.place for notice in found] == list(range(len(NOTICES)))
    assert [notice.number for notice in found] == [number for _, number in NOTICES.values()]
    assert find_notices(buffer, spans, np.array([], np.int64)) == []


def test_a_clock_that_is_set_back_is_noted(site: Site) -> None:
    stamps = ["10:00:00", "10:10:00", "10:09:30", "10:04:00", "10:05:00", "09:00:00"]
    site.drop("gate/a.log", [packet(f"2020-04-03T{stamp}Z", number=place) for place, stamp in enumerate(stamps)])
    site.drop("gate/b.log", [packet(f"2020-04-03T{stamp}Z", number=place) for place, stamp in enumerate(stamps[2:], 2)])
    site.load(DAY)
    row = covered(site)["gate"]
    assert (row["clock_jumps"], row["clock_back_seconds"]) == (2, 3900)


def test_the_hour_that_happens_twice_sets_the_clock_back(site: Site) -> None:
    site.declare('[[source]]\nname = "gate"\ntimezone = "Europe/Berlin"\n')
    stamps = ["Oct 25 01:59:59", "Oct 25 02:30:00", "Oct 25 02:59:59", "Oct 25 02:00:00", "Oct 25 02:30:01"]
    site.drop("gate/a.log", map(packet, stamps), written=at("2020-10-26"))
    day = date(2020, 10, 25)
    site.load(day)
    row = covered(site, day)["gate"]
    assert (row["clock_jumps"], row["clock_back_seconds"]) == (1, 3599)


# UFW


def ufw(minutes: list[int], rule: str = "[UFW BLOCK]") -> list[str]:
    """Return lines of a day, so many in each of its first minutes."""
    return [
        packet(f"2020-04-03T{minute // 60:02}:{minute % 60:02}:{3 * number:02}Z", number=100 * minute + number).replace(
            "[UFW BLOCK]", rule
        )
        for minute, count in enumerate(minutes)
        for number in range(count)
    ]


@pytest.mark.parametrize(
    ("minutes", "limited"),
    [
        ([3] * 40, 40),
        ([10, *[3] * 60, 2, 1, 0, 3], 61),
        ([3] * 20, 0),
        ([1, 2, 3, 4, 5, 6, 7] * 20, 0),
        ([1] * 500 + [2] * 250 + [3] * 80 + [4] * 20, 0),
        (np.random.default_rng(4).poisson(1.5, 1000).tolist(), 0),
        (np.random.default_rng(4).poisson(3, 1000).tolist(), 0),
        (np.random.default_rng(4).poisson(6, 1000).tolist(), 0),
    ],
)
def test_three_a_minute_are_ufws_limit_where_they_are_a_plateau(site: Site, minutes: list[int], limited: int) -> None:
    site.drop("gate/a.log", ufw(minutes))
    site.drop("office/a.log", ufw(minutes, "[FW DROP]"))
    site.load(DAY)
    assert {sensor: row["limited_minutes"] for sensor, row in covered(site).items()} == {"gate": limited, "office": 0}


def test_a_packet_that_ufw_logs_twice_is_noted(site: Site) -> None:
    block = ufw([2] * 5)
    audit = [line.replace("[UFW BLOCK]", "[UFW AUDIT]") for line in block[:3]]
    other = [packet("2020-04-03T10:00:00Z", number=7).replace("[UFW BLOCK]", "[UFW AUDIT]")]
    site.drop("gate/a.log", [*audit, *block, *other])
    site.drop("gate/copy.log", audit)
    site.drop("office/a.log", audit)
    site.load(DAY)
    assert {sensor: row["logged_twice"] for sensor, row in covered(site).items()} == {"gate": 3, "office": 0}


# What is concluded


def test_the_view_tells_quiet_from_blind(site: Site) -> None:
    site.declare('[[source]]\nname = "office"\n')
    days = [date(2020, 4, 1) + timedelta(days=number) for number in range(8)]
    site.drop("gate/a.log", [packet(stamp) for day in days[:5] for stamp in every(30, day)])
    half = [packet(stamp) for stamp in every(30, days[5], end=720)]
    sample = [f"{stamp} gate kernel: net_ratelimit: 5 callbacks suppressed" for stamp in every(30, days[7])]
    site.drop("gate/b.log", [*half, *sample])
    site.drop("office/a.log", [f"{stamp} office sshd[1]: quiet" for stamp in every(30, days[2])])
    site.load(*days)
    found = ask(site, "select day, status, observed_share, is_sample from coverage where sensor = 'gate' order by day")
    assert found == [
        *((day, "observed", 1.0, False) for day in days[:5]),
        (days[5], "partial", pytest.approx(0.5, abs=0.03), False),
        (days[6], "blind", 0.0, False),
        (days[7], "sampled", 1.0, True),
    ]
    office = ask(site, "select day, status, events from coverage where sensor = 'office' order by day")
    assert office == [(days[2], "observed", 0), *((day, "blind", 0) for day in days[3:])]
    observed = ask(site, "select sensor, count(*), sum(lines) from observed_days group by sensor order by sensor")
    assert observed == [("gate", 7, 48 * 6 + 24), ("office", 1, 48)]


def test_a_gap_is_long_by_the_sensors_own_habit(site: Site) -> None:
    days = [date(2020, 4, 1) + timedelta(days=number) for number in range(5)]
    for name, minutes in (("busy", 1), ("slow", 480)):
        stamps = [stamp for day in days for stamp in every(minutes, day) if not stamp.startswith("2020-04-03T1")]
        site.drop(f"{name}/a.log", map(packet, stamps))
    site.load(*days)
    found = ask(
        site, "select sensor, day, long_gaps, blind_minutes, usual_gap_minutes from coverage where long_gaps > 0"
    )
    assert found == [("busy", DAY, 1, 600, 0.0)]


def test_the_last_hours_of_a_log_that_ends_are_no_habit(site: Site) -> None:
    stamps = [f"{DAY - timedelta(days=1)}{stamp[10:]}" for stamp in every(1, DAY)]
    site.drop("gate/a.log", map(packet, [*stamps, *(stamp for stamp in every(1, DAY) if stamp[11:13] < "05")]))
    site.load(DAY - timedelta(days=1), DAY)
    found = ask(site, "select day, status, blind_minutes from coverage order by day")
    assert found == [(DAY - timedelta(days=1), "observed", 0), (DAY, "partial", 19 * 60)]


# What has changed since a day was loaded


def stale(site: Site) -> list[tuple[Any, ...]]:
    site.parse()  # looks at the raw files, and loads no day
    return ask(site, "select day, sensor, is_loaded, new_files, gone_files from stale_days order by day, sensor")


def test_days_whose_lines_changed_are_named(site: Site) -> None:
    lines = [packet(f"2020-04-0{day}T10:00:{second:02}Z", number=second) for day in (3, 4) for second in range(9)]
    path = site.drop("gate/a.log", lines)
    assert stale(site) == [(DAY, "gate", False, ["gate/a.log"], []), (NEXT, "gate", False, ["gate/a.log"], [])]
    site.load(DAY, NEXT)
    assert stale(site) == []
    path.rename(path.with_name("b.log"))
    site.drop("gate/copy.log.gz", gzip.compress(text(reversed(lines))))
    assert stale(site) == []
    site.drop("gate/c.log", [packet("2020-04-04T11:00:00Z")])
    assert stale(site) == [(NEXT, "gate", True, ["gate/c.log"], [])]
    site.load(NEXT)
    assert stale(site) == []
    path.with_name("copy.log.gz").unlink()
    assert stale(site) == []
    path.with_name("b.log").unlink()
    assert stale(site) == [
        (DAY, "gate", True, [], ["gate/a.log"]),
        (NEXT, "gate", True, [], ["gate/b.log", "gate/copy.log.gz"]),
    ]


def test_a_day_without_a_change_is_not_stale_though_its_file_grew(site: Site) -> None:
    lines = [packet("2020-04-03T10:00:00Z"), "no stamp"]
    site.drop("gate/a.log", lines)
    site.load(DAY)
    site.drop("gate/a.log", [*lines, packet("2020-04-04T10:00:00Z")])
    assert stale(site) == [(NEXT, "gate", False, ["gate/a.log"], [])]
    site.drop("gate/a.log", [*lines, "no stamp again"])
    assert stale(site) == [(DAY, "gate", True, ["gate/a.log"], ["gate/a.log"])]


# The digest


def digests(site: Site, day: date = DAY) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for row in site.rows("loads", day):
        found.setdefault(row["sensor"], set()).add(row["digest"])
    return found


def test_the_digest_is_that_of_the_events_whatever_files_they_came_in(site: Site, tmp_path: Path) -> None:
    lines = [packet(stamp, number=number % 50) for number, stamp in enumerate(every(3))] * 2
    site.drop("gate/a.log", lines)
    site.drop("office/a.log", lines[:100])
    other = Site(tmp_path / "other")
    other.drop("gate/b.log.gz", gzip.compress(text(lines[::-1])))
    other.drop("gate/half.log", lines[: len(lines) // 2])
    other.drop("office/1.log", lines[:60])
    other.drop("office/2.log", lines[40:100])
    for loaded in (site, other):
        loaded.load(DAY)
    assert digests(site) == digests(other)
    assert all(len(found) == 1 for found in digests(site).values())
    assert digests(site)["gate"] != digests(site)["office"]
    other.drop("gate/c.log", [packet("2020-04-03T10:00:01Z")])
    other.load(DAY)
    assert digests(site)["gate"] != digests(other)["gate"]
    assert digests(site)["office"] == digests(other)["office"]


def test_the_same_line_at_another_time_has_another_digest(site: Site) -> None:
    site.drop("gate/a.log", [packet("Apr  3 10:00:00")], written=at("2020-04-05"))
    site.load(DAY)
    before = digests(site)
    site.drop("gate/a.log", [packet("Apr  3 10:00:00")], written=at("2021-04-05"))
    later = date(2021, 4, 3)
    site.load(later)
    assert digests(site, later) != before


def test_views_of_coverage_are_published(site: Site) -> None:
    site.drop("gate/a.log", [packet("2020-04-03T01:10:00Z")])
    site.load(DAY)
    assert {"coverage", "observed_days", "stale_days"} <= {*publish(site.settings()).views}
