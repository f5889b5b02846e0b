"""The scanner: what it reads is what was written, whatever stands around it and however it is damaged."""

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
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.batches import Batch, Reader
from pipelines.format import all_formats, tables
from pipelines.scanning import scanner, words
from pipelines.scanning.outputs import new_outputs
from pipelines.scanning.scanner import LONGEST_LINE
from pipelines.scanning.words import PADDING
from pipelines.schema import PACKET
from tests.netfilter_lines import damaged_lines, fixture_lines, packets
from tests.reference_netfilter import outcomes

SEED = int(os.environ.get("FIREWALL_FUZZ_SEED", "20200403"))
LINES = int(os.environ.get("FIREWALL_FUZZ_LINES", "20000"))
NEAR = 1_577_750_400_000_000  # 2019-12-31, the middle of the year that ends with 30 June 2020
UTC = ZoneInfo("UTC")
CHECKOUT = Path(__file__).parents[1]
REAL = CHECKOUT.parent / "shared" / "real"
FORMAT = all_formats()["netfilter"]

PADDINGS = (
    bytes(PADDING),
    b"9" * PADDING,
    b" " * PADDING,
    b"\n" * PADDING,
    b"=" * PADDING,
    b"]" + b"[" * (PADDING - 1),
    (b" 2011 kernel: IN=eth0 OUT=eth1 SRC=192.0.2.1 DST=192.0.2.2 LEN=1 " * 2)[:PADDING],
    b".999999999+09:00 gate kernel: " + b"\xff" * (PADDING - 30),
    b">Feb  2 02:02:02 2011 gate" + b"/" * (PADDING - 26),
    b"\x00\n" * (PADDING // 2),
)


def as_buffer(data: bytes, padding: bytes = bytes(PADDING)) -> npt.NDArray[np.uint8]:
    assert len(padding) == PADDING
    return np.frombuffer(data + padding, np.uint8)


def read(data: bytes, rows: int = 1 << 15, padding: bytes = bytes(PADDING), near: int = NEAR) -> list[Batch]:
    return Reader(FORMAT, rows).read(as_buffer(data, padding), len(data), near, UTC)


def events_of(batch: Batch) -> Iterator[dict[str, Any]]:
    for event in batch.events.select([*(column.name for column in PACKET), "line_number"]).to_pylist():
        event["observed_at"] = event["observed_at"].isoformat()
        assert event.pop("packets") == 1
        yield {name: value for name, value in event.items() if value is not None}


def outcomes_of(batches: list[Batch]) -> list[dict[str, Any]]:
    """Return what each line became, as `reference_netfilter.outcomes` says it."""
    found: list[dict[str, Any]] = []
    for batch in batches:
        by_line: dict[int, dict[str, Any]] = {event.pop("line_number"): event for event in events_of(batch)}
        rejected = dict(zip(batch.rejects.lines.tolist(), batch.rejects.reasons, strict=True))
        assert not rejected.keys() & by_line.keys()
        by_line |= {line: {"rejected": reason} for line, reason in rejected.items()}
        assert len(by_line) + len(batch.ignored_stamps) == batch.lines
        first = len(found) + 1
        found += [{"line_number": first + line, **by_line.get(line, {"ignored": True})} for line in range(batch.lines)]
    return found


def assert_as_reference(data: bytes) -> None:
    found, expected, lines = outcomes_of(read(data)), list(outcomes(data, NEAR)), data.split(b"\n")
    assert len(found) == len(expected) == len(lines) - 1
    for item, other in zip(found, expected, strict=True):
        assert item == other, lines[item["line_number"] - 1]


class Scan:
    """Scans one line, or a few, into arrays that are made once."""

    def __init__(self, rows: int = 64) -> None:
        self.rows = rows
        self.outputs = new_outputs(FORMAT, rows)
        self.state = scanner.State.empty()

    def __call__(self, buffer: npt.NDArray[np.uint8], end: int) -> tuple[Any, ...]:
        """Return all that the scanner says of buffer[:end], in values that can be compared."""
        events, others, values = self.outputs
        facts = np.zeros(scanner.FACTS, np.int64)
        scanner.begin(events, values, self.state)
        reached = scanner.scan(buffer, 0, end, NEAR, tables(FORMAT), self.state, events, others, values, facts)
        rows, rest, total = (int(facts[place]) for place in (scanner.ROWS, scanner.REST, scanner.TOTAL))
        return (
            reached,
            facts.tolist(),
            *(
                array[column * self.rows : column * self.rows + min(rows, written)].tolist()
                for array, written_rows in (
                    (events.numbers, events.written_numbers),
                    (events.codes, events.written_codes),
                )
                for column, written in enumerate(written_rows.tolist())
            ),
            *(array[:rows].tolist() for array in events[5:]),
            *(array[:rest].tolist() for array in others),
            values.entries[: 4 * total].tolist(),
        )


# What is read is what was written


@settings(max_examples=150, deadline=None)
@given(st.lists(packets(), min_size=1, max_size=12))
def test_packets_are_read_as_the_kernel_writes_them(drawn: list[tuple[bytes, dict[str, Any]]]) -> None:
    data = b"".join(line + b"\n" for line, _ in drawn)
    expected = [{"line_number": number, **event} for number, (_, event) in enumerate(drawn, 1)]
    assert outcomes_of(read(data, rows=100)) == expected
    assert list(outcomes(data, NEAR)) == expected


def test_fixtures_are_read_as_the_reference_reads_them() -> None:
    assert_as_reference(b"".join(line + b"\n" for line in fixture_lines()))


@pytest.mark.parametrize(
    "pattern",
    ["psad/*", "sotm30/*.log", "iptables-server/*.log", "crowdsec/iptables*", "crowdsec/proxmox*", "crowdsec/unifi*"],
)
def test_real_logs_are_read_as_the_reference_reads_them(pattern: str) -> None:
    if not REAL.is_dir():
        pytest.skip("the real logs are not beside the checkout: ../shared/real is missing")
    paths = sorted(REAL.glob(pattern))
    assert paths
    for path in paths:
        assert_as_reference(path.read_bytes().rstrip(b"\n") + b"\n")


# Damage


@pytest.fixture(scope="module")
def damaged() -> list[bytes]:
    return list(damaged_lines(SEED, LINES))


def test_damaged_lines_are_read_as_the_reference_reads_them(damaged: list[bytes]) -> None:
    assert_as_reference(b"".join(line + b"\n" for line in damaged))


def test_every_line_is_accounted_for_once(damaged: list[bytes]) -> None:
    rng = random.Random(SEED)  # noqa: S311 - repeatable, for a test
    noise = bytes(rng.randrange(256) for _ in range(LINES))
    data = b"\n".join([*damaged, noise, b"the last line has no newline"])
    lines, position, near = 0, 0, NEAR
    events, others, values = new_outputs(FORMAT, 1_000)
    state, facts = scanner.State.empty(), np.zeros(scanner.FACTS, np.int64)
    # The scanner would be compiled once more for bytes that cannot be written.
    buffer = as_buffer(data).copy()
    while position < len(data):
        scanner.begin(events, values, state)
        facts[:] = 0
        position = scanner.scan(buffer, position, len(data), near, tables(FORMAT), state, events, others, values, facts)
        count, rows, rest, near = (
            int(facts[place]) for place in (scanner.LINES, scanner.ROWS, scanner.REST, scanner.NEAR)
        )
        assert rows + rest == count
        assert sorted(events.lines[:rows].tolist() + others.lines[:rest].tolist()) == list(range(count))
        assert (np.diff(events.lines[:rows]) > 0).all()
        assert (np.diff(others.lines[:rest]) > 0).all()
        lines += count
    assert lines == data.count(b"\n") + 1


def test_what_stands_after_the_last_line_changes_nothing(damaged: list[bytes]) -> None:
    scan = Scan()
    for line in [*fixture_lines(), *damaged[:1_500]]:
        expected = scan(as_buffer(line), len(line))
        for padding in PADDINGS[1:]:
            assert scan(as_buffer(line, padding), len(line)) == expected, (line, padding)


def test_nothing_is_read_outside_the_buffer() -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("needs mprotect")
    command = [sys.executable, "-c", "from tests.test_scanner import scan_between_guards; scan_between_guards()"]
    result = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr, result.stdout) == (0, "", "scanned\n")


def scan_between_guards() -> None:
    """Scan lines that end, with their padding, where memory that cannot be read begins; and that start after such."""
    room, guard = 1 << 20, 1 << 20  # a guard must be larger than what a line's length could make the scanner leap over
    view = np.frombuffer(mmap.mmap(-1, guard + room + guard), np.uint8)
    libc = ctypes.CDLL(None, use_errno=True)
    for start in (0, guard + room):
        assert libc.mprotect(ctypes.c_void_p(view.ctypes.data + start), guard, 0) == 0
    inside = view[guard : guard + room]
    scan = Scan()
    stamp = b"Apr  3 04:12:45 "
    long = [stamp + b"h" * 60_000, stamp + b"h" * 30_000 + b" k", stamp + b"gate kernel: " + b"A" * 60_000 + b"="]
    for line in [*fixture_lines(), *damaged_lines(SEED, min(LINES, 3_000)), *long]:
        for padding in (PADDINGS[0], PADDINGS[1], PADDINGS[4]):
            whole = np.frombuffer(line + padding, np.uint8)
            for part in (inside[: len(whole)], inside[room - len(whole) :]):
                part[:] = whole
                readonly = part.view()
                readonly.flags.writeable = False
                scan(readonly, len(line))
    print("scanned")  # noqa: T201 - read by the test above


# Chunks and full outputs


def joined(batches: list[Batch]) -> tuple[Any, ...]:
    stamps = [part for batch in batches for part in batch.ignored_stamps.tolist()]
    return outcomes_of(batches), stamps, [text for batch in batches for text in batch.rejects.texts]


@pytest.mark.parametrize("rows", [1, 2, 7, 50])
def test_a_full_output_changes_nothing(rows: int) -> None:
    data = b"".join(line + b"\n" for line in fixture_lines())
    batches = read(data, rows)
    assert len(batches) >= data.count(b"\n") / (2 * rows)
    assert all(len(batch.events) <= rows for batch in batches)
    assert [event for batch in batches for event in events_but_number(batch)] == [
        event for batch in read(data) for event in events_but_number(batch)
    ]
    assert joined(batches)[0] == joined(read(data))[0]


def events_but_number(batch: Batch) -> Iterator[dict[str, Any]]:
    for event in events_of(batch):
        del event["line_number"]
        yield event


@pytest.mark.parametrize("rows", [1, 3, 64])
def test_values_that_are_all_new_fill_the_dictionaries(rows: int) -> None:
    lines = [
        f"2020-04-03T00:00:00Z h{n} kernel: p{n} IN=i{n} OUT=o{n} PHYSIN=pi{n} PHYSOUT=po{n} MACSRC=s{n} MACDST=d{n}"
        f" SRC=192.0.2.{n} DST=2001:db8::{n} PROTO={n}\n"
        for n in range(1, 200)
    ]
    found = [event for batch in read("".join(lines).encode(), rows) for event in events_but_number(batch)]
    assert [event["rule"] for event in found] == [f"p{n}" for n in range(1, 200)]
    assert [event["source_ip"] for event in found] == [f"192.0.2.{n}" for n in range(1, 200)]
    assert [event["source_mac"] for event in found] == [f"s{n}" for n in range(1, 200)]


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_borders_of_chunks_change_nothing(data: st.DataObject) -> None:
    lines = [line + b"\n" for line in fixture_lines()]
    cuts = sorted(data.draw(st.sets(st.integers(1, len(lines) - 1), max_size=8)))
    batches: list[Batch] = []
    near = NEAR
    for start, end in zip([0, *cuts], [*cuts, len(lines)], strict=True):
        batches += read(b"".join(lines[start:end]), near=near)
        near = batches[-1].parts[-1].near
    assert outcomes_of(batches) == outcomes_of(read(b"".join(lines)))


def test_a_last_line_without_a_newline_is_a_line() -> None:
    line = fixture_lines()[0]
    assert outcomes_of(read(line)) == outcomes_of(read(line + b"\n"))
    assert outcomes_of(read(line + b"\n" + line))[0].keys() == outcomes_of(read(line + b"\n" + line))[1].keys()


@pytest.mark.parametrize(("length", "reasons"), [(LONGEST_LINE, []), (LONGEST_LINE + 1, ["longer than 65536 bytes"])])
def test_the_longest_line(length: int, reasons: list[str]) -> None:
    head, tail = b"Apr  3 04:12:45 gate kernel: ", b" IN=eth0 OUT= SRC=203.0.113.9"
    line = head + b"x" * (length - len(head) - len(tail)) + tail
    (batch,) = read(line + b" \r\n" + head + tail)
    assert batch.rejects.reasons == reasons
    assert len(batch.events) == 2 - len(reasons)


# Dictionaries and hashes


def test_dictionaries_hold_no_value_twice(damaged: list[bytes]) -> None:
    twins = b"".join(
        b"Apr  3 04:12:45 gate kernel: " + prefix + b" IN=eth0 OUT= SRC=203.0.113.9\n"
        for prefix in (b"\xff", b"\\xff", b"a", b"\xff", b"\\xff")
    )
    columns = 0
    for batch in read(twins) + read(b"".join(line + b"\n" for line in damaged)):
        for column in batch.events.columns:
            if isinstance(column, pa.DictionaryArray):
                found = column.dictionary.to_pylist()
                assert len(set(found)) == len(found)
                columns += 1
    assert columns > 10
    assert read(twins)[0].events.column("rule").to_pylist() == ["\\xff", "\\xff", "a", "\\xff", "\\xff"]


@settings(deadline=None)
@given(
    st.binary(min_size=1, max_size=80).filter(lambda text: not set(text) & set(b"\n\r\0=[] ")), st.data(), st.booleans()
)
def test_hashes_tell_lines_apart(prefix: bytes, data: st.DataObject, first: bool) -> None:  # noqa: FBT001
    line = b"Apr  3 04:12:45 gate kernel: x" + prefix + b"x IN=eth0 OUT= SRC=203.0.113.9"
    place = 30 + data.draw(st.integers(0, len(prefix) - 1))
    other = bytearray(line)
    other[place] ^= 0x80 if first else 0x01
    if other[place] in b"\n\r\0=[] ":
        other[place] ^= 0x81
    (batch,) = read(b"\n".join([line, bytes(other), line + b" \r", b"", line]) + b"\n", rows=16)
    one, changed, trailed, again = batch.events.column("line_hash").to_pylist()
    assert one == trailed == again
    assert changed != one


def test_different_lines_have_different_hashes(damaged: list[bytes]) -> None:
    hashes: dict[int, bytes] = {}
    first = 0
    for batch in read(b"".join(line + b"\n" for line in damaged)):
        numbers = batch.events.column("line_number").to_pylist()
        for number, hashed in zip(numbers, batch.events.column("line_hash").to_pylist(), strict=True):
            line = damaged[first + number].rstrip(b" \r")
            assert hashes.setdefault(hashed, line) == line
        first += batch.lines
    assert len(hashes) > LINES / 10


# Machine words


@settings(deadline=None)
@given(st.binary(max_size=40), st.integers(0, 255), st.binary(min_size=PADDING, max_size=PADDING), st.integers(0, 9))
def test_find_byte(data: bytes, byte: int, padding: bytes, start: int) -> None:
    start = min(start, len(data))
    place = data.find(byte, start)
    assert words.find_byte(as_buffer(data, padding), start, len(data), byte) == (len(data) if place < 0 else place)


@settings(deadline=None)
@given(st.binary(max_size=40), st.binary(max_size=40), st.binary(min_size=PADDING, max_size=PADDING))
def test_same_bytes_and_hashes(one: bytes, other: bytes, padding: bytes) -> None:
    length = min(len(one), len(other))
    buffer = as_buffer(one + other, padding)
    same = one[:length] == other[:length]
    assert words.same_bytes(buffer, 0, len(one), length) == same
    seed = np.uint64(0)
    hashed = words.hash_bytes(buffer, 0, length, seed)
    assert (words.hash_bytes(buffer, len(one), length, seed) == hashed) == same
    assert words.hash_bytes(as_buffer(b"x" + one), 1, length, seed) == hashed
