"""Lines that two files of a sensor both hold: which of a day's parsed events are counted in another file.

A line's count over several files is the largest count in any one of them: the events of that file stay, and all others
of the same line go. Two events are of one line if sensor, stamp and the hash of the line's bytes are equal. Only what
was logged while files overlap in time is compared; where none do, nothing is read.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.compiled import kernel
from pipelines.dictionaries import joined
from pipelines.digests import digest_of, keys_of
from pipelines.partitions import read_small
from pipelines.scanning.words import mix

# Events that are compared at once, some 50 bytes each.
PART_EVENTS = 1 << 21

_MOST = np.iinfo(np.int64).max

_COLUMNS = ("observed_at", "line_hash", "sensor", "file")


@dataclass(frozen=True)
class Duplicates:
    """The events of a day's parsed partition that another file holds, and that are counted there.

    Attributes:
        rows: a boolean for each event of the partition, in order.
        files: how many of each file's events they are, by (sensor, file).
        digests: the digest of those events, by (sensor, file).
    """

    rows: npt.NDArray[np.bool_]
    files: dict[tuple[str, str], int]
    digests: dict[tuple[str, str], int]


class _Rows(NamedTuple):
    """Some events: their places in the partition, keys of the lines that they are of, codes of their files.

    `digests` are their keys in the digest of the day, which do not tell sensors apart.
    """

    places: npt.NDArray[np.int64]
    keys: npt.NDArray[np.uint64]
    files: npt.NDArray[np.int32]
    digests: npt.NDArray[np.uint64]


def find_duplicates(parsed: Path, accounts: Path) -> Duplicates | None:
    """Return the duplicates of a day, None if there are none.

    Args:
        parsed: the day's partition of parsed events.
        accounts: its partition of accounts, which say from when to when each file has events.
    """
    spans = _overlaps(accounts)
    if not len(spans):
        return None
    with pq.ParquetFile(parsed, read_dictionary=["sensor", "file"]) as file:
        files = _Files()
        found = np.zeros(file.metadata.num_rows, np.bool_)
        counts, digests = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
        for part in _parts(file, spans):
            _mark(list(_overlapping(file, part, files)), files, found, counts, digests)
    if not found.any():
        return None
    return Duplicates(found, dict(counts), dict(digests))


def kept_groups(file: pq.ParquetFile, duplicates: Duplicates | None, columns: Sequence[str]) -> Iterator[pa.Table]:
    """Yield columns of one row group of a day after another, less the duplicates; none that has no rows then.

    What Arrow offers to iterate over all row groups holds 400 MB.
    """
    first = 0
    for group in range(file.num_row_groups):
        after = first + file.metadata.row_group(group).num_rows
        kept = np.ones(after - first, np.bool_) if duplicates is None else ~duplicates.rows[first:after]
        first = after
        if kept.any():
            table = file.read_row_group(group, columns=list(columns), use_threads=False)
            yield table if kept.all() else table.filter(pa.array(kept))


def _overlaps(accounts: Path) -> npt.NDArray[np.int64]:
    """Return the spans of time, as (first, last) in microseconds, in which two files of one sensor have events."""
    rows = read_small(accounts, ["sensor", "first_observed_at", "last_observed_at"]).to_pylist()
    spans = []
    ends: dict[str, datetime] = {}
    for row in sorted((row for row in rows if row["first_observed_at"]), key=lambda row: row["first_observed_at"]):
        sensor, first, last = row["sensor"], row["first_observed_at"], row["last_observed_at"]
        if sensor in ends and first <= ends[sensor]:
            spans.append((first, min(last, ends[sensor])))
        ends[sensor] = max(last, ends.get(sensor, last))
    return _united(spans)


def _united(spans: Sequence[tuple[datetime, datetime]]) -> npt.NDArray[np.int64]:
    """Return spans, given in the order of their starts, with those that touch each other as one."""
    united: list[list[datetime]] = []
    for first, last in spans:
        if united and first <= united[-1][1]:
            united[-1][1] = max(last, united[-1][1])
        else:
            united.append([first, last])
    return np.array(united, "datetime64[us]").astype(np.int64).reshape(-1, 2)


class _Files:
    """The files of a partition, numbered as they are met."""

    def __init__(self) -> None:
        self.names: list[tuple[str, str]] = []
        self._codes: dict[tuple[str, str], int] = {}

    def codes(self, sensors: pa.DictionaryArray, files: pa.DictionaryArray) -> npt.NDArray[np.int32]:
        """Return the number of each row's file."""
        names = files.dictionary.to_pylist()
        pairs = sensors.indices.to_numpy().astype(np.int64) * len(names) + files.indices.to_numpy()
        different, places = np.unique(pairs, return_inverse=True)
        owners = sensors.dictionary.to_pylist()
        codes = [self._code((owners[pair // len(names)], names[pair % len(names)])) for pair in different.tolist()]
        return np.array(codes, np.int32)[places]

    def sensors(self) -> npt.NDArray[np.int64]:
        """Return a number for the sensor of each file."""
        names = list(dict.fromkeys(sensor for sensor, _ in self.names))
        return np.array([names.index(sensor) for sensor, _ in self.names], np.int64)

    def order(self) -> npt.NDArray[np.int32]:
        """Return the place of each file among all by name."""
        order = np.empty(len(self.names), np.int32)
        order[sorted(range(len(self.names)), key=lambda code: self.names[code])] = np.arange(len(self.names))
        return order

    def _code(self, name: tuple[str, str]) -> int:
        if name not in self._codes:
            self._codes[name] = len(self.names)
            self.names.append(name)
        return self._codes[name]


def _parts(file: pq.ParquetFile, spans: npt.NDArray[np.int64]) -> Iterator[npt.NDArray[np.int64]]:
    """Yield the spans in parts, one after another, that about `PART_EVENTS` events were logged in.

    Events of one line have one stamp, so they are in one part. Where the lines of a file are in order, few row groups
    have events of two parts, and each is read about once.
    """
    starts, rows = [], []
    for group in range(file.num_row_groups):
        facts = file.metadata.row_group(group)
        starts.append(_bounds(facts)[0])
        rows.append(facts.num_rows)
    order = np.argsort(starts)
    places = np.cumsum(np.array(rows)[order]) // PART_EVENTS
    cuts = np.array(starts)[order][np.flatnonzero(np.diff(places, prepend=0))]
    for low, high in pairwise([-_MOST, *np.unique(cuts).tolist(), _MOST]):
        part = np.clip(spans, low, high - 1)
        # A span that lies before or after the part was clipped to nothing.
        yield part[(spans[:, 0] < high) & (spans[:, 1] >= low)]


def _bounds(group: pq.RowGroupMetaData) -> tuple[int, int]:
    """Return the first and the last stamp of a row group, microseconds."""
    [column] = [
        group.column(place) for place in range(group.num_columns) if group.column(place).path_in_schema == "observed_at"
    ]
    facts = column.statistics
    if facts is None or not facts.has_min_max:
        return -_MOST, _MOST
    low, high = (int(np.datetime64(stamp, "us").astype(np.int64)) for stamp in (facts.min, facts.max))
    return low, high


def _overlapping(file: pq.ParquetFile, spans: npt.NDArray[np.int64], files: _Files) -> Iterator[_Rows]:
    """Yield the events that were logged within the spans, of each row group."""
    first = 0
    for group in range(file.num_row_groups):
        count = file.metadata.row_group(group).num_rows
        low, high = _bounds(file.metadata.row_group(group))
        places = np.empty(0, np.int64)
        if ((spans[:, 0] <= high) & (spans[:, 1] >= low)).any():
            stamps = file.read_row_group(group, columns=["observed_at"], use_threads=False)["observed_at"]
            places = _within(joined(stamps.chunks).cast(pa.int64()).to_numpy(), spans)
        if len(places):
            table = file.read_row_group(group, columns=list(_COLUMNS), use_threads=False)
            columns = {name: joined(table[name].chunks).take(pa.array(places)) for name in _COLUMNS}
            codes = files.codes(columns["sensor"], columns["file"])
            hashes = columns["line_hash"].to_numpy().view(np.uint64)
            keys = np.empty(len(places), np.uint64)
            moments = columns["observed_at"].cast(pa.int64()).to_numpy()
            _make_keys(hashes, moments, files.sensors()[codes], keys)
            yield _Rows(places + first, keys, codes, keys_of(hashes, moments))
        first += count


def _within(stamps: npt.NDArray[np.int64], spans: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the places of the stamps that lie within one of the spans."""
    nearest = np.searchsorted(spans[:, 0], stamps, side="right") - 1
    return np.flatnonzero((nearest >= 0) & (stamps <= spans[nearest, 1]))


def _mark(
    groups: Sequence[_Rows],
    files: _Files,
    found: npt.NDArray[np.bool_],
    counts: Counter[tuple[str, str]],
    digests: Counter[tuple[str, str]],
) -> None:
    """Mark the duplicates among some events, count them by file, and add up their keys."""
    if groups:
        places, keys, codes, keys_of_day = (np.concatenate(arrays) for arrays in zip(*groups, strict=True))
        copies, marks = (np.zeros(len(files.names), np.int64) for _ in range(2))
        _mark_sorted(np.argsort(keys), keys, codes, places, files.order(), copies, found, marks)
        marked = found[places]
        for code in np.flatnonzero(marks).tolist():
            counts[files.names[code]] += int(marks[code])
            digests[files.names[code]] += digest_of(keys_of_day[marked & (codes == code)])


@kernel
def _make_keys(hashes: np.ndarray, stamps: np.ndarray, sensors: np.ndarray, keys: np.ndarray) -> None:
    """Write the key of each event's line."""
    for row in range(len(keys)):
        keys[row] = mix(hashes[row], np.uint64(stamps[row]) ^ (np.uint64(sensors[row]) << np.uint64(52)))


@kernel
def _mark_sorted(  # noqa: PLR0913, PLR0917 - arrays, as a tuple of them would be copied
    sorted_rows: np.ndarray,
    keys: np.ndarray,
    files: np.ndarray,
    places: np.ndarray,
    order: np.ndarray,
    copies: np.ndarray,
    found: np.ndarray,
    counts: np.ndarray,
) -> None:
    """Mark all events of a line but those of the file that has most of them, the last by name of several.

    Args:
        sorted_rows: the rows in the order of their keys.
        keys: by row, what line it is of.
        files: by row, the code of the file.
        places: by row, the place in `found`.
        order: by file, its place among all by name.
        copies: by file, zero; is left so.
        found: the marks.
        counts: by file, added to.
    """
    start = 0
    while start < len(sorted_rows):
        key = keys[sorted_rows[start]]
        end = start
        while end < len(sorted_rows) and keys[sorted_rows[end]] == key:
            copies[files[sorted_rows[end]]] += 1
            end += 1
        best = np.int64(files[sorted_rows[start]])
        for place in range(start, end):
            file = np.int64(files[sorted_rows[place]])
            more = copies[file] - copies[best]
            if more > 0 or (more == 0 and order[file] > order[best]):
                best = file
        for place in range(start, end):
            row = sorted_rows[place]
            if files[row] != best:
                found[places[row]] = True
                counts[files[row]] += 1
        for place in range(start, end):
            copies[files[sorted_rows[place]]] = 0
        start = end
