"""The head of a log line: stamp, host and program, whatever of them it has, in any syslog daemon's form, compiled.

What stands at the head of one line mostly stands at the head of the next: what it was read as is remembered, and is
taken again for the same bytes. That changes no answer, and saves two thirds of the time.
"""

from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.compiled import kernel
from pipelines.packet_keys import Tables
from pipelines.plan import Plan
from pipelines.scanning.stamps import (
    ABSENT,
    ABSOLUTE,
    DAY,
    LOCAL,
    YEARLESS,
    clock,
    days_since_epoch,
    digit,
    fixed_number,
    month_number,
    read_stamp,
    zoned,
)
from pipelines.scanning.starts import is_record, record_starts
from pipelines.scanning.words import byte_at, find_byte, item, load8, low_bytes, put_item, same_bytes

NONE = -1

# The first three letters of syslog's severities: a daemon may cut `warning` to `warn`, or `error` to `err`.
SEVERITIES = np.frombuffer(b"eme\0ale\0cri\0err\0war\0not\0inf\0deb\0", "<u4").astype(np.uint64)

_BLANK, _EQUALS, _COLON, _OPEN, _CLOSE, _HYPHEN = 32, 61, 58, 91, 93, 45

# Between one year's date and the next year's lie 365 days: what is nearer than half of that is nearest.
_NEAR_ENOUGH = 180 * DAY

# Places in `Memory.words` and `Memory.numbers`.
_MONTH_DATE, _ISO_DATE, _ISO_DATE_END = range(3)
_MONTH_BASE, _ISO_BASE, _HEAD, _HEAD_LENGTH, _HOST, _HOST_LENGTH, _WEEKDAY = range(7)


class Memory(NamedTuple):
    """What the last lines' heads had in common: bytes, and what they were read as.

    Attributes:
        words: uint64[3], the date of a stamp without a year, such as `Feb  1 `; that of an RFC 3339 stamp.
        numbers: int64[7], the microseconds of both dates; where the head from host to program stands and how long it
            is, where its host does, and whether a weekday stood before it.
    """

    words: npt.NDArray[np.uint64]
    numbers: npt.NDArray[np.int64]

    @classmethod
    def empty(cls) -> "Memory":
        """Return a memory of nothing."""
        return cls(np.zeros(3, np.uint64), np.zeros(7, np.int64))


class Header(NamedTuple):
    """Where the parts of a line's head are; a length of 0 is an absent part.

    Attributes:
        kind, stamp: the time stamp.
        message: where the message starts.
        host, host_length, chain, chain_length: name of the host, and name of the chain that some sensors log.
        foreign: whether a program that does not write this format wrote the line.
        trusted: whether a program that does is named.
        message_id: where the message id of RFC 5424 starts, or -1.
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
    message_id: int


@kernel
def forget_head(memory: Memory) -> None:
    """Forget the head, which stands in a buffer that may hold other bytes by now."""
    put_item(memory.numbers, _HEAD_LENGTH, 0)


@kernel
def token_end(buffer: np.ndarray, start: int, end: int) -> int:
    """Return the index of the first blank in buffer[start:end], or `end`."""
    return find_byte(buffer, start, end, _BLANK)


@kernel
def skip_blanks(buffer: np.ndarray, position: int, end: int) -> int:
    """Return the index of the first byte of buffer[position:end] that is no blank, or `end`."""
    while position < end and byte_at(buffer, position) == _BLANK:
        position += 1
    return position


@kernel
def skip_priority(buffer: np.ndarray, position: int, end: int) -> int:
    """Return the position after a syslog priority `<134>` and blanks behind it, or `position`."""
    if byte_at(buffer, position) != 60:
        return position
    at = position + 1
    while at < min(end, position + 5) and digit(byte_at(buffer, at)) >= 0:
        at += 1
    return skip_blanks(buffer, at + 1, end) if position + 1 < at < end and byte_at(buffer, at) == 62 else position


@kernel
def skip_uptime(buffer: np.ndarray, position: int, end: int) -> int:
    """Return the position after the kernel's `[  341.399450] `, or `position`."""
    if position >= end or byte_at(buffer, position) != _OPEN:
        return position
    at = skip_blanks(buffer, position + 1, end)
    start = at
    while at < end and (digit(byte_at(buffer, at)) >= 0 or byte_at(buffer, at) == 46):
        at += 1
    if at > start and at < end and byte_at(buffer, at) == _CLOSE:
        return skip_blanks(buffer, at + 1, end)
    return position


@kernel
def skip_structured_data(buffer: np.ndarray, position: int, end: int) -> int:
    """Return the position after RFC 5424 structured data (`-` or `[id name="value"]...`) and the blank after it.

    Some leave it out: what stands there is the message then.
    """
    if byte_at(buffer, position) != _OPEN:
        return skip_blanks(buffer, position + 1, end) if is_nil(buffer, position, end) else position
    quoted = False
    while position < end:
        byte = byte_at(buffer, position)
        if byte == 92:
            position += 1
        elif byte == 34:
            quoted = not quoted
        elif byte == _CLOSE and not quoted and byte_at(buffer, position + 1) != _OPEN:
            return skip_blanks(buffer, position + 1, end)
        position += 1
    return end


@kernel
def is_nil(buffer: np.ndarray, position: int, end: int) -> bool:
    """Return whether a field of RFC 5424 is `-`, which stands for none."""
    return position < end and byte_at(buffer, position) == _HYPHEN and token_end(buffer, position, end) == position + 1


@kernel
def is_program(buffer: np.ndarray, start: int, length: int, tables: Tables | Plan) -> bool:
    """Return whether a name is that of a program that writes the format."""
    if length > 16:
        return False
    one = low_bytes(load8(buffer, start), length)
    two = low_bytes(load8(buffer, start + 8), length - 8) if length > 8 else np.uint64(0)
    for place in range(0, len(tables.programs), 2):
        if one == item(tables.programs, place) and two == item(tables.programs, place + 1):
            return True
    return False


@kernel
def proxmox_chain(buffer: np.ndarray, position: int, end: int) -> tuple[int, int]:
    """Read Proxmox VE's `101 1 tap101i0-IN 20/Jun/2022:...`: (start of the chain's name, its end), or (-1, -1)."""
    at = position
    while at < end and digit(byte_at(buffer, at)) >= 0:
        at += 1
    if (
        at == position
        or byte_at(buffer, at) != _BLANK
        or digit(byte_at(buffer, at + 1)) < 0
        or byte_at(buffer, at + 2) != _BLANK
    ):
        return NONE, NONE
    stop = token_end(buffer, at + 3, end)
    if stop + 3 >= end or byte_at(buffer, stop + 3) != 47:
        return NONE, NONE
    return at + 3, stop


@kernel
def recalled_stamp(buffer: np.ndarray, position: int, end: int, near: int, memory: Memory) -> tuple[int, int, int]:
    """Read the stamp at `position` as `read_stamp` does, its date from memory where it is that of the line before."""
    word = load8(buffer, position)
    if low_bytes(word, 7) == item(memory.words, _MONTH_DATE):
        time, after = clock(buffer, position + 7, end)
        stamp = item(memory.numbers, _MONTH_BASE) + time
        whole = (
            after == position + 15
            and after < end
            and byte_at(buffer, after) == _BLANK
            and digit(byte_at(buffer, after + 1)) < 0
        )
        if time >= 0 and whole and abs(stamp - near) < _NEAR_ENOUGH:
            return YEARLESS, stamp, after
    elif word == item(memory.words, _ISO_DATE) and low_bytes(load8(buffer, position + 8), 3) == item(
        memory.words, _ISO_DATE_END
    ):
        time, after = clock(buffer, position + 11, end)
        if time >= 0:
            return zoned(buffer, after, end, LOCAL, item(memory.numbers, _ISO_BASE) + time)
    kind, stamp, after = read_stamp(buffer, position, end, near)
    remember_date(buffer, position, kind, stamp, after, memory)
    return kind, stamp, after


@kernel
def remember_date(buffer: np.ndarray, position: int, kind: int, stamp: int, after: int, memory: Memory) -> None:
    """Remember the date of a stamp without a year, or of an RFC 3339 stamp."""
    if kind == YEARLESS and after == position + 15:
        put_item(memory.words, _MONTH_DATE, low_bytes(load8(buffer, position), 7))
        time, _ = clock(buffer, position + 7, after)  # up to 23:59:60, which is the next day
        put_item(memory.numbers, _MONTH_BASE, stamp - time)
    elif (
        (kind == LOCAL or kind == ABSOLUTE)
        and digit(byte_at(buffer, position)) >= 0
        and byte_at(buffer, position + 4) == 45
    ):
        year, month = fixed_number(buffer, position, 4), fixed_number(buffer, position + 5, 2)
        put_item(memory.words, _ISO_DATE, load8(buffer, position))
        put_item(memory.words, _ISO_DATE_END, low_bytes(load8(buffer, position + 8), 3))
        put_item(memory.numbers, _ISO_BASE, days_since_epoch(year, month, fixed_number(buffer, position + 8, 2)) * DAY)


@kernel
def stamp_at(buffer: np.ndarray, position: int, end: int, near: int, memory: Memory) -> tuple[int, int, int, int]:
    """Find the stamp of a line: (kind, microseconds, position after it, position where it starts).

    A file name that `grep` put before the line, `ufw.log:Feb  1 ...`, is passed over.
    """
    kind, stamp, after = recalled_stamp(buffer, position, end, near, memory)
    if kind == ABSENT:
        colon = find_byte(buffer, position, min(end, position + 256), _COLON)
        if colon + 9 < end and byte_at(buffer, colon + 1) != _BLANK and token_end(buffer, position, colon) == colon:
            start = skip_priority(buffer, colon + 1, end)
            kind, stamp, after = read_stamp(buffer, start, end, near)
            position = position if kind == ABSENT else start
    return kind, stamp, after, position


@kernel
def read_header(buffer: np.ndarray, start: int, end: int, near: int, tables: Tables | Plan, memory: Memory) -> Header:
    """Read stamp, host and program of a line, whatever of them it has.

    A relay may put its own head before that of the device, or its own name before the device's: the device's counts.
    """
    header = read_head(buffer, start, end, near, tables, memory)
    if header.trusted or header.foreign or header.kind == ABSENT or header.message >= end:
        return header
    return relayed_header(buffer, end, near, header, tables, memory)


@partial(kernel, inline=False)
def relayed_header(
    buffer: np.ndarray, end: int, near: int, header: Header, tables: Tables | Plan, memory: Memory
) -> Header:
    """Return the head of a device that stands behind that of a relay, or else the relay's."""
    inner = read_head(buffer, header.message, end, near, tables, memory)
    if inner.kind == ABSENT or not inner.trusted:
        inner = header_3164(buffer, header.message, end, header.kind, header.stamp, False, tables, memory)
    if not inner.trusted:
        return header
    if inner.host_length > 0 or inner.chain_length > 0:
        return inner
    kind, stamp, message, message_id = inner.kind, inner.stamp, inner.message, inner.message_id
    return Header(kind, stamp, message, header.host, header.host_length, NONE, 0, False, True, message_id)


@kernel
def read_head(buffer: np.ndarray, start: int, end: int, near: int, tables: Tables | Plan, memory: Memory) -> Header:
    """Read the first stamp, host and program of a line."""
    position = skip_priority(buffer, start, end)
    if (
        byte_at(buffer, position) == 49
        and byte_at(buffer, position + 1) == _BLANK
        and byte_at(buffer, position + 6) == 45
    ):
        kind, stamp, after = recalled_stamp(buffer, position + 2, end, near, memory)
        if kind != ABSENT:
            return header_5424(buffer, skip_blanks(buffer, after, end), end, kind, stamp, tables)
    chain, chain_end = proxmox_chain(buffer, position, end)
    if chain >= 0:
        kind, stamp, after = read_stamp(buffer, chain_end + 1, end, near)
        if kind != ABSENT:
            at = skip_blanks(buffer, after, end)
            return Header(kind, stamp, at, NONE, 0, chain, chain_end - chain, False, True, NONE)
    kind, stamp, after, position = stamp_at(buffer, position, end, near, memory)
    if kind == ABSENT:
        return Header(kind, stamp, position, NONE, 0, NONE, 0, False, False, NONE)
    at = skip_blanks(buffer, after, end)
    weekday = (
        digit(byte_at(buffer, position)) < 0
        and month_number(buffer, position + 4) > 0
        and byte_at(buffer, position + 3) == _BLANK
    )
    length = item(memory.numbers, _HEAD_LENGTH)
    if 0 < length < end - at and weekday == item(memory.numbers, _WEEKDAY):
        known = item(memory.numbers, _HEAD)
        if same_bytes(buffer, known, at, length):
            host = at + item(memory.numbers, _HOST) - known
            message = skip_uptime(buffer, skip_blanks(buffer, at + length, end), end)
            return Header(kind, stamp, message, host, item(memory.numbers, _HOST_LENGTH), NONE, 0, False, True, NONE)
    return header_3164(buffer, at, end, kind, stamp, weekday, tables, memory)


@kernel
def header_5424(buffer: np.ndarray, at: int, end: int, kind: int, stamp: int, tables: Tables | Plan) -> Header:
    """Read `host program process message-id structured-data ` of RFC 5424."""
    host = at
    host_end = token_end(buffer, host, end)
    program = skip_blanks(buffer, host_end, end)
    program_end = token_end(buffer, program, end)
    at = skip_blanks(buffer, program_end, end)
    at = skip_blanks(buffer, token_end(buffer, at, end), end)  # process
    message_id = at
    at = skip_blanks(buffer, token_end(buffer, at, end), end)
    at = skip_structured_data(buffer, at, end)
    if (
        at + 3 < end
        and byte_at(buffer, at) == 0xEF
        and byte_at(buffer, at + 1) == 0xBB
        and byte_at(buffer, at + 2) == 0xBF
    ):
        at += 3  # RFC 5424 lets UTF-8 messages start with a byte order mark
    trusted = is_program(buffer, program, program_end - program, tables)
    unnamed = program_end - program == 1 and byte_at(buffer, program) == 45
    length = 0 if host_end - host == 1 and byte_at(buffer, host) == 45 else host_end - host
    at = skip_uptime(buffer, at, end)
    return Header(kind, stamp, at, host, length, NONE, 0, not trusted and not unnamed, trusted, message_id)


@kernel
def header_3164(
    buffer: np.ndarray, at: int, end: int, kind: int, stamp: int, weekday: bool, tables: Tables | Plan, memory: Memory
) -> Header:
    """Read `host facility.severity program[process]: ` of RFC 3164; each of them may be absent.

    A template may write the fields of RFC 5424 without priority and version: they are read as those.
    """
    head = at
    if weekday:
        at = skip_uptime(buffer, at, end)  # OpenWrt's `logread -t` writes the milliseconds too: [1586160672.123]
    host, host_end = at, (at if is_record(buffer, at, end, tables) else end_of_host(buffer, at, end, weekday))
    length = host_end - host
    at = skip_blanks(buffer, host_end, end)
    if length > 0 and are_fields_5424(buffer, at, end, tables):
        return header_5424(buffer, host, end, kind, stamp, tables)
    if 0 < length < end - at and byte_at(buffer, at + length) == _BLANK and same_bytes(buffer, host, at, length):
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
        put_item(memory.numbers, _HEAD, head)
        put_item(memory.numbers, _HEAD_LENGTH, colon + 1 - head)
        put_item(memory.numbers, _HOST, host)
        put_item(memory.numbers, _HOST_LENGTH, length)
        put_item(memory.numbers, _WEEKDAY, weekday)
        at = skip_uptime(buffer, skip_blanks(buffer, colon + 1, end), end)
    elif bracket > at and colon == stop - 1:
        if bracket < colon:
            foreign = digit(byte_at(buffer, bracket + 1)) >= 0
        elif has_lower_case(buffer, at, colon):
            foreign = not record_starts(buffer, skip_uptime(buffer, skip_blanks(buffer, stop, end), end), end, tables)
    return Header(kind, stamp, at, host, length, NONE, 0, foreign, trusted, NONE)


@kernel
def are_fields_5424(buffer: np.ndarray, at: int, end: int, tables: Tables | Plan) -> bool:
    """Return whether `program process message-id structured-data` of RFC 5424 stands at `at`, of a known program."""
    stop = token_end(buffer, at, end)
    if stop == end or not is_program(buffer, at, stop - at, tables):
        return False
    process = skip_blanks(buffer, stop, end)
    stop = token_end(buffer, process, end)
    if not is_nil(buffer, process, end):
        for position in range(process, stop):
            if digit(byte_at(buffer, position)) < 0:
                return False
    at = skip_blanks(buffer, token_end(buffer, skip_blanks(buffer, stop, end), end), end)
    return at < end and (byte_at(buffer, at) == _OPEN or is_nil(buffer, at, end))


@kernel
def end_of_host(buffer: np.ndarray, start: int, end: int, weekday: bool) -> int:
    """Return the end of the host's name at `start`; `start` where a program, a facility or the record stands there."""
    stop = token_end(buffer, start, end)
    if stop == start or byte_at(buffer, stop - 1) == _COLON or byte_at(buffer, start) == _OPEN:
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
        if 97 <= byte_at(buffer, position) <= 122:
            return True
    return False
