"""The scanner: chunks of bytes in, typed columns out, compiled, one pass, no Python per line.

`scan` reads whole lines and sorts each into events (their columns) and others (lines that are ignored or rejected,
with the reason and the place of the offending value). Texts and addresses are interned: a column holds codes into a
dictionary of its distinct values, which is what Parquet stores and what makes enrichment cheap. The scanner stops when
an output is full; the caller takes what is there and calls again. Buffers need PADDING readable bytes after their last
line.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.addresses import parse_address
from pipelines.compiled import kernel
from pipelines.format import HEADER_COLUMNS, KEY_HASH, KEY_SLOTS, Evidence, Format, Kind, Section, Tables
from pipelines.stamps import (
    ABSENT,
    FIRST_STAMP,
    IMPOSSIBLE,
    LAST_STAMP,
    NO_STAMP,
    digit,
    month_number,
    read_stamp,
)
from pipelines.words import find_byte, hash_bytes, load8, low_bytes, mix, repeat, same_bytes, trailing_zeros, zero_bytes

PADDING = 64
LONGEST_LINE = 65_536

# Why a line is no event. Up to LAST_IGNORED the line is ignored by that name; above, it is rejected.
BLANK, OTHER_PROGRAM, NO_RECORD, LAST_IGNORED = 1, 2, 3, 9
NO_TIME, IMPOSSIBLE_TIME, NUL_BYTE, TOO_LONG, BAD_VALUE, INCOMPLETE, REPEATED = 10, 11, 12, 13, 14, 15, 16

HOST, PREFIX, CHAIN = range(len(HEADER_COLUMNS))
NONE = -1
RECORD = Evidence.PACKET | 0
BOTH_PORTS = Evidence.SOURCE_PORT | Evidence.DESTINATION_PORT
START, HEAD = Evidence.START | 0, Evidence.HEAD | 0
NETWORK, TRANSPORT, ICMP = Section.NETWORK | 0, Section.TRANSPORT | 0, Section.ICMP | 0
SKIP, DECIMAL, HEXADECIMAL = Kind.SKIP | 0, Kind.DECIMAL | 0, Kind.HEXADECIMAL | 0
TEXT, ADDRESS, PROTOCOL, FLAG = Kind.TEXT | 0, Kind.ADDRESS | 0, Kind.PROTOCOL | 0, Kind.FLAG | 0

# The first three letters of syslog's severities: a daemon may cut `warning` to `warn`, or `error` to `err`.
SEVERITIES = np.frombuffer(b"eme\0ale\0cri\0err\0war\0not\0inf\0deb\0", "<u4").astype(np.uint64)

_BLANK, _EQUALS, _NEWLINE, _COLON = 32, 61, 10, 58
_OPEN, _CLOSE, _ROUND_OPEN, _ROUND_CLOSE = 91, 93, 40, 41


class Events(NamedTuple):
    """Arrays of the events, one row each.

    Attributes:
        numbers: int64[columns, rows], -1 where absent.
        codes: int32[columns, rows], place of the value in the column's dictionary, -1 where absent.
        stamps: int64[rows], microseconds; kinds: int8[rows], what is known of the stamp (see `stamps`).
        lines: int32[rows], number of the line in the scanned bytes, from 0.
        hashes: uint64[rows], hash of the line without blanks at its end.
        spans: int64[rows, 2], start and length of the line.
    """

    numbers: npt.NDArray[np.int64]
    codes: npt.NDArray[np.int32]
    stamps: npt.NDArray[np.int64]
    kinds: npt.NDArray[np.int8]
    lines: npt.NDArray[np.int32]
    hashes: npt.NDArray[np.uint64]
    spans: npt.NDArray[np.int64]


class Others(NamedTuple):
    """Arrays of the lines that are no events: like `Events`, with the reason, the field at fault and its value."""

    stamps: npt.NDArray[np.int64]
    kinds: npt.NDArray[np.int8]
    lines: npt.NDArray[np.int32]
    reasons: npt.NDArray[np.int8]
    fields: npt.NDArray[np.int16]
    spans: npt.NDArray[np.int64]
    values: npt.NDArray[np.int64]


class Values(NamedTuple):
    """The interned values of all text columns: an open-addressing hash table and its entries.

    Attributes:
        table: int32[power of two], entry at a hash slot, or -1.
        hashes, columns, codes: per entry, its hash, its column and its place in that column's dictionary.
        starts, lengths: per entry, its bytes; for an address, `lengths` holds minus the version.
        highs, lows: per entry, the address.
        counts: int32[columns], values so far; latest: int32[columns], entry seen last, or -1.
    """

    table: npt.NDArray[np.int32]
    hashes: npt.NDArray[np.uint64]
    columns: npt.NDArray[np.int16]
    codes: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]
    highs: npt.NDArray[np.uint64]
    lows: npt.NDArray[np.uint64]
    counts: npt.NDArray[np.int32]
    latest: npt.NDArray[np.int32]


class Header(NamedTuple):
    """Where the parts of a line's head are; a length of 0 is an absent part.

    Attributes:
        kind, stamp: the time stamp.
        message: where the message starts.
        host, host_length, chain, chain_length: name of the host, and name of the chain that some sensors log.
        foreign: whether a program that does not write this format wrote the line.
        trusted: whether a program that does is named.
    """

    kind: int
    stamp: int
    message: int
    host: int
    host_length: int
    chain: int
    chain_length: int
    foreign: bool
    trusted: bool


def new_outputs(form: Format, rows: int) -> tuple[Events, Others, Values]:
    """Return empty outputs for up to `rows` events and as many other lines; about 300 bytes a row."""
    texts, numbers = len(form.text_columns()), len(form.number_columns())
    slots = 1 << (4 * max(rows, texts) - 1).bit_length()  # a single line may hold a new value in every column
    entries = slots // 2
    events = Events(
        np.empty((numbers, rows), np.int64),
        np.empty((texts, rows), np.int32),
        np.empty(rows, np.int64),
        np.empty(rows, np.int8),
        np.empty(rows, np.int32),
        np.empty(rows, np.uint64),
        np.empty((rows, 2), np.int64),
    )
    others = Others(
        np.empty(rows, np.int64),
        np.empty(rows, np.int8),
        np.empty(rows, np.int32),
        np.empty(rows, np.int8),
        np.empty(rows, np.int16),
        np.empty((rows, 2), np.int64),
        np.empty((rows, 2), np.int64),
    )
    values = Values(
        np.empty(slots, np.int32),
        np.empty(entries, np.uint64),
        np.empty(entries, np.int16),
        np.empty(entries, np.int32),
        np.empty(entries, np.int64),
        np.empty(entries, np.int64),
        np.empty(entries, np.uint64),
        np.empty(entries, np.uint64),
        np.empty(texts, np.int32),
        np.empty(texts, np.int32),
    )
    return events, others, values


@kernel
def intern(buffer: np.ndarray, start: int, length: int, column: int, total: int, values: Values) -> tuple[int, int]:
    """Return (code of a text in its column's dictionary, number of entries now)."""
    last = values.latest[column]
    if last >= 0 and values.lengths[last] == length and same_bytes(buffer, values.starts[last], start, length):
        return values.codes[last], total
    key = hash_bytes(buffer, start, length, np.uint64(column))
    mask = len(values.table) - 1
    slot = np.int64(key & np.uint64(mask))
    while True:
        entry = values.table[slot]
        if entry < 0:
            values.starts[total] = start
            values.lengths[total] = length
            return new_entry(key, slot, column, total, values), total + 1
        if (
            values.hashes[entry] == key
            and values.columns[entry] == column
            and values.lengths[entry] == length
            and same_bytes(buffer, values.starts[entry], start, length)
        ):
            values.latest[column] = entry
            return values.codes[entry], total
        slot = (slot + 1) & mask


@kernel
def intern_address(
    version: int, high: np.uint64, low: np.uint64, column: int, total: int, values: Values
) -> tuple[int, int]:
    """Return (code of an address in its column's dictionary, number of entries now)."""
    last = values.latest[column]
    if last >= 0 and values.lows[last] == low and values.highs[last] == high and values.lengths[last] == -version:
        return values.codes[last], total
    key = mix(high ^ np.uint64(version), low ^ np.uint64(column << 40))
    mask = len(values.table) - 1
    slot = np.int64(key & np.uint64(mask))
    while True:
        entry = values.table[slot]
        if entry < 0:
            values.lengths[total] = -version
            values.highs[total] = high
            values.lows[total] = low
            return new_entry(key, slot, column, total, values), total + 1
        if (
            values.lows[entry] == low
            and values.highs[entry] == high
            and values.columns[entry] == column
            and values.lengths[entry] == -version
        ):
            values.latest[column] = entry
            return values.codes[entry], total
        slot = (slot + 1) & mask


@kernel
def new_entry(key: np.uint64, slot: int, column: int, total: int, values: Values) -> int:
    """Enter the value whose content stands at entry `total`; return its code."""
    code = values.counts[column]
    values.counts[column] = code + 1
    values.table[slot] = total
    values.hashes[total] = key
    values.columns[total] = column
    values.codes[total] = code
    values.latest[column] = total
    return code


@kernel
def token_end(buffer: np.ndarray, start: int, end: int) -> int:
    """Return the index of the first blank in buffer[start:end], or `end`."""
    return find_byte(buffer, start, end, _BLANK)


@kernel
def skip_blanks(buffer: np.ndarray, position: int, end: int) -> int:
    """Return the index of the first byte of buffer[position:end] that is no blank, or `end`."""
    while position < end and buffer[position] == _BLANK:
        position += 1
    return position


@kernel
def skip_priority(buffer: np.ndarray, position: int, end: int) -> int:
    """Return the position after a syslog priority `<134>`, or `position`."""
    if buffer[position] != 60:
        return position
    at = position + 1
    while at < min(end, position + 5) and digit(buffer[at]) >= 0:
        at += 1
    return at + 1 if position + 1 < at < end and buffer[at] == 62 else position


@kernel
def skip_uptime(buffer: np.ndarray, position: int, end: int) -> int:
    """Return the position after the kernel's `[  341.399450] `, or `position`."""
    if position >= end or buffer[position] != _OPEN:
        return position
    at = skip_blanks(buffer, position + 1, end)
    start = at
    while at < end and (digit(buffer[at]) >= 0 or buffer[at] == 46):
        at += 1
    if at > start and at < end and buffer[at] == _CLOSE:
        return skip_blanks(buffer, at + 1, end)
    return position


@kernel
def skip_structured_data(buffer: np.ndarray, position: int, end: int) -> int:
    """Return the position after RFC 5424 structured data (`-` or `[id name="value"]...`) and the blank after it."""
    if buffer[position] != _OPEN:
        return skip_blanks(buffer, token_end(buffer, position, end), end)
    quoted = False
    while position < end:
        byte = buffer[position]
        if byte == 92:
            position += 1
        elif byte == 34:
            quoted = not quoted
        elif byte == _CLOSE and not quoted and buffer[position + 1] != _OPEN:
            return skip_blanks(buffer, position + 1, end)
        position += 1
    return end


@kernel
def is_program(buffer: np.ndarray, start: int, length: int, tables: Tables) -> bool:
    """Return whether a name is that of a program that writes the format."""
    if length > 8:
        return False
    word = low_bytes(load8(buffer, start), length)
    for program in tables.programs:
        if word == program:
            return True
    return False


@kernel
def proxmox_chain(buffer: np.ndarray, position: int, end: int) -> tuple[int, int]:
    """Read Proxmox VE's `101 1 tap101i0-IN 20/Jun/2022:...`: (start of the chain's name, its end), or (-1, -1)."""
    at = position
    while at < end and digit(buffer[at]) >= 0:
        at += 1
    if at == position or buffer[at] != _BLANK or digit(buffer[at + 1]) < 0 or buffer[at + 2] != _BLANK:
        return NONE, NONE
    stop = token_end(buffer, at + 3, end)
    if stop + 3 >= end or buffer[stop + 3] != 47:
        return NONE, NONE
    return at + 3, stop


@kernel
def stamp_at(buffer: np.ndarray, position: int, end: int, near: int) -> tuple[int, int, int, int]:
    """Find the stamp of a line: (kind, microseconds, position after it, position where it starts).

    A file name that `grep` put before the line, `ufw.log:Feb  1 ...`, is passed over.
    """
    kind, stamp, after = read_stamp(buffer, position, end, near)
    if kind == ABSENT:
        colon = find_byte(buffer, position, min(end, position + 256), _COLON)
        if colon + 9 < end and buffer[colon + 1] != _BLANK and token_end(buffer, position, colon) == colon:
            start = skip_priority(buffer, colon + 1, end)
            kind, stamp, after = read_stamp(buffer, start, end, near)
            position = position if kind == ABSENT else start
    return kind, stamp, after, position


@kernel
def read_header(buffer: np.ndarray, start: int, end: int, near: int, tables: Tables) -> Header:
    """Read stamp, host and program of a line, whatever of them it has."""
    position = skip_priority(buffer, start, end)
    if buffer[position] == 49 and buffer[position + 1] == _BLANK and buffer[position + 6] == 45:
        kind, stamp, after = read_stamp(buffer, position + 2, end, near)
        if kind != ABSENT:
            return header_5424(buffer, skip_blanks(buffer, after, end), end, kind, stamp, tables)
    chain, chain_end = proxmox_chain(buffer, position, end)
    if chain >= 0:
        kind, stamp, after = read_stamp(buffer, chain_end + 1, end, near)
        if kind != ABSENT:
            at = skip_blanks(buffer, after, end)
            return Header(kind, stamp, at, NONE, 0, chain, chain_end - chain, False, True)
    kind, stamp, after, position = stamp_at(buffer, position, end, near)
    if kind == ABSENT:
        return Header(kind, stamp, position, NONE, 0, NONE, 0, False, False)
    at = skip_blanks(buffer, after, end)
    weekday = digit(buffer[position]) < 0 and month_number(buffer, position + 4) > 0 and buffer[position + 3] == _BLANK
    return header_3164(buffer, at, end, kind, stamp, weekday, tables)


@kernel
def header_5424(buffer: np.ndarray, at: int, end: int, kind: int, stamp: int, tables: Tables) -> Header:
    """Read `host program process message-id structured-data ` of RFC 5424."""
    host = at
    host_end = token_end(buffer, host, end)
    program = skip_blanks(buffer, host_end, end)
    program_end = token_end(buffer, program, end)
    at = skip_blanks(buffer, program_end, end)
    at = skip_blanks(buffer, token_end(buffer, at, end), end)  # process
    at = skip_blanks(buffer, token_end(buffer, at, end), end)  # message id
    at = skip_structured_data(buffer, at, end)
    if at + 3 < end and buffer[at] == 0xEF and buffer[at + 1] == 0xBB and buffer[at + 2] == 0xBF:
        at += 3  # RFC 5424 lets UTF-8 messages start with a byte order mark
    trusted = is_program(buffer, program, program_end - program, tables)
    unnamed = program_end - program == 1 and buffer[program] == 45
    length = 0 if host_end - host == 1 and buffer[host] == 45 else host_end - host
    at = skip_uptime(buffer, at, end)
    return Header(kind, stamp, at, host, length, NONE, 0, not trusted and not unnamed, trusted)


@kernel
def header_3164(buffer: np.ndarray, at: int, end: int, kind: int, stamp: int, weekday: bool, tables: Tables) -> Header:
    """Read `host facility.severity program[process]: ` of RFC 3164; each of them may be absent."""
    if weekday:
        at = skip_uptime(buffer, at, end)  # OpenWrt's `logread -t` writes the milliseconds too: [1586160672.123]
    host, host_end = at, end_of_host(buffer, at, end, weekday)
    length = host_end - host
    at = skip_blanks(buffer, host_end, end)
    if 0 < length < end - at and buffer[at + length] == _BLANK and same_bytes(buffer, host, at, length):
        at = skip_blanks(buffer, at + length, end)  # UniFi repeats the host name
    stop = token_end(buffer, at, end)
    colon = find_byte(buffer, at, stop, _COLON)
    if colon == stop and is_facility(buffer, at, stop):
        at = skip_blanks(buffer, stop, end)
        stop = token_end(buffer, at, end)
        colon = find_byte(buffer, at, stop, _COLON)
    bracket = find_byte(buffer, at, colon, _OPEN)
    foreign, trusted = False, False
    if bracket > at and colon < stop and is_program(buffer, at, bracket - at, tables):
        trusted = True
        at = skip_uptime(buffer, skip_blanks(buffer, colon + 1, end), end)
    elif bracket > at and colon == stop - 1:
        if bracket < colon:
            foreign = digit(buffer[bracket + 1]) >= 0
        elif has_lower_case(buffer, at, colon):
            foreign = not starts_record(buffer, skip_uptime(buffer, skip_blanks(buffer, stop, end), end), end, tables)
    return Header(kind, stamp, at, host, length, NONE, 0, foreign, trusted)


@kernel
def end_of_host(buffer: np.ndarray, start: int, end: int, weekday: bool) -> int:
    """Return the end of the host's name at `start`; `start` where a program, a facility or the record stands there."""
    stop = token_end(buffer, start, end)
    if stop == start or buffer[stop - 1] == _COLON or buffer[start] == _OPEN:
        return start
    if find_byte(buffer, start, stop, _EQUALS) < stop or (weekday and is_facility(buffer, start, stop)):
        return start
    return stop


@kernel
def is_facility(buffer: np.ndarray, start: int, end: int) -> bool:
    """Return whether a token is `facility.severity`, as OpenWrt and BusyBox write: `kern.warn`."""
    severity = find_byte(buffer, start, end, 46) + 1
    if severity == start + 1 or not 3 <= end - severity <= 7 or find_byte(buffer, start, end, _COLON) < end:
        return False
    word = low_bytes(load8(buffer, severity), 3)
    for known in SEVERITIES:
        if word == known:
            return True
    return False


@kernel
def has_lower_case(buffer: np.ndarray, start: int, end: int) -> bool:
    """Return whether there is a lower-case ASCII letter in buffer[start:end]."""
    for position in range(start, end):
        if 97 <= buffer[position] <= 122:
            return True
    return False


@kernel
def starts_record(buffer: np.ndarray, start: int, end: int, tables: Tables) -> bool:
    """Return whether the first key of a whole record stands at `start`."""
    return evidence_of_key(buffer, start, end, tables) & START != 0


@kernel
def evidence_of_key(buffer: np.ndarray, start: int, end: int, tables: Tables) -> int:
    """Return what the `KEY=` that starts at `start` says about the line; 0 where there is none."""
    equals = find_byte(buffer, start, min(end, start + 9), _EQUALS)
    if equals <= start or equals >= min(end, start + 9):
        return 0
    field = field_of(low_bytes(load8(buffer, start), equals - start), True, NETWORK, tables)
    return 0 if field < 0 else np.int64(tables.evidence[field])


@kernel
def field_of(word: np.uint64, has_value: bool, section: int, tables: Tables) -> int:
    """Return the index of the field that a key or a flag is in a section, or -1."""
    slot = np.int64((word * np.uint64(KEY_HASH)) >> np.uint64(56))
    while True:
        found = tables.key_words[slot]
        if found == word:
            return tables.key_fields[np.int64(has_value), section, slot]
        if found == 0:
            return NONE
        slot = (slot + 1) & (KEY_SLOTS - 1)


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
        while key > position and is_word(buffer[key - 1]) and equals - key <= 8:
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
        if buffer[position] == opening:
            depth += 1
        elif buffer[position] == closing:
            depth -= 1
            if depth == 0:
                return position + 1
        position += 1
    return end


@kernel
def decimal(buffer: np.ndarray, start: int, end: int) -> tuple[int, int]:
    """Read decimal digits up to a blank: (number, or -1 for what is none; position after the value)."""
    number = 0
    position = start
    while position < end:
        value = np.int64(buffer[position]) - 48
        if value < 0 or value > 9:
            break
        number = number * 10 + value
        position += 1
    if (position < end and buffer[position] != _BLANK) or position - start > 18 or position == start:
        return NONE, token_end(buffer, position, end)
    return number, position


@kernel
def hexadecimal(buffer: np.ndarray, start: int, end: int) -> tuple[int, int]:
    """Read hexadecimal digits, `0x` before them or not, up to a blank: (number or -1, position after the value)."""
    position = start
    if end - start > 2 and buffer[start] == 48 and (buffer[start + 1] | 32) == 120:
        position += 2
    first = position
    number = 0
    while position < end and buffer[position] != _BLANK:
        byte = np.int64(buffer[position])
        value = byte - 48
        if value < 0 or value > 9:
            value = (byte | 32) - 87
            if value < 10 or value > 15:
                return NONE, token_end(buffer, position, end)
        number = number * 16 + value
        position += 1
    if position == first or position - first > 8:
        return NONE, position
    return number, position


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
    buffer: np.ndarray, start: int, end: int, row: int, total: int, tables: Tables, events: Events, values: Values
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
    while position < end:
        if buffer[position] == _BLANK:
            position += 1
            continue
        word = load8(buffer, position)
        hits = zero_bytes(word ^ repeat(_EQUALS))
        blanks = zero_bytes(word ^ repeat(_BLANK))
        length = min(trailing_zeros(hits), trailing_zeros(blanks)) >> 3
        stop = position + length
        if stop > end:
            stop = end
            length = end - position
        if length == 8 and stop < end and buffer[stop] != _EQUALS and buffer[stop] != _BLANK:
            position = after_unknown(buffer, position, end)
            continue
        has_value = stop < end and buffer[stop] == _EQUALS
        field = field_of(low_bytes(word, length), has_value, section, tables)
        if field < 0:
            position = after_unknown(buffer, position, end)
            continue
        kind = tables.kinds[field]
        column = tables.columns[field]
        if kind == FLAG:
            bits = events.numbers[column, row]
            events.numbers[column, row] = (max(bits, 0)) | tables.bits[field]
            position = stop
            continue
        first = stop + 1
        shows = tables.evidence[field]
        if shows & (START | HEAD) != 0 and evidence & ~(START | HEAD) != 0:
            return REPEATED, field, first, 0, evidence, total
        if tables.leads_to[field] >= 0:
            section = tables.leads_to[field]
        if first >= end or buffer[first] == _BLANK:
            evidence |= shows & (START | HEAD)
            position = first
            continue
        evidence |= shows
        if kind == DECIMAL or kind == HEXADECIMAL:
            if kind == DECIMAL:
                number, position = decimal(buffer, first, end)
            else:
                number, position = hexadecimal(buffer, first, end)
            if number < 0 or number > tables.largest[field]:
                return BAD_VALUE, field, first, position - first, evidence, total
            if events.numbers[column, row] < 0:
                events.numbers[column, row] = number
            elif shows != 0:
                return REPEATED, field, first, position - first, evidence, total
            continue
        if kind == SKIP:
            position = after_value(buffer, first, end)
            continue
        position = token_end(buffer, first, end)
        if events.codes[column, row] >= 0:
            if shows != 0:
                return REPEATED, field, first, position - first, evidence, total
            continue
        if kind == ADDRESS:
            version, high, low = parse_address(buffer, first, position)
            if version == 0:
                return BAD_VALUE, field, first, position - first, evidence, total
            code, total = intern_address(version, high, low, column, total, values)
        else:
            code, total = intern(buffer, first, position - first, column, total, values)
        events.codes[column, row] = code
        if kind == PROTOCOL:
            section = ICMP if is_icmp(buffer, first, position - first) else TRANSPORT
    return 0, NONE, NONE, 0, evidence, total


@kernel
def after_unknown(buffer: np.ndarray, position: int, end: int) -> int:
    """Return the position after a token that is no known key: a bracket and all it holds, or a word."""
    if buffer[position] == _OPEN:
        return skip_bracket(buffer, position, end, _OPEN, _CLOSE)
    if buffer[position] == _ROUND_OPEN:
        return skip_bracket(buffer, position, end, _ROUND_OPEN, _ROUND_CLOSE)
    return token_end(buffer, position, end)


@kernel
def after_value(buffer: np.ndarray, position: int, end: int) -> int:
    """Return the position after a value that is read past: in quotes, or up to a blank."""
    if buffer[position] == 34:
        return find_byte(buffer, position + 1, end, 34) + 1
    return token_end(buffer, position, end)


@kernel
def without_trail(buffer: np.ndarray, start: int, end: int) -> int:
    """Return the end of a line without the blanks and carriage returns at its end."""
    while end > start and (buffer[end - 1] == _BLANK or buffer[end - 1] == 13):
        end -= 1
    return end


@kernel
def prefix_span(buffer: np.ndarray, start: int, end: int) -> tuple[int, int]:
    """Return (start, length) of a log prefix without the blanks and colons at its end."""
    while end > start and (buffer[end - 1] == _BLANK or buffer[end - 1] == _COLON):
        end -= 1
    return start, end - start


@kernel
def read_line(
    buffer: np.ndarray,
    start: int,
    end: int,
    near: int,
    row: int,
    total: int,
    tables: Tables,
    events: Events,
    values: Values,
) -> tuple[int, int, int, int, int, int, int]:
    """Read one line, without what trails it, into row `row`.

    Returns:
        (reason or 0, kind of the stamp, stamp, field at fault, start and length of its value, number of entries now).
    """
    header = read_header(buffer, start, end, near, tables)
    kind, stamp = header.kind, header.stamp
    if header.foreign:
        return OTHER_PROGRAM, kind, stamp, NONE, NONE, 0, total
    key = first_key(buffer, header.message, end, header.trusted, tables)
    if key < 0:
        reason = NO_RECORD if kind != ABSENT else NO_TIME
        return reason, kind, stamp, NONE, NONE, 0, total
    for column in range(len(events.numbers)):
        events.numbers[column, row] = NONE
    for column in range(len(events.codes)):
        events.codes[column, row] = NONE
    reason, field, first, length, evidence, total = read_record(buffer, key, end, row, total, tables, events, values)
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
        events.codes[HOST, row], total = intern(buffer, header.host, header.host_length, HOST, total, values)
    if header.chain_length > 0:
        events.codes[CHAIN, row], total = intern(buffer, header.chain, header.chain_length, CHAIN, total, values)
    prefix, length = prefix_span(buffer, header.message, key)
    if length > 0 and whole:  # without its first key the record's head is cut, and what stands there is no prefix
        events.codes[PREFIX, row], total = intern(buffer, prefix, length, PREFIX, total, values)
    return 0, kind, stamp, NONE, NONE, 0, total


@kernel
def line_end(buffer: np.ndarray, start: int, end: int) -> tuple[int, bool]:
    """Return (index of the next newline or `end`, whether a NUL byte stands before it)."""
    nul = False
    position = start
    while position < end:
        word = load8(buffer, position)
        hits = zero_bytes(word ^ repeat(_NEWLINE))
        nuls = zero_bytes(word)
        if nuls != 0 and (hits == 0 or trailing_zeros(nuls) < trailing_zeros(hits)):
            nul = nul or position + (trailing_zeros(nuls) >> 3) < end
        if hits != 0:
            return min(end, position + (trailing_zeros(hits) >> 3)), nul
        position += 8
    return end, nul


@kernel
def scan(
    buffer: np.ndarray, start: int, end: int, near: int, tables: Tables, events: Events, others: Others, values: Values
) -> tuple[int, int, int, int, int, int]:
    """Scan whole lines of buffer[start:end] until they end or an output is full.

    Args:
        buffer: uint8 array with PADDING readable bytes after `end`.
        start: where the lines begin.
        end: where they end; the last one may lack its newline.
        near: civil time (microseconds) that a first stamp without a year is nearest to.
        tables: the format.
        events: output, overwritten.
        others: output, overwritten.
        values: output, overwritten.

    Returns:
        (position reached, lines, events, others, entries of values, `near` for what follows).
    """
    values.table[:] = NONE
    values.counts[:] = 0
    values.latest[:] = NONE
    lines, rows, rest, total = 0, 0, 0, 0
    capacity = min(len(events.lines), len(others.lines))
    entries = len(values.codes) - len(values.counts) - 1
    position = start
    while position < end and rows < capacity and rest < capacity and total < entries:
        newline, nul = line_end(buffer, position, end)
        stop = without_trail(buffer, position, newline)
        field, first, length = NONE, NONE, 0
        if stop == position:
            reason, kind, stamp = BLANK, ABSENT, NO_STAMP
        elif nul or stop - position > LONGEST_LINE:
            reason, kind, stamp = NUL_BYTE if nul else TOO_LONG, ABSENT, NO_STAMP
        else:
            reason, kind, stamp, field, first, length, total = read_line(
                buffer, position, stop, near, rows, total, tables, events, values
            )
        if FIRST_STAMP <= stamp < LAST_STAMP:
            # The nearest year, before or after: a router without a clock starts in January, and then learns the time.
            near = stamp
        if reason == 0:
            events.stamps[rows] = stamp
            events.kinds[rows] = kind
            events.lines[rows] = lines
            events.hashes[rows] = hash_bytes(buffer, position, stop - position, np.uint64(0))
            events.spans[rows, 0] = position
            events.spans[rows, 1] = stop - position
            rows += 1
        else:
            others.stamps[rest] = stamp
            others.kinds[rest] = kind
            others.lines[rest] = lines
            others.reasons[rest] = reason
            others.fields[rest] = field
            others.spans[rest, 0] = position
            others.spans[rest, 1] = newline - position
            others.values[rest, 0] = first
            others.values[rest, 1] = length
            rest += 1
        lines += 1
        position = newline + 1
    return min(position, end), lines, rows, rest, total, near
