"""What stands in a record becomes typed columns, compiled: the same for all shapes."""

import numpy as np

from pipelines.addresses import parse_address
from pipelines.compiled import kernel
from pipelines.kinds import Kind
from pipelines.plan import (
    DATE,
    ENDPOINTS,
    HAS_NULLS,
    NULLS,
    OBSERVED,
    SERVICES,
    TIME,
    ZONE,
    Plan,
)
from pipelines.scanning.captures import Captures, target_at
from pipelines.scanning.interning import Values, code_of, enter, find
from pipelines.scanning.numerals import clock_milliseconds, decimal, hexadecimal, milliseconds
from pipelines.scanning.outputs import Events, put_code, put_number
from pipelines.scanning.reasons import BAD_VALUE
from pipelines.scanning.stamps import (
    ABSENT,
    ABSOLUTE,
    DAY,
    IMPOSSIBLE,
    LOCAL,
    NO_STAMP,
    clock,
    days_in_month,
    days_since_epoch,
    digit,
    fixed_number,
    offset,
    read_stamp,
)
from pipelines.scanning.words import byte_at, find_byte, item, put_item

NONE = -1
DECIMAL, HEXADECIMAL, PORT = Kind.DECIMAL | 0, Kind.HEXADECIMAL | 0, Kind.PORT | 0
ADDRESS, STAMP, SECONDS, CLOCK = Kind.ADDRESS | 0, Kind.STAMP | 0, Kind.SECONDS | 0, Kind.CLOCK | 0
TEXT, MAC, PROTOCOL = Kind.TEXT | 0, Kind.MAC | 0, Kind.PROTOCOL | 0

_HYPHEN, _COLON, _DOT, _SLASH, _ROUND_OPEN, _OPEN, _CLOSE = 45, 58, 46, 47, 40, 91, 93


@kernel
def is_null(buffer: np.ndarray, start: int, length: int, plan: Plan) -> bool:
    """Return whether a value stands for none."""
    if length <= 1:
        return length == 0 or byte_at(buffer, start) == _HYPHEN
    return item(plan.settings, HAS_NULLS) != 0 and target_at(buffer, start, length, NULLS, plan, 0) == 1


@kernel
def number_of(buffer: np.ndarray, start: int, end: int, kind: int, near: int, plan: Plan) -> int:
    """Return the number that a value is, or -1."""
    if kind == DECIMAL:
        return decimal(buffer, start, end)
    if kind == PORT:
        number = decimal(buffer, start, end)
        return number if number >= 0 else target_at(buffer, start, end - start, SERVICES, plan, NONE)
    if kind == HEXADECIMAL:
        return hexadecimal(buffer, start, end)
    if kind == SECONDS:
        return milliseconds(buffer, start, end)
    if kind == CLOCK:
        return clock_milliseconds(buffer, start, end)
    found, stamp, _ = read_stamp(buffer, start, end, near)
    return stamp if found != ABSENT and found != IMPOSSIBLE and stamp >= 0 else NONE


@kernel
def convert(
    buffer: np.ndarray,
    row: int,
    total: int,
    near: int,
    plan: Plan,
    captures: Captures,
    events: Events,
    values: Values,
) -> tuple[int, int, int]:
    """Write the values that were captured into row `row`: (reason or 0, slot at fault, number of entries now)."""
    split_endpoints(buffer, plan, captures)
    for slot in range(len(plan.kinds)):
        start, length = item(captures.spans, 2 * slot), item(captures.spans, 2 * slot + 1)
        if length <= 0:
            continue
        if is_null(buffer, start, length, plan):
            put_item(captures.spans, 2 * slot + 1, 0)
            continue
        column = np.int64(item(plan.columns, slot))
        kind = np.int64(item(plan.kinds, slot))
        if column < 0 or kind > CLOCK:
            continue
        if kind == TEXT or kind == ADDRESS or kind == MAC or kind == PROTOCOL:
            entry, place = find(buffer, start, length, column, values)
            if entry >= 0:
                put_code(events, column, row, code_of(entry, values))
                continue
            if kind == ADDRESS and parse_address(buffer, start, start + length)[0] == 0:
                if item(plan.lenient, slot) == 0:
                    return BAD_VALUE, slot, total
                put_item(captures.spans, 2 * slot + 1, 0)
                continue
            put_code(events, column, row, enter(buffer, start, length, column, place, total, values))
            total += 1
            continue
        number = number_of(buffer, start, start + length, kind, near, plan)
        if number < 0 or (number > item(plan.largest, slot) and kind != STAMP and kind != CLOCK):
            if item(plan.lenient, slot) == 0:
                return BAD_VALUE, slot, total
            put_item(captures.spans, 2 * slot + 1, 0)
            continue
        put_number(events, column, row, number)
    return 0, NONE, total


@kernel
def split_endpoints(buffer: np.ndarray, plan: Plan, captures: Captures) -> None:
    """Part endpoints, whose slots come first, into an address and a port."""
    for slot in range(item(plan.settings, ENDPOINTS)):
        start, length = item(captures.spans, 2 * slot), item(captures.spans, 2 * slot + 1)
        if length <= 0:
            continue
        end = start + length
        address_end, port = address_and_port(buffer, start, end)
        if byte_at(buffer, start) == _OPEN and address_end > start + 1:
            start += 1
        if byte_at(buffer, end - 1) == 41 and port > 0:
            end -= 1
        address, other = np.int64(item(plan.columns, slot)), item(plan.largest, slot)
        put_item(captures.spans, 2 * address, start)
        put_item(captures.spans, 2 * address + 1, address_end - start)
        if port > 0:
            put_item(captures.spans, 2 * other, port)
            put_item(captures.spans, 2 * other + 1, end - port)
        put_item(captures.spans, 2 * slot + 1, 0)


@kernel
def address_and_port(buffer: np.ndarray, start: int, end: int) -> tuple[int, int]:
    """Return where the address of an endpoint ends, and where its port starts, or -1."""
    if byte_at(buffer, start) == _OPEN:
        close = find_byte(buffer, start, end, _CLOSE)
        return close, (close + 2 if close + 2 < end and byte_at(buffer, close + 1) == _COLON else NONE)
    for mark in (_SLASH, _ROUND_OPEN):
        at = find_byte(buffer, start, end, mark)
        if at < end:
            return at, at + 1
    colons, last_colon, dots, last_dot = 0, NONE, 0, NONE
    for position in range(start, end):
        byte = byte_at(buffer, position)
        if byte == _COLON:
            colons, last_colon, dots = colons + 1, position, 0
        elif byte == _DOT:
            dots, last_dot = dots + 1, position
    if colons == 1:
        return last_colon, last_colon + 1
    if (colons == 0 and dots == 4) or (colons > 1 and (dots == 1 or dots == 4)):
        return last_dot, last_dot + 1
    return end, NONE


@kernel
def observed_of(buffer: np.ndarray, near: int, plan: Plan, captures: Captures) -> tuple[int, int, int, int]:
    """Read the record's own stamp: (reason or 0, slot at fault, kind, stamp); ABSENT where it has none."""
    slot = item(plan.settings, OBSERVED)
    if slot >= 0 and item(captures.spans, 2 * slot + 1) > 0:
        start = item(captures.spans, 2 * slot)
        kind, stamp, _ = read_stamp(buffer, start, start + item(captures.spans, 2 * slot + 1), near)
        if kind == ABSENT:
            return BAD_VALUE, slot, ABSENT, NO_STAMP
    else:
        slot, time_slot = item(plan.settings, DATE), item(plan.settings, TIME)
        if slot < 0 or item(captures.spans, 2 * slot + 1) <= 0 or item(captures.spans, 2 * time_slot + 1) <= 0:
            return 0, NONE, ABSENT, NO_STAMP
        kind, day = date_at(buffer, item(captures.spans, 2 * slot), item(captures.spans, 2 * slot + 1))
        if kind == ABSENT:
            return BAD_VALUE, slot, ABSENT, NO_STAMP
        start = item(captures.spans, 2 * time_slot)
        time, _ = clock(buffer, start, start + item(captures.spans, 2 * time_slot + 1))
        if time == -1:
            return BAD_VALUE, time_slot, ABSENT, NO_STAMP
        if time < 0 or kind == IMPOSSIBLE:
            return 0, NONE, IMPOSSIBLE, NO_STAMP
        stamp = day * DAY + time
    zone_slot = item(plan.settings, ZONE)
    if kind == LOCAL and zone_slot >= 0 and item(captures.spans, 2 * zone_slot + 1) > 0:
        start = item(captures.spans, 2 * zone_slot)
        found, east, _ = offset(buffer, start, start + item(captures.spans, 2 * zone_slot + 1))
        if not found or east == NO_STAMP:
            return BAD_VALUE, zone_slot, ABSENT, NO_STAMP
        return 0, NONE, ABSOLUTE, stamp - east
    return 0, NONE, kind, stamp


@kernel
def date_at(buffer: np.ndarray, start: int, length: int) -> tuple[int, int]:
    """Read `2020-04-01` or `2020/04/01`: (LOCAL, ABSENT or IMPOSSIBLE; days since 1970)."""
    if length != 10 or digit(byte_at(buffer, start)) < 0 or byte_at(buffer, start + 4) != byte_at(buffer, start + 7):
        return ABSENT, 0
    year, month, day = (
        fixed_number(buffer, start, 4),
        fixed_number(buffer, start + 5, 2),
        fixed_number(buffer, start + 8, 2),
    )
    if year < 0 or month < 0 or day < 0:
        return ABSENT, 0
    if month < 1 or month > 12 or day < 1 or day > days_in_month(year, month):
        return IMPOSSIBLE, 0
    return LOCAL, days_since_epoch(year, month, day)
