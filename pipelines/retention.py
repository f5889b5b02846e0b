"""How long what is kept: at the end of a load, what is older than the settings say is removed. Off by default.

Spans are counted back from the newest day that has events, not from today: a clock that jumps, or a firewall that has
been silent for a year, removes nothing. Events and counts go by whole months, because counts are kept by the month: a
month is counted to its end before its events go, and what has been removed stays noted, so that a month whose counts
outlive its events is neither counted again nor checked against them. Loads and coverage stay: they are small.
"""

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.count_years import YEARS, write_year
from pipelines.retained import Retained
from pipelines.schema import RAW_FILES, arrow_schema
from pipelines.settings import Settings
from pipelines.sole_writer import sole_writer
from pipelines.warehouse import EMPTY_DAY, PART, Warehouse, replacing

# What goes with a day's events: all that they are made from.
_EVENT_STAGES = ("parsed", "accounts", "signs", "events")


@dataclass(frozen=True)
class Removed:
    """What a load removed: names of raw files, how many days of what, and how many months of counts."""

    raw: tuple[str, ...] = ()
    rejected_days: int = 0
    event_days: int = 0
    count_months: int = 0

    def __str__(self) -> str:
        """Say what went; nothing where nothing did."""
        parts = (
            (len(self.raw), "raw files"),
            (self.rejected_days, "days of rejected lines"),
            (self.event_days, "days of events"),
            (self.count_months, "months of counts"),
        )
        said = ", ".join(f"{number:,} {what}" for number, what in parts if number)
        return said and f"Removed, being older than is kept: {said}"


def remove_old(settings: Settings) -> Removed:
    """Remove what is older than the settings keep; called when the counts are those of the events.

    Raises:
        StorageError: the disk refuses.
    """
    warehouse, keep = Warehouse(settings.warehouse), settings.keep
    newest = _newest_day(warehouse) if any((keep.raw, keep.rejected, keep.events, keep.counts)) else None
    if newest is None:
        return Removed()
    with sole_writer(warehouse):
        before = Retained.of(warehouse)
        after = replace(
            before,
            rejected_since=_later(before.rejected_since, _first_kept(newest, keep.rejected)),
            events_since=_later(before.events_since, _counted_month(warehouse, _first_kept(newest, keep.events))),
            counts_since=_later(before.counts_since, _month(_first_kept(newest, keep.counts))),
        )
        if after != before:
            after.write(warehouse)
        return Removed(
            raw=tuple(_remove_raw(warehouse, _first_kept(newest, keep.raw))),
            rejected_days=_remove_days(warehouse, ("rejected",), after.rejected_since),
            event_days=_remove_days(warehouse, _EVENT_STAGES, after.events_since),
            count_months=_remove_counts(warehouse, after.counts_since),
        )


def _newest_day(warehouse: Warehouse) -> date | None:
    days = reversed(warehouse.days("events"))
    return next((day for day in days if pq.read_metadata(warehouse.partition("events", day)).num_rows), None)


def _first_kept(newest: date, span: int | None) -> date | None:
    return None if span is None else newest - timedelta(days=span - 1)


def _month(day: date | None) -> date | None:
    return day and day.replace(day=1)


def _later(one: date | None, other: date | None) -> date | None:
    return max((day for day in (one, other) if day), default=None)


def _counted_month(warehouse: Warehouse, first_kept: date | None) -> date | None:
    """Return the first day of the month of a day, or of the first month before it that is not counted yet."""
    month = _month(first_kept)
    if month is None:
        return None
    built = _state(warehouse).get("built", {})
    for day in warehouse.days("events"):
        status = warehouse.partition("events", day).stat()
        if day < month and built.get(str(_month(day)), {}).get(str(day)) != [status.st_size, status.st_mtime_ns]:
            return _month(day)
    return month


def _state(warehouse: Warehouse) -> dict[str, Any]:
    path = warehouse.counts / "state.json"
    state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return state


def _remove_days(warehouse: Warehouse, stages: tuple[str, ...], since: date | None) -> int:
    """Remove the partitions of stages before a day; return how many days had any."""
    if since is None:
        return 0
    removed = set()
    for stage in stages:
        for day in warehouse.days(stage):
            if day < since:
                shutil.rmtree(warehouse.partition(stage, day).parent)
                removed.add(day)
    return len(removed)


def _remove_counts(warehouse: Warehouse, since: date | None) -> int:
    if since is None:
        return 0
    old = [
        folder
        for folder in warehouse.counts.glob("*/*/month=*")
        if date.fromisoformat(folder.name.removeprefix("month=")) < since
    ]
    if old:
        _add_up_year(warehouse, since)
        state = _state(warehouse)
        state["built"] = {month: days for month, days in state["built"].items() if month >= since.isoformat()}
        for folder in old:
            shutil.rmtree(folder)
        with replacing(warehouse.counts / "state.json") as temporary:
            temporary.write_text(json.dumps(state), encoding="utf-8")
    return len({folder.name for folder in old})


def _add_up_year(warehouse: Warehouse, since: date) -> None:
    """Count the year of the first month that is kept without those before, and remove years without a month."""
    year = since.replace(month=1)
    for name, of_months in YEARS.items():
        months = (warehouse.counts / "months" / of_months).glob(f"month=*/{PART}")
        kept = [month for month in sorted(months) if month.parent.name >= f"month={since}"]
        of_year = [month for month in kept if month.parent.name.startswith(f"month={year:%Y}-")]
        if of_year and since > year:
            with (
                tempfile.TemporaryDirectory(prefix=".work-", dir=warehouse.counts) as scratch,
                replacing(warehouse.count_file("years", name, year)) as temporary,
            ):
                write_year(temporary, name, of_year, since, Path(scratch))
        years = {EMPTY_DAY.year, *(int(month.parent.name[len("month=") :][:4]) for month in kept)}
        for folder in (warehouse.counts / "years" / name).glob("year=*"):
            if date.fromisoformat(folder.name.removeprefix("year=")).year not in years:
                shutil.rmtree(folder)


def _remove_raw(warehouse: Warehouse, since: date | None) -> Iterator[str]:
    """Remove dropped files whose last line is older, all of whose lines have been loaded; yield their names."""
    if since is None:
        return
    rows = pq.read_table(warehouse.raw_files).to_pylist()
    kept = []
    for row in rows:
        path = warehouse.raw / row["file"]
        if row["last_day"] is None or row["last_day"] >= since or not _is_loaded(warehouse, path, row):
            kept.append(row)
            continue
        path.unlink()
        yield row["file"]
    if len(kept) < len(rows):
        with replacing(warehouse.raw_files) as temporary:
            pq.write_table(pa.Table.from_pylist(kept, arrow_schema(RAW_FILES)), temporary, compression="zstd")


def _is_loaded(warehouse: Warehouse, path: Path, row: Mapping[str, Any]) -> bool:
    """Return whether a file lies below raw/, is as it was read, and has no line that was not loaded."""
    if (
        row["problem"]
        or not row["fingerprint"]
        or not path.is_file()
        or not path.resolve().is_relative_to(warehouse.raw)
    ):
        return False
    if path.stat().st_size != row["bytes"]:
        return False
    for lines in row["days"]:
        partition = warehouse.partition("loads", lines["day"])
        loads = (
            pq.read_table(partition, columns=["sensor", "lines", "file_digest"]).to_pylist()
            if partition.exists()
            else []
        )
        if {"sensor": row["sensor"], "lines": lines["lines"], "file_digest": lines["digest"]} not in loads:
            return False
    return True
