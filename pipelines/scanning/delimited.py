"""The delimited shape, compiled: values between separators, whose columns values before them, or a header, decide."""

import numpy as np

from pipelines.compiled import kernel
from pipelines.plan import (
    CASES,
    COMMENT,
    FIRST_RULE,
    HEADER_LENGTH,
    KEYS,
    MINIMUM,
    MOST_COLUMNS,
    NOTHING,
    PATTERN_BASE,
    QUOTE,
    SEPARATOR,
    Plan,
)
from pipelines.scanning.captures import Captures, capture, target_at
from pipelines.scanning.matching import match
from pipelines.scanning.reasons import CUT, NO_FORM, NO_HEADER
from pipelines.scanning.words import VECTOR, byte_at, equal_bytes, find_byte, item, put_item, trailing_zeros

_BLANK = 32
_UNKNOWN = -2


@kernel
def put_capture(buffer: np.ndarray, target: int, start: int, end: int, plan: Plan, captures: Captures) -> int:
    """Note a value for what it leads to: a slot, or a pattern that takes it apart; return a reason or 0."""
    if target >= PATTERN_BASE:
        accepted, _ = match(buffer, start, end, target - PATTERN_BASE, plan, captures)
        return NO_FORM if accepted < 0 and end > start else 0
    if target >= 0:
        capture(buffer, target, start, end, captures)
    return 0


@kernel
def after_quoted(buffer: np.ndarray, position: int, end: int, quote: int, escape: int) -> int:
    """Return where the quote stands that closes a value which starts at `position`, or `end`."""
    while True:
        position = find_byte(buffer, position, end, quote)
        if position >= end:
            return end
        if escape >= 0:
            back = position
            while byte_at(buffer, back - 1) == escape:
                back -= 1
            if (position - back) & 1:
                position += 1
                continue
        elif position + 1 < end and byte_at(buffer, position + 1) == quote:
            position += 2
            continue
        return position


@kernel
def read_delimited(buffer: np.ndarray, start: int, end: int, plan: Plan, captures: Captures) -> int:
    """Find the values of a delimited record; return a reason, or 0."""
    separator, quote = item(plan.settings, SEPARATOR), item(plan.settings, QUOTE)
    layout, position, count = 0, start, 0
    base = start
    hits = equal_bytes(buffer, start, separator)
    while True:
        first = np.int64(item(plan.layouts, 4 * layout))
        for place in range(first, first + np.int64(item(plan.layouts, 4 * layout + 1))):
            if position > end:
                return CUT if count < item(plan.settings, MINIMUM) else 0
            if separator == _BLANK:
                while position < end and byte_at(buffer, position) == _BLANK:
                    position += 1
            target = np.int64(item(plan.places, place))
            count += 1
            if quote >= 0 and position < end and byte_at(buffer, position) == quote:
                stop = after_quoted(buffer, position + 1, end, quote, NOTHING)
                reason = put_capture(buffer, target, position + 1, stop, plan, captures)
                stop = find_byte(buffer, stop, end, separator)
                base, hits = stop, equal_bytes(buffer, stop, separator)
            else:
                # A value's end is found in bits that do not depend on where it begins (see `key_values.next_blank`).
                if position - base >= VECTOR:
                    base, hits = position, equal_bytes(buffer, position, separator)
                left = hits >> np.uint64(position - base)
                stop = position
                while left == 0:
                    base += VECTOR
                    stop = base
                    if base >= end:
                        break
                    hits = equal_bytes(buffer, base, separator)
                    left = hits
                stop = min(end, stop + trailing_zeros(left)) if left != 0 else end
                if base >= end:
                    base, hits = end, np.uint64(0)
                reason = put_capture(buffer, target, position, stop, plan, captures)
            if reason != 0:
                return reason
            position = stop + 1
        decides = np.int64(item(plan.layouts, 4 * layout + 2))
        if decides < 0:
            break
        otherwise = np.int64(item(plan.layouts, 4 * layout + 3))
        length = item(captures.spans, 2 * decides + 1)
        layout = target_at(buffer, item(captures.spans, 2 * decides), length, CASES + layout, plan, otherwise)
        if layout < 0:
            if layout <= -FIRST_RULE:
                return -layout
            break
    return CUT if count < item(plan.settings, MINIMUM) else 0


@kernel
def heads(buffer: np.ndarray, start: int, end: int, plan: Plan, captures: Captures) -> bool:
    """Return whether a line names columns, which are then taken, or is a comment."""
    length = item(plan.settings, HEADER_LENGTH)
    if length == 0:
        return names_columns(buffer, start, end, plan) and take_header(buffer, start, end, plan, captures)
    if start + length <= end and same_prefix(buffer, start, length, plan):
        return take_header(buffer, start + length, end, plan, captures)
    return byte_at(buffer, start) == item(plan.settings, COMMENT)


@kernel
def same_prefix(buffer: np.ndarray, start: int, length: int, plan: Plan) -> bool:
    """Return whether the header's first bytes stand at `start`."""
    for offset in range(length):
        if byte_at(buffer, start + offset) != np.int64(item(plan.header, offset)):
            return False
    return True


@kernel
def names_columns(buffer: np.ndarray, start: int, end: int, plan: Plan) -> bool:
    """Return whether all words of a line, two or more, are names of columns."""
    separator = item(plan.settings, SEPARATOR)
    position, count = start, 0
    while position < end:
        stop = find_byte(buffer, position, end, separator)
        if stop > position:
            if target_at(buffer, position, stop - position, KEYS, plan, _UNKNOWN) == _UNKNOWN:
                return False
            count += 1
        position = stop + 1
    return count > 1


@kernel
def take_header(buffer: np.ndarray, start: int, end: int, plan: Plan, captures: Captures) -> bool:
    """Take the columns that are named in buffer[start:end]; return True."""
    separator = item(plan.settings, SEPARATOR)
    position, count = start, 0
    while position < end and (byte_at(buffer, position) == separator or byte_at(buffer, position) == _BLANK):
        position += 1
    while position < end and count < MOST_COLUMNS:
        stop = find_byte(buffer, position, end, separator)
        if stop > position or separator != _BLANK:
            count += 1
            put_item(captures.layout, count, target_at(buffer, position, stop - position, KEYS, plan, NOTHING))
        position = stop + 1
    put_item(captures.layout, 0, count)
    return True


@kernel
def read_headed(buffer: np.ndarray, start: int, end: int, plan: Plan, captures: Captures) -> int:
    """Find the values of a record whose columns a header named; return a reason, or 0."""
    count = item(captures.layout, 0)
    if count == 0:
        return NO_HEADER
    separator = item(plan.settings, SEPARATOR)
    position = start
    for place in range(1, count + 1):
        if separator == _BLANK:
            while position < end and byte_at(buffer, position) == _BLANK:
                position += 1
        if position > end:
            break
        stop = find_byte(buffer, position, end, separator)
        reason = put_capture(buffer, item(captures.layout, place), position, stop, plan, captures)
        if reason != 0:
            return reason
        position = stop + 1
    return 0
