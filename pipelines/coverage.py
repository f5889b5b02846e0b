"""How much of a day each sensor saw: what tells a quiet day from a blind one, and a count from a sample.

A day of a sensor is made of three things: its signs (see `signs`), the accounts of its files, and its events. For UFW
the events tell, too: it logs at most three packets a minute of a rule by default (`-m limit --limit 3/min`), so a day
on which most busy minutes have three is a sample; and with its log level at medium or above it logs one packet twice,
as AUDIT and as what became of it.
"""

from collections import Counter, defaultdict
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

from pipelines.addresses import parse_addresses
from pipelines.dictionaries import joined
from pipelines.digests import event_keys
from pipelines.duplicates import PART_EVENTS, Duplicates, kept_groups
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
_PACKET = ("source_ip", "destination_ip", "protocol", "source_port", "destination_port", "ip_id")

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

    They are read by the row group, as a day may have more of them than fit into memory.

    Attributes:
        limited_minutes: by sensor, minutes in which as much of a rule was logged as its limit lets through.
        logged_twice: by sensor, events that are logged as AUDIT beside another event of the packet.
    """

    def __init__(self, parsed: Path, duplicates: Duplicates | None) -> None:
        """Look at a partition of parsed events, less the duplicates."""
        self.limited_minutes: dict[str, int] = {}
        self.logged_twice: dict[str, int] = {}
        self._duplicates = duplicates
        self._codes: dict[str | None, int] = {}
        with pq.ParquetFile(
            parsed, read_dictionary=["sensor", "rule", "source_ip", "destination_ip", "protocol"]
        ) as file:
            rules = _rules(file)
            if any(_UFW in rule for rule in rules):
                self._count_minutes(file)
            if any(_UFW in rule and _AUDIT in rule for rule in rules):
                self._count_twins(file)

    def _count_minutes(self, file: pq.ParquetFile) -> None:
        """Count the events of each sensor, rule and minute, and take up the minutes that a limit cut."""
        counts: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
        for events in kept_groups(file, self._duplicates, ("sensor", "rule", "observed_at")):
            sensors, rules = (joined(events[name].chunks) for name in ("sensor", "rule"))
            minutes = _numbers_of(events["observed_at"]) // MINUTE
            for pair, own in _by_pair(sensors.indices, rules.indices, minutes):
                sensor, rule = sensors.dictionary[pair[0]].as_py(), rules.dictionary[pair[1]].as_py()
                if _UFW in rule:
                    first = int(own.min())  # all of them are of one day
                    events_of = np.bincount(own - first)
                    met = np.flatnonzero(events_of)
                    counts[sensor, rule].update(dict(zip((met + first).tolist(), events_of[met].tolist(), strict=True)))
        for (sensor, _), of_minutes in counts.items():
            limited = _plateau(np.array(list(of_minutes.values())))
            self.limited_minutes[sensor] = self.limited_minutes.get(sensor, 0) + limited

    def _count_twins(self, file: pq.ParquetFile) -> None:
        """Count the AUDIT events whose packet another event is of, one part of the packets after another."""
        parts = 1 << (file.metadata.num_rows // PART_EVENTS).bit_length()
        counts: Counter[str] = Counter()
        for part in range(parts):
            audits, others = [], [np.empty(0, np.uint64)]
            for events in kept_groups(file, self._duplicates, ("sensor", "rule", "observed_at", *_PACKET)):
                keys, is_audit = self._packets(events), _is_audit(events["rule"])
                of_part = keys & np.uint64(parts - 1) == np.uint64(part)
                audits.append((events["sensor"].filter(pa.array(of_part & is_audit)), keys[of_part & is_audit]))
                others.append(keys[of_part & ~is_audit])
            all_others = np.concatenate(others)
            for sensors, keys in audits:
                counts.update(sensors.filter(pa.array(np.isin(keys, all_others))).to_pylist())
        self.logged_twice = dict(counts)

    def _packets(self, events: pa.Table) -> npt.NDArray[np.uint64]:
        """Return a key of each event that those of the same sensor, packet and second have in common."""
        keys = np.zeros(len(events), np.uint64)
        numbers = [_numbers_of(events["observed_at"]) // SECOND]
        for name in ("source_ip", "destination_ip"):
            addresses = joined(events[name].chunks)
            _, high, low = parse_addresses(addresses.dictionary)
            numbers += [_taken(values.view(np.int64), addresses.indices) for values in (high, low)]
        for name in ("sensor", "protocol"):
            texts = joined(events[name].chunks)
            codes = [self._codes.setdefault(text, len(self._codes)) for text in texts.dictionary.to_pylist()]
            numbers.append(_taken(np.array(codes, np.int64), texts.indices))
        numbers += [_numbers_of(events[name]) for name in ("source_port", "destination_port", "ip_id")]
        for column in numbers:
            event_keys(keys.copy(), column, keys)
        return keys


def _rules(file: pq.ParquetFile) -> set[str]:
    """Return the different rules of a partition."""
    rules: set[str] = set()
    for group in range(file.num_row_groups):
        for chunk in file.read_row_group(group, columns=["rule"], use_threads=False)["rule"].chunks:
            rules.update(filter(None, chunk.dictionary.to_pylist()))
    return rules


def _is_audit(rules: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    texts = joined(rules.chunks)
    audits = pc.match_substring(texts.dictionary, _AUDIT).cast(pa.int64()).to_numpy()
    is_audit: npt.NDArray[np.bool_] = _taken(audits, texts.indices) == 1
    return is_audit


def _numbers_of(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """Return numbers, -1 for NULL; stamps as microseconds."""
    numbers: npt.NDArray[np.int64] = pc.fill_null(joined(column.chunks).cast(pa.int64()), -1).to_numpy()
    return numbers


def _taken(values: npt.NDArray[np.int64], places: pa.Array) -> npt.NDArray[np.int64]:
    """Return the value at each place, -1 for NULL."""
    taken: npt.NDArray[np.int64] = pc.fill_null(pa.array(values).take(places), -1).to_numpy()
    return taken


def _by_pair(
    first: pa.Array, second: pa.Array, values: npt.NDArray[np.int64]
) -> Iterator[tuple[tuple[int, int], npt.NDArray[np.int64]]]:
    """Yield each pair of codes that there is, none of them NULL, with the values of its rows."""
    # One more than each code, so that 0 is NULL. To count them costs less than to sort them, if they are few.
    codes = [pc.fill_null(codes.cast(pa.int32()), -1).to_numpy() + 1 for codes in (first, second)]
    width = int(codes[1].max(initial=0)) + 1
    pairs = codes[0] * np.int64(width) + codes[1]
    are_few = width * (int(codes[0].max(initial=0)) + 1) <= len(values)
    found = np.flatnonzero(np.bincount(pairs)) if are_few else np.unique(pairs)
    for pair in found.tolist():
        one, other = divmod(pair, width)
        if one and other:
            yield (one - 1, other - 1), values if len(found) == 1 else values[pairs == pair]


def _plateau(counts: npt.NDArray[np.int64]) -> int:
    """Return how many minutes have just what the limit lets through, if that is the limit's doing; 0 if not.

    By chance three in a minute are never twice as frequent as two while five or more are rare: of Poisson's
    distributions those with a mean of three and less have as many twos as threes, those above have fives.
    """
    below, just, above = (counts == UFW_LIMIT - 1).sum(), (counts == UFW_LIMIT).sum(), (counts > UFW_LIMIT + 1).sum()
    return int(just) if just >= PLATEAU and just >= 2 * below and 10 * above <= just else 0
