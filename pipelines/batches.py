"""What the scanner leaves becomes Arrow: events as record batches in the schema's columns, rejects as rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.addresses import LONGEST_FORMATTED
from pipelines.columns import constant, index_column, text_column
from pipelines.format import Format, Kind, Numbers, Scanned, tables
from pipelines.scanning import reasons, scanner
from pipelines.scanning.layout import gather_texts
from pipelines.scanning.notices import Notice, find_notices
from pipelines.scanning.outputs import new_outputs
from pipelines.scanning.stamps import ABSENT, ABSOLUTE, FIRST_STAMP, IMPOSSIBLE, LAST_STAMP, NO_STAMP
from pipelines.scanning.words import PADDING
from pipelines.schema import PACKET
from pipelines.zones import local_to_utc

Bytes = npt.NDArray[np.uint8]
Micros = npt.NDArray[np.int64]

STORED_LINE = 8_192
STORED_VALUE = 80
_ASCII = 0x7F

_REASONS = {
    reasons.NO_TIME: "no time stamp at the start of the line",
    reasons.IMPOSSIBLE_TIME: "impossible time stamp",
    reasons.NUL_BYTE: "NUL byte in the line",
    reasons.TOO_LONG: f"longer than {scanner.LONGEST_LINE} bytes",
    reasons.INCOMPLETE: "record without an address or a protocol",
}
_INVALID = {
    "protocol": "protocol is no name or number of an IP protocol",
    "source_mac": "MAC is no hardware address",
}


class Span(NamedTuple):
    """Whole lines of one file, in a buffer that may hold those of others too.

    Attributes:
        start, end: where they stand.
        near: civil microseconds that a first stamp without a year is nearest to.
        zone: time zone of stamps that name none.
        follows: whether the span before this one is of the same file, and so tells the years of this one.
    """

    start: int
    end: int
    near: int
    zone: ZoneInfo
    follows: bool = False


@dataclass(frozen=True)
class Part:
    """The lines of a span, or some of them in order, that are in one batch.

    Attributes:
        lines: how many; size: their bytes.
        events, ignored, rejects: where in the batch they are.
        near: civil microseconds that the next stamp without a year is nearest to.
        first_yearless: first stamp without a year, civil time, or NO_STAMP; yearless: whether no stamp had a year.
        leap: microseconds that a later stamp without a year lies from the stamp before, if more than half a year, or 0.
        first_utc, last_utc: stamps of the first and the last line that has one, UTC microseconds, or NO_STAMP.
    """

    lines: int
    size: int
    events: slice
    ignored: slice
    rejects: slice
    near: int
    first_yearless: int
    leap: int
    yearless: bool
    first_utc: int
    last_utc: int


@dataclass(frozen=True)
class Rejects:
    """Rejected lines: int64 line numbers (from 0, in their part), UTC stamps, reasons and texts."""

    lines: npt.NDArray[np.int64]
    stamps: npt.NDArray[np.int64]
    reasons: list[str]
    texts: list[str]

    def only(self, rows: npt.NDArray[np.int64]) -> "Rejects":
        """Return some of the rows."""
        return Rejects(
            lines=self.lines[rows],
            stamps=self.stamps[rows],
            reasons=[self.reasons[row] for row in rows],
            texts=[self.texts[row] for row in rows],
        )


@dataclass(frozen=True)
class Batch:
    """Lines of one format, of a file or of several.

    Attributes:
        parts: the lines of each file, in order.
        events: columns of `schema.PACKET`, with `line_number` (int64 from 0, in its part) and `line_hash` (int64).
        stamps: UTC microseconds of the events.
        ignored_stamps: UTC microseconds of the ignored lines.
        rejects: the rejected lines.

    A line without a stamp of its own has that of the nearest line before it, or NO_STAMP where its part has none.
    """

    parts: Sequence[Part]
    events: pa.RecordBatch
    stamps: npt.NDArray[np.int64]
    ignored_stamps: npt.NDArray[np.int64]
    rejects: Rejects
    notices: Sequence[Notice] = ()

    @property
    def lines(self) -> int:
        """Return how many lines there are."""
        return sum(part.lines for part in self.parts)


@dataclass
class _Rows:
    """What one call of the scanner added to its outputs, and the zone of its stamps."""

    facts: npt.NDArray[np.int64]
    size: int
    events: slice
    others: slice
    zone: ZoneInfo

    def utc(self, place: int) -> int:
        """Return a stamp of the facts, whose kind stands after it, as UTC microseconds."""
        utc = int(self.facts[place])
        if utc != NO_STAMP and self.zone.key != "UTC":
            kinds = self.facts[place + 1 : place + 2].astype(np.int8)
            utc = int(_utc(self.facts[place : place + 1], kinds, self.zone)[0])
        return utc if utc >= FIRST_STAMP else NO_STAMP


class Reader:
    """Reads buffers of one thread: holds the scanner's outputs, which are used again and again."""

    def __init__(self, form: Format, rows: int) -> None:
        """Make room for `rows` lines of a kind at a time."""
        self._form = form
        self._tables = tables(form)
        self._events, self._others, self._values = new_outputs(form, rows)
        self._state = scanner.State.empty()

    def read(self, buffer: Bytes, end: int, near: int, zone: ZoneInfo) -> list[Batch]:
        """Read the whole lines of buffer[:end] as one span; see `read_spans`."""
        return self.read_spans(buffer, [Span(0, end, near, zone)])

    def read_spans(self, buffer: Bytes, spans: Sequence[Span]) -> list[Batch]:
        """Read whole lines; the buffer must have PADDING bytes after the last of them.

        Returns:
            Batches whose parts are the spans in order; a span that outputs had no room for has several.
        """
        batches = []
        left = np.array([(span.start, span.end, span.near, span.follows) for span in spans], np.int64)
        done = 0
        while done < len(spans):
            facts = np.zeros((len(left), scanner.FACTS), np.int64)
            starts = left[:, scanner.SPAN_START].copy()
            scanner.begin(self._events, self._values, self._state)
            whole = scanner.scan_spans(
                buffer, left, self._tables, self._state, self._events, self._others, self._values, facts
            )
            reached = np.concatenate([left[:whole, scanner.SPAN_END], left[whole : whole + 1, scanner.SPAN_START]])
            count = min(whole + 1, len(left))
            batches.append(self._batch(buffer, list(_calls(facts[:count], reached - starts[:count], spans[done:]))))
            left, done = left[whole:], done + whole
        return batches

    def _batch(self, buffer: Bytes, calls: Sequence["_Rows"]) -> Batch:
        self._total = int(calls[-1].facts[scanner.TOTAL])
        events, others = self._events, self._others
        rows, rest = calls[-1].events.stop, calls[-1].others.stop
        stamps = _zoned(events.stamps[:rows], events.kinds[:rows], [(call.events, call.zone) for call in calls])
        batch, wrong = self._record_batch(buffer, rows, stamps)
        other_stamps = _zoned(others.stamps[:rest], others.kinds[:rest], [(call.others, call.zone) for call in calls])
        ignored = others.reasons[:rest] <= reasons.LAST_IGNORED
        if wrong or (other_stamps < FIRST_STAMP).any():
            stamped = stamps
            stamps, other_stamps = stamps.copy(), other_stamps.copy()
            for call in calls:
                self._carry(call, stamped, stamps, other_stamps)
        keep = np.ones(rows, np.bool_)
        keep[list(wrong)] = False
        rejects = self._rejects(buffer, calls, wrong, stamps, other_stamps, ignored)
        if wrong:
            batch = batch.filter(pa.array(keep))
        return Batch(
            parts=_parts(calls, keep, ignored),
            events=batch,
            stamps=stamps[keep] if wrong else stamps,
            ignored_stamps=other_stamps[ignored],
            rejects=rejects,
            notices=find_notices(buffer, others.spans, np.flatnonzero(ignored)),
        )

    def _record_batch(self, buffer: Bytes, rows: int, stamps: Micros) -> tuple[pa.RecordBatch, dict[int, str]]:
        """Return the events, and by row why one is none after all."""
        events = self._events
        derived = self._form.derive(self._scanned(buffer, rows))
        columns = dict(derived.columns)
        columns["observed_at"] = pa.array(stamps).view(pa.timestamp("us"))
        columns["packets"] = pa.array(np.ones(rows, np.int64))
        arrays = [columns.get(column.name) for column in PACKET]
        batch = pa.record_batch(
            [
                pa.nulls(rows, column.type) if array is None else array
                for column, array in zip(PACKET, arrays, strict=True)
            ]
            + [pa.array(events.lines[:rows].astype(np.int64)), pa.array(events.hashes[:rows].view(np.int64).copy())],
            names=[*(column.name for column in PACKET), "line_number", "line_hash"],
        )
        return batch, _wrong_rows(stamps, derived.invalid)

    def _scanned(self, buffer: Bytes, rows: int) -> Scanned:
        """Return the scanner's arrays by column name; the numbers are views into memory that is used again."""
        form, events = self._form, self._events
        room = len(events.stamps)
        numbers = {}
        for index, name in enumerate(form.number_columns()):
            written = int(events.written_numbers[index])
            if written:
                values = events.numbers[index * room : index * room + rows]
                values[written:] = -1
                numbers[name] = Numbers(values, gaps=written < rows or bool(events.gaps[0] >> index & 1))
        addresses = form.address_columns()
        texts = {}
        for index, name in enumerate(form.text_columns()):
            written = int(events.written_codes[index])
            if not written:
                texts[name] = constant(None, rows)
                continue
            codes = events.codes[index * room : index * room + rows]
            codes[written:] = -1
            indices = index_column(codes, gaps=written < rows or bool(events.gaps[1] >> index & 1))
            spans = self._values.column(index, self._total)
            texts[name] = _text_column(buffer, *spans, indices, are_addresses=name in addresses)
        return Scanned(rows=rows, numbers=numbers, texts=texts)

    def _carry(self, call: _Rows, stamped: Micros, stamps: Micros, other_stamps: Micros) -> None:
        """Give lines without a stamp that can be true the stamp of the nearest line before that has one."""
        lines = (self._events.lines[call.events], self._others.lines[call.others])
        known = (stamped[call.events], other_stamps[call.others].copy())
        timeline = _Timeline(lines, known)
        for number, part in zip(lines, (stamps[call.events], other_stamps[call.others]), strict=True):
            timeline.carry(number, part)

    def _rejects(  # noqa: PLR0913, PLR0917 - columns of a batch
        self,
        buffer: Bytes,
        calls: Sequence[_Rows],
        wrong: Mapping[int, str],
        stamps: Micros,
        other_stamps: Micros,
        ignored: npt.NDArray[np.bool_],
    ) -> Rejects:
        events, others = self._events, self._others
        rest = np.flatnonzero(~ignored)
        rows = np.array(sorted(wrong), np.int64)
        found = Rejects(
            lines=np.concatenate([others.lines[rest], events.lines[rows]]).astype(np.int64),
            stamps=np.concatenate([other_stamps[rest], stamps[rows]]),
            reasons=[self._reason(buffer, int(row)) for row in rest] + [wrong[row] for row in rows.tolist()],
            texts=[stored_line(buffer, *others.spans[row]) for row in rest]
            + [stored_line(buffer, events.starts[row], events.lengths[row]) for row in rows],
        )
        if not len(rows):
            return found
        ends = ([call.others.stop for call in calls], [call.events.stop for call in calls])
        parts = [np.searchsorted(end, row, side="right") for end, row in zip(ends, (rest, rows), strict=True)]
        return found.only(np.lexsort([found.lines, np.concatenate(parts)]))

    def _reason(self, buffer: Bytes, row: int) -> str:
        """Say in words why a line was rejected."""
        others = self._others
        code = int(others.reasons[row])
        if code in _REASONS:
            return _REASONS[code]
        wrong = self._form.fields[others.fields[row]]
        if code == reasons.REPEATED:
            return f"{wrong.key}= shows a second record in the line"
        start, length = others.values[row]
        value = decoded(buffer[start : start + min(length, STORED_VALUE)])
        if wrong.kind is Kind.ADDRESS:
            return f"{wrong.column} is no IP address: {value!r}"
        return f"{wrong.column} is no number from 0 to {wrong.largest}: {value!r}"


def _calls(facts: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64], spans: Sequence[Span]) -> Iterator[_Rows]:
    """Yield what the scanner added for each span."""
    rows = rest = 0
    for fact, size, span in zip(facts, sizes.tolist(), spans, strict=False):
        ends = int(fact[scanner.ROWS]), int(fact[scanner.REST])
        yield _Rows(fact, size, slice(rows, ends[0]), slice(rest, ends[1]), span.zone)
        rows, rest = ends


class _Timeline:
    """The stamps of lines, in the order of the lines."""

    def __init__(self, lines: Sequence[npt.NDArray[np.int32]], stamps: Sequence[Micros]) -> None:
        """Merge groups of lines (ascending numbers within a group) with their stamps."""
        self._lines, self._stamps = lines, stamps

    def carry(self, lines: npt.NDArray[np.int32], stamps: Micros) -> None:
        """Replace stamps too early to be true by that of the nearest stamped line before, or by NO_STAMP."""
        missing = np.flatnonzero(stamps < FIRST_STAMP)
        if not len(missing):
            return
        known = [part >= FIRST_STAMP for part in self._stamps]
        numbers = np.concatenate([part[rows] for part, rows in zip(self._lines, known, strict=True)])
        order = np.argsort(numbers, kind="stable")
        places = np.searchsorted(numbers[order], lines[missing]) - 1
        found = places >= 0
        stamps[missing] = NO_STAMP
        stamps[missing[found]] = np.concatenate([part[rows] for part, rows in zip(self._stamps, known, strict=True)])[
            order
        ][places[found]]


def decoded(data: Bytes | bytes) -> str:
    r"""Return bytes as text; those that are no UTF-8 are written \xNN, so that nothing is lost."""
    return bytes(data).decode("utf-8", "backslashreplace")


def stored_line(buffer: Bytes, start: int, length: int) -> str:
    """Return the text of a rejected line, at most STORED_LINE bytes of it."""
    return decoded(buffer[start : start + min(length, STORED_LINE)])


def _parts(calls: Sequence[_Rows], keep: npt.NDArray[np.bool_], ignored: npt.NDArray[np.bool_]) -> list[Part]:
    """Return what each call of the scanner added, in numbers of what is kept, ignored and rejected of it."""
    parts = []
    events = ignores = rejects = 0
    all_kept = bool(keep.all())
    for call in calls:
        rows, rest = call.events.stop - call.events.start, call.others.stop - call.others.start
        kept = rows if all_kept else int(np.count_nonzero(keep[call.events]))
        passed = int(np.count_nonzero(ignored[call.others])) if rest else 0
        ends = events + kept, ignores + passed, rejects + rows - kept + rest - passed
        parts.append(
            Part(
                lines=int(call.facts[scanner.LINES]),
                size=call.size,
                events=slice(events, ends[0]),
                ignored=slice(ignores, ends[1]),
                rejects=slice(rejects, ends[2]),
                near=int(call.facts[scanner.NEAR]),
                first_yearless=int(call.facts[scanner.YEARLESS_STAMP]),
                leap=int(call.facts[scanner.LEAP]),
                yearless=not call.facts[scanner.DATED],
                first_utc=call.utc(scanner.FIRST),
                last_utc=call.utc(scanner.LAST),
            )
        )
        events, ignores, rejects = ends
    return parts


def _zoned(stamps: Micros, kinds: npt.NDArray[np.int8], spans: Sequence[tuple[slice, ZoneInfo]]) -> Micros:
    """Return UTC microseconds of stamps, each span of which has a zone; a copy."""
    zones = {zone.key for _, zone in spans}
    if len(zones) == 1:
        return _utc(stamps, kinds, spans[0][1])
    return np.concatenate([_utc(stamps[rows], kinds[rows], zone) for rows, zone in spans])


def _utc(stamps: Micros, kinds: npt.NDArray[np.int8], zone: ZoneInfo) -> Micros:
    """Return UTC microseconds, a copy; NO_STAMP where a line has no stamp that can be used."""
    utc = stamps.copy()
    unusable = (kinds == ABSENT) | (kinds == IMPOSSIBLE)
    if zone.key != "UTC":
        civil = np.where(unusable, 0, stamps)
        utc = np.where(kinds == ABSOLUTE, civil, local_to_utc(civil, zone))
    utc[unusable | (stamps == NO_STAMP) | (utc >= LAST_STAMP)] = NO_STAMP
    return utc


def _wrong_rows(stamps: Micros, invalid: Mapping[str, tuple[npt.NDArray[np.bool_], pa.Array]]) -> dict[int, str]:
    """Return by row why an event is none after all."""
    wrong = {}
    for name, (rows, values) in invalid.items():
        for row in np.flatnonzero(rows):
            value = values[int(row)].as_py()[:STORED_VALUE]
            wrong[int(row)] = f"{_INVALID[name]}: {value!r}"
    if len(stamps) and stamps.min() < FIRST_STAMP:
        for row in np.flatnonzero(stamps < FIRST_STAMP):
            wrong[int(row)] = "time stamp before 2000-01-01 or after 9999-12-31"
    return wrong


def _text_column(
    buffer: Bytes,
    starts: npt.NDArray[np.int64],
    lengths: npt.NDArray[np.int64],
    indices: pa.Array,
    *,
    are_addresses: bool,
) -> pa.DictionaryArray:
    r"""Return a column of interned values; bytes that are no UTF-8 are written \xNN, addresses as they are stored."""
    room = max(int(lengths.sum()), len(lengths) * LONGEST_FORMATTED if are_addresses else 0)
    out = np.empty(room + PADDING, np.uint8)
    offsets = np.zeros(len(starts) + 1, np.int32)
    changed = gather_texts(buffer, starts, lengths, are_addresses, out, offsets)
    data = out[: offsets[-1]]
    if not changed and len(data) and data.max() > _ASCII:
        texts = [decoded(data[offsets[place] : offsets[place + 1]]) for place in range(len(starts))]
        dictionary, changed = pa.array(texts, pa.string()), True
    else:
        dictionary = pa.StringArray.from_buffers(len(starts), pa.py_buffer(offsets), pa.py_buffer(data))
    if changed:  # a byte and its escape, or two ways to write an address, are two values of one text
        encoded = dictionary.dictionary_encode()
        return text_column(pc.take(encoded.indices, indices, boundscheck=False), encoded.dictionary)
    return text_column(indices, dictionary)
