"""How the bytes of a value are read, and the notation in which formats say it: `column[:kind][?]`."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum


class Kind(IntEnum):
    """How the bytes of a value are read."""

    SKIP = 0
    DECIMAL = 1
    HEXADECIMAL = 2
    TEXT = 3
    ADDRESS = 4
    PROTOCOL = 5
    FLAG = 6
    MAC = 7
    PORT = 8  # a number, or a service by name
    STAMP = 9
    SECONDS = 10  # with or without a fraction; becomes milliseconds
    CLOCK = 11  # hours, minutes and seconds; becomes milliseconds
    DATE = 12
    TIME = 13
    ZONE = 14
    ENDPOINT = 15  # an address and a port
    REST = 16  # text up to the end of the line, in patterns only


TEXTS = frozenset({Kind.TEXT, Kind.ADDRESS, Kind.PROTOCOL, Kind.MAC})
NUMBERS = frozenset(
    {
        Kind.DECIMAL,
        Kind.HEXADECIMAL,
        Kind.FLAG,
        Kind.PORT,
        Kind.STAMP,
        Kind.SECONDS,
        Kind.CLOCK,
    }
)
# A captured value of these kinds ends at a blank, whatever the pattern says that follows.
WITHOUT_BLANKS = frozenset(Kind) - {Kind.TEXT, Kind.REST, Kind.STAMP, Kind.SKIP}

LARGEST = 10**18 - 1  # as many digits as the scanner reads

_KINDS: Mapping[str, tuple[Kind, int]] = {
    "text": (Kind.TEXT, 0),
    "rest": (Kind.REST, 0),
    "address": (Kind.ADDRESS, 0),
    "protocol": (Kind.PROTOCOL, 0),
    "mac": (Kind.MAC, 0),
    "endpoint": (Kind.ENDPOINT, 0),
    "number": (Kind.DECIMAL, LARGEST),
    "number32": (Kind.DECIMAL, 0xFFFFFFFF),
    "word": (Kind.DECIMAL, 0xFFFF),
    "byte": (Kind.DECIMAL, 0xFF),
    "milliseconds": (Kind.DECIMAL, LARGEST),
    "hexadecimal": (Kind.HEXADECIMAL, 0xFFFFFFFF),
    "port": (Kind.PORT, 0xFFFF),
    "stamp": (Kind.STAMP, 0),
    "seconds": (Kind.SECONDS, LARGEST // 1000),
    "clock": (Kind.CLOCK, 0),
    "date": (Kind.DATE, 0),
    "time": (Kind.TIME, 0),
    "zone": (Kind.ZONE, 0),
}

_DEFAULTS: Mapping[str, str] = {
    "source_ip": "address",
    "destination_ip": "address",
    "nat_source_ip": "address",
    "nat_destination_ip": "address",
    "source_port": "port",
    "destination_port": "port",
    "nat_source_port": "port",
    "nat_destination_port": "port",
    "protocol": "protocol",
    "source_mac": "mac",
    "destination_mac": "mac",
    "packet_bytes": "number",
    "duration_ms": "number",
    "packets": "number",
    "ttl": "byte",
    "tos": "byte",
    "ip_id": "word",
    "flow_label": "number32",
    "tcp_sequence": "number32",
    "tcp_acknowledgement": "number32",
    "tcp_window": "number32",
    "icmp_type": "byte",
    "icmp_code": "byte",
    "icmp_id": "word",
    "icmp_sequence": "word",
    "observed_at": "stamp",
    "observed_date": "date",
    "observed_time": "time",
    "observed_zone": "zone",
}

_SPEC = re.compile(r"([a-z][a-z0-9_]*)(?::([a-z0-9]+))?(\?)?")

_DESCRIPTIONS: Mapping[Kind, str] = {
    Kind.ADDRESS: "no IP address",
    Kind.STAMP: "no time stamp",
    Kind.SECONDS: "no number of seconds",
    Kind.CLOCK: "no duration",
    Kind.DATE: "no date",
    Kind.TIME: "no time of day",
    Kind.ZONE: "no time zone",
    Kind.ENDPOINT: "no IP address with its port",
}


@dataclass(frozen=True)
class Slot:
    """A value that a record may hold, and what it becomes.

    Attributes:
        column: name of the scanned column.
        kind: how the value is read.
        largest: largest number allowed; a larger one makes the line a reject.
        lenient: whether a value that is none of the kind is absent, and no reason to reject the line.
    """

    column: str
    kind: Kind
    largest: int = 0
    lenient: bool = False

    @classmethod
    def of(cls, spec: str) -> "Slot":
        """Return the slot that `column[:kind][?]` says.

        Raises:
            ValueError: it is not written so, or there is no such kind.
        """
        match = _SPEC.fullmatch(spec)
        name = match and (match[2] or _DEFAULTS.get(match[1], "text"))
        if match is None or name not in _KINDS:
            raise ValueError(f"column {spec!r} is not written as column[:kind][?] with a kind of {', '.join(_KINDS)}")
        kind, largest = _KINDS[str(name)]
        return cls(match[1], kind, largest, match[3] is not None)

    @property
    def fault(self) -> str:
        """Return in words what a value is that is none of the kind."""
        what = _DESCRIPTIONS.get(self.kind, f"no number from 0 to {self.largest}")
        return f"{self.column} is {what}"


def endpoint_parts(column: str) -> tuple[Slot, Slot]:
    """Return the slots of the address and the port of an endpoint."""
    return Slot.of(f"{column}_ip"), Slot.of(f"{column}_port")


def merged(slots: Iterable[Slot]) -> tuple[Slot, ...]:
    """Return each column's slot once, endpoints before what they are split into.

    Raises:
        ValueError: a column has different kinds.
    """
    found: dict[str, Slot] = {}
    for slot in slots:
        known = found.setdefault(slot.column, slot)
        if (known.kind, known.largest) != (slot.kind, slot.largest):
            raise ValueError(f"column {slot.column!r} is of kind {known.kind.name} and of kind {slot.kind.name}")
        if slot.lenient:
            found[slot.column] = slot
    return tuple(sorted(found.values(), key=lambda slot: slot.kind is not Kind.ENDPOINT))
