"""Compiled loops that take what the scanner left to the layout of Arrow's columns."""

import numpy as np

from pipelines.addresses import IPV6, format_address, parse_address
from pipelines.compiled import kernel
from pipelines.scanning.words import item, put_item


@kernel
def narrow_values(values: np.ndarray, out: np.ndarray, bits: np.ndarray) -> int:
    """Copy values, set the bit of each that is not negative, and return how many are."""
    nulls = 0
    byte = 0
    for row in range(len(values)):
        value = np.int64(item(values, row))
        known = value >= 0
        put_item(out, row, value if known else 0)
        byte |= np.int64(known) << (row & 7)
        nulls += 1 - np.int64(known)
        if row & 7 == 7:
            put_item(bits, row >> 3, byte)
            byte = 0
    if len(values) & 7:
        put_item(bits, len(values) >> 3, byte)
    return nulls


@kernel
def gather_texts(
    buffer: np.ndarray,
    starts: np.ndarray,
    lengths: np.ndarray,
    are_addresses: bool,
    out: np.ndarray,
    offsets: np.ndarray,
) -> bool:
    """Write texts one after another; return whether one is an IPv6 address, which is written as RFC 5952 wants it."""
    position = 0
    changed = False
    for place in range(len(starts)):
        start, length = starts[place], lengths[place]
        version = 0
        if are_addresses and length > 2:
            version, high, low = parse_address(buffer, start, start + length)
        if version == IPV6:
            position = format_address(version, high, low, out, position)
            changed = True
        else:
            for index in range(length):
                out[position + index] = buffer[start + index]
            position += length
        offsets[place + 1] = position
    return changed
