"""What is counted: each kind is groups of events, and the items of which a group has so many different ones."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["days", "months"]

LEVELS: tuple[Level, ...] = ("days", "months")


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
        item: the column whose different values are counted; NULL is none of them.
        stamped: whether the first and the last stamp of a group are kept; for kinds of one narrow field only.
    """

    name: str
    fields: tuple[Field, ...]
    item: Literal["source_ip", "destination_port"]
    stamped: bool = False

    @property
    def group_columns(self) -> tuple[str, ...]:
        """Return the columns that events of a group have in common."""
        return tuple(column for field in self.fields for column in field.columns)


PORT = Field(("destination_port", "protocol"), 19)
COUNTRY = Field(("source_country",), 10)

KINDS = (
    Kind("port_countries", (PORT, COUNTRY), "source_ip"),
    Kind("ports", (PORT,), "source_ip"),
    Kind("countries", (COUNTRY,), "source_ip", stamped=True),
    Kind("country_ports", (COUNTRY,), "destination_port"),
)
