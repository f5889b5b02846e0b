"""What is remembered of the parts of large files, so that of one that only grew no more is read than must be.

A segment ends with a line, and holds a block of lines or more. What it holds of a day is known from the load that read
it, and where its file stood at its end; so one that has none of the days to load is passed over. That is safe while
the bytes are the same, which both their ends tell: a log is appended to, and is not written over in the middle.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.digests import stored_digest
from pipelines.raw_bytes import SAMPLE
from pipelines.scanning.stamps import NO_STAMP
from pipelines.schema import SEGMENTS, arrow_schema
from pipelines.sources import RawFile
from pipelines.warehouse import Warehouse, replacing


@dataclass(frozen=True)
class Standing:
    """Where a file stands between two lines: all that the lines before say of those after.

    Attributes:
        lines: lines so far.
        near: civil microseconds that the next stamp without a year is nearest to.
        last: last UTC stamp so far, or NO_STAMP.
        yearless: whether no stamp so far had a year.
        first_yearless: first stamp without a year, civil microseconds, or NO_STAMP.
        leap: microseconds that a stamp without a year lies from the one before, if more than half a year, or 0.
    """

    lines: int
    near: int
    last: int
    yearless: bool
    first_yearless: int
    leap: int


class DayLines(NamedTuple):
    """Lines of a day, by its number: how many, and the digest of their events as it is stored."""

    day: int
    lines: int
    digest: int


@dataclass
class Seen:
    """When some lines were logged.

    Attributes:
        lines, digests: by number of the day, how many lines belong to it, and the digest of their events.
        first, last: earliest and latest event, UTC microseconds, or NO_STAMP.
    """

    lines: dict[int, int] = field(default_factory=dict)
    digests: dict[int, int] = field(default_factory=dict)
    first: int = NO_STAMP
    last: int = NO_STAMP

    @property
    def days(self) -> tuple[DayLines, ...]:
        """Return the days that lines belong to, in order."""
        return tuple(
            DayLines(day, self.lines[day], stored_digest(self.digests.get(day, 0))) for day in sorted(self.lines)
        )

    def add_lines(self, day: int, lines: int, digest: int = 0) -> None:
        """Note lines of a day, by its number, with the digest of those that are events."""
        self.lines[day] = self.lines.get(day, 0) + lines
        if digest:
            self.digests[day] = self.digests.get(day, 0) + digest

    def add_events(self, first: int, last: int) -> None:
        """Note the earliest and the latest stamp of some events."""
        if first != NO_STAMP:
            self.first = first if self.first == NO_STAMP else min(self.first, first)
            self.last = max(self.last, last)

    def add(self, other: "Seen") -> None:
        """Note what was seen of other lines."""
        for lines in other.days:
            self.add_lines(*lines)
        self.add_events(other.first, other.last)


@dataclass(frozen=True)
class Segment:
    """A part of a file that is not compressed, and holds a line at least.

    Attributes:
        head: what the file is known by, see `head_of`.
        file: name of the file.
        start, end: its bytes; end_digest: digest of the last of them.
        standing: where the file stands at its end.
        first_day, last_day: numbers of the first and the last day that a line of it belongs to.
        days: all days that one belongs to.
        first_seen, last_seen: earliest and latest event, UTC microseconds, or NO_STAMP.
    """

    head: str
    file: str
    start: int
    end: int
    end_digest: str
    standing: Standing
    first_day: int
    last_day: int
    days: tuple[DayLines, ...]
    first_seen: int
    last_seen: int

    def has_one_of(self, days: Sequence[int]) -> bool:
        """Return whether a line of it may belong to one of the days, by their numbers."""
        return any(self.first_day <= day <= self.last_day for day in days)

    @property
    def seen(self) -> Seen:
        """Return when its lines were logged."""
        seen = Seen(first=self.first_seen, last=self.last_seen)
        for lines in self.days:
            seen.add_lines(*lines)
        return seen

    def logged(self, seen: Seen) -> "Segment":
        """Return it with what is said of when its lines were logged."""
        days = seen.days
        first_day, last_day = (days[0].day, days[-1].day) if days else (0, 0)
        return replace(
            self, first_day=first_day, last_day=last_day, days=days, first_seen=seen.first, last_seen=seen.last
        )

    def is_still_in(self, path: Path) -> bool:
        """Return whether a file has the same bytes at the segment's end."""
        with path.open("rb", buffering=0) as file:
            start = max(0, self.end - SAMPLE)
            file.seek(start)
            data = file.read(self.end - start)
        return len(data) == self.end - start and digest_of(data) == self.end_digest


def new_segment(head: str, file: str, span: tuple[int, int], last_bytes: bytes) -> Segment:
    """Return a segment of which only its place and its last bytes are known yet."""
    nothing = Standing(0, 0, NO_STAMP, yearless=True, first_yearless=NO_STAMP, leap=0)
    return Segment(head, file, *span, digest_of(last_bytes), nothing, 0, 0, (), NO_STAMP, NO_STAMP)


def head_of(head: bytes, meaning: str) -> str:
    """Return what a file that may have grown is known by: its first bytes, and all that decides what lines mean."""
    return digest_of(meaning.encode() + b"\n" + head)


def digest_of(data: bytes) -> str:
    """Return a short digest of bytes."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


@dataclass(frozen=True)
class KnownSegments:
    """The segments of all files that the last load left, those of a file in order."""

    by_file: Mapping[tuple[str, str], Sequence[Segment]]

    @classmethod
    def load(cls, warehouse: Warehouse) -> "KnownSegments":
        """Read what the last load left; nothing where that was nothing, is damaged, or another version's."""
        try:
            table = pq.read_table(warehouse.segments)
        except (FileNotFoundError, pa.ArrowInvalid):
            return cls({})
        if table.schema != arrow_schema(SEGMENTS):
            return cls({})
        by_file: dict[tuple[str, str], list[Segment]] = {}
        for row in table.to_pylist():
            segment = _segment(row)
            by_file.setdefault((segment.head, segment.file), []).append(segment)
        return cls({key: sorted(found, key=lambda segment: segment.start) for key, found in by_file.items()})

    def of(self, head: str, raw: RawFile, size: int) -> Sequence[Segment]:
        """Return the segments that a file has, from its begin without gaps: under its name, or under an older one.

        Args:
            head: what it is known by.
            raw: the file.
            size: its bytes.
        """
        names = [raw.name, *(name for other, name in self.by_file if other == head and name != raw.name)]
        for name in names:
            found = [
                replace(segment, file=raw.name) for segment in self.by_file.get((head, name), ()) if segment.end <= size
            ]
            if found and found[-1].is_still_in(raw.path):
                return found
        return ()


def write_segments(warehouse: Warehouse, segments: Sequence[Segment]) -> None:
    """Leave the segments for the next load."""
    rows = [
        {**asdict(segment), **asdict(segment.standing), "days": [lines._asdict() for lines in segment.days]}
        for segment in segments
    ]
    table = pa.Table.from_pylist(list(_without(rows, "standing")), arrow_schema(SEGMENTS))
    with replacing(warehouse.segments) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def _without(rows: Sequence[dict[str, Any]], name: str) -> Iterator[dict[str, Any]]:
    for row in rows:
        yield {key: value for key, value in row.items() if key != name}


def _segment(row: Mapping[str, Any]) -> Segment:
    standing = Standing(**{name: row[name] for name in Standing.__dataclass_fields__})
    own = {name: row[name] for name in Segment.__dataclass_fields__ if name not in {"standing", "days"}}
    return Segment(**own, standing=standing, days=tuple(DayLines(**lines) for lines in row["days"]))
