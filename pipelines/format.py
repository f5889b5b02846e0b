"""What a log format is: mostly data, from which the tables of the compiled scanner are made.

A format lives in one file of `pipelines/formats/`, which defines `FORMAT`; the file's name is the format's name.
"""

import importlib
import pkgutil
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

import pipelines.formats
from pipelines.columns import number_column
from pipelines.kinds import TEXTS, Kind
from pipelines.packet_keys import PacketKeys, Tables, packet_tables
from pipelines.plan import Compiled, Parts, Plan, compiled_plan
from pipelines.settings import SettingError
from pipelines.shapes import Only, Shape


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
        stamps: int64, microseconds since 1970, UTC where `zoned` is true, else of the source's local time.
        zoned: whether the stamp names its zone.
    """

    rows: int
    numbers: Mapping[str, Numbers]
    texts: Mapping[str, pa.DictionaryArray]
    stamps: npt.NDArray[np.int64]
    zoned: npt.NDArray[np.bool_]

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
        ignored: by the name of a rule, the rows (booleans) that are no firewall records.
    """

    columns: Mapping[str, pa.Array]
    invalid: Mapping[str, tuple[npt.NDArray[np.bool_], pa.Array]] = field(default_factory=dict)
    ignored: Mapping[str, npt.NDArray[np.bool_]] = field(default_factory=dict)


Words = Mapping[str, str] | Callable[[str], str | None]


@dataclass(frozen=True, eq=False)
class Format:
    """A log format: where its records stand, what they look like, and how their columns become the schema's.

    Attributes:
        shape: what a record looks like, with the columns that its values become.
        signature: found in the lines of the format and in no others: a file is known by it.
        programs: syslog program names that write these records; lines of other programs are ignored.
        anchors: what a record begins with, where no program or more than the program stands before it.
        syslog: whether a syslog daemon's header may stand before the record.
        anchor_words: how many words after the daemon's header may stand before an anchor.
        from_header: whether the record begins before those words, and not at the anchor.
        own_stamp: whether a stamp between that header and the record is the event's, rather than the header's.
        structured: whether a record begins at the message id of RFC 5424, before the structured data.
        only: what decides, before values are read, whether a record is one of a firewall.
        needs: columns of which a record has at least one; empty if it needs none.
        nulls: values that stand for none, besides the empty one and `-`.
        words: by column, the text column that decides it, and the word or function that each of its values becomes.
        constants: by column, its value where the record has none.
        derive: turns scanned columns into the schema's where that takes more than words and constants; works on whole
            columns and on dictionaries.
        name: name of the module that defines the format.
    """

    shape: Shape | PacketKeys
    signature: re.Pattern[bytes]
    programs: tuple[str, ...] = ()
    anchors: tuple[str, ...] = ()
    anchor_words: int = 8
    from_header: bool = False
    syslog: bool = True
    own_stamp: bool = False
    structured: bool = False
    only: tuple[Only, ...] = ()
    needs: tuple[str, ...] = ("source_ip", "destination_ip", "protocol")
    nulls: tuple[str, ...] = ()
    words: Mapping[str, tuple[str, Words]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    derive: Callable[[Scanned], Derived] | None = None
    name: str = ""

    def number_columns(self) -> tuple[str, ...]:
        """Return the names of the numeric columns, in the order of the scanner's columns."""
        return self.shape.number_columns() if isinstance(self.shape, PacketKeys) else compiled(self).numbers

    def text_columns(self) -> tuple[str, ...]:
        """Return the names of the text columns, in the order of the scanner's columns; `host` comes first."""
        return self.shape.text_columns() if isinstance(self.shape, PacketKeys) else compiled(self).texts

    def columns_of(self, kind: Kind) -> frozenset[str]:
        """Return the names of the text columns of a kind."""
        items = self.shape.fields if isinstance(self.shape, PacketKeys) else compiled(self).slots
        return frozenset(item.column for item in items if item.kind is kind and kind in TEXTS)

    def rules(self) -> tuple[str, ...]:
        """Return the names of the format's own rules for lines that are no firewall records."""
        return () if isinstance(self.shape, PacketKeys) else compiled(self).rules

    def fault(self, place: int) -> str:
        """Return in words what a value is that the scanner refuses; `place` is the field or slot that it gave."""
        if isinstance(self.shape, PacketKeys):
            return self.shape.fields[place].fault
        return compiled(self).slots[place].fault


@cache
def compiled(form: Format) -> Compiled:
    """Return the plan of a format and the names of what is in it.

    Raises:
        ValueError: what the format says cannot be read so.
    """
    if isinstance(form.shape, PacketKeys):
        raise TypeError(f"format {form.name!r} has tables of keys, not a plan")
    parts = Parts(
        programs=form.programs,
        anchors=form.anchors,
        syslog=form.syslog,
        own_stamp=form.own_stamp,
        structured=form.structured,
        only=form.only,
        needs=form.needs,
        nulls=form.nulls,
        anchor_words=form.anchor_words,
        from_header=form.from_header,
    )
    return compiled_plan(form.shape, parts)


@cache
def tables(form: Format) -> Tables | Plan:
    """Return a format as arrays for the scanner."""
    if isinstance(form.shape, PacketKeys):
        return packet_tables(form.shape, form.programs)
    return compiled(form).plan


@cache
def all_formats() -> Mapping[str, Format]:
    """Return every format by name: each module of `pipelines/formats/` that defines `FORMAT`."""
    found = {}
    for module in pkgutil.iter_modules(pipelines.formats.__path__):
        form = importlib.import_module(f"pipelines.formats.{module.name}").FORMAT
        found[module.name] = replace(form, name=module.name)
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
