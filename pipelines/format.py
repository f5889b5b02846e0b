"""What a log format is: mostly data, from which the tables of the compiled scanner are made.

A format lives in one file of `pipelines/formats/`, which defines `FORMAT`; the file's name is the format's name.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

import pipelines.formats
from pipelines.columns import number_column
from pipelines.settings import SettingError


class Kind(IntEnum):
    """How the bytes of a value are read."""

    SKIP = 0
    DECIMAL = 1
    HEXADECIMAL = 2
    TEXT = 3
    ADDRESS = 4
    PROTOCOL = 5
    FLAG = 6


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


@dataclass(frozen=True)
class Numbers:
    """A column of scanned numbers: int64, -1 where absent, if there are `gaps`; memory that is used again."""

    values: npt.NDArray[np.int64]
    gaps: bool

    def column(self, type_: pa.DataType) -> pa.Array:
        """Return the numbers as a column; NULL where absent."""
        return number_column(self.values, type_, gaps=self.gaps)


@dataclass(frozen=True)
class Scanned:
    """Columns of one batch as the scanner leaves them, before the format gives them their meaning.

    Attributes:
        rows: how many events there are.
        numbers: columns of numbers by name, those only that some event has.
        texts: columns of text by name, all of them; null where absent.
    """

    rows: int
    numbers: Mapping[str, Numbers]
    texts: Mapping[str, pa.DictionaryArray]

    def values(self, name: str) -> npt.NDArray[np.int64]:
        """Return the numbers of a column, -1 where absent; read-only for a column that no event has."""
        if name in self.numbers:
            return self.numbers[name].values
        return np.broadcast_to(np.int64(-1), self.rows)


@dataclass(frozen=True)
class Derived:
    """Columns by the names of `schema.PACKET`, and the rows that turn out to be no valid records.

    Attributes:
        columns: Arrow arrays of the batch's length; columns that are left out are NULL.
        invalid: by column name, the rows (booleans) whose value is not valid, and the array of those values.
    """

    columns: Mapping[str, pa.Array]
    invalid: Mapping[str, tuple[npt.NDArray[np.bool_], pa.Array]]


@dataclass(frozen=True)
class Format:
    """A key=value format: its keys, the programs that write it, and how its columns become the schema's.

    Attributes:
        fields: the keys.
        programs: syslog program names that write these records; lines of other programs are ignored.
        derive: turns scanned columns into the schema's columns; works on whole columns and on dictionaries.
    """

    fields: tuple[Field, ...]
    programs: tuple[str, ...]
    derive: Callable[[Scanned], Derived]
    name: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        """Take the name of the module that defines the format."""
        if not self.name:
            object.__setattr__(self, "name", self.derive.__module__.rpartition(".")[2])

    def number_columns(self) -> tuple[str, ...]:
        """Return the names of the numeric columns, in the order of the scanner's slots."""
        kinds = (Kind.DECIMAL, Kind.HEXADECIMAL, Kind.FLAG)
        return tuple(dict.fromkeys(item.column for item in self.fields if item.kind in kinds))

    def text_columns(self) -> tuple[str, ...]:
        """Return the names of the text columns, in the order of the scanner's slots; header columns come first."""
        kinds = (Kind.TEXT, Kind.ADDRESS, Kind.PROTOCOL)
        named = (item.column for item in self.fields if item.kind in kinds)
        return (*HEADER_COLUMNS, *dict.fromkeys(named))

    def address_columns(self) -> frozenset[str]:
        """Return the names of the columns that hold addresses."""
        return frozenset(item.column for item in self.fields if item.kind is Kind.ADDRESS)


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
        programs: uint64[n], program names as words.
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


@cache
def tables(form: Format) -> Tables:
    """Return the scanner's tables for a format."""
    numbers, texts = form.number_columns(), form.text_columns()
    fields = form.fields

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
        programs=np.array([word_of(name) for name in form.programs], np.uint64),
    )


def _key_slot(key_words: npt.NDArray[np.uint64], word: int) -> int:
    slot = (word * KEY_HASH & 0xFFFFFFFFFFFFFFFF) >> 56
    while key_words[slot] not in (0, word):
        slot = (slot + 1) % KEY_SLOTS
    key_words[slot] = word
    return slot


@cache
def all_formats() -> Mapping[str, Format]:
    """Return every format by name: each module of `pipelines/formats/` that defines `FORMAT`."""
    found = {}
    for module in pkgutil.iter_modules(pipelines.formats.__path__):
        form = importlib.import_module(f"pipelines.formats.{module.name}").FORMAT
        found[form.name] = form
    return found


def format_named(name: str, setting: str) -> Format:
    """Return the format with that name, given for `setting`.

    Raises:
        SettingError: there is no such format.
    """
    known = all_formats()
    if name not in known:
        raise SettingError(setting, name, f"it must be 'detect' or one of {', '.join(sorted(known))}")
    return known[name]
