"""IP addresses: text to number and number to text, compiled, without allocation or Python objects.

An address is three numbers: its version (4, 6, or 0 for what is no address) and its high and low 64 bits. An IPv4
address has a high half of 0 and its 32 bits as the low half, so 1.2.3.4 and ::1.2.3.4 differ by their version only.

The functions that take a buffer are made for compiled callers, where an address costs 10 to 45 ns. They accept what
Python's `ipaddress` accepts and nothing else; scope ids (`fe80::1%eth0`) are refused. Compiled code checks no bounds:
`0 <= start <= end <= len(buffer)` is the caller's duty.

Positions are unsigned inside: a signed index is tested at each byte for counting from the end, a quarter of the time.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.compiled import kernel

Bytes = npt.NDArray[np.uint8]

IPV4 = 4
IPV6 = 6

# Bytes that `format_address` may write: eight groups of four digits and seven colons.
LONGEST_FORMATTED = 39

# The longest texts: 255.255.255.255 and ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255. What is longer is not read.
_LONGEST_IPV4 = 15
_LONGEST_IPV6 = 45
_IPV4_DOTS = 3
_GROUPS = 8
_GROUP_DIGITS = np.uint64(4)
_HALF = 64

_DOT = ord(".")
_COLON = ord(":")
_DIGITS = np.frombuffer(b"0123456789abcdef", np.uint8)
_NO_DIGIT = 255
# The value of each byte as a hexadecimal digit: three times as fast as comparing it with '0', '9', 'a' and so on.
_VALUES = np.array([int(chr(byte), 16) if chr(byte) in "0123456789abcdefABCDEF" else _NO_DIGIT for byte in range(256)])
_HEXADECIMAL = _VALUES.astype(np.uint8)

_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_TEN = np.uint64(10)


class Addresses(NamedTuple):
    """A column of addresses, three arrays of the same length.

    Attributes:
        version: int8, 4 or 6; 0 where the text was missing or no address.
        high: uint64, the upper half; 0 for IPv4.
        low: uint64, the lower half; the whole of an IPv4 address.
    """

    version: npt.NDArray[np.int8]
    high: npt.NDArray[np.uint64]
    low: npt.NDArray[np.uint64]

    def part(self, rows: slice) -> "Addresses":
        """Return a view of some rows."""
        return Addresses(self.version[rows], self.high[rows], self.low[rows])


@kernel
def parse_ipv4(buffer: Bytes, start: int, end: int) -> int:
    """Return the dotted quad in `buffer[start:end]` as an int64, or -1.

    Strict: four decimal parts of 0 to 255 without leading zeros, nothing before, between or after.
    """
    if end - start > _LONGEST_IPV4:
        return -1
    number = _ZERO
    octet = _ZERO
    digits = 0
    dots = 0
    position, stop = np.uint64(start), np.uint64(end)
    while position < stop:
        character = np.uint64(buffer[position])
        digit = character - np.uint64(ord("0"))
        if digit < _TEN:
            if digits > 0 and octet == _ZERO:
                return -1
            octet = octet * _TEN + digit
            digits += 1
        else:
            if character != _DOT or digits == 0 or octet > np.uint64(255):
                return -1
            number = number << np.uint64(8) | octet
            octet = _ZERO
            digits = 0
            dots += 1
        position += _ONE
    if dots != _IPV4_DOTS or digits == 0 or octet > np.uint64(255):
        return -1
    return int(number << np.uint64(8) | octet)


@kernel
def _read_group(buffer: Bytes, position: np.uint64, stop: np.uint64) -> tuple[np.uint64, np.uint64]:
    """Return the number that the hexadecimal digits at `position` write, and the position after them."""
    group = _ZERO
    while position < stop and _HEXADECIMAL[buffer[position]] != _NO_DIGIT:
        group = group << np.uint64(4) | np.uint64(_HEXADECIMAL[buffer[position]])
        position += _ONE
    return group, position


@kernel
def _append(high: np.uint64, low: np.uint64, bits: int, value: np.uint64) -> tuple[np.uint64, np.uint64]:
    """Return a 128-bit number shifted left by 1 to 63 bits, with `value` in their place."""
    return high << np.uint64(bits) | low >> np.uint64(_HALF - bits), low << np.uint64(bits) | value


@kernel
def _to_front(high: np.uint64, low: np.uint64, groups: int) -> tuple[np.uint64, np.uint64]:
    """Return a 128-bit number whose lowest `groups` groups, 1 to 7, are moved to be its highest."""
    bits = 16 * (_GROUPS - groups)
    if bits >= _HALF:
        return low << np.uint64(bits - _HALF), _ZERO
    return _append(high, low, bits, _ZERO)


@kernel
def _read_groups(buffer: Bytes, position: np.uint64, stop: np.uint64) -> tuple[int, np.uint64, np.uint64, np.uint64]:
    """Read groups up to "::" or `stop`.

    Returns:
        How many there are, -1 when they are wrong; their bits, high and low; and `stop`, or the second colon of "::".
    """
    high, low = _ZERO, _ZERO
    groups = 0
    while position < stop:
        group, after = _read_group(buffer, position, stop)
        if after < stop and buffer[after] == _DOT:
            tail = parse_ipv4(buffer, int(position), int(stop))
            high, low = _append(high, low, 32, np.uint64(tail))
            return (groups + 2 if tail >= 0 else -1), high, low, stop
        if after == position or after - position > _GROUP_DIGITS:
            break
        high, low = _append(high, low, 16, group)
        groups += 1
        if after == stop:
            return groups, high, low, stop
        position = after + _ONE
        if buffer[after] != _COLON or position == stop:
            break
        if buffer[position] == _COLON:
            return groups, high, low, position
    return (0 if groups == 0 and position == stop else -1), high, low, stop


@kernel
def parse_ipv6(buffer: Bytes, start: int, end: int) -> tuple[bool, np.uint64, np.uint64]:
    """Return whether `buffer[start:end]` is an IPv6 address, and its high and low 64 bits (0, 0 when it is none).

    Every text form of RFC 4291, section 2.2: full, compressed, either case, with an IPv4 tail.
    """
    if end - start < len("::") or end - start > _LONGEST_IPV6:
        return False, _ZERO, _ZERO
    position, stop = np.uint64(start), np.uint64(end)
    front, front_high, front_low = 0, _ZERO, _ZERO
    if buffer[position] == _COLON:
        position += _ONE
    else:
        front, front_high, front_low, position = _read_groups(buffer, position, stop)
    if position == stop:
        if front == _GROUPS:
            return True, front_high, front_low
        return False, _ZERO, _ZERO
    back, high, low, reached = _read_groups(buffer, position + _ONE, stop)
    if buffer[position] != _COLON or back < 0 or reached != stop or front + back >= _GROUPS:
        return False, _ZERO, _ZERO
    if front > 0:
        front_high, front_low = _to_front(front_high, front_low, front)
    return True, front_high | high, front_low | low


@kernel
def parse_address(buffer: Bytes, start: int, end: int) -> tuple[np.int8, np.uint64, np.uint64]:
    """Return version (4, 6, or 0 when `buffer[start:end]` is no address), high and low 64 bits (0, 0 when none)."""
    number = parse_ipv4(buffer, start, end)
    if number >= 0:
        return np.int8(IPV4), _ZERO, np.uint64(number)
    valid, high, low = parse_ipv6(buffer, start, end)
    return np.int8(IPV6 if valid else 0), high, low


@kernel
def _format_ipv4(number: int, out: Bytes, position: int) -> int:
    for shift in (24, 16, 8, 0):
        octet = number >> shift & 0xFF
        tens = octet // 10
        if tens // 10 > 0:
            out[position] = _DIGITS[tens // 10]
            position += 1
        if tens > 0:
            out[position] = _DIGITS[tens % 10]
            position += 1
        out[position] = _DIGITS[octet % 10]
        position += 1
        if shift > 0:
            out[position] = _DOT
            position += 1
    return position


@kernel
def _group(high: np.uint64, low: np.uint64, index: int) -> int:
    half = high if index < _GROUPS // 2 else low
    return int(half >> np.uint64(48 - 16 * (index & 3)) & np.uint64(0xFFFF))


@kernel
def _longest_zeros(high: np.uint64, low: np.uint64) -> tuple[int, int]:
    """Return first group and length of the longest run of two or more zero groups, the first of equals; else (8, 0)."""
    best, best_length = _GROUPS, 0
    length = 0
    for index in range(_GROUPS):
        length = length + 1 if _group(high, low, index) == 0 else 0
        if length > 1 and length > best_length:
            best, best_length = index + 1 - length, length
    return best, best_length


@kernel
def _format_group(group: int, out: Bytes, position: int) -> int:
    for shift in (12, 8, 4, 0):
        if group >> shift > 0 or shift == 0:
            out[position] = _DIGITS[group >> shift & 0xF]
            position += 1
    return position


@kernel
def _format_ipv6(high: np.uint64, low: np.uint64, out: Bytes, position: int) -> int:
    zeros, length = _longest_zeros(high, low)
    index = 0
    while index < _GROUPS:
        if index == zeros:
            out[position] = _COLON
            out[position + 1] = _COLON
            position += 2
            index += length
        else:
            if index > 0 and index != zeros + length:
                out[position] = _COLON
                position += 1
            position = _format_group(_group(high, low, index), out, position)
            index += 1
    return position


@kernel
def format_address(version: int, high: np.uint64, low: np.uint64, out: Bytes, position: int) -> int:
    """Write the canonical text at `out[position]` and return the position after it; version 0 writes nothing.

    IPv4 as a dotted quad; IPv6 as RFC 5952, with plain groups for IPv4-mapped addresses too (`::ffff:102:304`): what
    Python 3.11's `str(ipaddress.IPv6Address(n))` gives. `LONGEST_FORMATTED` bytes must be left in `out`.
    """
    if version == IPV4:
        return _format_ipv4(int(low), out, position)
    if version == IPV6:
        return _format_ipv6(high, low, out, position)
    return position


@kernel
def _parse_column(
    data: Bytes,
    offsets: npt.NDArray[Any],
    validity: Bytes,
    first: int,
    out: Addresses,
) -> None:
    for index in range(len(out.version)):
        row = first + index
        if len(validity) == 0 or validity[row >> 3] >> (row & 7) & 1:
            out.version[index], out.high[index], out.low[index] = parse_address(data, offsets[row], offsets[row + 1])


def _view(buffer: pa.Buffer | None, dtype: type[np.generic]) -> npt.NDArray[Any]:
    """Return an Arrow buffer as an array, always read-only: for a writable one the code would be compiled again."""
    view = np.frombuffer(buffer, dtype) if buffer is not None and buffer.size else np.empty(0, dtype)
    view.flags.writeable = False
    return view


def parse_addresses(text: pa.StringArray | pa.LargeStringArray | pa.ChunkedArray) -> Addresses:
    """Parse a column of address texts; a null and what is no address get version 0, high 0 and low 0.

    Raises:
        TypeError: `text` is not of type string or large_string.
    """
    if not (pa.types.is_string(text.type) or pa.types.is_large_string(text.type)):
        raise TypeError(f"addresses are parsed from string or large_string, not from {text.type}")
    offset_type = np.int32 if pa.types.is_string(text.type) else np.int64
    size = len(text)
    addresses = Addresses(np.zeros(size, np.int8), np.zeros(size, np.uint64), np.zeros(size, np.uint64))
    done = 0
    for chunk in text.chunks if isinstance(text, pa.ChunkedArray) else [text]:
        validity, offsets, data = chunk.buffers()
        rows = slice(done, done + len(chunk))
        _parse_column(
            _view(data, np.uint8),
            _view(offsets, offset_type),
            _view(validity if chunk.null_count else None, np.uint8),
            chunk.offset,
            addresses.part(rows),
        )
        done = rows.stop
    return addresses
