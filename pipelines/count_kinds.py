"""What is counted: each kind is groups of events, and the items of which a group has so many different ones.

Rows of the level `days` are of a day. Those of `months` are of a month, and tell the month that their sources were last
seen in before, as those of `years` do; those of `edges` tell the day, for periods that begin in the middle of a month.
Those of `spans` tell the days of a month that a group was seen on, without its sources.
"""

from dataclasses import dataclass
from typing import Literal

Level = Literal["days", "months", "years", "edges", "spans"]


@dataclass(frozen=True)
class Field:
    """Columns of the events that are told apart together, by one number.

    Attributes:
        columns: their names.
        bits: how many bits the number has.
    """

    columns: tuple[str, ...]
    bits: int


@dataclass(frozen=True)
class Kind:
    """One kind of counts.

    Attributes:
        name: its name, which is that of its folder.
        fields: what the events of a group have in common, in the order that rows are stored in.
        stamped: whether the first and the last stamp of a group are kept; for kinds of one narrow field only.
        levels: what its rows are of.
    """

    name: str
    fields: tuple[Field, ...]
    stamped: bool = False
    levels: tuple[Level, ...] = ("days", "months", "years", "edges")

    @property
    def group_columns(self) -> tuple[str, ...]:
        """Return the columns that events of a group have in common."""
        return tuple(column for field in self.fields for column in field.columns)

    @property
    def bits(self) -> int:
        """Return how many bits the number of a group has."""
        return sum(field.bits for field in self.fields)


PORT = Field(("destination_port", "protocol"), 19)
COUNTRY = Field(("source_country",), 10)
SERVICE = Field(("service",), 12)

# Of these the different sources are counted.
KINDS = (
    Kind("port_countries", (PORT, COUNTRY)),
    Kind("ports", (PORT,), levels=("days", "months", "years", "edges", "spans")),
    Kind("countries", (COUNTRY,), stamped=True),
    Kind("services", (SERVICE,)),
)

# Ports that were tried from countries of which no more than so many events came, in the day or month.
VISITORS = Kind("visitor_ports", (COUNTRY, PORT), levels=("days", "months"))
MOST_VISITS = 100

ALL_KINDS = (*KINDS, VISITORS)
