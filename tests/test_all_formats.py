"""All formats, over damaged lines of all of them: nothing raises, hangs or is lost, whatever a line holds."""

import ctypes
import mmap
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pytest

from pipelines.batches import Batch, Reader
from pipelines.format import all_formats, tables
from pipelines.packet_keys import Tables
from pipelines.scanning import scanner
from pipelines.scanning.outputs import new_outputs
from pipelines.scanning.words import PADDING
from pipelines.schema import PACKET

SEED = int(os.environ.get("FIREWALL_FUZZ_SEED", "20200403"))
LINES = int(os.environ.get("FIREWALL_FUZZ_LINES", "20000"))
NEAR = 1_577_750_400_000_000  # 2019-12-31
UTC = ZoneInfo("UTC")
CHECKOUT = Path(__file__).parents[1]
FIXTURES = Path(__file__).parent / "fixtures" / "formats"
NAMES = sorted(all_formats())

# What the syntaxes of logs are made of.
TOKENS = (
    b'"', b"\\", b"{", b"}", b"[", b"]", b"(", b")", b",", b":", b";", b"=", b"|", b" ", b"  ", b"\t", b"-", b"->",
    b"0", b"9" * 19, b"-1", b"1e9", b"::", b"255.255.255.255", b"1.2.3.4:", b"null", b"true", b"\xff", b"\xc3\xbc",
    b"\\u0000", b"\\ud800", b"\x00", b"\r", b"message repeated 3 times: [ ", b"last message repeated 2 times",
    b"#Fields: date", b"Apr  3 04:12:45 ", b"2020-04-03T04:12:45Z ", b"1585887165", b"%ASA-4-106023: ", b"CEF:0|",
    b"IN=",
)  # fmt: skip


def lines_of(name: str) -> list[bytes]:
    return [line for path in sorted((FIXTURES / name).glob("*.log")) for line in path.read_bytes().split(b"\n")]


def damaged(rng: random.Random, line: bytes, other: bytes) -> bytes:
    """Return a line with a few damages: cut, doubled, mixed with another, or with tokens and bytes in it."""
    for _ in range(rng.randint(1, 4)):
        at, to = sorted((rng.randint(0, len(line)), rng.randint(0, len(line))))
        kind = rng.randrange(7)
        if kind == 0:
            line = line[:at]
        elif kind == 1:
            line = line[at:]
        elif kind == 2:
            line = line[:at] + line[to:]
        elif kind == 3:
            line = line[:to] + line[at:]
        elif kind == 4:
            line = line[:at] + other[rng.randint(0, len(other)) :]
        elif kind == 5:
            line = line[:at] + rng.choice(TOKENS) + line[at:]
        elif line:
            line = line[: at - 1] + bytes([rng.choice((rng.randrange(256), 32, 34, 61))]) + line[at:]
    return line.replace(b"\n", b" ")[:70_000]


def damaged_lines(seed: int, count: int) -> Iterator[bytes]:
    rng = random.Random(seed)  # noqa: S311 - repeatable, for a test
    lines = [line for name in NAMES for line in lines_of(name)]
    for _ in range(count):
        yield damaged(rng, rng.choice(lines), rng.choice(lines))


def read(name: str, data: bytes, rows: int = 1 << 13) -> list[Batch]:
    buffer = np.frombuffer(data + bytes(PADDING), np.uint8)
    return Reader(all_formats()[name], rows, mixed=True).read(buffer, len(data), NEAR, UTC)


@pytest.fixture(scope="module")
def data() -> bytes:
    return b"".join(line + b"\n" for line in damaged_lines(SEED, LINES))


@pytest.mark.parametrize("name", NAMES)
def test_every_damaged_line_is_accounted_for_once(name: str, data: bytes) -> None:
    lines = 0
    for batch in read(name, data):
        numbers = batch.events.column("line_number").to_numpy()
        assert len(set(numbers.tolist()) | set(batch.rejects.lines.tolist())) == len(numbers) + len(batch.rejects.lines)
        assert len(numbers) + len(batch.ignored_stamps) + len(batch.rejects.lines) == batch.lines
        assert len(batch.ignored_rules) == len(batch.ignored_stamps)
        assert all(0 <= rule < len(batch.rules) for rule in batch.ignored_rules.tolist())
        assert all(reason for reason in batch.rejects.reasons)
        batch.events.validate(full=True)
        lines += batch.lines
    assert lines == data.count(b"\n")


@pytest.mark.parametrize("name", NAMES)
def test_values_are_within_their_columns(name: str, data: bytes) -> None:
    limits = {"ttl": 255, "tos": 255, "icmp_type": 255, "icmp_code": 255, "ip_id": 65_535, "icmp_id": 65_535}
    limits |= {
        column.name: 65_535 for column in PACKET if column.name.endswith("_port") and "bridge" not in column.name
    }
    for batch in read(name, data):
        for column in PACKET:
            values = [value for value in batch.events.column(column.name).to_pylist() if value is not None]
            if column.name in limits:
                assert all(0 <= value <= limits[column.name] for value in values), column.name
            elif column.name == "packets":
                assert len(values) == len(batch.events)
                assert all(value >= 0 for value in values)
            elif column.name == "action":
                assert set(values) <= {"block", "allow", "reject"}
            elif column.name == "direction":
                assert set(values) <= {"inbound", "outbound", "forward", "internal"}


@pytest.mark.parametrize("name", NAMES)
def test_a_full_output_changes_nothing(name: str) -> None:
    lines = b"".join(line + b"\n" for line in [*lines_of(name), *damaged_lines(SEED, 300)])
    whole, parts = read(name, lines), read(name, lines, rows=7)
    assert sum(batch.lines for batch in parts) == sum(batch.lines for batch in whole)
    assert described(parts) == described(whole)


def described(batches: list[Batch]) -> tuple[list[Any], ...]:
    events = [event for batch in batches for event in batch.events.drop_columns(["line_number"]).to_pylist()]
    ignored = [batch.rules[rule] for batch in batches for rule in batch.ignored_rules.tolist()]
    return (
        events,
        ignored,
        [(text, reason) for b in batches for text, reason in zip(b.rejects.texts, b.rejects.reasons, strict=True)],
    )


def test_what_stands_after_a_line_changes_nothing() -> None:
    rng = random.Random(SEED)  # noqa: S311 - repeatable, for a test
    for name in NAMES:
        if isinstance(tables(all_formats()[name]), Tables):
            continue  # tests/test_scanner.py sees to that
        scan = Scan(name)
        for line in [*lines_of(name), *damaged_lines(SEED, 100)]:
            expected = scan(line, bytes(PADDING))
            for padding in (b'"' * PADDING, b"9" * PADDING, b" " * PADDING, b"}" * PADDING, rng.randbytes(PADDING)):
                assert scan(line, padding) == expected, (name, line, padding)


class Scan:
    """Scans one line at a time, in memory that ends where bytes that cannot be read begin if it is given such."""

    def __init__(self, name: str) -> None:
        form = all_formats()[name]
        self.tables = tables(form)
        self.outputs = new_outputs(form, 4)
        self.state = scanner.state_of(self.tables)

    def __call__(self, line: bytes, padding: bytes, memory: npt.NDArray[np.uint8] | None = None) -> tuple[Any, ...]:
        """Return what the scanner says of a line."""
        whole = np.frombuffer(line + padding, np.uint8).copy()
        if memory is not None:
            memory[:] = whole
            whole = memory
        events, others, values = self.outputs
        facts = np.zeros((1, scanner.FACTS), np.int64)
        span = np.array([(0, len(line), NEAR, 0)], np.int64)
        scanner.begin(events, values, self.state)
        scanner.scan_spans(whole, span, self.tables, self.state, events, others, values, facts)
        rows, rest, total = (int(facts[0, place]) for place in (scanner.ROWS, scanner.REST, scanner.TOTAL))
        return facts.tolist(), *(array[:rest].tolist() for array in others), values.entries[: 4 * total].tolist(), rows


def test_nothing_is_read_outside_the_buffer() -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("needs mprotect")
    command = [sys.executable, "-c", "from tests.test_all_formats import scan_between_guards; scan_between_guards()"]
    result = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr, result.stdout) == (0, "", "scanned\n")


def scan_between_guards() -> None:
    """Scan lines that end, with their padding, where memory that cannot be read begins; and that start after such."""
    room, guard = 1 << 20, 1 << 20
    view = np.frombuffer(mmap.mmap(-1, guard + room + guard), np.uint8)
    libc = ctypes.CDLL(None, use_errno=True)
    for start in (0, guard + room):
        assert libc.mprotect(ctypes.c_void_p(view.ctypes.data + start), guard, 0) == 0
    inside = view[guard : guard + room]
    for name in NAMES:
        scan = Scan(name)
        for line in [*lines_of(name), *damaged_lines(SEED, 200), b'{"' + b"\\" * 30_000, b"=" * 9_000]:
            for padding in (bytes(PADDING), b'"' * PADDING):
                size = len(line) + PADDING
                for memory in (inside[:size], inside[room - size :]):
                    scan(line, padding, memory)
    print("scanned")  # noqa: T201 - read by the test above
