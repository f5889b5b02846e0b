"""The writers of partitions: whole or not at all, and the same rows with however little memory and few open files."""

import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines import partitions, warehouse
from pipelines.enrich import enrich_days
from pipelines.partitions import PartitionWriters, day_number, day_of
from pipelines.schema import Column
from pipelines.warehouse import Warehouse, replacing
from tests.raw_logs import Row, Site, packet, rows_of

FIRST = date(2020, 1, 1)
DAYS = [FIRST + timedelta(days) for days in range(120)]
COLUMNS = (Column("name", pa.string(), "a text"), Column("number", pa.int64(), "a number"))


@pytest.fixture
def place(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "warehouse")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "site")


def batch(start: int, count: int) -> pa.RecordBatch:
    numbers = range(start, start + count)
    names = pa.array([f"name {number % 7}" if number % 5 else None for number in numbers], pa.string())
    return pa.record_batch([names.dictionary_encode(), pa.array(numbers, pa.int64())], names=["name", "number"])


def rows(start: int, count: int) -> list[Row]:
    return [
        {"name": f"name {number % 7}" if number % 5 else None, "number": number}
        for number in range(start, start + count)
    ]


def temporaries(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.name.endswith(".tmp")]


def test_days_have_numbers() -> None:
    assert [day_number(day) for day in (date(1970, 1, 1), date(2020, 4, 3), date(1969, 12, 31))] == [0, 18_355, -1]
    assert [day_of(number) for number in (0, 18_355)] == [date(1970, 1, 1), date(2020, 4, 3)]


def test_rows_of_mixed_days_become_a_file_a_day(place: Warehouse) -> None:
    with PartitionWriters(place, "stage", COLUMNS, DAYS[:3]) as writers:
        for start in range(0, 90, 10):
            writers.add(day_number(DAYS[start // 10 % 2]), batch(start, 10))
        assert place.days("stage") == []
    assert place.days("stage") == DAYS[:3]
    assert rows_of(place.partition("stage", DAYS[0])) == [row for start in range(0, 90, 20) for row in rows(start, 10)]
    assert rows_of(place.partition("stage", DAYS[1])) == [row for start in range(10, 90, 20) for row in rows(start, 10)]
    assert rows_of(place.partition("stage", DAYS[2])) == []
    assert writers.rows == {DAYS[0]: 50, DAYS[1]: 40, DAYS[2]: 0}
    assert writers.sizes() == {day: place.partition("stage", day).stat().st_size for day in DAYS[:3]}
    assert temporaries(place.root) == []


def test_more_rows_than_a_row_group(place: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions, "GROUP_ROWS", 25)
    with PartitionWriters(place, "stage", COLUMNS, DAYS[:1]) as writers:
        for start in range(0, 100, 10):
            writers.add(day_number(DAYS[0]), batch(start, 10))
    path = place.partition("stage", DAYS[0])
    assert rows_of(path) == rows(0, 100)
    assert pq.ParquetFile(path).num_row_groups == 4


@pytest.mark.parametrize("waiting", [0, 1, 35, 10_000])
@pytest.mark.parametrize("open_partitions", [1, 2, 5, 1000])
def test_little_memory_and_few_files_give_the_same_rows(
    place: Warehouse, monkeypatch: pytest.MonkeyPatch, waiting: int, open_partitions: int
) -> None:
    monkeypatch.setattr(partitions, "WAITING_ROWS", waiting)
    monkeypatch.setattr(partitions, "OPEN_PARTITIONS", open_partitions)
    days = DAYS[:6]
    expected: dict[date, list[Row]] = {day: [] for day in days}
    with PartitionWriters(place, "stage", COLUMNS, days) as writers:
        for turn in range(30):
            day = days[turn * turn % 5]
            writers.add(day_number(day), batch(turn * 100, turn % 4 * 5 + 1))
            expected[day] += rows(turn * 100, turn % 4 * 5 + 1)
        writers.finish()
        writers.finish()
        assert place.days("stage") == []
    assert {day: rows_of(place.partition("stage", day)) for day in days} == expected
    assert [path.name for path in place.root.rglob("*") if path.is_file()] == ["part.parquet"] * 6


@contextmanager
def few_files() -> Iterator[None]:
    """Let this process open but 150 files more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = max(int(number) for number in os.listdir("/dev/fd"))  # noqa: PTH208 - names of descriptors
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(used + 150, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_year_needs_no_more_files_than_a_process_may_open(place: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions, "WAITING_ROWS", 0)
    days = [FIRST + timedelta(days) for days in range(200)]
    with few_files(), PartitionWriters(place, "stage", COLUMNS, days) as writers:
        for place_of_day, day in enumerate(days):
            writers.add(day_number(day), batch(place_of_day, 1))
    assert [rows_of(place.partition("stage", day)) for day in days] == [rows(number, 1) for number in range(200)]


# Whole or not at all


FULL = OSError(28, "No space left on device")


def changed_site(site: Site, stage: str) -> Callable[[], object]:
    """Load two days, add lines to both, and return what loads a stage of them again."""
    site.drop("gate/a.log", [packet("2020-01-01T10:00:00Z"), "no stamp", packet("2020-01-02T10:00:00Z"), "no stamp"])
    site.drop("gate/b.log", [packet("2020-01-01T10:00:00Z", number=1), packet("2020-01-02T10:00:00Z", number=2)])
    site.load(*DAYS[:2])
    added = [packet("2020-01-01T10:00:00Z", number=3), "no", packet("2020-01-02T10:00:00Z", number=4), "no"]
    site.drop("gate/c.log", added)
    if stage == "parse":
        return lambda: site.parse(*DAYS[:2])
    site.parse(*DAYS[:2])
    return lambda: enrich_days(site.settings(), DAYS[:2])


def assert_nothing_changed(site: Site, work: Callable[[], object]) -> None:
    """Do work that fails, and compare the warehouse with what it was."""
    before = site.content()
    with pytest.raises(OSError, match="the disk is full"):
        work()
    assert site.content() == before


def assert_something_changes(site: Site, work: Callable[[], object]) -> None:
    before = site.content()
    work()
    assert site.content() != before


@pytest.mark.parametrize(("stage", "call"), [("parse", 0), ("parse", 3), ("parse", 5), ("enrich", 0), ("enrich", 3)])
def test_after_a_failure_to_sync_nothing_has_changed(
    site: Site, monkeypatch: pytest.MonkeyPatch, stage: str, call: int
) -> None:
    work = changed_site(site, stage)
    calls = iter(range(100))
    real = warehouse.sync

    def failing(path: Path) -> None:
        if next(calls) == call:
            raise FULL
        real(path)

    with monkeypatch.context() as patch:
        patch.setattr(partitions, "sync", failing)
        assert_nothing_changed(site, work)
    assert_something_changes(site, work)


@pytest.mark.parametrize(("stage", "call"), [("parse", 0), ("parse", 3), ("parse", 5), ("enrich", 0), ("enrich", 3)])
def test_after_a_failure_to_write_nothing_has_changed(
    site: Site, monkeypatch: pytest.MonkeyPatch, stage: str, call: int
) -> None:
    work = changed_site(site, stage)
    calls = iter(range(100))
    real = pq.ParquetWriter.write_table

    def failing(writer: pq.ParquetWriter, table: pa.Table, row_group_size: int) -> None:
        if next(calls) == call:
            raise FULL
        real(writer, table, row_group_size)

    with monkeypatch.context() as patch:
        patch.setattr(pq.ParquetWriter, "write_table", failing)
        assert_nothing_changed(site, work)
    assert_something_changes(site, work)


def test_after_a_failure_to_close_nothing_is_left(place: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    real = pq.ParquetWriter.close

    def failing(writer: pq.ParquetWriter) -> None:
        real(writer)
        raise FULL

    monkeypatch.setattr(partitions, "WAITING_ROWS", 0)
    writers = PartitionWriters(place, "stage", COLUMNS, DAYS[:3])
    for day in DAYS[:3]:
        writers.add(day_number(day), batch(0, 10))
    writers._settle()
    assert len(temporaries(place.root)) == 3
    monkeypatch.setattr(pq.ParquetWriter, "close", failing)
    with pytest.raises(OSError, match="No space left on device"):
        writers.__exit__(None, None, None)
    assert temporaries(place.root) == []
    assert place.days("stage") == []


@pytest.mark.parametrize("error", [ValueError("why"), KeyboardInterrupt("why")])
def test_after_an_error_in_the_block_nothing_has_changed(place: Warehouse, error: BaseException) -> None:
    def write(start: int, days: list[date], failure: BaseException | None = None) -> None:
        with PartitionWriters(place, "stage", COLUMNS, days) as writers:
            writers.add(day_number(DAYS[0]), batch(start, 10))
            if failure:
                raise failure

    write(1, DAYS[:2])
    with pytest.raises(type(error), match="why"):
        write(100, DAYS[:3], error)
    assert rows_of(place.partition("stage", DAYS[0])) == rows(1, 10)
    assert place.days("stage") == DAYS[:2]
    assert temporaries(place.root) == []


def test_a_reader_keeps_the_partition_that_it_opened(place: Warehouse) -> None:
    for start in (0, 50):
        with PartitionWriters(place, "stage", COLUMNS, DAYS[:1]) as writers:
            writers.add(day_number(DAYS[0]), batch(start, 10))
        if start == 0:
            opened = pq.ParquetFile(place.partition("stage", DAYS[0]))
    assert opened.read().to_pylist() == rows(0, 10)
    assert rows_of(place.partition("stage", DAYS[0])) == rows(50, 10)
    opened.close()


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file"
    with replacing(path) as temporary:
        temporary.write_text("old", encoding="utf-8")
        assert not path.exists()
    with pytest.raises(ValueError, match="why"), replacing(path) as temporary:  # noqa: PT012 - the block is the matter
        temporary.write_text("new", encoding="utf-8")
        raise ValueError("why")
    assert path.read_text(encoding="utf-8") == "old"
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]
