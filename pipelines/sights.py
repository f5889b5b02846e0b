"""Sights of a month, spooled: for each day of it the keys that were seen, sorted, with their numbers of events.

A sight is a (group, item) that was seen on a day, such as a port and an address that tried it. What a month has of them
may not fit into memory: they wait in files, and are taken up in ranges of keys.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.addresses import parse_addresses
from pipelines.count_codes import CountCodes
from pipelines.count_kinds import COUNTRY, KINDS, MOST_VISITS, VISITORS, Field, Kind
from pipelines.partitions import day_number
from pipelines.sight_keys import HASHED, NO_STAMP, address_items, bound_stamps, count_equal, make_keys

Numbers = npt.NDArray[np.int64]
Stamps = tuple[Numbers, ...]

# Events of a day that are sorted together: 80 bytes each, by each worker.
SORTED_EVENTS = 1 << 19
# Sights of a month that are taken up together, 120 bytes each, by each worker.
RANGE_SIGHTS = 1 << 19
# One key of so many is looked at to find ranges of about the same size.
SAMPLED = 1 << 10
WORKERS = 2

_CODED = ["source_country", "protocol", "service"]
# Addresses as texts and not as a dictionary: where most of them are different, to make one costs 20 ns an event more.
_READ = ["source_ip", *_CODED, "destination_port", "observed_at"]
_MOST = np.iinfo(np.int64).max
# The first and last stamps of a group that has none.
NO_BOUNDS = (_MOST, -_MOST)


class Sights(NamedTuple):
    """Sorted, different keys of one day with the events of each; groups of the last ones, those that are hashed."""

    day: int
    keys: Numbers
    events: npt.NDArray[np.int32]
    groups: npt.NDArray[np.int32]


@dataclass(frozen=True)
class DayFacts:
    """What a day has beside its sights.

    Attributes:
        stamps: first and last stamps of stamped kinds, by kind: microseconds by group.
        countries: int64[countries], events by country.
        visits: int64[rows, 2], events by group of `VISITORS`, ascending.
    """

    stamps: Mapping[str, Stamps]
    countries: Numbers
    visits: Numbers


@dataclass(frozen=True)
class _Segment:
    """Where in a spool the sights of a day, or of a part of it, stand."""

    day: int
    first: int
    length: int
    first_group: int
    groups: int


class Spool:
    """The sights of one kind and month, in files that the caller removes with their folder."""

    def __init__(self, folder: Path, kind: Kind) -> None:
        """Start an empty spool in an existing folder."""
        self.kind = kind
        self._paths = [folder / f"{kind.name}.{part}" for part in ("keys", "events", "groups")]
        self._segments: list[_Segment] = []
        self._samples: list[Numbers] = []
        self._length = self._groups = 0
        self._lock = Lock()

    def add(self, sights: Sights) -> None:
        """Append sights; any thread may."""
        with self._lock:
            for path, values in zip(self._paths, (sights.keys, sights.events, sights.groups), strict=True):
                with path.open("ab") as file:
                    np.asarray(values).tofile(file)
            segment = _Segment(sights.day, self._length, len(sights.keys), self._groups, len(sights.groups))
            self._segments.append(segment)
            self._samples.append(sights.keys[::SAMPLED].copy())
            self._length += segment.length
            self._groups += segment.groups

    def ranges(self) -> Iterator[list[Sights]]:
        """Yield the sights of one range of keys after another, of each the days in order."""
        number = -(-self._length // RANGE_SIGHTS)
        if not number:
            return
        samples = np.sort(np.concatenate(self._samples))
        cuts = samples[np.arange(1, number) * len(samples) // number]
        bounds = [0, *np.unique(cuts).tolist(), _MOST]
        for low, high in pairwise(bounds):
            yield list(self._between(low, high))

    def _between(self, low: int, high: int) -> Iterator[Sights]:
        keys = np.memmap(self._paths[0], np.int64, "r")
        for segment in sorted(self._segments, key=lambda segment: segment.day):
            stored = keys[segment.first : segment.first + segment.length]
            start, end = (int(place) for place in np.searchsorted(stored, [low, high]))
            hashed = segment.length - segment.groups
            yield Sights(
                segment.day,
                np.array(stored[start:end]),
                self._part(1, segment.first + start, end - start),
                self._part(2, segment.first_group + max(0, start - hashed), max(0, end - max(start, hashed))),
            )

    def _part(self, file: int, first: int, length: int) -> npt.NDArray[np.int32]:
        return np.fromfile(self._paths[file], np.int32, length, offset=4 * first)


def spool_month(
    folder: Path, parts: Mapping[date, Path], codes: CountCodes
) -> tuple[list[Spool], dict[date, DayFacts]]:
    """Spool the sights of days, by their partitions, into an existing folder.

    Returns:
        A spool for each kind, and what each day has beside.

    Raises:
        OverflowError: there are more unusual values than `CountCodes` has numbers for.
    """
    spools = [Spool(folder, kind) for kind in KINDS]
    with ThreadPoolExecutor(WORKERS) as pool:
        facts = list(pool.map(lambda day: _spool_day(spools, day, parts[day], codes), parts))
    return spools, dict(zip(parts, facts, strict=True))


def _spool_day(spools: Sequence[Spool], day: date, part: Path, codes: CountCodes) -> DayFacts:
    stamps = {
        spool.kind.name: tuple(np.full(1 << spool.kind.bits, stamp) for stamp in NO_BOUNDS)
        for spool in spools
        if spool.kind.stamped
    }
    visits = _Visits()
    with pq.ParquetFile(part, read_dictionary=_CODED) as file:
        for batches in _sorted_together(file, codes):
            for spool in spools:
                spool.add(_sights(day_number(day), spool.kind, batches))
                if spool.kind.stamped:
                    for batch in batches:
                        bound_stamps(_group_codes(spool.kind, batch), batch.stamps, *stamps[spool.kind.name])
            for batch in batches:
                visits.add(batch)
    return DayFacts(stamps, visits.countries, visits.found())


class _Visits:
    """The events from countries that few come from.

    Attributes:
        countries: int64[countries], events by country, so far.
    """

    def __init__(self) -> None:
        self.countries = np.zeros(1 << COUNTRY.bits, np.int64)
        self._groups: list[Numbers] = []

    def add(self, batch: "_Batch") -> None:
        """Count a batch, and keep what may be of such countries."""
        countries = batch.codes[COUNTRY]
        self.countries += np.bincount(countries, minlength=len(self.countries))
        rare = (self.countries <= MOST_VISITS)[countries]
        self._groups.append(_group_codes(VISITORS, batch, rare))

    def found(self) -> Numbers:
        """Return the events by group, of the countries that have few in all: int64[rows, 2]."""
        groups = np.concatenate([np.empty(0, np.int64), *self._groups])
        return added_visits(np.column_stack([groups, np.ones_like(groups)]), self.countries)


def added_visits(visits: Numbers, countries: Numbers) -> Numbers:
    """Return events by group added up, without those of countries that more than `MOST_VISITS` come from.

    Args:
        visits: int64[rows, 2], events by group of `VISITORS`.
        countries: int64[countries], all events by country.
    """
    groups, places = np.unique(visits[:, 0], return_inverse=True)
    events = np.bincount(places.reshape(-1), visits[:, 1], len(groups)).astype(np.int64)
    few = countries[groups >> (VISITORS.bits - COUNTRY.bits)] <= MOST_VISITS
    found: Numbers = np.column_stack([groups, events])[few]
    return found


class _Batch:
    """Events of one row group as numbers: the codes of their fields, their items, their stamps."""

    def __init__(self, batch: pa.Table, codes: CountCodes) -> None:
        columns = {name: batch[name].combine_chunks() for name in batch.schema.names}
        self.codes: dict[Field, Numbers] = codes.encode(columns)
        self.items = _address_items(columns["source_ip"])
        self.stamps: Numbers = columns["observed_at"].cast(pa.int64()).fill_null(NO_STAMP).to_numpy()

    def __len__(self) -> int:
        return len(self.stamps)


def _sorted_together(file: pq.ParquetFile, codes: CountCodes) -> Iterator[list[_Batch]]:
    """Yield row groups in lists of `SORTED_EVENTS` events or a group more; at least one of them has events."""
    batches: list[_Batch] = []
    for group in range(file.num_row_groups):
        batches.append(_Batch(file.read_row_group(group, columns=_READ, use_threads=False), codes))
        if sum(map(len, batches)) >= SORTED_EVENTS:
            yield batches
            batches = []
    if any(map(len, batches)):
        yield batches


def _address_items(addresses: pa.Array) -> Numbers:
    """Return the item of each row."""
    items = np.empty(len(addresses), np.int64)
    address_items(*parse_addresses(addresses), items)
    return items


def _sights(day: int, kind: Kind, batches: Sequence[_Batch]) -> Sights:
    """Return what was seen of a kind in batches of one day."""
    keys = np.empty(sum(map(len, batches)), np.int64)
    hashed_groups: list[Numbers] = []
    done = 0
    for batch in batches:
        groups, part = _group_codes(kind, batch), keys[done : done + len(batch)]
        if make_keys(groups, batch.items, part):
            hashed_groups.append(np.stack([part, groups])[:, part >= HASHED])
        done += len(batch)
    keys.sort()
    counts = np.empty(len(keys), np.int32)
    kept = count_equal(keys, counts)
    return Sights(day, keys[:kept], counts[:kept], _groups_of_hashed(hashed_groups))


def _groups_of_hashed(found: Sequence[Numbers]) -> npt.NDArray[np.int32]:
    """Return the groups of different hashed keys in the order of the keys, from keys beside groups."""
    if not found:
        return np.empty(0, np.int32)
    keys, groups = np.concatenate(found, axis=1)
    of_different: npt.NDArray[np.int32] = groups[np.unique(keys, return_index=True)[1]].astype(np.int32)
    return of_different


def _group_codes(kind: Kind, batch: _Batch, rows: npt.NDArray[np.bool_] | slice = slice(None)) -> Numbers:
    """Return the numbers of the groups that rows are of."""
    first, *others = (batch.codes[field][rows] for field in kind.fields)
    for field, codes in zip(kind.fields[1:], others, strict=True):
        first = first << field.bits | codes
    return first
