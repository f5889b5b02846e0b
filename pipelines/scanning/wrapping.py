r"""Log lines inside JSON, as containers and the journal hand them on, become plain lines again, compiled, in place.

Docker writes `{"log":"<line>\n","stream":"stdout","time":"2020-04-03T04:12:45.123456789Z"}`; journald exports
`{"__REALTIME_TIMESTAMP":"1585887165123456","_HOSTNAME":"gate","SYSLOG_IDENTIFIER":"kernel","MESSAGE":"<line>"}`. What a
line becomes is shorter than what it was; the rest is filled with blanks, so that every line stays where it is.
"""

import numpy as np

from pipelines.compiled import kernel
from pipelines.scanning.documents import literal_end, string_end
from pipelines.scanning.stamps import ABSENT, digit, read_stamp
from pipelines.scanning.words import byte_at, find_byte, load8, low_bytes, put_item

LONGEST = 1 << 16

_BLANK, _TAB, _QUOTE, _BACKSLASH, _NEWLINE, _COLON, _COMMA = 32, 9, 34, 92, 10, 58, 44
_OPEN, _CLOSE, _OPEN_LIST, _CLOSE_LIST, _LESS = 123, 125, 91, 93, 60

# Places of what is found in a line: start and length of each.
_LOG, _TIME, _MESSAGE, _REALTIME, _HOST, _IDENTIFIER, _FOUND = range(7)

_LOG_KEY = np.uint64(int.from_bytes(b"log", "little"))
_TIME_KEY = np.uint64(int.from_bytes(b"time", "little"))
_MESSAGE_KEY = np.uint64(int.from_bytes(b"MESSAGE", "little"))
_HOST_KEY = np.uint64(int.from_bytes(b"_HOSTNAM", "little"))
_REALTIME_KEY = np.uint64(int.from_bytes(b"__REALTI", "little"))
_IDENTIFIER_KEY = np.uint64(int.from_bytes(b"SYSLOG_I", "little"))


@kernel
def place_of(buffer: np.ndarray, start: int, length: int) -> int:
    """Return the place that a key's value has, or -1."""
    word = low_bytes(load8(buffer, start), length)
    if length == 3 and word == _LOG_KEY:
        return _LOG
    if length == 4 and word == _TIME_KEY:
        return _TIME
    if length == 7 and word == _MESSAGE_KEY:
        return _MESSAGE
    if length == 9 and word == _HOST_KEY:
        return _HOST
    if length == 20 and word == _REALTIME_KEY:
        return _REALTIME
    return _IDENTIFIER if length == 17 and word == _IDENTIFIER_KEY else -1


@kernel
def skip_nested(buffer: np.ndarray, position: int, end: int) -> int:
    """Return the position after the object or array that starts at `position`, or `end`."""
    depth = 0
    while position < end:
        byte = byte_at(buffer, position)
        if byte == _QUOTE:
            position = string_end(buffer, position + 1, end)
        elif byte == _OPEN or byte == _OPEN_LIST:
            depth += 1
        elif byte == _CLOSE or byte == _CLOSE_LIST:
            depth -= 1
            if depth == 0:
                return position + 1
        position += 1
    return end


@kernel
def skip_space(buffer: np.ndarray, position: int, end: int) -> int:
    """Return the position after blanks and tabs."""
    while position < end and (byte_at(buffer, position) == _BLANK or byte_at(buffer, position) == _TAB):
        position += 1
    return position


@kernel
def find_members(buffer: np.ndarray, start: int, end: int, found: np.ndarray) -> bool:
    """Note where the wanted members of an object stand; return whether it is one."""
    found[:] = 0
    position = skip_space(buffer, start + 1, end)
    while position < end and byte_at(buffer, position) == _QUOTE:
        key = position + 1
        stop = string_end(buffer, key, end)
        place = place_of(buffer, key, stop - key)
        position = skip_space(buffer, stop + 1, end)
        if position >= end or byte_at(buffer, position) != _COLON:
            return False
        position = skip_space(buffer, position + 1, end)
        first = position
        byte = byte_at(buffer, position)
        if byte == _QUOTE:
            stop = string_end(buffer, first + 1, end)
            if place >= 0 and stop < end:
                put_item(found, 2 * place, first + 1)
                put_item(found, 2 * place + 1, stop - first - 1)
            position = stop + 1
        elif byte == _OPEN or byte == _OPEN_LIST:
            position = skip_nested(buffer, first, end)
            if place == _MESSAGE and byte == _OPEN_LIST:  # bytes that are no UTF-8, as numbers
                put_item(found, 2 * place, first)
                put_item(found, 2 * place + 1, position - first)
        else:
            position = literal_end(buffer, first, end)
            if position == first:
                return False
            if place == _REALTIME:
                put_item(found, 2 * place, first)
                put_item(found, 2 * place + 1, position - first)
        position = skip_space(buffer, position, end)
        if position < end and byte_at(buffer, position) == _CLOSE:
            return True
        if position >= end or byte_at(buffer, position) != _COMMA:
            return False
        position = skip_space(buffer, position + 1, end)
    return False


@kernel
def put_bytes(buffer: np.ndarray, start: int, length: int, out: np.ndarray, at: int) -> int:
    """Copy bytes to `out`; return the position after them."""
    for offset in range(length):
        put_item(out, at + offset, np.uint8(byte_at(buffer, start + offset)))
    return at + length


@kernel
def hexadecimal_digits(buffer: np.ndarray, position: int) -> int:
    """Return the number that four hexadecimal digits make, or -1."""
    number = 0
    for index in range(4):
        byte = byte_at(buffer, position + index)
        value = byte - 48
        if value < 0 or value > 9:
            value = (byte | 32) - 87
            if value < 10 or value > 15:
                return -1
        number = number * 16 + value
    return number


@kernel
def put_character(code: int, out: np.ndarray, at: int) -> int:
    """Write a character as UTF-8; control characters as a blank."""
    if code < 128:
        put_item(out, at, np.uint8(code if code >= 32 or code == _TAB else _BLANK))
        return at + 1
    if code < 0x800:
        put_item(out, at, np.uint8(0xC0 | code >> 6))
        put_item(out, at + 1, np.uint8(0x80 | code & 63))
        return at + 2
    if code < 0x10000:
        put_item(out, at, np.uint8(0xE0 | code >> 12))
        put_item(out, at + 1, np.uint8(0x80 | code >> 6 & 63))
        put_item(out, at + 2, np.uint8(0x80 | code & 63))
        return at + 3
    put_item(out, at, np.uint8(0xF0 | code >> 18))
    put_item(out, at + 1, np.uint8(0x80 | code >> 12 & 63))
    put_item(out, at + 2, np.uint8(0x80 | code >> 6 & 63))
    put_item(out, at + 3, np.uint8(0x80 | code & 63))
    return at + 4


@kernel
def put_text(buffer: np.ndarray, start: int, length: int, out: np.ndarray, at: int) -> int:
    """Write a JSON string without its escapes; return the position after it."""
    position, end = start, start + length
    while position < end:
        byte = byte_at(buffer, position)
        if byte != _BACKSLASH or position + 1 >= end:
            put_item(out, at, np.uint8(byte))
            at += 1
            position += 1
            continue
        letter = byte_at(buffer, position + 1)
        position += 2
        if letter != 117:
            at = put_character(
                _BLANK
                if letter == 110 or letter == 114 or letter == 98 or letter == 102
                else _TAB
                if letter == 116
                else letter,
                out,
                at,
            )
            continue
        code = hexadecimal_digits(buffer, position) if position + 4 <= end else -1
        position += 4 if code >= 0 else 0
        if 0xD800 <= code < 0xDC00 and position + 6 <= end and byte_at(buffer, position + 1) == 117:
            low = hexadecimal_digits(buffer, position + 2)
            if 0xDC00 <= low < 0xE000:
                code = 0x10000 + (code - 0xD800 << 10) + low - 0xDC00
                position += 6
        at = put_character(63 if code < 0 or 0xD800 <= code < 0xE000 else code, out, at)
    return at


@kernel
def put_numbers(buffer: np.ndarray, start: int, length: int, out: np.ndarray, at: int) -> int:
    """Write the bytes that an array of numbers lists; return the position after them."""
    number, digits = 0, 0
    for position in range(start, start + length):
        value = digit(byte_at(buffer, position))
        if value >= 0:
            number = number * 10 + value
            digits += 1
        elif digits > 0:
            put_item(out, at, np.uint8(number if number != _NEWLINE else _BLANK))
            at += 1
            number, digits = 0, 0
    return at


@kernel
def unwrapped(buffer: np.ndarray, start: int, end: int, out: np.ndarray, found: np.ndarray) -> int:
    """Write the line that is inside the object buffer[start:end] to `out`; return its length, 0 where there is none."""
    if not find_members(buffer, start, end, found):
        return 0
    at = 0
    if found[2 * _MESSAGE + 1] > 0 and found[2 * _REALTIME + 1] > 0:
        at = put_bytes(buffer, found[2 * _REALTIME], found[2 * _REALTIME + 1], out, at)
        put_item(out, at, np.uint8(_BLANK))
        at += 1
        if found[2 * _HOST + 1] > 0:
            at = put_text(buffer, found[2 * _HOST], found[2 * _HOST + 1], out, at)
            put_item(out, at, np.uint8(_BLANK))
            at += 1
        if found[2 * _IDENTIFIER + 1] > 0:
            at = put_text(buffer, found[2 * _IDENTIFIER], found[2 * _IDENTIFIER + 1], out, at)
            put_item(out, at, np.uint8(_COLON))
            put_item(out, at + 1, np.uint8(_BLANK))
            at += 2
        if byte_at(buffer, found[2 * _MESSAGE] - 1) != _QUOTE:
            return put_numbers(buffer, found[2 * _MESSAGE], found[2 * _MESSAGE + 1], out, at)
        return put_text(buffer, found[2 * _MESSAGE], found[2 * _MESSAGE + 1], out, at)
    if found[2 * _LOG + 1] > 0 and found[2 * _TIME + 1] > 0:
        line, length = found[2 * _LOG], found[2 * _LOG + 1]
        first = byte_at(buffer, line)
        if (
            first != _OPEN
            and not (first == _LESS and digit(byte_at(buffer, line + 1)) >= 0)
            and read_stamp(buffer, line, line + length, 0)[0] == ABSENT
        ):
            at = put_bytes(buffer, found[2 * _TIME], found[2 * _TIME + 1], out, at)
            put_item(out, at, np.uint8(_BLANK))
            at += 1
        return put_text(buffer, line, length, out, at)
    return 0


@kernel
def unwrap(buffer: np.ndarray, start: int, end: int, out: np.ndarray, found: np.ndarray) -> None:
    """Put the lines that are inside the objects of buffer[start:end] in their place.

    Args:
        buffer: whole lines; what is no such object stays.
        start: where they begin.
        end: where they end.
        out: uint8[2 * LONGEST], room for a line.
        found: int64[2 * _FOUND], room for places.
    """
    position = start
    while position < end:
        stop = find_byte(buffer, position, end, _NEWLINE)
        if byte_at(buffer, position) == _OPEN and stop - position < LONGEST:
            length = unwrapped(buffer, position, stop, out, found)
            if 0 < length <= stop - position:
                for offset in range(length):
                    put_item(buffer, position + offset, out[offset])
                for offset in range(length, stop - position):
                    put_item(buffer, position + offset, np.uint8(_BLANK))
        position = stop + 1


def room() -> tuple[np.ndarray, np.ndarray]:
    """Return the arrays that `unwrap` needs."""
    return np.empty(2 * LONGEST, np.uint8), np.zeros(2 * _FOUND, np.int64)
