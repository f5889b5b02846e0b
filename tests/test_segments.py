"""Of a large file no more is read than may hold a line of the days, and what is loaded is the same as ever."""

import os
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipelines import raw_bytes, reading
from tests.raw_logs import Site, at, packet, text

BLOCK = 1 << 16
SYSLOG = "%b %d %H:%M:%S"
FIRST = date(2020, 4, 1)
DAYS = [FIRST + timedelta(days=number) for number in range(12)]
STAGES = ("parsed", "rejected", "accounts", "events", "loads")


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BLOCK", BLOCK)


@pytest.fixture
def bytes_read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that grows by the number of bytes of each read."""
    counts: list[int] = []
    read = raw_bytes._Stream._read

    def counted(self: raw_bytes._Stream, buffer: memoryview) -> int:
        count = read(self, buffer)
        counts.append(count)
        return count

    monkeypatch.setattr(raw_bytes._Stream, "_read", counted)
    return counts


def lines_of(days: list[date], stamp: str = SYSLOG, each: int = 300) -> Iterator[str]:
    """Yield lines of days in order: events, ignored and rejected lines, and some without a stamp."""
    for day in days:
        for number in range(each):
            moment = datetime(day.year, day.month, day.day) + timedelta(seconds=number * 86_000 // each)  # noqa: DTZ001
            written = f"{moment:{stamp}}"
            match number % 50:
                case 7:
                    yield f"{written} gate sshd[1]: Accepted publickey"
                case 8:
                    yield packet(written, source="1.2.3")
                case 9:
                    yield "no stamp"
                case _:
                    yield packet(written, number=number)


def drop(site: Site, days: list[date], stamp: str = SYSLOG) -> Path:
    end = days[-1] + timedelta(days=1)
    return site.drop("gate/a.log", lines_of(days, stamp), written=datetime(end.year, end.month, end.day))  # noqa: DTZ001


def segments_of(site: Site) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(site.warehouse.segments).to_pylist()
    return rows


def contents(site: Site, days: list[date]) -> dict[str, Any]:
    return {f"{stage} {day}": site.rows(stage, day) for stage in STAGES for day in days} | {
        "raw_files": {
            name: {key: value for key, value in row.items() if key not in ("fingerprint", "modified_at")}
            for name, row in site.raw_files().items()
        }
    }


def test_segments_follow_each_other(tmp_path: Path) -> None:
    site = Site(tmp_path / "warehouse")
    path = drop(site, DAYS)
    site.parse(FIRST)
    found = segments_of(site)
    assert len(found) > 5
    assert [row["start"] for row in found] == [0, *(row["end"] for row in found[:-1])]
    content = path.read_bytes()
    for row in found:
        assert content[row["end"] - 1 : row["end"]] == b"\n"
        assert row["lines"] == content[: row["end"]].count(b"\n")
    assert found[0]["first_day"] == (FIRST - date(1970, 1, 1)).days
    assert len(content) - found[-1]["end"] < BLOCK


@pytest.mark.parametrize("stamp", [SYSLOG, "%Y-%m-%dT%H:%M:%SZ"])
def test_a_file_that_grew_is_read_from_where_it_ended(tmp_path: Path, bytes_read: list[int], stamp: str) -> None:
    grown, fresh = Site(tmp_path / "grown"), Site(tmp_path / "fresh")
    for count in (4, 8, 12):
        path = drop(grown, DAYS[:count], stamp)
        before = len(bytes_read)
        grown.load(DAYS[count - 1])
        read = sum(bytes_read[before:])
        assert read == path.stat().st_size if count == 4 else read < path.stat().st_size * 0.6
    drop(fresh, DAYS, stamp)
    fresh.load(DAYS[3], DAYS[7], DAYS[11])
    assert contents(grown, [DAYS[3], DAYS[7], DAYS[11]]) == contents(fresh, [DAYS[3], DAYS[7], DAYS[11]])


def test_of_a_file_that_did_not_change_only_the_days_are_read(tmp_path: Path, bytes_read: list[int]) -> None:
    site, fresh = Site(tmp_path / "warehouse"), Site(tmp_path / "fresh")
    path = drop(site, DAYS)
    site.load(FIRST)
    before = segments_of(site)
    for day in DAYS:
        start = len(bytes_read)
        site.load(day)
        assert 0 < sum(bytes_read[start:]) < path.stat().st_size / 2
    assert segments_of(site) == before
    drop(fresh, DAYS)
    fresh.load(*DAYS)
    assert contents(site, DAYS) == contents(fresh, DAYS)


def test_a_renamed_file_keeps_its_segments(tmp_path: Path, bytes_read: list[int]) -> None:
    site = Site(tmp_path / "warehouse")
    path = drop(site, DAYS)
    site.parse(FIRST)
    path = path.rename(path.with_name("a.log.1"))
    drop(site, DAYS[:1])
    start = len(bytes_read)
    assert [day.events for day in site.parse(DAYS[6]).days.values()] == [282]
    assert sum(bytes_read[start:]) < path.stat().st_size / 2
    assert {row["file"] for row in segments_of(site)} == {"gate/a.log.1"}


def rewritten(content: bytes) -> bytes:
    return content.replace(b"TTL=241", b"TTL=242")


def cut_short(content: bytes) -> bytes:
    return content[: len(content) // 3]


def another_start(content: bytes) -> bytes:
    return content[content.index(b"\n") + 1 :]


@pytest.mark.parametrize("change", [rewritten, cut_short, another_start])
def test_a_file_that_is_another_is_read_whole(
    tmp_path: Path, bytes_read: list[int], change: Callable[[bytes], bytes]
) -> None:
    site, fresh = Site(tmp_path / "warehouse"), Site(tmp_path / "fresh")
    path = drop(site, DAYS)
    site.load(*DAYS)
    changed = change(path.read_bytes())
    for place in (site, fresh):
        place.drop("gate/a.log", changed, written=at("2020-04-13"))
    start = len(bytes_read)
    site.load(DAYS[2])
    read = sum(bytes_read[start:])
    assert read == len(changed) if change is not cut_short else read <= len(changed)
    fresh.load(DAYS[2])
    assert contents(site, DAYS[2:3]) == contents(fresh, DAYS[2:3])


def test_a_last_line_that_was_being_written_is_read_again(tmp_path: Path) -> None:
    site, fresh = Site(tmp_path / "warehouse"), Site(tmp_path / "fresh")
    content = text(lines_of(DAYS[:8]))
    for end in range(BLOCK * 2 - 300, BLOCK * 2 + 300, 97):
        site.drop("gate/a.log", content[:end], written=at("2020-04-09"))
        site.load(*DAYS[:8])
    for place in (site, fresh):
        place.drop("gate/a.log", content, written=at("2020-04-09"))
        place.load(*DAYS[:8])
    assert contents(site, DAYS[:8]) == contents(fresh, DAYS[:8])


def test_a_file_whose_years_would_begin_elsewhere_is_read_whole(tmp_path: Path, bytes_read: list[int]) -> None:
    site = Site(tmp_path / "warehouse")
    path = drop(site, DAYS)
    site.parse(FIRST)
    os.utime(path, (at("2021-06-01").timestamp(), at("2021-06-01").timestamp()))
    start = len(bytes_read)
    assert [day.events for day in site.parse(date(2021, 4, 3), DAYS[2]).days.values()] == [282, 0]
    assert sum(bytes_read[start:]) == path.stat().st_size


def test_a_long_line_in_a_segment_that_is_passed_over_is_counted(tmp_path: Path) -> None:
    site, fresh = Site(tmp_path / "warehouse"), Site(tmp_path / "fresh")
    lines = list(lines_of(DAYS))
    lines.insert(len(lines) // 3, "x" * (2 * BLOCK))
    for place in (site, fresh):
        place.drop("gate/a.log", lines, written=at("2020-04-13"))
    site.load(FIRST)
    for day in DAYS:
        site.load(day)
    fresh.load(*DAYS)
    assert contents(site, DAYS) == contents(fresh, DAYS)
    assert sum(row["lines"] for day in DAYS for row in fresh.rows("loads", day)) == len(lines)
