"""The flows of Azure's flow logs, one a line: Azure writes thousands of them into one JSON document.

An hour's file, `PT1H.json`, is `{"records":[...]}`: of each minute and network card a record, in it of each rule a list
of tuples, and each tuple is a flow. The documents are taken apart record by record as the file is read, so memory holds
one record at a time, and a file that is still written or was cut gives all it has.

A line is `azure_flow` and, parted by commas, the columns of LINE. A record of another kind is left as it is, on one
line; what is no JSON or no tuple stands after `azure_flow`, and so is rejected.
Sources: Microsoft's "Flow logging for network security groups" (versions 1 and 2) and "Virtual network flow logs".
"""

import json
import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any, Protocol

MARK = "azure_flow"
LINE = (
    "time",
    "source",
    "destination",
    "source_port",
    "destination_port",
    "protocol",
    "direction",
    "decision",
    "state",
    "packets_out",
    "bytes_out",
    "packets_in",
    "bytes_in",
    "encryption",
    "mac",
    "rule",
)
# What a document of flows begins with: the wrapper and its first record, or a record by itself.
_DOCUMENT = re.compile(rb'\s*(?:\xef\xbb\xbf)?\{\s*"(?:records"\s*:\s*\[\s*\{\s*")?(?:time|systemId|category)"')
_CATEGORY = re.compile(rb'"category"\s*:\s*"(?:NetworkSecurityGroupFlowEvent|FlowLogFlowEvent)"')
_BETWEEN = re.compile(r'(?:[\s,\]}\ufeff]|\{\s*"records"\s*:\s*\[)*')
_RECORD = re.compile(r'\{\s*"(?:time|systemId|category)"')
_PRINTABLE = re.compile(r"[!-~]*")
_MAC = re.compile(r"[0-9A-Fa-f]{12}")
_PROTOCOLS = {"T": "tcp", "U": "udp"}  # of security groups; virtual networks write numbers
# Columns of a tuple: of version 1, of version 2, and of virtual networks, where the encryption follows the state.
_SHORT, _LONG = 8, 13
_PIECE = 1 << 18
# A record holds the flows of a minute at one network card; what is longer is no record.
_LONGEST = 64 << 20


class Readable(Protocol):
    """A stream of bytes."""

    def read1(self, size: int, /) -> bytes:
        """Return at most so many bytes, and no bytes at the end."""


def holds_flows(head: bytes) -> bool:
    """Return whether a file that begins so is a document of flows."""
    return _DOCUMENT.match(head) is not None and _CATEGORY.search(head) is not None


def unfolded(data: bytes) -> bytes:
    """Return whole lines, the flows of documents among them one a line."""
    lines = FlowTuples(BytesIO(data))
    return b"".join(iter(lambda: lines.read1(len(data) + 1), b""))


class FlowTuples:
    """The lines of a stream of documents, as a stream of bytes."""

    def __init__(self, file: Readable, piece: int = _PIECE) -> None:
        """Read documents from `file`, `piece` bytes at a time; one after another, newlines between them or not."""
        self._file = file
        self._piece = piece
        self._decoder = json.JSONDecoder()
        self._packed = b""
        self._text = ""
        self._out = b""
        self._ended = False
        self._damage: Exception | None = None

    def read1(self, size: int) -> bytes:
        """Return at most so many bytes, and no bytes at the end."""
        while not self._out and not (self._ended and not self._text):
            self._step()
        data, self._out = self._out[:size], self._out[size:]
        return data

    def _step(self) -> None:
        """Take the next record from what has been read, or read on."""
        text = self._text
        start = next(_BETWEEN.finditer(text)).end()
        if start == len(text):
            self._text = ""
            self._read_on()
            return
        try:
            record, end = self._decoder.raw_decode(text, start)
        except (json.JSONDecodeError, RecursionError) as error:
            self._pass_over(start, error)
            return
        self._text = text[end:]
        self._out = "".join(f"{line}\n" for line in _lines(record, text[start:end])).encode()

    def _read_on(self) -> None:
        """Read the next piece; what keeps it from being read is raised when no whole record is left before it."""
        if self._damage is not None:
            raise self._damage
        try:
            data = self._file.read1(self._piece)
        except Exception as error:  # noqa: BLE001 - raised above
            self._damage = error
            return
        self._ended = not data
        whole = self._packed + data
        # A character that is cut at the end is left for the next piece; bytes that are no UTF-8 are written \xNN.
        cut = 0 if self._ended else _bytes_of_cut_character(whole)
        self._packed = whole[len(whole) - cut :]
        self._text += whole[: len(whole) - cut].decode("utf-8", "backslashreplace")

    def _pass_over(self, start: int, error: Exception) -> None:
        """Read on where the record may only be cut so far; else leave it as a line of its own."""
        text = self._text
        if not self._ended and len(text) - start < _LONGEST and _may_be_cut(error, len(text)):
            length = len(text)
            self._read_on()
            while not self._ended and self._damage is None and len(self._text) < 2 * length:
                self._read_on()  # twice as much, so that a long record is not begun often
            return
        found = _RECORD.search(text, start + 1)
        end = found.start() if found else len(text)
        self._text = text[end:]
        self._out = f"{MARK},{' '.join(text[start:end].split())}\n".encode()


def _may_be_cut(error: Exception, length: int) -> bool:
    """Return whether text that is no JSON would be, if it went on."""
    if not isinstance(error, json.JSONDecodeError):
        return False
    return error.pos >= length - 1 or error.msg.startswith(("Unterminated string", "Invalid \\"))


def _bytes_of_cut_character(data: bytes) -> int:
    """Return how many bytes at the end are the beginning of a UTF-8 character."""
    for count in range(1, min(4, len(data) + 1)):
        byte = data[-count]
        if byte >= 0xC0:  # noqa: PLR2004 - the first byte of several
            return count if count < (2 if byte < 0xE0 else 3 if byte < 0xF0 else 4) else 0  # noqa: PLR2004
        if byte < 0x80:  # noqa: PLR2004 - ASCII
            return 0
    return 0


def _lines(record: Any, text: str) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Yield the flows of a record, or the record on one line where it has none."""
    found = False
    try:
        for mac, rule, flow in _flows(record):
            found = True
            yield _line(mac, rule, flow)
    except (AttributeError, TypeError):  # another structure than the documentation's
        found = False
    if not found:
        line = " ".join(text.split())
        yield f"{MARK},{line}" if "flowTuples" in text else line


def _flows(record: Any) -> Iterator[tuple[str, str, str]]:  # noqa: ANN401 - JSON
    """Yield (hardware address, rule, tuple): of security groups (`properties`) and virtual networks (`flowRecords`)."""
    for group in record.get("properties", {}).get("flows", ()):
        for card in group.get("flows", ()):
            for flow in card.get("flowTuples", ()):
                yield card.get("mac", ""), group.get("rule", ""), flow
    for flows in record.get("flowRecords", {}).get("flows", ()):
        for group in flows.get("flowGroups", ()):
            for flow in group.get("flowTuples", ()):
                yield record.get("macAddress", ""), group.get("rule", ""), flow


def _line(mac: str, rule: str, flow: str) -> str:
    """Return a flow as a line; one that is not written as documented stays as it is, to be rejected."""
    columns = flow.split(",")
    names = f"{mac}{rule}"
    if len(columns) not in {_SHORT, _LONG} or "," in names or not _PRINTABLE.fullmatch(f"{flow}{names}"):
        return f"{MARK},{json.dumps([mac, rule, flow])}"
    columns[5] = _PROTOCOLS.get(columns[5], columns[5])
    encryption = ""
    if len(columns) == _LONG and columns[7] not in {"A", "D"}:
        columns[7:9], encryption = ["", columns[7]], columns[8]
    columns += [""] * (_LONG - len(columns)) if len(columns) == _SHORT else []
    if _MAC.fullmatch(mac):
        mac = ":".join(mac[place : place + 2] for place in range(0, 12, 2)).lower()
    return ",".join((MARK, *columns, encryption, mac, rule))
