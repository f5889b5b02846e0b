"""A file that cannot hold the days to load is not read, and never one that can."""

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from pipelines import reading
from pipelines.raw_bytes import read_chunks
from tests.raw_logs import Site, at, packet, text

APRIL, MAY, JUNE = date(2020, 4, 10), date(2020, 5, 10), date(2020, 6, 10)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site(tmp_path / "warehouse")
    for day in (APRIL, MAY, JUNE):
        lines = [packet(f"{day:%b %d} {hour:02}:00:00", number=hour) for hour in range(24)]
        made.drop(f"gate/{day:%m}.log", text(lines), written=at("2020-06-30T00:00:00"))
    return made


@pytest.fixture
def read_files(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    names: list[str] = []

    def noted(path: Path, *rest: object) -> object:
        names.append(path.name)
        return read_chunks(path, *rest)  # type: ignore[arg-type] # as they were given

    monkeypatch.setattr(reading, "read_chunks", noted)
    return names


def events(site: Site, *days: date) -> list[int]:
    return [figures.events for figures in site.parse(*days).days.values()]


def test_a_known_file_is_read_for_its_days_only(site: Site, read_files: list[str]) -> None:
    assert events(site, APRIL) == [24]
    assert sorted(read_files) == ["04.log", "05.log", "06.log"]
    read_files.clear()
    assert events(site, MAY) == [24]
    assert read_files == ["05.log"]
    read_files.clear()
    assert events(site, APRIL, JUNE, date(2020, 7, 1)) == [24, 24, 0]
    assert read_files == ["04.log", "06.log"]


def test_all_files_stay_listed(site: Site) -> None:
    site.parse(APRIL)
    before = site.raw_files()
    site.parse(MAY)
    assert site.raw_files() == before
    assert {row["lines"] for row in before.values()} == {24}
    assert [(row["first_day"], row["last_day"]) for row in before.values()] == [
        (day, day) for day in (APRIL, MAY, JUNE)
    ]


def test_a_renamed_file_is_known(site: Site, read_files: list[str]) -> None:
    site.parse(APRIL)
    (site.warehouse.raw / "gate" / "05.log").rename(site.warehouse.raw / "gate" / "05.log.1")
    read_files.clear()
    assert events(site, JUNE) == [24]
    assert read_files == ["06.log"]
    assert set(site.raw_files()) == {"gate/04.log", "gate/05.log.1", "gate/06.log"}


def changed_end(path: Path) -> None:
    before = path.stat()
    path.write_bytes(path.read_bytes() + text([packet("Jun 10 12:00:00", number=99)]))
    os.utime(path, (before.st_atime, before.st_mtime))


def changed_time(path: Path) -> None:
    path.touch()


@pytest.mark.parametrize("change", [changed_end, changed_time])
def test_a_changed_file_is_read(site: Site, read_files: list[str], change: Callable[[Path], None]) -> None:
    site.parse(APRIL)
    change(site.warehouse.raw / "gate" / "04.log")
    read_files.clear()
    site.parse(JUNE)
    assert sorted(read_files) == ["04.log", "06.log"]


def test_a_file_is_read_for_the_days_of_its_ignored_and_rejected_lines(site: Site) -> None:
    lines = ["Apr 10 10:00:00 gate systemd[1]: Started something.", f"{packet('Jun 10 10:00:00')} SRC=1.2.3.4"]
    site.drop("gate/other.log", text(lines), written=at("2020-06-10T23:59:59"))
    site.parse(MAY)
    days = site.parse(APRIL, JUNE).days
    assert (days[APRIL].ignored, days[JUNE].rejected) == (1, 1)


def test_another_zone_of_a_source_is_another_file(site: Site, read_files: list[str]) -> None:
    site.parse(APRIL)
    site.declare('[[source]]\nname = "gate"\ntimezone = "Asia/Tokyo"\n')
    read_files.clear()
    assert events(site, date(2020, 5, 9)) == [9]
    assert sorted(read_files) == ["04.log", "05.log", "06.log"]


def test_a_damaged_file_is_read_and_named_each_time(site: Site, read_files: list[str]) -> None:
    site.drop("gate/cut.log.gz", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", written=at("2020-04-10T00:00:00"))
    for day in (MAY, JUNE):
        read_files.clear()
        parsed = site.parse(day)
        assert "cut.log.gz" in read_files
        assert len(parsed.problems) == 1


def test_a_file_that_grows_while_it_is_read_is_read_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    growing = site.warehouse.raw / "gate" / "04.log"

    def grown(path: Path, *rest: object) -> object:
        yield from read_chunks(path, *rest)  # type: ignore[arg-type] # as they were given
        if path == growing:
            changed_end(path)

    monkeypatch.setattr(reading, "read_chunks", grown)
    site.parse(APRIL)
    monkeypatch.undo()
    assert events(site, JUNE) == [25]


def test_days_one_by_one_are_what_they_are_together(site: Site, tmp_path: Path) -> None:
    days = [APRIL, MAY, JUNE, date(2020, 4, 11)]
    together = Site(tmp_path / "together")
    for path in (site.warehouse.raw / "gate").iterdir():
        together.drop(f"gate/{path.name}", path.read_bytes(), written=at("2020-06-30T00:00:00"))
        site.drop(f"gate/{path.name}", path.read_bytes(), written=at("2020-06-30T00:00:00"))
    together.load(*days)
    for day in (JUNE, date(2020, 4, 11), APRIL, MAY):
        site.load(day)
    for stage in ("parsed", "rejected", "accounts", "events", "loads"):
        for day in days:
            assert site.rows(stage, day) == together.rows(stage, day)
