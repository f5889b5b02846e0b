"""Interned values, compiled: a text column becomes codes into the different values it holds.

That is how Parquet stores text, and what makes enrichment cheap: it costs what the different addresses cost.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.compiled import kernel
from pipelines.scanning.words import hash_bytes, item, load8, low_bytes, put_item, same_bytes, wide_product

NONE = -1

# Values up to this length stand in their entry whole: to compare two, the scanned bytes need not be looked at again.
_INLINE = 16
_ENTRY = 4
_START_BITS = np.uint64(48)
_LOW_HALF = np.uint64(0xFFFFFFFF)


class Values(NamedTuple):
    """The interned values of all text columns: an open-addressing hash table and its entries.

    Attributes:
        table: int32[power of two], entry at a hash slot, or -1.
        entries: uint64[n * 4], four words for each. A value's bytes as two words, or its hash and its first word where
            it is longer; where it starts, and above that, from bit 48, its column; its code, and above that, from bit
            32, its length.
        counts: int32[columns], values so far; latest: int32[columns], entry seen last, or -1.
    """

    table: npt.NDArray[np.int32]
    entries: npt.NDArray[np.uint64]
    counts: npt.NDArray[np.int32]
    latest: npt.NDArray[np.int32]

    @classmethod
    def with_room(cls, rows: int, columns: int) -> "Values":
        """Return an empty table for `rows` rows of `columns` columns; a single row may hold a new value in each."""
        slots = 1 << (4 * max(rows, columns) - 1).bit_length()
        return cls(
            np.empty(slots, np.int32),
            np.empty(slots // 2 * _ENTRY, np.uint64),
            np.empty(columns, np.int32),
            np.empty(columns, np.int32),
        )

    def column(self, index: int, total: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return where the values of a column start and how long they are, in the order of their codes.

        Args:
            index: the column.
            total: how many entries there are.
        """
        entries = self.entries.reshape(-1, _ENTRY)[:total]
        own = entries[entries[:, 2] >> _START_BITS == index]
        starts = own[:, 2] & np.uint64((1 << 48) - 1)
        return starts.astype(np.int64), (own[:, 3] >> np.uint64(32)).astype(np.int64)


@kernel
def clear(values: Values) -> None:
    """Forget all values."""
    values.table[:] = NONE
    values.counts[:] = 0
    values.latest[:] = NONE


@kernel
def find(buffer: np.ndarray, start: int, length: int, column: int, values: Values) -> tuple[int, int]:
    """Look for a text among the values of a column: (its entry or -1, the hash slot that is free for it)."""
    last = np.int64(item(values.latest, column))
    if length <= _INLINE:
        one = low_bytes(load8(buffer, start), length)
        two = low_bytes(load8(buffer, start + 8), length - 8) if length > 8 else np.uint64(0)
        if last >= 0 and holds(values.entries, last, one, two, column, length):
            return last, NONE
    else:
        two = load8(buffer, start)
        if (
            last >= 0
            and item(values.entries, last * _ENTRY + 1) == two
            and holds_text(buffer, start, length, last, column, values)
        ):
            return last, NONE
        one = hash_bytes(buffer, start, length, np.uint64(0))
    mask = len(values.table) - 1
    salt = np.uint64(length) << np.uint64(32) | np.uint64(column)
    slot = np.int64(wide_product(one ^ np.uint64(0x9E3779B97F4A7C15), two ^ salt ^ np.uint64(0xC2B2AE3D27D4EB4F)))
    while True:
        slot &= mask
        entry = np.int64(item(values.table, slot))
        if entry < 0:
            return NONE, slot
        if holds(values.entries, entry, one, two, column, length) and (
            length <= _INLINE or holds_text(buffer, start, length, entry, column, values)
        ):
            put_item(values.latest, column, entry)
            return entry, NONE
        slot += 1


@kernel
def holds(entries: np.ndarray, entry: int, one: np.uint64, two: np.uint64, column: int, length: int) -> bool:
    """Return whether an entry is of a column, of a length, and of two words."""
    return (
        item(entries, entry * _ENTRY) == one
        and item(entries, entry * _ENTRY + 1) == two
        and item(entries, entry * _ENTRY + 3) >> np.uint64(32) == np.uint64(length)
        and item(entries, entry * _ENTRY + 2) >> _START_BITS == np.uint64(column)
    )


@kernel
def holds_text(buffer: np.ndarray, start: int, length: int, entry: int, column: int, values: Values) -> bool:
    """Return whether an entry is of a column and of the text at `start`."""
    placed = item(values.entries, entry * _ENTRY + 2)
    return (
        item(values.entries, entry * _ENTRY + 3) >> np.uint64(32) == np.uint64(length)
        and placed >> _START_BITS == np.uint64(column)
        and same_bytes(buffer, np.int64(placed & np.uint64((1 << 48) - 1)), start, length)
    )


@kernel
def enter(buffer: np.ndarray, start: int, length: int, column: int, slot: int, total: int, values: Values) -> int:
    """Enter a text as entry `total` at a free hash slot; return its code."""
    code = np.int64(item(values.counts, column))
    put_item(values.counts, column, code + 1)
    put_item(values.table, slot, total)
    put_item(values.latest, column, total)
    if length <= _INLINE:
        put_item(values.entries, total * _ENTRY, low_bytes(load8(buffer, start), length))
        put_item(
            values.entries,
            total * _ENTRY + 1,
            low_bytes(load8(buffer, start + 8), length - 8) if length > 8 else np.uint64(0),
        )
    else:
        put_item(values.entries, total * _ENTRY, hash_bytes(buffer, start, length, np.uint64(0)))
        put_item(values.entries, total * _ENTRY + 1, load8(buffer, start))
    put_item(values.entries, total * _ENTRY + 2, np.uint64(start) | np.uint64(column) << _START_BITS)
    put_item(values.entries, total * _ENTRY + 3, np.uint64(length) << np.uint64(32) | np.uint64(code))
    return code


@kernel
def code_of(entry: int, values: Values) -> int:
    """Return the code of an entry's value."""
    return np.int64(item(values.entries, entry * _ENTRY + 3) & _LOW_HALF)


@kernel
def intern(buffer: np.ndarray, start: int, length: int, column: int, total: int, values: Values) -> tuple[int, int]:
    """Return (code of a text in its column's dictionary, number of entries now). Reads up to 15 bytes past the text."""
    entry, slot = find(buffer, start, length, column, values)
    if entry >= 0:
        return code_of(entry, values), total
    return enter(buffer, start, length, column, slot, total, values), total + 1
