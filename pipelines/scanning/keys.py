"""Keys of a key=value format, compiled: which field a word is, and what it says about the line."""

import numpy as np

from pipelines.compiled import kernel
from pipelines.packet_keys import KEY_HASH, KEY_SLOTS, Evidence, Section, Tables
from pipelines.scanning.words import find_byte, item, load8, low_bytes

NONE = -1
NETWORK = Section.NETWORK | 0
START = Evidence.START | 0

_SECTIONS = len(Section)
_EQUALS = 61


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
    return 0 if field < 0 else np.int64(item(tables.evidence, field))


@kernel
def field_of(word: np.uint64, has_value: bool, section: int, tables: Tables) -> int:
    """Return the index of the field that a key or a flag is in a section, or -1."""
    slot = np.int64((word * np.uint64(KEY_HASH)) >> np.uint64(56))
    while True:
        found = item(tables.key_words, slot)
        if found == word:
            return np.int64(item(tables.key_fields, (np.int64(has_value) * _SECTIONS + section) * KEY_SLOTS + slot))
        if found == 0:
            return NONE
        slot = (slot + 1) & (KEY_SLOTS - 1)
