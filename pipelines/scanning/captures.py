"""What is found in a record before it is read: where the value of each slot stands; and the table of a plan's words."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.compiled import kernel
from pipelines.plan import Plan
from pipelines.scanning.words import item, load8, low_bytes, put_item

NONE = -1
_BLANK = 32


class Captures(NamedTuple):
    """Where the values of a record stand, and room to find them.

    Attributes:
        spans: int64[2 * slots], start and length by slot; a length of 0 for one that is absent.
        layout: int64[MOST_COLUMNS + 1], how many columns the file's last header names, and their targets.
        stack: int64[...], of matching patterns and of nested objects.
    """

    spans: npt.NDArray[np.int64]
    layout: npt.NDArray[np.int64]
    stack: npt.NDArray[np.int64]


@kernel
def forget(captures: Captures, slots: int) -> None:
    """Forget all captures."""
    for slot in range(slots):
        put_item(captures.spans, 2 * slot + 1, 0)


@kernel
def capture(buffer: np.ndarray, slot: int, start: int, end: int, captures: Captures) -> None:
    """Note the value of a slot, without the blanks around it; the first one that is not empty stays."""
    if item(captures.spans, 2 * slot + 1) > 0:
        return
    while start < end and load8(buffer, start) & np.uint64(0xFF) == np.uint64(_BLANK):
        start += 1
    while end > start and load8(buffer, end - 1) & np.uint64(0xFF) == np.uint64(_BLANK):
        end -= 1
    put_item(captures.spans, 2 * slot, start)
    put_item(captures.spans, 2 * slot + 1, end - start)


@kernel
def span_hash(buffer: np.ndarray, start: int, length: int, seed: np.uint64) -> np.uint64:
    """Return the hash of a word, as `plan.word_hash` makes it. Reads up to 7 bytes past its end."""
    value = (seed ^ np.uint64(length)) * np.uint64(0x9E3779B97F4A7C15)
    offset = 0
    while offset < length:
        word = low_bytes(load8(buffer, start + offset), length - offset)
        value = (value ^ word) * np.uint64(0x9E3779B97F4A7C15)
        value ^= value >> np.uint64(29)
        offset += 8
    return max(value, np.uint64(1))


@kernel
def target_of(value: np.uint64, plan: Plan, otherwise: int) -> int:
    """Return what a hash stands for, or `otherwise`."""
    mask = len(plan.hashes) - 1
    place = np.int64(value & np.uint64(mask))
    while True:
        found = item(plan.hashes, place)
        if found == value:
            return np.int64(item(plan.targets, place))
        if found == 0:
            return otherwise
        place = (place + 1) & mask


@kernel
def target_at(buffer: np.ndarray, start: int, length: int, seed: int, plan: Plan, otherwise: int) -> int:
    """Return what a word stands for, or `otherwise`."""
    return target_of(span_hash(buffer, start, length, np.uint64(seed)), plan, otherwise)
