"""What `nmap -oX` wrote, read as a stream: the hosts of a scan, the ports it tried, and those it found open.

The elements and attributes read here have been the same since nmap 4; masscan's `-oX` has them too. A file may come
from anywhere, and what services answered stands in it: no entity is expanded, nothing outside the file is opened, and
no tree of it is built. https://nmap.org/book/nmap-dtd.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import XMLParser

# All ports of 256 hosts, with versions and the output of scripts, take some 50 MB.
MOST_BYTES = 1 << 27
# Rows and host names kept of one file: what 20 hosts have when every port of theirs is said to be open.
MOST_ROWS = 1 << 21
# nmap's own elements lie six deep, and what scripts tell in tables little deeper.
DEEPEST = 64
# What a service says of itself may be as long as it likes.
LONGEST_TEXT = 256

_CHUNK = 1 << 20
_LAST_PORT = (1 << 16) - 1
_PROTOCOLS = ("tcp", "udp", "sctp")
# A firewall that drops what nmap sends to an open UDP port leaves it at that.
_OPEN = ("open", "open|filtered")


class RefusedScanError(ValueError):
    """A file that is no whole output of nmap: what is wrong with it, in words that follow its name."""


@dataclass(frozen=True)
class PortRange:
    """Ports of a protocol that were tried, `last` included."""

    protocol: str
    first: int
    last: int


@dataclass(frozen=True)
class OpenPort:
    """A port that was found open; `state` is open, or open|filtered where nmap could not tell."""

    host: str
    port: int
    protocol: str
    state: str
    service: str | None
    product: str | None
    version: str | None


@dataclass(frozen=True)
class Scan:
    """One run of nmap.

    Attributes:
        scanned_at: when it began, UTC.
        nmap_version: the version that wrote it.
        arguments: its command line.
        ranges: the ports that it tried at each host.
        hosts: addresses of the hosts that were up and that it got through with.
        open_ports: what it found.
    """

    scanned_at: datetime
    nmap_version: str | None
    arguments: str | None
    ranges: tuple[PortRange, ...]
    hosts: tuple[str, ...]
    open_ports: tuple[OpenPort, ...]


def read_scan(path: Path) -> Scan:
    """Read one file.

    Raises:
        RefusedScanError: it is too large, no XML that ends, has entities, or is none of nmap's.
        OSError: it cannot be read.
    """
    if (size := path.stat().st_size) > MOST_BYTES:
        raise RefusedScanError(f"has {size:,} bytes, and a scan may have at most {MOST_BYTES:,}")
    target = _Target()
    parser = XMLParser(target=target)
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                parser.feed(chunk)
        parser.close()
    except DefusedXmlException as error:
        raise RefusedScanError("declares entities, which no output of nmap has") from error
    except ParseError as error:
        raise RefusedScanError(f"is no whole XML file ({error})") from error
    except LookupError as error:
        raise RefusedScanError(f"is in an encoding that is not known ({error})") from error
    return target.scan()


@dataclass
class _Host:
    """A host while its element is open."""

    is_up: bool = True
    timed_out: bool = False
    address: str | None = None
    ports: list[OpenPort] = field(default_factory=list)


class _Target:
    """Takes elements as the parser meets them, and keeps of them only what a Scan has."""

    def __init__(self) -> None:
        self._depth = 0
        self._run: Mapping[str, str] | None = None
        self._ranges: list[PortRange] = []
        self._hosts: list[str] = []
        self._open_ports: list[OpenPort] = []
        self._rows = 0
        self._host: _Host | None = None
        self._port: dict[str, str] = {}

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Take the beginning of an element."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise RefusedScanError(f"has elements more than {DEEPEST} deep")
        if self._run is None:
            if tag != "nmaprun":
                raise RefusedScanError(f"is no output of nmap -oX: it begins with <{tag[:LONGEST_TEXT]}>")
            self._run = dict(attributes)
        elif tag == "scaninfo":
            self._add_ranges(attributes)
        elif tag == "host":
            self._host = _Host(timed_out=attributes.get("timedout") == "true")
        elif self._host:
            self._start_in_host(self._host, tag, attributes)

    def end(self, tag: str) -> None:
        """Take the end of an element."""
        self._depth -= 1
        if tag == "port" and self._host:
            self._add_port(self._host)
        elif tag == "host" and self._host:
            self._add_host(self._host)
            self._host = None

    def close(self) -> None:
        """Take the end of the file."""

    def scan(self) -> Scan:
        """Return what has been read."""
        run = self._run or {}
        return Scan(
            scanned_at=_stamp(run.get("start")),
            nmap_version=_text(run.get("version")),
            arguments=_text(run.get("args")),
            ranges=tuple(self._ranges),
            hosts=tuple(self._hosts),
            open_ports=tuple(self._open_ports),
        )

    def _start_in_host(self, host: _Host, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "status":
            host.is_up = attributes.get("state") == "up"
        elif tag == "address" and attributes.get("addrtype", "ipv4") in {"ipv4", "ipv6"}:
            host.address = _address(attributes.get("addr", ""))
        elif tag == "port":
            self._port = dict(attributes)
        elif tag == "state":
            self._port["state"] = attributes.get("state", "")
        elif tag == "service":
            self._port |= {key: attributes[key] for key in ("name", "product", "version") if key in attributes}

    def _add_ranges(self, attributes: Mapping[str, str]) -> None:
        protocol = attributes.get("protocol", "")
        if protocol not in _PROTOCOLS:
            return
        for part in filter(None, attributes.get("services", "").split(",")):
            first, _, last = part.partition("-")
            self._count_row()
            self._ranges.append(PortRange(protocol, _port_number(first), _port_number(last or first)))

    def _add_port(self, host: _Host) -> None:
        port, self._port = self._port, {}
        if port.get("protocol") not in _PROTOCOLS or port.get("state") not in _OPEN or host.address is None:
            return
        self._count_row()
        host.ports.append(
            OpenPort(
                host=host.address,
                port=_port_number(port.get("portid", "")),
                protocol=port["protocol"],
                state=port["state"],
                service=_text(port.get("name")),
                product=_text(port.get("product")),
                version=_text(port.get("version")),
            )
        )

    def _add_host(self, host: _Host) -> None:
        """Keep a host; of one that was down, or given up half way, nothing is known."""
        if host.address is None or not host.is_up or host.timed_out:
            return
        self._count_row()
        self._hosts.append(host.address)
        self._open_ports += host.ports

    def _count_row(self) -> None:
        self._rows += 1
        if self._rows > MOST_ROWS:
            raise RefusedScanError(f"has more than {MOST_ROWS:,} hosts, open ports and port ranges")


def _stamp(seconds: str | None) -> datetime:
    try:
        return datetime.fromtimestamp(int(seconds or ""), UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError) as error:
        raise RefusedScanError(f"does not tell when it was begun: start of <nmaprun> is {seconds!r}") from error


def _address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError as error:
        raise RefusedScanError(f"has a host whose address is {text[:LONGEST_TEXT]!r}") from error


def _port_number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(_LAST_PORT)) and int(text) <= _LAST_PORT):
        raise RefusedScanError(f"has a port whose number is {text[:LONGEST_TEXT]!r}")
    return int(text)


def _text(value: str | None) -> str | None:
    return value[:LONGEST_TEXT] if value else None
