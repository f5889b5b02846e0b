"""The scanner: chunks of bytes in, typed columns out, compiled, one pass, no Python per line.

`scan` reads whole lines and sorts each into events (their columns) and others (lines that are ignored or rejected,
with the reason and the place of the offending value). Texts and addresses are interned: a column holds codes into a
dictionary of its distinct values, which is what Parquet stores and what makes enrichment cheap. The scanner stops when
an output is full; the caller takes what is there and calls again. Buffers need PADDING readable bytes after their last
line.
"""

from typing import NamedTuple

import numpy as np

from pipelines.compiled import dispatched, kernel
from pipelines.packet_keys import HEADER_COLUMNS, Evidence, Tables
from pipelines.plan import Plan
from pipelines.scanning.interning import Values, clear, intern
from pipelines.scanning.key_values import START, Path, first_key, read_record
from pipelines.scanning.outputs import Events, Others, put_code, put_number, take_all_back, take_back
from pipelines.scanning.reasons import (
    BLANK,
    IMPOSSIBLE_TIME,
    INCOMPLETE,
    NO_RECORD,
    NO_TIME,
    NUL_BYTE,
    OTHER_PROGRAM,
    REPEAT,
    TOO_LONG,
)
from pipelines.scanning.records import RecordState, read_plan_line
from pipelines.scanning.repeats import is_repeat, repeated
from pipelines.scanning.stamps import (
    ABSENT,
    FIRST_STAMP,
    IMPOSSIBLE,
    LAST_STAMP,
    MOST_OF_HALF_A_YEAR,
    NO_STAMP,
    YEARLESS,
)
from pipelines.scanning.syslog_header import NONE, Memory, forget_head, read_header
from pipelines.scanning.words import VECTOR, byte_at, equal_bytes, hash_bytes, put_item, trailing_zeros

LONGEST_LINE = 65_536

# Places in the facts of a scan: rows of events, rows of others and values so far; lines; the time that what follows is
# nearest to; the first stamp without a year, or NO_STAMP; by how much the first of them that does so leaps over half a
# year from the one before; whether any has a year; first and last stamp with their kinds.
ROWS, REST, TOTAL, LINES, NEAR, YEARLESS_STAMP, LEAP, DATED, FIRST, FIRST_KIND, LAST, LAST_KIND, FACTS = range(13)

# Places in a span.
SPAN_START, SPAN_END, SPAN_NEAR, FOLLOWS, SPAN = range(5)

HOST, PREFIX, CHAIN = range(len(HEADER_COLUMNS))
RECORD = Evidence.PACKET | 0
BOTH_PORTS = Evidence.SOURCE_PORT | Evidence.DESTINATION_PORT

_BLANK, _COLON, _CLOSE, _NEWLINE = 32, 58, 93, 10


PACKETS = 0  # column of numbers


class State(NamedTuple):
    """What the scanner remembers of the lines before, to read the next faster; it changes no answer."""

    memory: Memory
    path: Path

    @classmethod
    def empty(cls) -> "State":
        """Return the state before the first line."""
        return cls(Memory.empty(), Path.empty())


def state_of(tables: Tables | Plan) -> State | RecordState:
    """Return the state before the first line of a format."""
    return State.empty() if isinstance(tables, Tables) else RecordState.empty(tables)


@kernel
def without_trail(buffer: np.ndarray, start: int, end: int) -> int:
    """Return the end of a line without the blanks and carriage returns at its end."""
    while end > start and (byte_at(buffer, end - 1) == _BLANK or byte_at(buffer, end - 1) == 13):
        end -= 1
    return end


@kernel
def prefix_span(buffer: np.ndarray, start: int, end: int) -> tuple[int, int]:
    """Return (start, length) of a log prefix without the blanks and colons at its end."""
    while end > start and (byte_at(buffer, end - 1) == _BLANK or byte_at(buffer, end - 1) == _COLON):
        end -= 1
    return start, end - start


def read_line(
    buffer: np.ndarray,
    start: int,
    end: int,
    near: int,
    row: int,
    total: int,
    tables: Tables | Plan,
    state: State | RecordState,
    events: Events,
    values: Values,
) -> tuple[int, int, int, int, int, int, int]:
    """Read one line, without what trails it, into row `row`.

    Returns:
        (reason or 0, kind of the stamp, stamp, field at fault, start and length of its value, number of entries now).
    """
    raise NotImplementedError


@dispatched(read_line)
def _read_line(buffer, start, end, near, row, total, tables, state, events, values):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202, ARG001 - numba compares the signatures
    if tables.instance_class is Tables:
        return lambda buffer, start, end, near, row, total, tables, state, events, values: read_packet_line(  # noqa: PLW0108 - numba wants a function of Python's
            buffer, start, end, near, row, total, tables, state, events, values
        )
    return lambda buffer, start, end, near, row, total, tables, state, events, values: read_plan_line(  # noqa: PLW0108 - numba wants a function of Python's
        buffer, start, end, near, row, total, tables, state, events, values
    )


@kernel
def read_packet_line(
    buffer: np.ndarray,
    start: int,
    end: int,
    near: int,
    row: int,
    total: int,
    tables: Tables,
    state: State,
    events: Events,
    values: Values,
) -> tuple[int, int, int, int, int, int, int]:
    """Read one line of netfilter's, see `read_line`."""
    header = read_header(buffer, start, end, near, tables, state.memory)
    kind, stamp = header.kind, header.stamp
    if header.foreign:
        return OTHER_PROGRAM, kind, stamp, NONE, NONE, 0, total
    message, packets = repeated(buffer, header.message, end)
    if packets > 1 and byte_at(buffer, end - 1) == _CLOSE:
        end -= 1
    key = first_key(buffer, message, end, header.trusted, tables)
    if key < 0:
        if is_repeat(buffer, message, end):
            return REPEAT, kind, stamp, NONE, NONE, 0, total
        reason = NO_RECORD if kind != ABSENT else NO_TIME
        return reason, kind, stamp, NONE, NONE, 0, total
    reason, field, first, length, evidence, total = read_record(
        buffer, key, end, row, total, tables, state.path, events, values
    )
    whole = (evidence & START) != 0 or header.chain_length > 0
    if reason == 0 and not (evidence & RECORD) and (evidence & BOTH_PORTS) != BOTH_PORTS:
        reason = INCOMPLETE if evidence != 0 else NO_RECORD
    if kind == ABSENT and (reason == 0 or reason == NO_RECORD):
        reason = NO_TIME
    if reason == 0 and kind == IMPOSSIBLE:
        reason = IMPOSSIBLE_TIME
    if reason != 0:
        return reason, kind, stamp, field, first, length, total
    if header.host_length > 0:
        code, total = intern(buffer, header.host, header.host_length, HOST, total, values)
        put_code(events, HOST, row, code)
    if header.chain_length > 0:
        code, total = intern(buffer, header.chain, header.chain_length, CHAIN, total, values)
        put_code(events, CHAIN, row, code)
    if packets > 1:
        put_number(events, PACKETS, row, packets)
    prefix, length = prefix_span(buffer, message, key)
    if length > 0 and whole:  # without its first key the record's head is cut, and what stands there is no prefix
        code, total = intern(buffer, prefix, length, PREFIX, total, values)
        put_code(events, PREFIX, row, code)
    return 0, kind, stamp, NONE, NONE, 0, total


@kernel
def line_end(buffer: np.ndarray, start: int, end: int) -> tuple[int, bool]:
    """Return (index of the next newline or `end`, whether a NUL byte stands before it)."""
    nul = False
    position = start
    while position < end:
        hits = equal_bytes(buffer, position, _NEWLINE)
        nuls = equal_bytes(buffer, position, 0)
        if nuls != 0 and (hits == 0 or trailing_zeros(nuls) < trailing_zeros(hits)):
            nul = nul or position + trailing_zeros(nuls) < end
        if hits != 0:
            return min(end, position + trailing_zeros(hits)), nul
        position += VECTOR
    return end, nul


@kernel
def begin(events: Events, values: Values, state: State | RecordState) -> None:
    """Make the outputs empty, for lines of a buffer that may hold other bytes than before."""
    clear(values)
    take_all_back(events)
    forget_head(state.memory)


@kernel
def scan(
    buffer: np.ndarray,
    start: int,
    end: int,
    near: int,
    tables: Tables | Plan,
    state: State | RecordState,
    events: Events,
    others: Others,
    values: Values,
    facts: np.ndarray,
) -> int:
    """Scan whole lines of buffer[start:end] until they end or an output is full.

    Args:
        buffer: uint8 array with PADDING readable bytes after `end`.
        start: where the lines begin.
        end: where they end; the last one may lack its newline.
        near: civil time (microseconds) that a first stamp without a year is nearest to.
        tables: the format.
        state: what is remembered from call to call.
        events: output, added to.
        others: output, added to.
        values: output, added to.
        facts: int64[FACTS]. How far the outputs are filled, in and out; what these lines were, out.

    Returns:
        The position reached.
    """
    lines, rows, rest, total = 0, facts[ROWS], facts[REST], facts[TOTAL]
    first, first_kind, last, last_kind, yearless, leap, dated = NO_STAMP, ABSENT, NO_STAMP, ABSENT, NO_STAMP, 0, 0
    capacity = min(len(events.lines), len(others.lines))
    entries = len(values.table) // 2 - len(values.counts) - 1
    position = start
    while position < end and rows < capacity and rest < capacity and total < entries:
        newline, nul = line_end(buffer, position, end)
        stop = without_trail(buffer, position, newline)
        field, value, length = NONE, NONE, 0
        if stop == position:
            reason, kind, stamp = BLANK, ABSENT, NO_STAMP
        elif nul or stop - position > LONGEST_LINE:
            reason, kind, stamp = NUL_BYTE if nul else TOO_LONG, ABSENT, NO_STAMP
        else:
            reason, kind, stamp, field, value, length, total = read_line(
                buffer, position, stop, near, rows, total, tables, state, events, values
            )
        if kind == YEARLESS:
            if yearless == NO_STAMP:
                yearless = stamp
            elif leap == 0 and abs(stamp - near) > MOST_OF_HALF_A_YEAR:
                leap = stamp - near
        elif kind != ABSENT and kind != IMPOSSIBLE:
            dated = 1
        if FIRST_STAMP <= stamp < LAST_STAMP:
            # The nearest year, before or after: a router without a clock starts in January, and then learns the time.
            near = stamp
            if first == NO_STAMP:
                first, first_kind = stamp, kind
            last, last_kind = stamp, kind
        if reason == 0:
            put_item(events.stamps, rows, stamp)
            put_item(events.kinds, rows, kind)
            put_item(events.lines, rows, lines)
            put_item(events.hashes, rows, hash_bytes(buffer, position, stop - position, np.uint64(0)))
            put_item(events.starts, rows, position)
            put_item(events.lengths, rows, stop - position)
            rows += 1
        else:
            take_back(events, rows)
            others.stamps[rest] = stamp
            others.kinds[rest] = kind
            others.lines[rest] = lines
            others.reasons[rest] = reason
            others.fields[rest] = field
            others.spans[rest, 0] = position
            others.spans[rest, 1] = newline - position
            others.values[rest, 0] = value
            others.values[rest, 1] = length
            rest += 1
        lines += 1
        position = newline + 1
    facts[ROWS], facts[REST], facts[TOTAL], facts[LINES] = rows, rest, total, lines
    facts[NEAR], facts[YEARLESS_STAMP], facts[LEAP], facts[DATED] = near, yearless, leap, dated
    facts[FIRST], facts[FIRST_KIND], facts[LAST], facts[LAST_KIND] = first, first_kind, last, last_kind
    return min(position, end)


@kernel
def scan_spans(
    buffer: np.ndarray,
    spans: np.ndarray,
    tables: Tables | Plan,
    state: State | RecordState,
    events: Events,
    others: Others,
    values: Values,
    facts: np.ndarray,
) -> int:
    """Scan one span of lines after another, each as `scan` does, until they end or an output is full.

    Args:
        buffer: uint8 array.
        spans: int64[n, SPAN]: start, end, `near`, and whether what the span before it said is taken for `near`. Of a
            span that is not read whole the start and `near` become those of the rest.
        tables: the format.
        state: what is remembered from call to call.
        events: output, filled from its begin.
        others: output, likewise.
        values: output, likewise.
        facts: int64[n, FACTS], output.

    Returns:
        How many spans are read whole.
    """
    near = 0
    for index in range(len(spans)):
        if spans[index, FOLLOWS] == 0:
            near = spans[index, SPAN_NEAR]
        if index > 0:
            facts[index, ROWS], facts[index, REST] = facts[index - 1, ROWS], facts[index - 1, REST]
            facts[index, TOTAL] = facts[index - 1, TOTAL]
        start, end = spans[index, SPAN_START], spans[index, SPAN_END]
        reached = scan(buffer, start, end, near, tables, state, events, others, values, facts[index])
        near = facts[index, NEAR]
        if reached < end:
            spans[index, SPAN_START], spans[index, SPAN_NEAR], spans[index, FOLLOWS] = reached, near, 0
            return index
    return len(spans)
