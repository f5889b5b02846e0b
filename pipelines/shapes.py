"""What records look like: the shapes that the scanner reads, each said by a format as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Ignored:
    """What is said of lines that are no firewall records: the name they are counted under."""

    name: str


@dataclass(frozen=True)
class Only:
    """A record is one only if a column has one of some values; if not, the line is ignored by a name.

    Attributes:
        column: a captured column.
        values: its values in records, compared as they stand there.
        ignored: the name of the other lines.
        absent: whether a line that lacks the column is a record too.
    """

    column: str
    values: tuple[str, ...]
    ignored: str
    absent: bool = False


@dataclass(frozen=True)
class Columns:
    """Columns of a delimited record, in order, and what decides those that follow.

    Attributes:
        spec: specs of columns, parted by blanks; `-` for one that is skipped.
        by: the column, captured before, whose value chooses the columns that follow; empty for none.
        cases: those columns by that value.
        otherwise: what follows another value; None if the rest is not read.
    """

    spec: str
    by: str = ""
    cases: Mapping[str, "Columns"] = field(default_factory=dict)
    otherwise: "Columns | Ignored | None" = None


@dataclass(frozen=True)
class Delimited:
    """Values between separators, each column in its place.

    Attributes:
        columns: the columns.
        separator: one byte; of blanks, several count as one.
        quote: one byte that stands around a value which may hold separators; empty for none. Doubled inside, it is one.
        lead: a pattern that is read first.
        minimum: fewer columns than these, and the record is cut.
    """

    columns: Columns
    separator: str = ","
    quote: str = ""
    lead: str = ""
    minimum: int = 1


@dataclass(frozen=True)
class Headed:
    """Values between separators, whose columns a line of the file names.

    Attributes:
        header: what that line begins with: then its names follow. If empty, it is a line all of whose words, two or
            more, are names in `columns`.
        columns: specs by name.
        separator: one byte; of blanks, several count as one.
        default: names in the order they have where no line says it; empty if such lines are rejected.
        comment: what lines begin with that are passed over; one byte, or empty for none.
        lead: a pattern that is read first, of the lines that are no header.
    """

    header: str
    columns: Mapping[str, str]
    separator: str = " "
    default: str = ""
    comment: str = "#"
    lead: str = ""


@dataclass(frozen=True)
class KeyValues:
    """Pairs of a key and a value, in any order.

    Attributes:
        keys: specs by key.
        separator: one byte between pairs; blanks after it are passed over.
        assign: one byte between key and value.
        quote: one byte that may stand around a value; empty for none.
        escape: one byte that takes the meaning from the next, within quotes or values with blanks; empty for none.
        lead: a pattern that is read first.
        values_with_blanks: whether a value that is not quoted goes on until the next key.
    """

    keys: Mapping[str, str]
    separator: str = " "
    assign: str = "="
    quote: str = '"'
    escape: str = "\\"
    lead: str = ""
    values_with_blanks: bool = False


@dataclass(frozen=True)
class Template:
    """Sentences, read by patterns (see `patterns`).

    Attributes:
        patterns: tried in order.
        lead: a pattern that is read first.
        by: a column of the lead whose value chooses the patterns; empty for none.
        cases: patterns by that value, tried in order.
        otherwise: what a line is that no pattern is for: of a value that is no case or, without `by`, that none fits.
            None if it is rejected.
        ignored: by name, patterns of lines that are no records; tried last.
    """

    patterns: tuple[str, ...] = ()
    lead: str = ""
    by: str = ""
    cases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    otherwise: Ignored | None = None
    ignored: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Json:
    """An object on a line.

    Attributes:
        keys: specs by path: keys, and places in arrays, joined by dots.
        lead: a pattern that is read first.
    """

    keys: Mapping[str, str]
    lead: str = ""


Shape = Delimited | Headed | KeyValues | Template | Json
