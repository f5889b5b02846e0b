"""Random events for the property tests of the formats: what lines hold, and reading lines back."""

from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from hypothesis import strategies as st

from tests.test_formats import FILE_END, outcome

ipv4 = st.integers(0, 2**32 - 1).map(lambda number: str(IPv4Address(number)))
# Addresses that hold an IPv4 address may be written in two ways.
ipv6 = st.integers(2**96, 2**128 - 1).map(lambda number: str(IPv6Address(number)))
addresses = ipv4 | ipv6
ports = st.integers(0, 65_535)
counts = st.integers(0, 10**12)
# Names as administrators give them: of rules, interfaces and machines.
names = st.from_regex(r"[A-Za-z][A-Za-z0-9_.-]{0,15}", fullmatch=True)
macs = st.integers(0, 2**48 - 1).map(lambda number: ":".join(f"{number:012x}"[at : at + 2] for at in range(0, 12, 2)))
# Within half a year of the files' end, where stamps without a year have one answer.
times = st.integers(0, 180 * 86_400 - 1).map(
    lambda seconds: int(FILE_END.replace(tzinfo=UTC).timestamp()) - 1 - seconds
)


def at(time: int, micros: int = 0) -> datetime:
    """Return seconds since 1970 as a time without zone, UTC."""
    return datetime.fromtimestamp(time, UTC).replace(tzinfo=None, microsecond=micros)


def syslog_stamp(time: int) -> str:
    """Return the stamp of RFC 3164."""
    moment = at(time)
    return f"{moment:%b} {moment.day:2} {moment:%H:%M:%S}"


def read_back(name: str, lines: list[str]) -> list[dict[str, Any]]:
    """Return what the lines are read as, in order, without their numbers."""
    found = outcome(name, "".join(f"{line}\n" for line in lines).encode())
    return [{key: value for key, value in found[number].items() if key != "line_number"} for number in sorted(found)]


def shuffled(draw: Callable[[st.SearchStrategy[list[str]]], list[str]], keys: dict[str, Any]) -> dict[str, Any]:
    """Return a dictionary with its keys in a random order."""
    return {key: keys[key] for key in draw(st.permutations(list(keys)))}


@st.composite
def flows(draw: st.DrawFn, protocols: tuple[str, ...] = ("tcp", "udp", "gre")) -> dict[str, Any]:
    """Draw the addresses, the protocol and, where it has some, the ports of an event."""
    family = draw(st.sampled_from([ipv4, ipv6]))
    event: dict[str, Any] = {
        "source_ip": draw(family),
        "destination_ip": draw(family),
        "protocol": draw(st.sampled_from(protocols)),
    }
    if event["protocol"] in {"tcp", "udp"}:
        event |= {"source_port": draw(ports), "destination_port": draw(ports)}
    return event
