"""The key=value shape, compiled: `SRC=203.0.113.9 DPT=445 SYN` into the columns that the fields of a format name."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.addresses import parse_address
from pipelines.compiled import kernel
from pipelines.kinds import Kind
from pipelines.packet_keys import KEY_HASH, Evidence, Section, Tables
from pipelines.scanning.interning import NONE, Values, code_of, enter, find
from pipelines.scanning.keys import evidence_of_key, field_of, starts_record
from pipelines.scanning.numerals import decimal, hexadecimal
from pipelines.scanning.outputs import Events, get_number, has_code, has_number, put_code, put_number
from pipelines.scanning.reasons import BAD_VALUE, REPEATED
from pipelines.scanning.syslog_header import skip_blanks, token_end
from pipelines.scanning.words import (
    VECTOR,
    byte_at,
    equal_bytes,
    find_byte,
    item,
    load8,
    low_bytes,
    put_item,
    repeat,
    trailing_zeros,
    zero_bytes,
)

START, HEAD = Evidence.START | 0, Evidence.HEAD | 0
NETWORK, TRANSPORT, ICMP = Section.NETWORK | 0, Section.TRANSPORT | 0, Section.ICMP | 0
SKIP, DECIMAL, HEXADECIMAL = Kind.SKIP | 0, Kind.DECIMAL | 0, Kind.HEXADECIMAL | 0
ADDRESS, PROTOCOL, FLAG = Kind.ADDRESS | 0, Kind.PROTOCOL | 0, Kind.FLAG | 0

_BLANK, _QUOTE, _EQUALS = 32, 34, 61
_OPEN, _CLOSE, _ROUND_OPEN, _ROUND_CLOSE = 91, 93, 40, 41

# Places on a path: one for each field that a format may have, and some for words that are no field.
_FIELDS = 64
_PLACES = _FIELDS + 16
_NO_WORD = np.uint64(1)
_WORD, _MASK, _FIELD, _SECTION, _LENGTH, _NEXT, _STEP = range(7)


class Path(NamedTuple):
    """Which key follows which: mostly that of the line before, which then need not be looked up.

    Attributes:
        steps: uint64[places * 2 * 6], by the place of a key the two that last came after it: the bytes of the key and
            of what ends it, which bytes of a word they are, its field + 1, the section, its length, and its place.
    """

    steps: npt.NDArray[np.uint64]

    @classmethod
    def empty(cls) -> "Path":
        """Return a path that no line goes."""
        steps = np.zeros((_PLACES * 2, _STEP), np.uint64)
        steps[:, _WORD] = _NO_WORD
        return cls(steps.reshape(-1))


@kernel
def is_word(byte: int) -> bool:
    """Return whether a byte can be part of a key: a letter, a digit or an underscore."""
    return 48 <= byte <= 57 or 65 <= byte <= 90 or 97 <= byte <= 122 or byte == 95


@kernel
def first_key(buffer: np.ndarray, start: int, end: int, trusted: bool, tables: Tables) -> int:
    """Return where the first known `KEY=` of a message starts, or -1.

    Of a message whose program is not known to write the format, the first `=` must be that of a known key: text that
    others can write into a log (a user's name, say) shall not pass for a packet. A log prefix may lack the blank at its
    end: `DROPIN=eth0 OUT= `.
    """
    position = start
    while True:
        equals = find_byte(buffer, position, end, _EQUALS)
        if equals >= end:
            return NONE
        key = equals
        while key > position and is_word(byte_at(buffer, key - 1)) and equals - key <= 8:
            key -= 1
        length = equals - key
        if 0 < length <= 8 and field_of(low_bytes(load8(buffer, key), length), True, NETWORK, tables) >= 0:
            return key
        glued = glued_key(buffer, key, equals, end, tables)
        if glued >= 0:
            return glued
        if not trusted:
            return NONE
        position = equals + 1


@kernel
def glued_key(buffer: np.ndarray, start: int, equals: int, end: int, tables: Tables) -> int:
    """Return where the first key of a record starts inside the word that ends at `equals`, or -1.

    The record's second key must follow: a word may end in the letters of the first by chance.
    """
    following = skip_blanks(buffer, token_end(buffer, equals, end), end)
    if evidence_of_key(buffer, following, end, tables) & HEAD == 0:
        return NONE
    for key in range(max(start, equals - 8), equals):
        if starts_record(buffer, key, end, tables):
            return key
    return NONE


@kernel
def skip_bracket(buffer: np.ndarray, position: int, end: int, opening: int, closing: int) -> int:
    """Return the position after the bracket that matches the one at `position`, or `end`."""
    depth = 0
    while position < end:
        if byte_at(buffer, position) == opening:
            depth += 1
        elif byte_at(buffer, position) == closing:
            depth -= 1
            if depth == 0:
                return position + 1
        position += 1
    return end


@kernel
def next_blank(buffer: np.ndarray, position: int, end: int, base: int, blanks: np.uint64) -> tuple[int, int, np.uint64]:
    """Return the index of the first blank in buffer[position:end], or `end`, and where the next search goes on.

    A value's end is known from bits that do not depend on where it begins: the processor need not wait for the value
    before, which takes half of the time off.

    Args:
        buffer: the bytes.
        position: where to begin; before `base` after a bracket or a quote that closes within a word.
        end: where to end.
        base: start of the vector of bytes that was looked at last.
        blanks: which of its bytes are blanks.
    """
    if position < base or position - base >= VECTOR:
        base = position
        blanks = equal_bytes(buffer, base, _BLANK)
    left = blanks >> np.uint64(position - base)
    while left == 0:
        base += VECTOR
        if base >= end:
            return end, base - VECTOR, blanks
        position = base
        blanks = equal_bytes(buffer, base, _BLANK)
        left = blanks
    return min(end, position + trailing_zeros(left)), base, blanks


@kernel
def is_icmp(buffer: np.ndarray, start: int, length: int) -> bool:
    """Return whether a protocol, by name or number, is ICMP or ICMPv6."""
    word = load8(buffer, start) & np.uint64(0xDFDFDFDF)
    if length >= 4 and word == np.uint64(0x504D4349):
        return True
    number = low_bytes(load8(buffer, start), length)
    return (length == 1 and number == 49) or (length == 2 and number == 0x3835)


@kernel
def read_record(
    buffer: np.ndarray,
    start: int,
    end: int,
    row: int,
    total: int,
    tables: Tables,
    path: Path,
    events: Events,
    values: Values,
) -> tuple[int, int, int, int, int, int]:
    """Read `KEY=value` pairs and flags into row `row`.

    Of a key that stands twice the first counts; but one that shows what the line is, or the first key after others, is
    that of a second record, whose fields must not be mixed with those of the first.

    Returns:
        (reason or 0, field at fault, start and length of its value, evidence seen, number of entries now).
    """
    section = NETWORK
    evidence = 0
    position = start
    place = 0
    base = start
    blanks = equal_bytes(buffer, start, _BLANK)
    while position < end:
        if byte_at(buffer, position) == _BLANK:
            position += 1
            continue
        after, base, blanks = next_blank(buffer, position, end, base, blanks)
        word = load8(buffer, position)
        step = place * 2 * _STEP
        if word & item(path.steps, step + _MASK) != item(path.steps, step + _WORD):
            step += _STEP
        stop = position + np.int64(item(path.steps, step + _LENGTH))
        if (
            word & item(path.steps, step + _MASK) == item(path.steps, step + _WORD)
            and item(path.steps, step + _SECTION) == np.uint64(section)
            and stop < end
        ):
            field = np.int64(item(path.steps, step + _FIELD)) - 1
            place = np.int64(item(path.steps, step + _NEXT))
        else:
            field, stop, place = look_up(buffer, position, end, word, section, place, tables, path)
        if field < 0:
            position = after_unknown(buffer, position, after, end)
            continue
        kind = item(tables.kinds, field)
        column = np.int64(item(tables.columns, field))
        if kind == FLAG:
            bits = get_number(events, column, row) if has_number(events, column, row) else 0
            put_number(events, column, row, bits | item(tables.bits, field))
            position = stop
            continue
        first = stop + 1
        shows = np.int64(item(tables.evidence, field))
        if shows & (START | HEAD) != 0 and evidence & ~(START | HEAD) != 0:
            return REPEATED, field, first, 0, evidence, total
        if item(tables.leads_to, field) >= 0:
            section = np.int64(item(tables.leads_to, field))
        if first >= end or byte_at(buffer, first) == _BLANK:
            evidence |= shows & (START | HEAD)
            position = first
            continue
        evidence |= shows
        position = after
        if kind == DECIMAL or kind == HEXADECIMAL:
            number = decimal(buffer, first, after) if kind == DECIMAL else hexadecimal(buffer, first, after)
            if number < 0 or number > item(tables.largest, field):
                return BAD_VALUE, field, first, after - first, evidence, total
            if not has_number(events, column, row):
                put_number(events, column, row, number)
            elif shows != 0:
                return REPEATED, field, first, after - first, evidence, total
            continue
        if kind == SKIP:
            if byte_at(buffer, first) == _QUOTE:
                position = find_byte(buffer, first + 1, end, _QUOTE) + 1
            continue
        if has_code(events, column, row):
            if shows != 0:
                return REPEATED, field, first, after - first, evidence, total
            continue
        entry, slot = find(buffer, first, after - first, column, values)
        if entry < 0:
            # An address is read once, when it is new: its text is compared, and not what it reads as.
            if kind == ADDRESS and parse_address(buffer, first, after)[0] == 0:
                return BAD_VALUE, field, first, after - first, evidence, total
            put_code(events, column, row, enter(buffer, first, after - first, column, slot, total, values))
            total += 1
        else:
            put_code(events, column, row, code_of(entry, values))
        if kind == PROTOCOL:
            section = ICMP if is_icmp(buffer, first, after - first) else TRANSPORT
    return 0, NONE, NONE, 0, evidence, total


@kernel
def look_up(
    buffer: np.ndarray, position: int, end: int, word: np.uint64, section: int, place: int, tables: Tables, path: Path
) -> tuple[int, int, int]:
    """Return the field of the token at `position`, or -1, where its key ends, and its place, which goes on the path.

    A key that fills a word leaves no room in it for what ends it, and is looked up each time.
    """
    bits = min(trailing_zeros(zero_bytes(word ^ repeat(_EQUALS))), trailing_zeros(zero_bytes(word ^ repeat(_BLANK))))
    stop = min(position + (bits >> 3), end)
    length = stop - position
    if stop < end and byte_at(buffer, stop) != _EQUALS and byte_at(buffer, stop) != _BLANK:
        return NONE, stop, 0
    key = low_bytes(word, length)
    field = np.int64(field_of(key, stop < end and byte_at(buffer, stop) == _EQUALS, section, tables))
    following = field if field >= 0 else _FIELDS + np.int64((key * np.uint64(KEY_HASH)) >> np.uint64(60))
    if length < 8 and stop < end:
        step = place * 2 * _STEP
        for index in range(step, step + _STEP):
            put_item(path.steps, index + _STEP, item(path.steps, index))
        put_item(path.steps, step + _WORD, low_bytes(word, length + 1))
        put_item(path.steps, step + _MASK, low_bytes(~np.uint64(0), length + 1))
        put_item(path.steps, step + _FIELD, np.uint64(field + 1))
        put_item(path.steps, step + _SECTION, np.uint64(section))
        put_item(path.steps, step + _LENGTH, np.uint64(length))
        put_item(path.steps, step + _NEXT, np.uint64(following))
    return field, stop, following


@kernel
def after_unknown(buffer: np.ndarray, position: int, after: int, end: int) -> int:
    """Return the position after a token that is no known key: a bracket and all it holds, or a word up to `after`."""
    if byte_at(buffer, position) == _OPEN:
        return skip_bracket(buffer, position, end, _OPEN, _CLOSE)
    if byte_at(buffer, position) == _ROUND_OPEN:
        return skip_bracket(buffer, position, end, _ROUND_OPEN, _ROUND_CLOSE)
    return after
