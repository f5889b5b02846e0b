"""Watching the raw files: which days got lines that they were not loaded with, and have not been asked for yet.

A look at files that are known costs a look at their names and times; what is new or has grown is read, once, without
being stored. So the first look at a warehouse that was never loaded takes as long as its raw logs are large.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow.parquet as pq

from pipelines.catalogue import unpublished
from pipelines.parse import parse_days
from pipelines.retained import Retained
from pipelines.settings import Settings
from pipelines.sole_writer import sole_writer_if_free
from pipelines.sources import Found, find_files
from pipelines.warehouse import Warehouse


class BusyError(Exception):
    """Another process changes the warehouse: look again when it is done."""


@dataclass(frozen=True)
class Asked:
    """What has been asked for, from one look to the next.

    Attributes:
        files: digest of the names, sizes and times of the files when all was asked for; empty where something waits.
        days: by day, the digest of its lines when it was asked for, and when that was, seconds since 1970.
    """

    files: str = ""
    days: Mapping[str, tuple[str, float]] = field(default_factory=dict)

    @classmethod
    def from_cursor(cls, cursor: str | None) -> "Asked":
        """Read what `cursor` returned; nothing where it cannot be read."""
        try:
            stored = json.loads(cursor or "{}")
            return cls(stored["files"], {day: (state, asked) for day, (state, asked) in stored["days"].items()})
        except (ValueError, KeyError, TypeError, AttributeError):
            return cls()

    def cursor(self) -> str:
        """Return it as text."""
        return json.dumps({"files": self.files, "days": self.days})


@dataclass(frozen=True)
class Request:
    """Days to load, one after another without gaps, and a key that is never the same for other lines of them."""

    first: date
    last: date
    key: str


def changed_days(settings: Settings, asked: Asked, now: datetime) -> tuple[list[Request], Asked]:
    """Return what to load, and what will have been asked for then.

    A day is asked for once for the lines that it has; it is asked for again when it has others, but not within
    `settings.reload_minutes`. The day that is still being written is so loaded every now and then, or, where those are
    0, not before it is over. Days in the future, and those that only lost lines, are left alone.

    Args:
        settings: the settings.
        asked: what this function returned at the look before.
        now: the time, with a zone.

    Raises:
        BusyError: another process changes the warehouse.
    """
    found = find_files(settings)
    files = _digest(sorted(_identities(found)))
    if files == asked.files:
        return [], asked
    today = now.astimezone(settings.timezone).date()
    retained = Retained.of(Warehouse(settings.warehouse))
    states = {day: state for day, state in _stale_states(settings).items() if day <= today and retained.has_events(day)}
    wanted = {}
    waiting = False
    for day, state in states.items():
        before, moment = asked.days.get(day.isoformat(), ("", 0.0))
        if state == before:
            continue
        if now.timestamp() - moment < settings.reload_minutes * 60 or (day == today and not settings.reload_minutes):
            waiting = True
        else:
            wanted[day] = state
    kept = {
        day: (state, moment)
        for day, (state, moment) in asked.days.items()
        if date.fromisoformat(day) in states or now.timestamp() - moment < settings.reload_minutes * 60
    }
    days = kept | {day.isoformat(): (state, now.timestamp()) for day, state in wanted.items()}
    return _requests(wanted), Asked("" if waiting else files, days)


def _identities(found: Found) -> list[tuple[str, int, int]]:
    identities = []
    for file in found.files:
        try:
            status = file.path.stat()
        except OSError:
            identities.append((file.name, -1, -1))
        else:
            identities.append((file.name, status.st_size, status.st_mtime_ns))
    return identities


def _stale_states(settings: Settings) -> dict[date, str]:
    """Return the days with lines that they were not loaded with, and a digest of all lines that each has now.

    Raises:
        BusyError: another process changes the warehouse.
    """
    warehouse = Warehouse(settings.warehouse)
    warehouse.root.mkdir(parents=True, exist_ok=True)
    with sole_writer_if_free(warehouse) as is_free:
        if not is_free:
            raise BusyError
        parse_days(settings, [])
        with unpublished(settings, ["stale_days"]) as connection:
            stale = connection.execute("select distinct day from stale_days where len(new_files) > 0").fetchall()
    held: dict[date, list[Any]] = {day: [] for (day,) in stale}
    for row in pq.read_table(warehouse.raw_files, columns=["sensor", "days"]).to_pylist():
        for lines in row["days"]:
            if lines["day"] in held:
                held[lines["day"]].append((row["sensor"], lines["lines"], lines["digest"]))
    return {day: _digest(sorted(contents)) for day, contents in sorted(held.items())}


def _requests(wanted: Mapping[date, str]) -> list[Request]:
    groups: list[list[date]] = []
    for day in sorted(wanted):
        if groups and day - groups[-1][-1] == timedelta(days=1):
            groups[-1].append(day)
        else:
            groups.append([day])
    return [
        Request(days[0], days[-1], f"{days[0]}...{days[-1]} {_digest([wanted[day] for day in days])}")
        for days in groups
    ]


def _digest(values: Sequence[object]) -> str:
    return hashlib.blake2b(repr(values).encode(), digest_size=12).hexdigest()
