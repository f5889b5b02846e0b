"""What the scanner leaves becomes Arrow: events as record batches in the schema's columns, rejects as rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines import scanner
from pipelines.addresses import LONGEST_FORMATTED, format_address
from pipelines.compiled import kernel
from pipelines.format import Format, Kind, Scanned, tables
from pipelines.schema import PACKET
from pipelines.stamps import ABSENT, ABSOLUTE, FIRST_STAMP, IMPOSSIBLE, LAST_STAMP, NO_STAMP, YEARLESS
from pipelines.zones import local_to_utc

Bytes = npt.NDArray[np.uint8]
Micros = npt.NDArray[np.int64]

STORED_LINE = 8_192
STORED_VALUE = 80
_ASCII = 0x7F

_REASONS = {
    scanner.NO_TIME: "no time stamp at the start of the line",
    scanner.IMPOSSIBLE_TIME: "impossible time stamp",
    scanner.NUL_BYTE: "NUL byte in the line",
    scanner.TOO_LONG: f"longer than {scanner.LONGEST_LINE} bytes",
    scanner.INCOMPLETE: "record without an address or a protocol",
}
_INVALID = {
    "protocol": "protocol is no name or number of an IP protocol",
    "source_mac": "MAC is no hardware address",
}


@dataclass(frozen=True)
class Rejects:
    """Rejected lines: int64 line numbers (from 0, in the scanned bytes), UTC stamps, reasons and texts."""

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
    """The lines that one call of the scanner read.

    Attributes:
        lines: how many.
        events: columns of `schema.PACKET`, with `line_number` (int64 from 0) and `line_hash` (int64).
        stamps: UTC microseconds of the events.
        ignored_stamps: UTC microseconds of the ignored lines.
        rejects: the rejected lines.
        first_utc, last_utc: stamps of the first and the last line that has one, UTC microseconds, or NO_STAMP.
        first_yearless: first stamp without a year, civil time, or NO_STAMP.
        near: civil microseconds that the next stamp without a year is nearest to.
        yearless: whether no stamp had a year.

    A line without a stamp of its own has that of the nearest line before it, or NO_STAMP where the batch has none.
    """

    lines: int
    events: pa.RecordBatch
    stamps: npt.NDArray[np.int64]
    ignored_stamps: npt.NDArray[np.int64]
    rejects: Rejects
    first_utc: int
    last_utc: int
    first_yearless: int
    near: int
    yearless: bool


class Timeline:
    """The stamps of a batch's lines, in the order of the lines."""

    def __init__(self, lines: Sequence[npt.NDArray[np.int32]], stamps: Sequence[Micros]) -> None:
        """Merge groups of lines (ascending numbers within a group) with their stamps."""
        ends = [(int(part[-1]), int(stamp[-1])) for part, stamp in zip(lines, stamps, strict=True) if len(part)]
        starts = [(int(part[0]), int(stamp[0])) for part, stamp in zip(lines, stamps, strict=True) if len(part)]
        self.first = min(starts)[1] if starts else NO_STAMP
        self.last = max(ends)[1] if ends else NO_STAMP
        self._lines, self._stamps = lines, stamps

    def carried(self, lines: npt.NDArray[np.int32], stamps: Micros) -> Micros:
        """Return `stamps` with those too early to be true replaced by that of the nearest stamped line before."""
        missing = np.flatnonzero(stamps < FIRST_STAMP)
        if not len(missing):
            return stamps
        known = np.concatenate(self._lines)
        order = np.argsort(known, kind="stable")
        places = np.searchsorted(known[order], lines[missing]) - 1
        carried = stamps.copy()
        carried[missing] = NO_STAMP
        found = places >= 0
        carried[missing[found]] = np.concatenate(self._stamps)[order][places[found]]
        return carried


class Reader:
    """Reads chunks of one thread: holds the scanner's outputs, which are reused from chunk to chunk."""

    def __init__(self, form: Format, rows: int) -> None:
        """Make room for `rows` lines of a kind at a time."""
        self._form = form
        self._tables = tables(form)
        self._events, self._others, self._values = scanner.new_outputs(form, rows)

    def read(self, buffer: Bytes, end: int, near: int, zone: ZoneInfo) -> list[Batch]:
        """Read the whole lines of buffer[:end], which must be followed by `scanner.PADDING` bytes.

        Args:
            buffer: the bytes.
            end: how many of them are lines.
            near: civil microseconds that a first stamp without a year is nearest to.
            zone: time zone of stamps that name none.
        """
        batches = []
        position = 0
        while position < end:
            position, lines, rows, rest, _, near = scanner.scan(
                buffer, position, end, near, self._tables, self._events, self._others, self._values
            )
            batches.append(self._batch(buffer, lines, rows, rest, near, zone))
        return batches

    def _batch(  # noqa: PLR0913, PLR0917 - what one call of the scanner returns
        self, buffer: Bytes, lines: int, rows: int, rest: int, near: int, zone: ZoneInfo
    ) -> Batch:
        events, others = self._events, self._others
        stamps = _utc(events.stamps[:rows], events.kinds[:rows], zone)
        derived = self._form.derive(self._scanned(buffer, rows))
        wrong = _wrong_rows(stamps, derived.invalid)
        columns = dict(derived.columns)
        columns["observed_at"] = pa.array(stamps).cast(pa.timestamp("us"))
        columns["packets"] = pa.array(np.ones(rows, np.int64))
        arrays = [columns.get(column.name) for column in PACKET]
        batch = pa.record_batch(
            [
                pa.nulls(rows, column.type) if array is None else array
                for column, array in zip(PACKET, arrays, strict=True)
            ]
            + [pa.array(events.lines[:rows].astype(np.int64)), pa.array(events.hashes[:rows].astype(np.int64))],
            names=[*(column.name for column in PACKET), "line_number", "line_hash"],
        )
        other_stamps = _utc(others.stamps[:rest], others.kinds[:rest], zone)
        keep = np.ones(rows, np.bool_)
        keep[list(wrong)] = False
        timeline = Timeline(
            (events.lines[:rows][stamps >= FIRST_STAMP], others.lines[:rest][other_stamps >= FIRST_STAMP]),
            (stamps[stamps >= FIRST_STAMP], other_stamps[other_stamps >= FIRST_STAMP]),
        )
        other_stamps = timeline.carried(others.lines[:rest], other_stamps)
        ignored = others.reasons[:rest] <= scanner.LAST_IGNORED
        rejects = self._rejects(buffer, other_stamps, np.flatnonzero(~ignored))
        if wrong:
            rejects = _joined(
                rejects, self._wrong_rejects(buffer, timeline.carried(events.lines[:rows], stamps), wrong)
            )
            batch = batch.filter(pa.array(keep))
            stamps = stamps[keep]
        return Batch(
            lines=lines,
            events=batch,
            stamps=stamps,
            ignored_stamps=other_stamps[ignored],
            rejects=rejects,
            first_utc=timeline.first,
            last_utc=timeline.last,
            first_yearless=_first_yearless(events, others, rows, rest),
            near=near,
            yearless=not (_has_full(events.kinds[:rows]) or _has_full(others.kinds[:rest])),
        )

    def _scanned(self, buffer: Bytes, rows: int) -> Scanned:
        """Return the scanner's arrays by column name; the numbers are views into reused memory."""
        form, values = self._form, self._values
        texts = {}
        total = int(values.counts.sum())
        by_column = np.argsort(values.columns[:total], kind="stable")
        bounds = np.concatenate([[0], np.cumsum(values.counts)])
        for index, name in enumerate(form.text_columns()):
            entries = by_column[bounds[index] : bounds[index + 1]]
            codes = self._events.codes[index, :rows].copy()  # Arrow would share the memory, which is reused
            texts[name] = _text_column(buffer, values, entries, pa.array(codes, mask=codes < 0))
        numbers = {name: self._events.numbers[index, :rows] for index, name in enumerate(form.number_columns())}
        return Scanned(numbers=numbers, texts=texts)

    def _rejects(self, buffer: Bytes, stamps: npt.NDArray[np.int64], rows: npt.NDArray[np.int64]) -> Rejects:
        others = self._others
        return Rejects(
            lines=others.lines[rows].astype(np.int64),
            stamps=stamps[rows],
            reasons=[self._reason(buffer, int(row)) for row in rows],
            texts=[stored_line(buffer, *others.spans[row]) for row in rows],
        )

    def _reason(self, buffer: Bytes, row: int) -> str:
        """Say in words why a line was rejected."""
        others = self._others
        code = int(others.reasons[row])
        if code in _REASONS:
            return _REASONS[code]
        field = self._form.fields[others.fields[row]]
        if code == scanner.REPEATED:
            return f"{field.key}= shows a second record in the line"
        start, length = others.values[row]
        value = decoded(buffer[start : start + min(length, STORED_VALUE)])
        if field.kind is Kind.ADDRESS:
            return f"{field.column} is no IP address: {value!r}"
        return f"{field.column} is no number from 0 to {field.largest}: {value!r}"

    def _wrong_rejects(self, buffer: Bytes, stamps: npt.NDArray[np.int64], wrong: dict[int, str]) -> Rejects:
        events = self._events
        rows = np.array(list(wrong), np.int64)
        return Rejects(
            lines=events.lines[rows].astype(np.int64),
            stamps=stamps[rows],
            reasons=list(wrong.values()),
            texts=[stored_line(buffer, *events.spans[row]) for row in rows],
        )


def decoded(data: Bytes | bytes) -> str:
    r"""Return bytes as text; those that are no UTF-8 are written \xNN, so that nothing is lost."""
    return bytes(data).decode("utf-8", "backslashreplace")


def stored_line(buffer: Bytes, start: int, length: int) -> str:
    """Return the text of a rejected line, at most STORED_LINE bytes of it."""
    return decoded(buffer[start : start + min(length, STORED_LINE)])


def _utc(stamps: npt.NDArray[np.int64], kinds: npt.NDArray[np.int8], zone: ZoneInfo) -> npt.NDArray[np.int64]:
    """Return UTC microseconds; NO_STAMP where a line has no stamp that can be used."""
    unusable = (kinds == ABSENT) | (kinds == IMPOSSIBLE)
    if zone.key == "UTC":
        utc = stamps.copy()
    else:
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
    for row in np.flatnonzero(stamps < FIRST_STAMP):
        wrong[int(row)] = "time stamp before 2000-01-01 or after 9999-12-31"
    return wrong


def _joined(one: Rejects, other: Rejects) -> Rejects:
    """Return both, in the order of their lines."""
    both = Rejects(
        lines=np.concatenate([one.lines, other.lines]),
        stamps=np.concatenate([one.stamps, other.stamps]),
        reasons=one.reasons + other.reasons,
        texts=one.texts + other.texts,
    )
    return both.only(np.argsort(both.lines, kind="stable"))


def _first_yearless(events: scanner.Events, others: scanner.Others, rows: int, rest: int) -> int:
    """Return the first stamp in the order of lines that has no year, or NO_STAMP."""
    found = []
    for part, count in ((events, rows), (others, rest)):
        places = np.flatnonzero(part.kinds[:count] == YEARLESS)
        if len(places):
            found.append((int(part.lines[places[0]]), int(part.stamps[places[0]])))
    return min(found)[1] if found else NO_STAMP


def _has_full(kinds: npt.NDArray[np.int8]) -> bool:
    return bool(((kinds != YEARLESS) & (kinds != ABSENT) & (kinds != IMPOSSIBLE)).any())


def _text_column(
    buffer: Bytes, values: scanner.Values, entries: npt.NDArray[np.int64], indices: pa.Array
) -> pa.DictionaryArray:
    r"""Return a column of interned values; bytes that are no UTF-8 are written \xNN."""
    lengths = values.lengths[entries]
    are_addresses = len(entries) > 0 and lengths[0] < 0
    room = len(entries) * LONGEST_FORMATTED if are_addresses else int(lengths.sum())
    out = np.empty(room + scanner.PADDING, np.uint8)
    offsets = np.zeros(len(entries) + 1, np.int32)
    size = _gather(buffer, values.starts, values.lengths, values.highs, values.lows, entries, out, offsets)
    data = out[:size]
    if size and data.max() > _ASCII:
        texts = [decoded(data[offsets[place] : offsets[place + 1]]) for place in range(len(entries))]
        encoded = pa.array(texts, pa.string()).dictionary_encode()  # a byte and its escape: two values, one text
        return pa.DictionaryArray.from_arrays(pc.take(encoded.indices, indices), encoded.dictionary)
    dictionary = pa.StringArray.from_buffers(len(entries), pa.py_buffer(offsets), pa.py_buffer(data))
    return pa.DictionaryArray.from_arrays(indices, dictionary)


@kernel
def _gather(  # noqa: PLR0913, PLR0917 - arrays, as a tuple of them would be copied
    buffer: np.ndarray,
    starts: np.ndarray,
    lengths: np.ndarray,
    highs: np.ndarray,
    lows: np.ndarray,
    entries: np.ndarray,
    out: np.ndarray,
    offsets: np.ndarray,
) -> int:
    """Write the texts of entries one after another; return their size."""
    position = 0
    for place in range(len(entries)):
        entry = entries[place]
        length = lengths[entry]
        if length < 0:
            position = format_address(-length, highs[entry], lows[entry], out, position)
        else:
            for index in range(length):
                out[position + index] = buffer[starts[entry] + index]
            position += length
        offsets[place + 1] = position
    return position
