"""Numbers as logs write them, compiled; -1 is what is none."""

import numpy as np

from pipelines.compiled import kernel
from pipelines.scanning.words import HIGHS, byte_at, load8, repeat

NONE = -1


@kernel
def decimal(buffer: np.ndarray, start: int, end: int) -> int:
    """Return the number that the decimal digits of buffer[start:end] make, or -1 for what is none."""
    length = end - start
    if 0 < length <= 8:
        # Eight digits at once, as Lemire showed; of a shorter number those before the first are zeros.
        digits = (load8(buffer, start) ^ repeat(48)) << np.uint64(64 - 8 * length)
        if (digits | (digits + repeat(0x76))) & HIGHS != 0:
            return NONE
        digits = digits * np.uint64(10) + (digits >> np.uint64(8))
        odd = (digits & np.uint64(0x000000FF000000FF)) * np.uint64(0x000F424000000064)
        even = ((digits >> np.uint64(16)) & np.uint64(0x000000FF000000FF)) * np.uint64(0x0000271000000001)
        return np.int64((odd + even) >> np.uint64(32))
    if length > 18 or length == 0:
        return NONE
    number = 0
    for position in range(start, end):
        value = np.int64(byte_at(buffer, position)) - 48
        if value < 0 or value > 9:
            return NONE
        number = number * 10 + value
    return number


@kernel
def hexadecimal(buffer: np.ndarray, start: int, end: int) -> int:
    """Return the number that the hexadecimal digits of buffer[start:end] make, `0x` before them or not; else -1."""
    position = start
    if end - start > 2 and byte_at(buffer, start) == 48 and (byte_at(buffer, start + 1) | 32) == 120:
        position += 2
    if position == end or end - position > 8:
        return NONE
    number = 0
    while position < end:
        byte = np.int64(byte_at(buffer, position))
        value = byte - 48
        if value < 0 or value > 9:
            value = (byte | 32) - 87
            if value < 10 or value > 15:
                return NONE
        number = number * 16 + value
        position += 1
    return number


@kernel
def milliseconds(buffer: np.ndarray, start: int, end: int) -> int:
    """Return the milliseconds that seconds make, written with or without a fraction; digits past the third are cut."""
    point = start
    while point < end and byte_at(buffer, point) != 46 and byte_at(buffer, point) | 32 != 101:
        point += 1
    whole = 0 if point == start and end - start > 1 else decimal(buffer, start, point)
    if whole < 0 or point - start > 15:
        return NONE
    scale, fraction = 100, 0
    for position in range(point + (byte_at(buffer, point) == 46), end):
        digit = np.int64(byte_at(buffer, position)) - 48
        if digit < 0 or digit > 9:
            # `9.5e-07`: what has a negative exponent is less than a millisecond, from e-04 on.
            if whole > 9 or byte_at(buffer, position) | 32 != 101 or byte_at(buffer, position + 1) != 45:
                return NONE
            exponent = decimal(buffer, position + 2, end) if position + 2 < end else NONE
            return NONE if exponent < 0 else scaled(whole * 1_000 + fraction, exponent)
        fraction += digit * scale
        scale //= 10
    return whole * 1_000 + fraction


@kernel
def scaled(number: int, exponent: int) -> int:
    """Return a number without its last `exponent` digits."""
    for _ in range(min(exponent, 18)):
        number //= 10
    return number


@kernel
def clock_milliseconds(buffer: np.ndarray, start: int, end: int) -> int:
    """Return the milliseconds of `1:02:03`, `02:03`, `1h2m3s`, `2d1h` or of seconds alone."""
    total, number, digits = 0, 0, 0
    units = False
    for position in range(start, end):
        byte = np.int64(byte_at(buffer, position))
        if 48 <= byte <= 57:
            number = number * 10 + byte - 48
            digits += 1
            if digits > 9:
                return NONE
            continue
        if digits == 0:
            return NONE
        if byte == 58:
            total = (total + number) * 60
        elif byte == 100 or byte == 104 or byte == 109 or byte == 115:
            units = True
            total += number * (86_400 if byte == 100 else 3_600 if byte == 104 else 60 if byte == 109 else 1)
        else:
            return NONE
        number, digits = 0, 0
    if digits == 0 and not units:
        return NONE
    return (total + number) * 1_000
