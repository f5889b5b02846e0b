"""JSON documents, one on a line, compiled: every value that a format names by its path, in whatever order they stand.

The whole document is walked, so that one that is cut or broken is told from one that lacks a value.
"""

import numpy as np

from pipelines.compiled import kernel
from pipelines.plan import NOTHING, PATHS, Plan
from pipelines.scanning.captures import Captures, span_hash, target_of
from pipelines.scanning.delimited import put_capture
from pipelines.scanning.reasons import BROKEN_JSON, TOO_DEEP
from pipelines.scanning.words import byte_at, find_byte, item, load8, low_bytes, put_item

DEEPEST = 32
_BLANK, _TAB, _QUOTE, _BACKSLASH = 32, 9, 34, 92
_COMMA, _COLON, _OPEN, _CLOSE, _OPEN_LIST, _CLOSE_LIST = 44, 58, 123, 125, 91, 93
_VALUE, _KEY, _AFTER, _KEY_OR_END, _VALUE_OR_END = range(5)


@kernel
def string_end(buffer: np.ndarray, position: int, end: int) -> int:
    """Return where the quote stands that closes a string which starts at `position`, or `end`."""
    while True:
        position = find_byte(buffer, position, end, _QUOTE)
        if position >= end:
            return end
        back = position
        while byte_at(buffer, back - 1) == _BACKSLASH:
            back -= 1
        if (position - back) & 1 == 0:
            return position
        position += 1


@kernel
def number_end(buffer: np.ndarray, position: int, end: int) -> int:
    """Return where a number ends, `position` where there is none."""
    at = position
    digits = 0
    while at < end:
        byte = byte_at(buffer, at)
        if 48 <= byte <= 57:
            digits += 1
        elif byte != 43 and byte != 45 and byte != 46 and byte | 32 != 101:
            break
        at += 1
    return at if digits > 0 else position


@kernel
def read_document(buffer: np.ndarray, start: int, end: int, plan: Plan, captures: Captures) -> int:
    """Find the values of a document; return a reason, or 0."""
    stack = captures.stack  # of each object or array that is open: its path's hash, and its next place or NOTHING
    depth = 0
    path = np.uint64(PATHS)
    state = _VALUE
    position = start
    while True:
        while position < end and (byte_at(buffer, position) == _BLANK or byte_at(buffer, position) == _TAB):
            position += 1
        if position >= end:
            return 0 if depth == 0 and state == _AFTER else BROKEN_JSON
        byte = byte_at(buffer, position)
        if state == _AFTER:
            if depth == 0:
                return BROKEN_JSON
            place = item(stack, 2 * depth - 1)
            if byte == _COMMA:
                position += 1
                if place == NOTHING:
                    state = _KEY
                else:
                    put_item(stack, 2 * depth - 1, place + 1)
                    state = _VALUE
                continue
            if byte != (_CLOSE if place == NOTHING else _CLOSE_LIST):
                return BROKEN_JSON
            depth -= 1
            position += 1
            continue
        if (state == _KEY_OR_END and byte == _CLOSE) or (state == _VALUE_OR_END and byte == _CLOSE_LIST):
            depth -= 1
            position += 1
            state = _AFTER
            continue
        if state == _KEY or state == _KEY_OR_END:
            if byte != _QUOTE:
                return BROKEN_JSON
            stop = string_end(buffer, position + 1, end)
            if stop >= end:
                return BROKEN_JSON
            path = span_hash(buffer, position + 1, stop - position - 1, np.uint64(item(stack, 2 * depth - 2)))
            position = stop + 1
            while position < end and byte_at(buffer, position) == _BLANK:
                position += 1
            if position >= end or byte_at(buffer, position) != _COLON:
                return BROKEN_JSON
            position += 1
            state = _VALUE
            continue
        if depth > 0 and item(stack, 2 * depth - 1) != NOTHING:
            path = place_hash(np.uint64(item(stack, 2 * depth - 2)), item(stack, 2 * depth - 1))
        state = _AFTER
        if byte == _QUOTE:
            stop = string_end(buffer, position + 1, end)
            if stop >= end:
                return BROKEN_JSON
            reason = put_capture(buffer, target_of(path, plan, NOTHING), position + 1, stop, plan, captures)
            if reason != 0:
                return reason
            position = stop + 1
        elif byte == _OPEN or byte == _OPEN_LIST:
            if depth >= DEEPEST:
                return TOO_DEEP
            put_item(stack, 2 * depth, np.int64(path))
            put_item(stack, 2 * depth + 1, NOTHING if byte == _OPEN else 0)
            depth += 1
            position += 1
            state = _KEY_OR_END if byte == _OPEN else _VALUE_OR_END
        else:
            stop = literal_end(buffer, position, end)
            if stop == position:
                return BROKEN_JSON
            if byte != 110:
                reason = put_capture(buffer, target_of(path, plan, NOTHING), position, stop, plan, captures)
                if reason != 0:
                    return reason
            position = stop


@kernel
def literal_end(buffer: np.ndarray, position: int, end: int) -> int:
    """Return where `true`, `false`, `null` or a number ends, `position` where there is none of them."""
    word = low_bytes(load8(buffer, position), 4)
    if (word == np.uint64(0x65757274) or word == np.uint64(0x6C6C756E)) and position + 4 <= end:
        return position + 4
    if low_bytes(load8(buffer, position), 5) == np.uint64(0x65736C6166) and position + 5 <= end:
        return position + 5
    return number_end(buffer, position, end)


@kernel
def place_hash(path: np.uint64, place: int) -> np.uint64:
    """Return the hash of the path to a place, 0 to 9, of an array; of places behind them, of no path."""
    if place > 9:
        return np.uint64(1)
    value = (path ^ np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ np.uint64(48 + place)) * np.uint64(0x9E3779B97F4A7C15)
    return max(value ^ (value >> np.uint64(29)), np.uint64(1))
