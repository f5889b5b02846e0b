"""What the scanner leaves becomes Arrow: events as record batches in the schema's columns, rejects as rows."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.addresses import LONGEST_FORMATTED
from pipelines.columns import constant, index_column, text_column
from pipelines.escapes import escape_of, hardware_address, unescape
from pipelines.format import Format, Numbers, Scanned, compiled, tables
from pipelines.kinds import Kind
from pipelines.meaning import derived
from pipelines.packet_keys import PacketKeys
from pipelines.plan import FIRST_RULE, MOST_COLUMNS, NOTHING
from pipelines.scanning import reasons, records, scanner
from pipelines.scanning.compilation import ensure_compiled
from pipelines.scanning.documents import DEEPEST
from pipelines.scanning.layout import gather_texts
from pipelines.scanning.notices import find_notices
from pipelines.scanning.outputs import new_outputs
from pipelines.scanning.stamps import ABSENT, ABSOLUTE, FIRST_STAMP, IMPOSSIBLE, LAST_STAMP, NO_STAMP
from pipelines.scanning.words import PADDING
from pipelines.schema import PACKET
from pipelines.shapes import Headed
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
    reasons.NO_FORM: "no known form of the record",
    reasons.CUT: "record is cut",
    reasons.NO_HEADER: "no line before it names the columns",
    reasons.BROKEN_JSON: "broken JSON",
    reasons.TOO_DEEP: f"JSON nested deeper than {DEEPEST}",
}
# The names of lines that are no records, by the reasons that the scanner gives.
IGNORED = {
    reasons.BLANK: "blank line",
    reasons.OTHER_PROGRAM: "line of another program",
    reasons.NO_RECORD: "no record",
    reasons.REPEAT: "repeat of the line before",
}
# Lines of these are tried as records of other formats, where a file may mix them.
_OFFERED = np.isin(
    np.arange(128),
    (reasons.OTHER_PROGRAM, reasons.NO_RECORD, reasons.NO_TIME, reasons.NO_FORM, reasons.BROKEN_JSON, reasons.CUT),
)
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
        header: the line before it that names its columns, of a format that has such lines; else empty.
    """

    start: int
    end: int
    near: int
    zone: ZoneInfo
    follows: bool = False
    header: bytes = b""


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
class Unread:
    """Lines of a batch that are no records of its format, and may be those of another.

    Attributes:
        parts, lines: int64, place of the part that each is of, and its number in it.
        starts, lengths: int64, where it stands in the bytes that were read.
        nears: int64, civil microseconds that its stamp is nearest to, if it has no year.
        ignored, rejects: int64, its place among the batch's ignored lines and rejects, or -1.
    """

    parts: npt.NDArray[np.int64]
    lines: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]
    nears: npt.NDArray[np.int64]
    ignored: npt.NDArray[np.int64]
    rejects: npt.NDArray[np.int64]


class PartNotice(NamedTuple):
    """What an ignored line says of the log itself.

    Attributes:
        part: place of its part among those of the batch.
        stamp: its stamp, UTC microseconds, or NO_STAMP.
        kind, number: see `notices.Notice`.
    """

    part: int
    stamp: int
    kind: str
    number: int


@dataclass(frozen=True)
class Batch:
    """Lines of one format, of a file or of several.

    Attributes:
        parts: the lines of each file, in order.
        events: columns of `schema.PACKET`, with `line_number` (int64 from 0, in its part) and `line_hash` (int64).
        stamps: UTC microseconds of the events.
        ignored_stamps: UTC microseconds of the ignored lines.
        ignored_rules: int16, for each the place of its rule in `rules`.
        rules: the names of the rules by which lines are ignored.
        rejects: the rejected lines.
        unread: the lines that may be those of another format, if that was asked for.

    A line without a stamp of its own has that of the nearest line before it, or NO_STAMP where its part has none.
    """

    parts: Sequence[Part]
    events: pa.RecordBatch
    stamps: npt.NDArray[np.int64]
    ignored_stamps: npt.NDArray[np.int64]
    ignored_rules: npt.NDArray[np.int16]
    rules: Sequence[str]
    rejects: Rejects
    notices: Sequence[PartNotice] = ()
    unread: Unread | None = None

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

    def __init__(self, form: Format, rows: int, *, mixed: bool = False) -> None:
        """Make room for `rows` lines of a kind at a time.

        Args:
            form: the format.
            rows: how many events, and how many other lines, a batch may have.
            mixed: whether batches tell of the lines that may be of other formats.
        """
        ensure_compiled(form)
        self._mixed = mixed
        self._form = form
        self._tables = tables(form)
        self._events, self._others, self._values = new_outputs(form, rows)
        self._state = scanner.state_of(self._tables)
        self._rules = (*IGNORED.values(), *form.rules())
        self._derived_rules: tuple[str, ...] = ()
        self._unescape = _unescaping(form)

    def read(self, buffer: Bytes, end: int, near: int, zone: ZoneInfo) -> list[Batch]:
        """Read the whole lines of buffer[:end] as one span; see `read_spans`."""
        return list(self.read_spans(buffer, [Span(0, end, near, zone)]))

    def read_spans(self, buffer: Bytes, spans: Sequence[Span]) -> Iterator[Batch]:
        """Read whole lines; the buffer must have PADDING bytes after the last of them.

        Yields:
            Batches whose parts are the spans in order; a span that outputs had no room for has several. Each is read
            when it is asked for, and others by this reader only after the last.
        """
        if not buffer.flags.writeable:
            buffer = buffer.copy()  # the scanner would be compiled once more for bytes that cannot be written
        for group in self._groups(spans):
            yield from self._read_group(buffer, group)

    def _groups(self, spans: Sequence[Span]) -> Iterator[Sequence[Span]]:
        """Yield spans that are scanned at once: all, or those of one file where a header names its columns."""
        if not is_headed(self._form):
            yield spans
            return
        starts = [place for place, span in enumerate(spans) if not span.follows or place == 0]
        for start, end in pairwise([*starts, len(spans)]):
            if isinstance(self._state, records.RecordState):
                records.begin_columns(header_columns(self._form, spans[start].header), self._state)
            yield spans[start:end]

    def _read_group(self, buffer: Bytes, spans: Sequence[Span]) -> Iterator[Batch]:
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
            yield self._batch(buffer, list(_calls(facts[:count], reached - starts[:count], spans[done:])))
            left, done = left[whole:], done + whole

    def _batch(self, buffer: Bytes, calls: Sequence["_Rows"]) -> Batch:
        self._total = int(calls[-1].facts[scanner.TOTAL])
        events, others = self._events, self._others
        rows, rest = calls[-1].events.stop, calls[-1].others.stop
        stamps = _zoned(events.stamps[:rows], events.kinds[:rows], [(call.events, call.zone) for call in calls])
        batch, wrong, passed = self._record_batch(buffer, rows, stamps)
        other_stamps = _zoned(others.stamps[:rest], others.kinds[:rest], [(call.others, call.zone) for call in calls])
        codes = others.reasons[:rest]
        ignored = (codes <= reasons.LAST_IGNORED) | (codes >= FIRST_RULE)
        if wrong or passed or (other_stamps < FIRST_STAMP).any():
            stamped = stamps
            stamps, other_stamps = stamps.copy(), other_stamps.copy()
            for call in calls:
                self._carry(call, stamped, stamps, other_stamps)
        keep = np.ones(rows, np.bool_)
        keep[list(wrong)] = False
        keep[list(passed)] = False
        rejects, reject_order = self._rejects(buffer, calls, wrong, stamps, other_stamps, ignored)
        ignored_stamps, ignored_rules = other_stamps[ignored], _rule_places(codes[ignored])
        ignored_order = np.arange(len(ignored_stamps))
        if passed:
            rows_passed = np.array(sorted(passed), np.int64)
            ignored_order = _in_order(
                calls, (np.flatnonzero(ignored), rows_passed), (others.lines[:rest][ignored], events.lines[rows_passed])
            )
            ignored_stamps = np.concatenate([ignored_stamps, stamps[rows_passed]])[ignored_order]
            own = [len(IGNORED) + len(self._form.rules()) + passed[row] for row in rows_passed.tolist()]
            ignored_rules = np.concatenate([ignored_rules, np.array(own, np.int16)])[ignored_order]
        unread = self._unread(calls, ignored, ignored_order, reject_order) if self._mixed else None
        if not keep.all():
            batch = batch.filter(pa.array(keep))
        return Batch(
            parts=_parts(calls, keep, ignored, sorted(passed)),
            events=batch,
            stamps=stamps[keep] if wrong or passed else stamps,
            ignored_stamps=ignored_stamps,
            ignored_rules=ignored_rules,
            rules=(*self._rules, *self._derived_rules),
            rejects=rejects,
            notices=self._notices(buffer, calls, np.flatnonzero(ignored), other_stamps),
            unread=unread,
        )

    def _notices(
        self, buffer: Bytes, calls: Sequence[_Rows], rows: npt.NDArray[np.int64], stamps: Micros
    ) -> list[PartNotice]:
        """Return what some of the other lines, by their rows, say of the log itself."""
        found = find_notices(buffer, self._others.spans, rows)
        ends = [call.others.stop for call in calls]
        places = [int(rows[notice.place]) for notice in found]
        return [
            PartNotice(bisect_right(ends, row), int(stamps[row]), notice.kind, notice.number)
            for row, notice in zip(places, found, strict=True)
        ]

    def _unread(
        self,
        calls: Sequence[_Rows],
        ignored: npt.NDArray[np.bool_],
        ignored_order: npt.NDArray[np.int64],
        reject_order: npt.NDArray[np.int64],
    ) -> Unread | None:
        """Return the lines that may be of other formats, given the order in which ignored lines and rejects stand."""
        others = self._others
        rows = np.flatnonzero(_OFFERED[others.reasons[: len(ignored)]])
        if not len(rows):
            return None
        parts = np.searchsorted([call.others.stop for call in calls], rows, side="right")
        nears = np.array([int(call.facts[scanner.NEAR]) for call in calls])[parts]
        stamps = others.stamps[rows]
        return Unread(
            parts=parts,
            lines=others.lines[rows].astype(np.int64),
            starts=others.spans[rows, 0],
            lengths=others.spans[rows, 1],
            nears=np.where((stamps >= FIRST_STAMP) & (stamps < LAST_STAMP), stamps, nears),
            ignored=np.where(ignored, _places_in(ignored_order, np.cumsum(ignored) - 1), -1)[rows],
            rejects=np.where(ignored, -1, _places_in(reject_order, np.cumsum(~ignored) - 1))[rows],
        )

    def _record_batch(
        self, buffer: Bytes, rows: int, stamps: Micros
    ) -> tuple[pa.RecordBatch, dict[int, str], dict[int, int]]:
        """Return the events; by row why one is rejected after all; and by row the place of the rule that ignores it."""
        events = self._events
        scanned = self._scanned(buffer, rows)
        found = derived(self._form, scanned)
        columns = dict(found.columns)
        columns["observed_at"] = pa.array(stamps).view(pa.timestamp("us"))
        packets = columns.get("packets")
        if packets is None:
            packets = scanned.numbers["packets"].column(pa.int64()) if "packets" in scanned.numbers else pa.nulls(rows)
        columns["packets"] = pc.fill_null(packets.cast(pa.int64()), 1)
        arrays = [columns.get(column.name) for column in PACKET]
        batch = pa.record_batch(
            [
                pa.nulls(rows, column.type) if array is None else array
                for column, array in zip(PACKET, arrays, strict=True)
            ]
            + [pa.array(events.lines[:rows].astype(np.int64)), pa.array(events.hashes[:rows].view(np.int64).copy())],
            names=[*(column.name for column in PACKET), "line_number", "line_hash"],
        )
        self._derived_rules = tuple(found.ignored)
        passed = {int(row): place for place, rows in enumerate(found.ignored.values()) for row in np.flatnonzero(rows)}
        wrong = {row: reason for row, reason in _wrong_rows(stamps, found.invalid).items() if row not in passed}
        return batch, wrong, passed

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
        addresses, macs = form.columns_of(Kind.ADDRESS), form.columns_of(Kind.MAC)
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
            change = None if name in addresses else ("", hardware_address) if name in macs else self._unescape
            texts[name] = _text_column(buffer, *spans, indices, change, are_addresses=name in addresses)
        return Scanned(
            rows=rows,
            numbers=numbers,
            texts=texts,
            stamps=events.stamps[:rows],
            zoned=events.kinds[:rows] == ABSOLUTE,
        )

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
    ) -> tuple[Rejects, npt.NDArray[np.int64]]:
        """Return the rejects in order, and which of them, first other lines and then events, stands in each place."""
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
            return found, np.arange(len(rest))
        order = _in_order(calls, (rest, rows), (others.lines[rest], events.lines[rows]))
        return found.only(order), order

    def _reason(self, buffer: Bytes, row: int) -> str:
        """Say in words why a line was rejected."""
        others = self._others
        code = int(others.reasons[row])
        if code in _REASONS:
            return _REASONS[code]
        place = int(others.fields[row])
        if code == reasons.REPEATED and isinstance(self._form.shape, PacketKeys):
            return f"{self._form.shape.fields[place].key}= shows a second record in the line"
        start, length = others.values[row]
        return f"{self._form.fault(place)}: {decoded(buffer[start : start + min(length, STORED_VALUE)])!r}"


def _calls(facts: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64], spans: Sequence[Span]) -> Iterator[_Rows]:
    """Yield what the scanner added for each span."""
    rows = rest = 0
    for fact, size, span in zip(facts, sizes.tolist(), spans, strict=False):
        ends = int(fact[scanner.ROWS]), int(fact[scanner.REST])
        yield _Rows(fact, size, slice(rows, ends[0]), slice(rest, ends[1]), span.zone)
        rows, rest = ends


def _in_order(
    calls: Sequence[_Rows],
    rows: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]],
    lines: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]],
) -> npt.NDArray[np.int64]:
    """Return the order of the lines in some rows of the others, and of the events, whose numbers are given."""
    ends = ([call.others.stop for call in calls], [call.events.stop for call in calls])
    owners = [np.searchsorted(end, row, side="right") for end, row in zip(ends, rows, strict=True)]
    return np.lexsort((np.concatenate(lines), np.concatenate(owners)))


def _places_in(order: npt.NDArray[np.int64], items: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return where items stand that are put into an order; anything for an item below 0."""
    places = np.zeros(len(order) + 1, np.int64)
    places[order] = np.arange(len(order))
    return places[np.clip(items, -1, len(order) - 1)]


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


def is_headed(form: Format) -> bool:
    """Return whether lines of a format's files name the columns of those after them."""
    return isinstance(form.shape, Headed)


def header_columns(form: Format, line: bytes) -> list[int]:
    """Return what the columns lead to that a header names, or those of files without one."""
    if not isinstance(form.shape, Headed):
        return []
    names, shape = compiled(form).names, form.shape
    if not line:
        return [names.get(name, NOTHING) for name in shape.default.split()]
    text = line.decode("utf-8", "replace").removeprefix("\ufeff").rstrip("\r\n ")
    text = text[len(shape.header) :].lstrip(shape.separator + " ")
    words = text.split() if shape.separator == " " else text.split(shape.separator)
    return [names.get(name, NOTHING) for name in words[:MOST_COLUMNS]]


def _unescaping(form: Format) -> tuple[str, Callable[[str], str]] | None:
    """Return what shows that a text is escaped, and what undoes it; None where a format's texts are not."""
    shape = form.shape
    if isinstance(shape, PacketKeys) or not escape_of(shape):
        return None
    escape = escape_of(shape)
    return escape, lambda text: unescape(shape, text) if escape in text else text


class HeaderLines:
    """Finds the lines of a format that name columns."""

    def __init__(self, form: Format) -> None:
        """Take the format."""
        plan = compiled(form).plan
        self._plan, self._state = plan, records.RecordState.empty(plan)

    def last(self, buffer: Bytes, start: int, end: int) -> bytes:
        """Return the last such line of buffer[start:end], without what ends it; nothing where there is none."""
        first, last = records.last_header(buffer, start, end, self._plan, self._state.captures)
        return buffer[first:last].tobytes() if first >= 0 else b""


def _rule_places(codes: npt.NDArray[np.int8]) -> npt.NDArray[np.int16]:
    """Return the places among the names of rules of the reasons that the scanner gives."""
    places = np.zeros(128, np.int16)
    for place, reason in enumerate(IGNORED):
        places[reason] = place
    places[FIRST_RULE:] = np.arange(128 - FIRST_RULE) + len(IGNORED)
    return places[codes]


def _parts(
    calls: Sequence[_Rows], keep: npt.NDArray[np.bool_], ignored: npt.NDArray[np.bool_], passed_rows: Sequence[int]
) -> list[Part]:
    """Return what each call of the scanner added, in numbers of what is kept, ignored and rejected of it."""
    parts = []
    events = ignores = rejects = 0
    all_kept = bool(keep.all())
    for call in calls:
        rows, rest = call.events.stop - call.events.start, call.others.stop - call.others.start
        kept = rows if all_kept else int(np.count_nonzero(keep[call.events]))
        passed = int(np.count_nonzero(ignored[call.others])) if rest else 0
        wrong = rows - kept + rest - passed
        if passed_rows:
            own = bisect_left(passed_rows, call.events.stop) - bisect_left(passed_rows, call.events.start)
            passed, wrong = passed + own, wrong - own
        ends = events + kept, ignores + passed, rejects + wrong
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
            wrong[int(row)] = f"{_INVALID.get(name, f'{name} is not valid')}: {value!r}"
    if len(stamps) and stamps.min() < FIRST_STAMP:
        for row in np.flatnonzero(stamps < FIRST_STAMP):
            wrong[int(row)] = "time stamp before 2000-01-01 or after 9999-12-31"
    return wrong


def _text_column(  # noqa: PLR0913 - a dictionary, and what its texts are
    buffer: Bytes,
    starts: npt.NDArray[np.int64],
    lengths: npt.NDArray[np.int64],
    indices: pa.Array,
    change: tuple[str, Callable[[str], str]] | None,
    *,
    are_addresses: bool,
) -> pa.DictionaryArray:
    r"""Return a column of interned values; bytes that are no UTF-8 are written \xNN, addresses as they are stored."""
    room = max(int(lengths.sum()), len(lengths) * LONGEST_FORMATTED if are_addresses else 0)
    out = np.empty(room + PADDING, np.uint8)
    offsets = np.zeros(len(starts) + 1, np.int32)
    changed = gather_texts(buffer, starts, lengths, are_addresses, out, offsets)
    data = out[: offsets[-1]]
    is_changed = change is not None and change[0].encode() in data.tobytes()
    if not changed and len(data) and (is_changed or data.max() > _ASCII):
        texts = [decoded(data[offsets[place] : offsets[place + 1]]) for place in range(len(starts))]
        if change is not None:
            texts = [change[1](text) for text in texts]
        dictionary, changed = pa.array(texts, pa.string()), True
    else:
        dictionary = pa.StringArray.from_buffers(len(starts), pa.py_buffer(offsets), pa.py_buffer(data))
    if changed:  # a byte and its escape, or two ways to write an address, are two values of one text
        encoded = dictionary.dictionary_encode()
        return text_column(pc.take(encoded.indices, indices, boundscheck=False), encoded.dictionary)
    return text_column(indices, dictionary)
