"""The shape of netfilter's records: bare `KEY=VALUE` whose meaning depends on where it stands, flags without value.

The kernel's keys are eight bytes at most, so that each is one machine word; the scanner reads them twice as fast as the
pairs of other formats.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.kinds import NUMBERS, Kind, Slot
from pipelines.plan import program_words


class Section(IntEnum):
    """Where in a record a key stands; the same key can mean different things before and after the protocol."""

    NETWORK = 0
    TRANSPORT = 1
    ICMP = 2


EVERYWHERE = tuple(Section)


class Evidence(IntEnum):
    """What the presence of a key says about the line being a firewall record; bits of a mask."""

    NONE = 0
    START = 1  # the first key of a whole record
    HEAD = 16  # a key that only the first can stand before
    PACKET = 2  # an address or the protocol: enough by itself
    SOURCE_PORT = 4
    DESTINATION_PORT = 8  # both ports together are enough too


@dataclass(frozen=True)
class Field:
    """One key of a record and the column that its value becomes.

    Attributes:
        key: the key as logged, or the word that is a flag.
        column: name of the scanned column; empty for a value that is read past.
        kind: how the value is read.
        sections: where the key has this meaning.
        largest: largest number allowed; a larger one makes the line a reject.
        bit: for a flag, the bit that it sets.
        leads_to: the section that begins after this key.
        evidence: what the key says about the line.
    """

    key: str
    column: str = ""
    kind: Kind = Kind.SKIP
    sections: tuple[Section, ...] = EVERYWHERE
    largest: int = 0xFFFF
    bit: int = 1
    leads_to: Section | None = None
    evidence: Evidence = Evidence.NONE

    @property
    def fault(self) -> str:
        """Return in words what a value is that is none of the kind."""
        return Slot(self.column, self.kind, self.largest).fault


@dataclass(frozen=True)
class PacketKeys:
    """Records of keys as netfilter writes them.

    Attributes:
        fields: the keys.
    """

    fields: tuple[Field, ...]

    def number_columns(self) -> tuple[str, ...]:
        """Return the names of the numeric columns, in the order of the scanner's slots; `packets` comes first."""
        return ("packets", *dict.fromkeys(item.column for item in self.fields if item.kind in NUMBERS))

    def text_columns(self) -> tuple[str, ...]:
        """Return the names of the text columns, in the order of the scanner's slots; header columns come first."""
        kinds = (Kind.TEXT, Kind.ADDRESS, Kind.PROTOCOL)
        named = (item.column for item in self.fields if item.kind in kinds)
        return (*HEADER_COLUMNS, *dict.fromkeys(named))


HEADER_COLUMNS = ("host", "prefix", "chain")
MAX_KEY = 8
KEY_SLOTS = 256
KEY_HASH = 0x9E3779B97F4A7C15


class Tables(NamedTuple):
    """A format as arrays, for compiled code.

    Attributes:
        key_words: uint64[KEY_SLOTS], the key's bytes as a word; 0 where the hash slot is free.
        key_fields: int16[2 * len(Section) * KEY_SLOTS], index of the field that a word is in a section, or -1; first
            the words that are flags, then those with a value (netfilter has both `ACK` and `ACK=`).
        kinds, columns, largest, bits, leads_to, evidence: per field.
        programs: uint64[2n], names of programs, sixteen bytes each.
    """

    key_words: npt.NDArray[np.uint64]
    key_fields: npt.NDArray[np.int16]
    kinds: npt.NDArray[np.int8]
    columns: npt.NDArray[np.int16]
    largest: npt.NDArray[np.int64]
    bits: npt.NDArray[np.int64]
    leads_to: npt.NDArray[np.int8]
    evidence: npt.NDArray[np.int8]
    programs: npt.NDArray[np.uint64]


def word_of(text: str) -> int:
    """Return up to eight ASCII bytes as one little-endian word."""
    data = text.encode("ascii")
    if not 0 < len(data) <= MAX_KEY:
        raise ValueError(f"key {text!r} has {len(data)} bytes: the scanner compares keys of 1 to {MAX_KEY}")
    return int.from_bytes(data, "little")


def packet_tables(shape: PacketKeys, programs: Sequence[str]) -> Tables:
    """Return the scanner's tables for records that some programs write."""
    numbers, texts = shape.number_columns(), shape.text_columns()
    fields = shape.fields

    def column(item: Field) -> int:
        if item.kind is Kind.SKIP:
            return -1
        return numbers.index(item.column) if item.column in numbers else texts.index(item.column)

    key_words = np.zeros(KEY_SLOTS, np.uint64)
    key_fields = np.full((2, len(Section), KEY_SLOTS), -1, np.int16)
    for index, item in enumerate(fields):
        slot = _key_slot(key_words, word_of(item.key))
        for section in item.sections:
            key_fields[int(item.kind is not Kind.FLAG), section, slot] = index
    return Tables(
        key_words=key_words,
        key_fields=key_fields.reshape(-1),
        kinds=np.array([item.kind for item in fields], np.int8),
        columns=np.array([column(item) for item in fields], np.int16),
        largest=np.array([item.largest for item in fields], np.int64),
        bits=np.array([item.bit for item in fields], np.int64),
        leads_to=np.array([-1 if item.leads_to is None else item.leads_to for item in fields], np.int8),
        evidence=np.array([item.evidence for item in fields], np.int8),
        programs=program_words(programs),
    )


def _key_slot(key_words: npt.NDArray[np.uint64], word: int) -> int:
    slot = (word * KEY_HASH & 0xFFFFFFFFFFFFFFFF) >> 56
    while key_words[slot] not in (0, word):
        slot = (slot + 1) % KEY_SLOTS
    key_words[slot] = word
    return slot
