"""What cannot be read any more on disk is found when the next load begins, and made again from the stage before it.

A partition is looked at once, until its file changes: what is found here is a file cut short, emptied or written over,
as a disk that was full or lost power leaves it. What rots inside a file is found by `verify`.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.enrich import PARSED_STAGES, enrich_days
from pipelines.parse import parse_days
from pipelines.retained import Retained
from pipelines.settings import Settings
from pipelines.sole_writer import sole_writer
from pipelines.stage_schemas import unreadable_files
from pipelines.warehouse import PART, Warehouse

# What is looked at: stages that readers read. Those before are needed only to make these.
_SHOWN = ("rejected", "events", "loads", "coverage")
_COUNTS = "counts"


class UnreadableError(Exception):
    """A partition that cannot be read and cannot be made again, in one sentence."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{str(path)!r} cannot be read, and nothing is left that it could be made of again: put back the raw logs "
            "that it was made of, or remove the file to go on without it"
        )


@dataclass(frozen=True)
class Repaired:
    """What has been made again: days of events, and files of counts that the roll-up makes anew."""

    days: tuple[date, ...]
    counts: int


def repair(settings: Settings, loaded: Sequence[date] = ()) -> Repaired:
    """Make again what cannot be read, but for the days that are about to be loaded anyhow.

    Raises:
        UnreadableError: a day that cannot be made again.
        StorageError: the disk refuses.
    """
    warehouse = Warehouse(settings.warehouse)
    with sole_writer(warehouse):
        unreadable = unreadable_files(warehouse, (*_SHOWN, _COUNTS))
        retained = Retained.of(warehouse)
        counts = unreadable.pop(_COUNTS, [])
        for path in counts:
            # Years are added up from months.
            if not retained.has_events(_date_of(path)) and not path.parent.name.startswith("year="):
                raise UnreadableError(path)
            path.unlink()
        _forget_unreadable_state(warehouse.counts / "state.json")
        stages = {
            _date_of(path): stage
            for stage, paths in reversed(unreadable.items())
            for path in paths
            if path.name == PART  # publishing makes the empty files anew
        }
        days = sorted(set(stages) - {*loaded})
        for day in days:
            if not retained.has_events(day):
                raise UnreadableError(warehouse.partition(stages[day], day))
        parsed_anew = [day for day in days if stages[day] == "rejected" or not _has_parsed(warehouse, day)]
        if parsed_anew:
            _refuse_lost(settings, {day: stages[day] for day in parsed_anew})
            parse_days(settings, parsed_anew)
        if days:
            enrich_days(settings, days)
    return Repaired(tuple(days), len(counts))


def _date_of(path: Path) -> date:
    """Return the day, or the first of the month or year, that a file is of."""
    return date.fromisoformat(path.parent.name.partition("=")[2])


def _has_parsed(warehouse: Warehouse, day: date) -> bool:
    """Return whether the first stage of a day can be read."""
    try:
        for stage in PARSED_STAGES:
            pq.read_metadata(warehouse.partition(stage, day))
    except (FileNotFoundError, pa.ArrowInvalid):
        return False
    return True


def _refuse_lost(settings: Settings, stages: dict[date, str]) -> None:
    """Refuse days of which no raw file holds a line.

    Raises:
        UnreadableError: there is such a day.
    """
    warehouse = Warehouse(settings.warehouse)
    parse_days(settings, [])  # brings up to date what is known of the raw files
    rows = pq.read_table(warehouse.raw_files, columns=["first_day", "last_day"]).to_pylist()
    spans = [(row["first_day"], row["last_day"]) for row in rows if row["first_day"]]
    for day, stage in stages.items():
        if not any(first <= day <= last for first, last in spans):
            raise UnreadableError(warehouse.partition(stage, day))


def _forget_unreadable_state(path: Path) -> None:
    """Remove what the counts were made of where it cannot be read: they are all made anew then."""
    with suppress(FileNotFoundError):
        try:
            json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            path.unlink()
