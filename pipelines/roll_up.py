"""The third stage: events become counts, so that a question costs what days, ports and countries cost, not packets.

Counts of different sources cannot be added up, for the same one may be in two of them. So a count is kept by the day
that its sources were last seen on before: those of a period are all whose `previous` lies before its first day, or is
NULL, and they can be added up. There are rows for each day and, for whole months and years of a period, for each of
those. Theirs tell the month that sources were last seen in before, which halves them; of a period that begins in the
middle of one, the edges tell the day.

What is new in a month depends on the months before it: from the first month with another partition than the counts were
made of, all are made anew.
"""

import json
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.count_codes import CountCodes
from pipelines.count_files import CountedDay, CountWriter, SightWriter, read_sights
from pipelines.count_kinds import ALL_KINDS, KINDS, VISITORS, Kind
from pipelines.count_years import YEARS, write_year
from pipelines.facts import FACT_TABLES, write_facts
from pipelines.memory import give_back
from pipelines.partitions import day_number
from pipelines.retained import Retained
from pipelines.seen_days import SeenDays
from pipelines.settings import Settings
from pipelines.sight_keys import HASHED, ITEM_BITS, NEVER, add_events, count_sights, end_day, find_days
from pipelines.sights import WORKERS, DayFacts, Sights, Spool, Stamps, added_visits, spool_month
from pipelines.sole_writer import alone_in, sole_writer
from pipelines.warehouse import PART, Warehouse, replacing, sync

# Counts of another version are made anew: raise it with every change of what the files hold or their keys mean.
VERSION = 8

_SIGHTS = "sights"
_WORK = ".work-"
# Levels and names of all that is kept of a month.
_FOLDERS = tuple(
    (level, name)
    for level, name in (
        *((level, kind.name) for kind in ALL_KINDS for level in kind.levels),
        *((_SIGHTS, kind.name) for kind in KINDS),
        *FACT_TABLES,
    )
    if level != "years"
)

# Size and time of last modification, nanoseconds, of the partitions of events by month and day, as text.
Built = dict[str, dict[str, list[int]]]


@dataclass(frozen=True)
class RolledUp:
    """What rolling up came to.

    Attributes:
        months: the months whose counts were made, in order.
        rows: their rows, by kind and level, such as `ports/days`.
        reading_seconds: seconds spent on reading events.
        counting_seconds: seconds spent on counting them.
    """

    months: tuple[date, ...]
    rows: Mapping[str, int]
    reading_seconds: float
    counting_seconds: float


def roll_up(settings: Settings) -> RolledUp:
    """Bring the counts in line with the partitions of events that are there; one that runs already is waited for.

    Raises:
        OverflowError: the events have more unusual protocols or countries than can be counted.
    """
    give_back()
    warehouse = Warehouse(settings.warehouse)
    with sole_writer(warehouse), alone_in(warehouse.counts, f"{_WORK}*"):
        return _RollUp(warehouse).run()


class _RollUp:
    """One run over the months that need it."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._state = _read_state(warehouse.counts / "state.json")
        self._codes = CountCodes(self._state["codes"])
        days = warehouse.days("events")
        self._months = {month: list(of_month) for month, of_month in groupby(days, lambda day: day.replace(day=1))}
        self._removed = self._without_events()
        months = [*self._months, *map(date.fromisoformat, self._removed)]
        self._first_day = day_number(min(months)) if days else NEVER
        self._rows: dict[str, int] = {}
        self._seconds = {"reading": 0.0, "counting": 0.0}

    def run(self) -> RolledUp:
        """Make the counts of all months that need it, and put them in place together."""
        built, wanted = self._state["built"], self._identities() | self._removed
        known = {*built, *wanted, *self._stored()}
        changed = sorted(month for month in known if built.get(month) != wanted.get(month) or not self._is_whole(month))
        made = [month for month in self._months if changed and month.isoformat() >= changed[0]]
        with tempfile.TemporaryDirectory(prefix=_WORK, dir=self._warehouse.counts) as folder:
            work = Warehouse(Path(folder))
            for month in made:
                self._count_month(work, month)
            first = changed[0] if changed else None
            if self._count_years(work, first) or changed:
                self._put_in_place(work, first, wanted)
        return RolledUp(tuple(made), self._rows, self._seconds["reading"], self._seconds["counting"])

    def _without_events(self) -> Built:
        """Return the months whose counts outlive their events, as they were counted."""
        retained, built = Retained.of(self._warehouse), self._state["built"]
        self._counts_since = retained.counts_since
        months = sorted({*built, *self._stored()})
        return {month: built.get(month, {}) for month in months if not retained.has_events(date.fromisoformat(month))}

    def _identities(self) -> Built:
        found: Built = {}
        for month, days in self._months.items():
            statuses = {day: self._warehouse.partition("events", day).stat() for day in days}
            found[month.isoformat()] = {
                day.isoformat(): [status.st_size, status.st_mtime_ns] for day, status in statuses.items()
            }
        return found

    def _stored(self) -> set[str]:
        """Return the months that some file of counts is of."""
        return {path.parent.name.removeprefix("month=") for path in self._warehouse.counts.glob(f"*/*/month=*/{PART}")}

    def _is_whole(self, month: str) -> bool:
        """Tell whether all files of a month are there, or none where it has no events."""
        day = date.fromisoformat(month)
        files = (self._warehouse.count_file(level, name, day) for level, name in _FOLDERS)
        return (day in self._months or month in self._removed) and all(file.exists() for file in files)

    def _count_month(self, work: Warehouse, month: date) -> None:
        started = time.perf_counter()
        parts = {day: self._warehouse.partition("events", day) for day in self._months[month]}
        folder = work.root / "spool"
        folder.mkdir()
        spools, facts = spool_month(folder, parts, self._codes)
        read = time.perf_counter()
        with ThreadPoolExecutor(WORKERS) as pool:
            works = [pool.submit(self._count_kind, work, month, spool, facts) for spool in spools]
            works.append(pool.submit(self._count_visits, work, month, facts))
            works.append(pool.submit(write_facts, work, month, list(parts.values()), folder))
            for done in works:
                for name, rows in done.result().items():
                    self._rows[name] = self._rows.get(name, 0) + rows
        shutil.rmtree(folder)
        self._seconds["reading"] += read - started
        self._seconds["counting"] += time.perf_counter() - read

    def _count_kind(self, work: Warehouse, month: date, spool: Spool, facts: Mapping[date, DayFacts]) -> dict[str, int]:
        """Write the counts and sights of one kind; return the number of rows."""
        kind = spool.kind
        stamps = {day_number(day): found.stamps.get(kind.name, ()) for day, found in facts.items()}
        seen_days = SeenDays(kind, day_number(month)) if "spans" in kind.levels else None
        with ExitStack() as stack:
            writers = {
                level: stack.enter_context(
                    CountWriter(work.count_file(level, kind.name, month), kind, level, self._codes)
                )
                for level in kind.levels
            }
            sights = stack.enter_context(SightWriter(work.count_file(_SIGHTS, kind.name, month)))
            for part in spool.ranges():
                counted = _Range(part, self._first_day)
                counted.look_up(self._older_sights(work, kind, month))
                days = [CountedDay(day, rows, stamps[day]) for day, rows in counted.days()]
                writers["days"].add_days(days)
                if seen_days is not None:
                    for day in days:
                        seen_days.add(day.day, day.rows[:, 0])
                writers["months"].add(counted.month(), _of_month(stamps.values()))
                writers["edges"].add_edges(counted.edges())
                sights.add(counted.keys, counted.last)
            if seen_days is not None:
                writers["spans"].add_spans(seen_days.rows())
        return {f"{kind.name}/{level}": writer.rows for level, writer in writers.items()}

    def _count_visits(self, work: Warehouse, month: date, facts: Mapping[date, DayFacts]) -> dict[str, int]:
        """Write which ports few visitors tried; return the number of rows."""
        name = VISITORS.name
        days, months = (work.count_file(level, name, month) for level in VISITORS.levels)
        with (
            CountWriter(days, VISITORS, "days", self._codes) as of_days,
            CountWriter(months, VISITORS, "months", self._codes) as of_months,
        ):
            of_days.add_visits_of_days(CountedDay(day_number(day), found.visits) for day, found in facts.items())
            visits, countries = ([getattr(found, name) for found in facts.values()] for name in ("visits", "countries"))
            of_months.add_visits(added_visits(np.concatenate(visits), np.sum(countries, axis=0)))
        return {f"{name}/days": of_days.rows, f"{name}/months": of_months.rows}

    def _count_years(self, work: Warehouse, first: str | None) -> int:
        """Write the files of years from that of the first changed month on, and those missing; return how many."""
        made = 0
        for year, months in self._years().items():
            is_changed = first is not None and year >= date.fromisoformat(first).replace(month=1)
            for name, of_months in YEARS.items():
                if is_changed or not self._warehouse.count_file("years", name, year).exists():
                    files = [self._newest(work, "months", of_months, month) for month in months]
                    since = max(year, self._counts_since or year)
                    rows = write_year(work.count_file("years", name, year), name, files, since, work.root)
                    self._rows[f"{name}/years"] = self._rows.get(f"{name}/years", 0) + rows
                    made += 1
        return made

    def _years(self) -> dict[date, list[date]]:
        """Return the years with counts, by their first days, and the months of each."""
        months = sorted({*self._months, *map(date.fromisoformat, self._removed)})
        return {year: list(of_year) for year, of_year in groupby(months, lambda month: month.replace(month=1))}

    def _newest(self, work: Warehouse, level: str, name: str, month: date) -> Path:
        """Return the file of a month that has just been made, or the one in place."""
        new = work.count_file(level, name, month)
        return new if new.exists() else self._warehouse.count_file(level, name, month)

    def _older_sights(self, work: Warehouse, kind: Kind, month: date) -> Iterator[Path]:
        """Yield the files of sights of the months before, newest first."""
        months = {*self._months, *map(date.fromisoformat, self._removed)}
        for older in sorted((older for older in months if older < month), reverse=True):
            yield self._newest(work, _SIGHTS, kind.name, older)

    def _put_in_place(self, work: Warehouse, first: str | None, wanted: Built) -> None:
        """Replace the files of all months from the first that has changed on, and of the years made with them.

        What stops it in between, the next run heals.
        """
        if first is not None:
            self._write_state({month: days for month, days in self._state["built"].items() if month < first})
            for level, name in _FOLDERS:
                _move(work.counts / level / name, self._warehouse.counts / level / name, wanted)
        for name in YEARS:
            _move(work.counts / "years" / name, self._warehouse.counts / "years" / name, map(str, self._years()))
        if first is not None:
            self._write_state(wanted)

    def _write_state(self, built: Built) -> None:
        state = {"version": VERSION, "codes": self._codes.met(), "built": built}
        with replacing(self._warehouse.counts / "state.json") as temporary:
            temporary.write_text(json.dumps(state), encoding="utf-8")


def _read_state(path: Path) -> dict[str, Any]:
    """Return what the counts were made of; of none where there are no counts, or those of another version."""
    if path.is_file():
        state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if state["version"] == VERSION:
            return state
    return {"codes": {}, "built": {}}


def _move(new: Path, folder: Path, wanted: Iterable[str]) -> None:
    """Move files of months or years, each to its place below a folder, and remove those that are not wanted there."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in sorted(new.glob(f"*=*/{PART}")):
        place = folder / file.parent.name / PART
        place.parent.mkdir(exist_ok=True)
        file.replace(place)
        sync(place.parent)
    kept = set(wanted)
    for gone in folder.glob(f"*=*/{PART}"):
        if gone.parent.name.partition("=")[2] not in kept:
            shutil.rmtree(gone.parent)
    sync(folder)


def _of_month(days: Iterable[Stamps]) -> Stamps:
    """Return the first and last stamps of a month by those of its days; nothing for a kind that has none."""
    bounds = [day for day in days if day]
    if not bounds:
        return ()
    return (
        np.minimum.reduce([first for first, _ in bounds]),
        np.maximum.reduce([last for _, last in bounds]),
    )


class _Range:
    """The sights of a month within a range of keys.

    Attributes:
        keys: int64, its different keys, sorted.
        last: int32, by key the last day it was seen on, so far.
    """

    def __init__(self, seen: Sequence[Sights], first_day: int) -> None:
        self._seen, self._first_day = seen, first_day
        self.keys = _different(np.concatenate([sights.keys for sights in seen]))
        self.last = np.full(len(self.keys), NEVER, np.int32)
        self._before = self.last
        self._groups = self._groups_of_keys()
        self._month_events = np.zeros(len(self.keys), np.int64)
        days = max(sights.day for sights in seen) - first_day + 2
        self._scratch = (np.zeros((days, 2), np.int64), np.empty(days, np.int64))

    def look_up(self, older: Iterator[Path]) -> None:
        """Find the last day before the month of each key, in files of sights, the newest first."""
        low, high = int(self.keys[0]), int(self.keys[-1])
        for path in older:
            for keys, days in read_sights(path, low, high):
                find_days(self.keys, self.last, keys, days)
        self._before = self.last.copy()

    def days(self) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:
        """Yield each day with its rows, as `count_sights` makes them."""
        events = np.zeros(len(self.keys), np.int64)
        touched = np.zeros(len(self.keys) // 64 + 1, np.uint64)
        for day, of_day in groupby(self._seen, lambda sights: sights.day):
            places = sum(add_events(self.keys, sights.keys, sights.events, events, touched) for sights in of_day)
            yield day, self._rows(self.last, events, touched, places)
            end_day(day, self.last, events, touched, self._month_events)

    def month(self) -> npt.NDArray[np.int64]:
        """Return the rows of the month by the month before that was the last, once all days have been taken."""
        months = self._before.astype("datetime64[D]").astype("datetime64[M]")
        return self._rows_of_all(months.astype("datetime64[D]").astype(np.int32))

    def edges(self) -> npt.NDArray[np.int64]:
        """Return the rows of the month by the day before that was the last, once all days have been taken."""
        return self._rows_of_all(self._before)

    def _rows_of_all(self, last: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        touched = np.full(len(self.keys) // 64 + 1, np.iinfo(np.uint64).max)
        touched[-1] = np.uint64((1 << len(self.keys) % 64) - 1)
        return self._rows(last, self._month_events, touched, len(self.keys))

    def _rows(
        self, last: npt.NDArray[np.int32], events: npt.NDArray[np.int64], touched: npt.NDArray[np.uint64], places: int
    ) -> npt.NDArray[np.int64]:
        out = np.empty((places, 4), np.int64)
        rows = count_sights(self.keys, self._groups, last, events, touched, self._first_day, *self._scratch, out)
        found: npt.NDArray[np.int64] = out[:rows]
        return _added_up(found) if rows and self.keys[-1] >= HASHED else found

    def _groups_of_keys(self) -> npt.NDArray[np.int32]:
        groups = (self.keys >> ITEM_BITS).astype(np.int32)
        for sights in self._seen:
            count = len(sights.groups)
            places = np.searchsorted(self.keys, sights.keys[len(sights.keys) - count :])
            groups[places] = sights.groups
        return groups


def _different(keys: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    keys.sort()
    different: npt.NDArray[np.int64] = keys[np.append(True, keys[1:] != keys[:-1])]
    return different


def _added_up(rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return rows with one for each group and previous day: hashed keys of a group do not stand together."""
    order = np.lexsort((rows[:, 1], rows[:, 0]))
    ordered = rows[order]
    new = np.flatnonzero(np.append(True, (ordered[1:, :2] != ordered[:-1, :2]).any(axis=1)))
    added_up: npt.NDArray[np.int64] = np.column_stack([ordered[new, :2], np.add.reduceat(ordered[:, 2:], new, axis=0)])
    return added_up
