"""A line of any format that has a plan, compiled: where its record begins, what is in it, and what that becomes."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pipelines.compiled import kernel
from pipelines.plan import (
    ANCHOR_WORDS,
    DELIMITED,
    FIRST_RULE,
    FROM_HEADER,
    HAS_ANCHORS,
    HAS_PROGRAMS,
    HEADED,
    JSON,
    LEAD,
    MOST_COLUMNS,
    OWN_STAMP,
    PACKETS,
    PAIRS,
    SHAPE,
    STRUCTURED,
    SYSLOG,
    WORDS,
    Plan,
)
from pipelines.scanning.captures import Captures, forget, target_at
from pipelines.scanning.conversion import convert, observed_of
from pipelines.scanning.delimited import heads, read_delimited, read_headed
from pipelines.scanning.documents import read_document
from pipelines.scanning.interning import Values, intern
from pipelines.scanning.matching import match
from pipelines.scanning.outputs import Events, get_number, has_code, has_number, put_code, put_number
from pipelines.scanning.pairs import read_pairs
from pipelines.scanning.reasons import (
    IMPOSSIBLE_TIME,
    INCOMPLETE,
    NO_FORM,
    NO_RECORD,
    NO_TIME,
    OTHER_PROGRAM,
    REPEAT,
)
from pipelines.scanning.repeats import is_repeat, repeated
from pipelines.scanning.stamps import ABSENT, IMPOSSIBLE, NO_STAMP, read_stamp
from pipelines.scanning.starts import at_anchor
from pipelines.scanning.syslog_header import Memory, read_header, skip_blanks, skip_priority, token_end
from pipelines.scanning.words import byte_at, find_byte, item, load8, low_bytes, put_item

NONE = -1
HOST = 0
_CLOSE, _STAR, _DOT, _COLON, _NEWLINE, _RETURN = 93, 42, 46, 58, 10, 13
_STACK = 128


class RecordState(NamedTuple):
    """What the scanner remembers of the lines before: heads, to read the next faster, and the columns of a header."""

    memory: Memory
    captures: Captures

    @classmethod
    def empty(cls, plan: Plan) -> "RecordState":
        """Return the state before the first line."""
        spans = np.zeros(2 * len(plan.kinds), np.int64)
        return cls(Memory.empty(), Captures(spans, np.zeros(MOST_COLUMNS + 1, np.int64), np.zeros(_STACK, np.int64)))


def begin_columns(targets: Sequence[int], state: RecordState) -> None:
    """Take what the columns of a file lead to that has named them, or names none."""
    state.captures.layout[0] = len(targets)
    state.captures.layout[1 : len(targets) + 1] = targets


@kernel
def find_anchor(buffer: np.ndarray, start: int, end: int, near: int, plan: Plan) -> tuple[int, int, int]:
    """Look for an anchor in the next words: (where it stands or -1, kind and time of a stamp before it)."""
    kind, stamp = ABSENT, NO_STAMP
    position = start
    for _ in range(item(plan.settings, ANCHOR_WORDS) + 1):
        if position >= end:
            break
        if at_anchor(buffer, position, end, plan):
            return position, kind, stamp
        if kind == ABSENT:
            first = position
            if byte_at(buffer, first) == _STAR or byte_at(buffer, first) == _DOT:
                first += 1  # Cisco's marks of a clock that is not set, or not sure
            kind, stamp, after = read_stamp(buffer, first, end, near)
            if kind != ABSENT:
                position = after
        position = skip_blanks(buffer, token_end(buffer, position, end), end)
    return NONE, ABSENT, NO_STAMP


@kernel
def after_mark(buffer: np.ndarray, start: int, end: int) -> int:
    """Return the position after a byte order mark, or `start`."""
    is_mark = end - start >= 3 and low_bytes(load8(buffer, start), 3) == np.uint64(0xBFBBEF)
    return start + 3 if is_mark else start


@kernel
def last_header(buffer: np.ndarray, start: int, end: int, plan: Plan, captures: Captures) -> tuple[int, int]:
    """Return (start, end) of the last line of buffer[start:end] that names columns; (-1, -1) where none does."""
    found, found_end = NONE, NONE
    position = start
    while position < end:
        stop = find_byte(buffer, position, end, _NEWLINE)
        first, last = after_mark(buffer, position, stop), stop
        if last > first and byte_at(buffer, last - 1) == _RETURN:
            last -= 1
        put_item(captures.layout, 0, NONE)
        if last > first and heads(buffer, first, last, plan, captures) and item(captures.layout, 0) != NONE:
            found, found_end = position, last
        position = stop + 1
    return found, found_end


@kernel
def tokenise(buffer: np.ndarray, start: int, end: int, plan: Plan, captures: Captures) -> int:
    """Find the values of a record; return a reason, or 0."""
    shape, lead = item(plan.settings, SHAPE), item(plan.settings, LEAD)
    if shape == HEADED and heads(buffer, start, end, plan, captures):
        return FIRST_RULE
    if lead > 0:
        accepted, start = match(buffer, start, end, lead, plan, captures)
        if accepted < 0:
            return NO_FORM
        if accepted > 0:
            return accepted
    if shape == DELIMITED:
        return read_delimited(buffer, start, end, plan, captures)
    if shape == PAIRS:
        return read_pairs(buffer, start, end, plan, captures)
    if shape == JSON:
        return read_document(buffer, start, end, plan, captures)
    if shape == HEADED:
        return read_headed(buffer, start, end, plan, captures)
    return 0


@kernel
def rule_of(buffer: np.ndarray, plan: Plan, captures: Captures) -> int:
    """Return the rule by which a record is none of a firewall, or 0."""
    for place in range(0, len(plan.only), 3):
        slot = item(plan.only, place)
        start, length = item(captures.spans, 2 * slot), item(captures.spans, 2 * slot + 1)
        if length <= 0:
            if item(plan.only, place + 2) == 0:
                return item(plan.only, place + 1)
        elif target_at(buffer, start, length, WORDS + place // 3, plan, 0) == 0:
            return item(plan.only, place + 1)
    return 0


@kernel
def has_need(plan: Plan, captures: Captures) -> bool:
    """Return whether a record has one of the values that it needs."""
    if len(plan.needs) == 0:
        return True
    for place in range(len(plan.needs)):
        if item(captures.spans, 2 * item(plan.needs, place) + 1) > 0:
            return True
    return False


@kernel
def read_plan_line(
    buffer: np.ndarray,
    start: int,
    end: int,
    near: int,
    row: int,
    total: int,
    plan: Plan,
    state: RecordState,
    events: Events,
    values: Values,
) -> tuple[int, int, int, int, int, int, int]:
    """Read one line, without what trails it, into row `row`; see `scanner.read_line`."""
    settings, captures = plan.settings, state.captures
    forget(captures, len(plan.kinds))
    kind, stamp, host, host_length, packets = ABSENT, NO_STAMP, NONE, 0, 1
    record = start
    if item(settings, SYSLOG) == 0:
        record = after_mark(buffer, start, end)
    else:
        record = skip_priority(buffer, start, end)
        if item(settings, HAS_ANCHORS) == 0 or not at_anchor(buffer, record, end, plan):
            header = read_header(buffer, start, end, near, plan, state.memory)
            kind, stamp, host, host_length = header.kind, header.stamp, header.host, header.host_length
            if header.foreign:
                return OTHER_PROGRAM, kind, stamp, NONE, NONE, 0, total
            record = header.message
            if record < end and byte_at(buffer, record) == _COLON:  # behind the stamp, as YAMAHA's routers show it
                record = skip_blanks(buffer, record + 1, end)
            if item(settings, STRUCTURED) != 0 and header.message_id >= 0:
                record = header.message_id
            if is_repeat(buffer, record, end):
                return REPEAT, kind, stamp, NONE, NONE, 0, total
            inner, packets = repeated(buffer, record, end)
            if packets > 1:
                record, end = inner, (end - 1 if byte_at(buffer, end - 1) == _CLOSE else end)
            if item(settings, HAS_ANCHORS) != 0:
                first = record
                record, own_kind, own_stamp = find_anchor(buffer, record, end, near, plan)
                if record >= 0 and item(settings, FROM_HEADER) != 0:
                    record = first
                if own_kind != ABSENT and (item(settings, OWN_STAMP) != 0 or kind == ABSENT):
                    kind, stamp = own_kind, own_stamp
            elif item(settings, HAS_PROGRAMS) != 0 and not header.trusted:
                record = NONE
            if record < 0:
                reason = NO_RECORD if kind != ABSENT else NO_TIME
                return reason, kind, stamp, NONE, NONE, 0, total
    reason = tokenise(buffer, record, end, plan, captures)
    if reason == 0:
        reason = rule_of(buffer, plan, captures)
    if reason != 0:
        return reason, kind, stamp, NONE, NONE, 0, total
    reason, slot, total = convert(buffer, row, total, near, plan, captures, events, values)
    if reason == 0:
        reason, slot, own_kind, own_stamp = observed_of(buffer, near, plan, captures)
        if own_kind != ABSENT:
            kind, stamp = own_kind, own_stamp
    if reason != 0:
        first, length = item(captures.spans, 2 * slot), item(captures.spans, 2 * slot + 1)
        return reason, kind, stamp, slot, first, length, total
    if not has_need(plan, captures):
        reason = INCOMPLETE
    elif kind == ABSENT:
        reason = NO_TIME
    elif kind == IMPOSSIBLE:
        reason = IMPOSSIBLE_TIME
    if reason != 0:
        return reason, kind, stamp, NONE, NONE, 0, total
    if host_length > 0 and not has_code(events, HOST, row):
        code, total = intern(buffer, host, host_length, HOST, total, values)
        put_code(events, HOST, row, code)
    if packets > 1:
        column = item(settings, PACKETS)
        count = get_number(events, column, row) if has_number(events, column, row) else 1
        put_number(events, column, row, count * packets)
    return 0, kind, stamp, NONE, NONE, 0, total
