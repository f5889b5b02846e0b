"""How much of a day each sensor saw: what tells a quiet day from a blind one, and a count from a sample.

A day of a sensor is made of three things: its signs (see `signs`), the accounts of its files, and its events. For UFW
the events tell, too: it logs at most three packets a minute of a rule by default (`-m limit --limit 3/min`), so a day
on which most busy minutes have three is a sample; and with its log level at medium or above it logs one packet twice,
as AUDIT and as what became of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.digests import event_keys
from pipelines.duplicates import Duplicates
from pipelines.partitions import day_number, read_small
from pipelines.scanning.notices import LOST, RATE_LIMIT, REPEATED, RESTART
from pipelines.scanning.stamps import DAY, SECOND
from pipelines.schema import COVERAGE, arrow_schema
from pipelines.signs import CLOCK_BACK, LINES, MINUTE
from pipelines.zones import local_to_utc

# A time without a line that is as long is kept: shorter ones say nothing of any firewall.
SHORTEST_GAP = 10
MINUTES_PER_HOUR = 60

# What UFW's limit leaves of a rule in a minute, and how many such minutes make a plateau and no chance.
UFW_LIMIT = 3
PLATEAU = 30

_UFW, _AUDIT = "UFW", "AUDIT"
_PACKET = ("source_ip", "destination_ip", "source_port", "destination_port", "protocol", "ip_id")

Row = dict[str, Any]


def coverage_of(
    day: date, zone: ZoneInfo, signs: Path, accounts: Sequence[Mapping[str, Any]], events: "UfwEvents"
) -> pa.RecordBatch:
    """Return a row of `schema.COVERAGE` for each sensor that there is.

    Args:
        day: the day.
        zone: whose calendar day it is.
        signs: the day's partition of signs.
        accounts: rows of `schema.LOADS`, of the day.
        events: what the day's events tell.
    """
    found = read_small(signs)
    midnights = local_to_utc((day_number(day) + np.arange(2)) * DAY, zone)
    rows = []
    for sensor in found["sensor"].unique().to_pylist():
        own = found.filter(pc.equal(found["sensor"], sensor))
        loads = [row for row in accounts if row["sensor"] == sensor]
        rows.append(
            {
                "sensor": sensor,
                "lines": sum(row["lines"] for row in loads),
                "events": sum(row["events"] - row["duplicates"] for row in loads),
                **_times(_stamps(own, LINES), midnights),
                **_marks(own),
                "limited_minutes": events.limited_minutes.get(sensor, 0),
                "logged_twice": events.logged_twice.get(sensor, 0),
            }
        )
    return pa.RecordBatch.from_pylist(rows, arrow_schema(COVERAGE))


def _stamps(signs: pa.Table, kind: str) -> npt.NDArray[np.int64]:
    stamps: npt.NDArray[np.int64] = (
        signs.filter(pc.equal(signs["kind"], kind))["observed_at"].cast(pa.int64()).to_numpy()
    )
    return stamps


def _numbers(signs: pa.Table, kind: str) -> list[int]:
    numbers: list[int] = signs.filter(pc.equal(signs["kind"], kind))["number"].to_pylist()
    return numbers


def _times(minutes: npt.NDArray[np.int64], midnights: npt.NDArray[np.int64]) -> Row:
    """Return when lines were logged, of which the minutes are given, and when not."""
    count = int(midnights[1] - midnights[0]) // MINUTE
    has_lines = np.zeros(count, np.bool_)
    places = (minutes - midnights[0]) // MINUTE
    has_lines[places[(places >= 0) & (places < count)]] = True
    gaps = list(_gaps(has_lines))
    hours = np.zeros(-(-count // MINUTES_PER_HOUR), np.bool_)
    hours[np.flatnonzero(has_lines) // MINUTES_PER_HOUR] = True
    return {
        "first_line_at": int(minutes.min()) if len(minutes) else None,
        "last_line_at": int(minutes.max()) if len(minutes) else None,
        "hours": int(hours.sum()),
        "day_minutes": count,
        "longest_gap_minutes": max((length for _, length in gaps), default=0),
        "gaps": [{"started_at": int(midnights[0]) + start * MINUTE, "minutes": length} for start, length in gaps],
    }


def _gaps(has_lines: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Yield start and length of each run of minutes without lines, of those that are kept."""
    bounds = np.flatnonzero(np.diff(np.concatenate([[True], has_lines, [True]]).astype(np.int8))).reshape(-1, 2)
    for start, end in bounds[bounds[:, 1] - bounds[:, 0] >= SHORTEST_GAP].tolist():
        yield start, end - start


def _marks(signs: pa.Table) -> Row:
    jumps = _numbers(signs, CLOCK_BACK)
    return {
        "clock_jumps": len(jumps),
        "clock_back_seconds": max(jumps, default=None),
        "restarts": len(_numbers(signs, RESTART)),
        "suppressed": sum(_numbers(signs, RATE_LIMIT)),
        "lost": sum(_numbers(signs, LOST)),
        "repeated": sum(_numbers(signs, REPEATED)),
    }


class UfwEvents:
    """What the events of a day that UFW logged tell of it.

    Attributes:
        limited_minutes: by sensor, minutes in which as much of a rule was logged as its limit lets through.
        logged_twice: by sensor, events that are logged as AUDIT beside another event of the packet.
    """

    def __init__(self, parsed: Path, duplicates: Duplicates | None) -> None:
        """Look at a partition of parsed events, less the duplicates."""
        self.limited_minutes: dict[str, int] = {}
        self.logged_twice: dict[str, int] = {}
        with pq.ParquetFile(
            parsed, read_dictionary=["sensor", "rule", "source_ip", "destination_ip", "protocol"]
        ) as file:
            rules = _rules(file)
            if not any(_UFW in rule for rule in rules):
                return
            kept = None if duplicates is None else pa.array(~duplicates.rows)
            self._count_minutes(_read(file, ("sensor", "rule", "observed_at"), kept))
            if any(_AUDIT in rule for rule in rules):
                self._count_twins(_read(file, ("sensor", "rule", "observed_at", *_PACKET), kept))

    def _count_minutes(self, events: pa.Table) -> None:
        minutes = events["observed_at"].cast(pa.int64()).to_numpy() // MINUTE
        sensors, rules = _codes(events["sensor"]), _codes(events["rule"])
        names, texts = _dictionary(events["sensor"]), _dictionary(events["rule"])
        for code, rule in enumerate(texts):
            for sensor, name in enumerate(names) if _UFW in rule else ():
                own = minutes[(rules == code) & (sensors == sensor)]
                if len(own):
                    limited = _plateau(np.bincount(own - own.min()))
                    self.limited_minutes[name] = self.limited_minutes.get(name, 0) + limited

    def _count_twins(self, events: pa.Table) -> None:
        audits = np.array([_AUDIT in rule for rule in _dictionary(events["rule"])] + [False])
        is_audit = audits[_codes(events["rule"])]
        keys = np.zeros(len(events), np.uint64)
        seconds = events["observed_at"].cast(pa.int64()).to_numpy() // SECOND
        for column in (seconds, _codes(events["sensor"]), *(_codes(events[name]) for name in _PACKET)):
            event_keys(keys.copy(), column, keys)
        twins = is_audit & np.isin(keys, keys[~is_audit])
        for name, count in zip(
            _dictionary(events["sensor"]), np.bincount(_codes(events["sensor"])[twins]).tolist(), strict=False
        ):
            self.logged_twice[name] = count


def _rules(file: pq.ParquetFile) -> set[str]:
    """Return the different rules of a partition."""
    rules: set[str] = set()
    for group in range(file.num_row_groups):
        for chunk in file.read_row_group(group, columns=["rule"], use_threads=False)["rule"].chunks:
            rules.update(filter(None, chunk.dictionary.to_pylist()))
    return rules


def _read(file: pq.ParquetFile, columns: Sequence[str], kept: pa.Array | None) -> pa.Table:
    table = file.read(columns=list(columns), use_threads=False)
    table = table if kept is None else table.filter(kept)
    return table.unify_dictionaries().combine_chunks()


def _codes(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """Return numbers, or places in the dictionary of texts; -1 for NULL."""
    array = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    values = array.indices if isinstance(array, pa.DictionaryArray) else array
    codes: npt.NDArray[np.int64] = pc.fill_null(values.cast(pa.int64()), -1).to_numpy(zero_copy_only=False)
    return codes


def _dictionary(column: pa.ChunkedArray) -> list[str]:
    texts: list[str] = column.chunk(0).dictionary.to_pylist() if column.num_chunks else []
    return texts


def _plateau(counts: npt.NDArray[np.int64]) -> int:
    """Return how many minutes have just what the limit lets through, if that is the limit's doing; 0 if not.

    By chance three in a minute are never twice as frequent as two while five or more are rare: of Poisson's
    distributions those with a mean of three and less have as many twos as threes, those above have fives.
    """
    below, just, above = (counts == UFW_LIMIT - 1).sum(), (counts == UFW_LIMIT).sum(), (counts > UFW_LIMIT + 1).sum()
    return int(just) if just >= PLATEAU and just >= 2 * below and 10 * above <= just else 0
