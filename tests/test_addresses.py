"""Address texts against Python's `ipaddress`; TEST_SCALE=10 tries ten times as many."""

import os
from collections.abc import Iterable, Iterator
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from itertools import product
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.addresses import (
    LONGEST_FORMATTED,
    format_address,
    parse_address,
    parse_addresses,
    parse_ipv4,
    parse_ipv6,
)

SCALE = int(os.environ.get("TEST_SCALE", "1"))
EXAMPLES = settings(max_examples=500 * SCALE, deadline=None)
HALF = 1 << 64

# What surrounds an address in a buffer: bytes that would change it, were they read.
SURROUNDING = b"1:f.5"

IPV6_TEXTS = [
    "::",
    "::1",
    "1::",
    "1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7::",
    "::2:3:4:5:6:7:8",
    "1::3:4:5:6:7:8",
    "2001:db8::1",
    "2001:0DB8:0000:0000:0000:0000:0000:0001",
    "FE80::dead:BEEF",
    "::ffff:1.2.3.4",
    "::1.2.3.4",
    "1:2:3:4:5:6:1.2.3.4",
    "1:2:3:4:5::1.2.3.4",
    "64:ff9b::192.0.2.33",
    "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
]
NO_ADDRESSES = [
    "",
    ":",
    ":::",
    "1",
    "1:",
    ":1",
    "1::2::3",
    "1:::2",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "::1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7:1.2.3.4",
    "1:2:3:4:5:6::1.2.3.4",
    "1.2.3.4::",
    "::1.2.3.4:5",
    "::1.2.3",
    "::1.2.3.256",
    "::01.2.3.4",
    "::a.2.3.4",
    "::12345",
    "::00001",
    "::g",
    "fe80::1%eth0",
    "fe80::1%",
    "[::1]",
    "::1/64",
    " ::1",
    "::1 ",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.4.",
    ".1.2.3.4",
    "1..3.4",
    "1.2.3.256",
    "1.2.3.999",
    "010.8.8.8",
    "1.2.3.00",
    "0x8.8.8.8",
    "1.2.3.4/32",
    "+1.2.3.4",
    "1.2.3.4\n",
    "1.2.3.\u0664",
    "16909060",
    "99999999999999999999.1.1.1",
]


def expected(text: str) -> tuple[int, int, int]:
    try:
        return 4, 0, int(IPv4Address(text))
    except AddressValueError:
        pass
    try:
        address = IPv6Address(text)
    except AddressValueError:
        return 0, 0, 0
    return (0, 0, 0) if address.scope_id is not None else (6, int(address) // HALF, int(address) % HALF)


def in_buffer(text: str) -> tuple[np.ndarray, int, int]:
    """Return the text as a compiled caller has it: in the middle of a buffer, and in its last bytes."""
    content = text.encode()
    buffer = np.frombuffer(SURROUNDING + content + SURROUNDING, np.uint8)
    return buffer, len(SURROUNDING), len(SURROUNDING) + len(content)


def integers(values: Iterable[np.integer[Any] | int]) -> tuple[int, ...]:
    return tuple(int(value) for value in values)


def check(text: str) -> None:
    version, high, low = expected(text)
    buffer, start, end = in_buffer(text)
    assert integers(parse_address(buffer, start, end)) == (version, high, low)
    assert integers(parse_address(buffer[:end], start, end)) == (version, high, low)
    assert parse_ipv4(buffer, start, end) == (low if version == 4 else -1)
    assert integers(parse_ipv6(buffer, start, end)) == ((1, high, low) if version == 6 else (0, 0, 0))


def check_all(texts: Iterable[str]) -> None:
    known = list(texts)
    parsed = parse_addresses(pa.array(known, pa.string()))
    found = zip(parsed.version.tolist(), parsed.high.tolist(), parsed.low.tolist(), strict=True)
    wrong = [text for text, address in zip(known, found, strict=True) if address != expected(text)]
    assert wrong == []


@pytest.mark.parametrize("text", IPV6_TEXTS)
def test_every_form_of_ipv6_text(text: str) -> None:
    assert expected(text)[0] == 6
    check(text)


@pytest.mark.parametrize("text", NO_ADDRESSES)
def test_what_is_no_address(text: str) -> None:
    assert expected(text)[0] == 0
    check(text)


def test_every_octet_in_every_place() -> None:
    octets = [str(number) for number in range(1000)] + [f"0{number}" for number in range(300)] + ["000", ""]
    for place in range(4):
        parts = ["1", "20", "255", "0"]
        for octet in octets:
            parts[place] = octet
            check(".".join(parts))


def test_every_arrangement_of_groups() -> None:
    groups = ("", "a", "1.2.3.4")
    check_all(":".join(parts) for length in range(1, 11) for parts in product(groups, repeat=length))


def test_every_short_text() -> None:
    check_all("".join(text) for length in range(7) for text in product(":.1f%", repeat=length))


@EXAMPLES
@given(st.ip_addresses(v=4).map(str) | st.ip_addresses(v=6).map(str) | st.ip_addresses(v=6).map(lambda ip: ip.exploded))
def test_addresses_as_python_writes_them(text: str) -> None:
    assert expected(text)[0] != 0
    check(text)
    check(text.upper())


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """Return an address with some characters removed, replaced or put in."""
    text = draw(
        st.sampled_from(IPV6_TEXTS) | st.ip_addresses(v=4).map(str) | st.ip_addresses(v=6).map(lambda ip: ip.exploded)
    )
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(text)))
        removed = draw(st.integers(0, 3))
        text = (
            text[:place]
            + draw(st.text("0123456789abcdefABCDEFgG:.%/ -+x\0\u0664", max_size=3))
            + text[place + removed :]
        )
    return text


@EXAMPLES
@given(damaged())
def test_damaged_addresses(text: str) -> None:
    check(text)


@EXAMPLES
@given(st.text(":.0123456789afAF", max_size=50) | st.text(max_size=20))
def test_any_text(text: str) -> None:
    check(text)


def formatted(version: int, number: int) -> str:
    out = np.full(LONGEST_FORMATTED + 2, ord("#"), np.uint8)
    end = format_address(version, np.uint64(number // HALF), np.uint64(number % HALF), out, 1)
    assert bytes(out[:1]) == b"#"
    assert set(bytes(out[end:])) <= {ord("#")}
    return bytes(out[1:end]).decode()


def zero_patterns() -> Iterator[int]:
    """Yield a number for each set of groups that are zero, with groups of one to four digits."""
    for kept in product((False, True), repeat=8):
        groups = ("7", "1a", "fe0", "c0de", "8", "20", "305", "9999")
        yield int("".join(group.zfill(4) if keep else "0000" for keep, group in zip(kept, groups, strict=True)), 16)


def test_ipv6_is_written_as_python_writes_it_whichever_groups_are_zero() -> None:
    for number in zero_patterns():
        assert formatted(6, number) == str(IPv6Address(number))


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "::"),
        (1, "::1"),
        (0xFFFF_0102_0304, "::ffff:102:304"),
        (0x0102_0304, "::102:304"),
        (0x2001_0DB8_0000_0000_0001_0000_0000_0001, "2001:db8::1:0:0:1"),
        (0x2001_0DB8_0000_0001_0001_0001_0001_0001, "2001:db8:0:1:1:1:1:1"),
        ((1 << 128) - 1, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ],
)
def test_ipv6_is_written_by_rfc_5952_with_plain_groups(number: int, text: str) -> None:
    assert formatted(6, number) == text


@EXAMPLES
@given(st.integers(0, (1 << 128) - 1).filter(lambda number: number >> 32 != 0xFFFF))
def test_ipv6_is_written_as_python_writes_it(number: int) -> None:
    assert formatted(6, number) == str(IPv6Address(number))


@EXAMPLES
@given(st.integers(0, (1 << 32) - 1))
def test_ipv4_is_written_as_python_writes_it(number: int) -> None:
    assert formatted(4, number) == str(IPv4Address(number))


def test_every_octet_is_written_as_python_writes_it() -> None:
    for octet in range(256):
        number = octet * 0x01000100 + 0x000A00C8
        assert formatted(4, number) == str(IPv4Address(number))


def test_no_address_writes_nothing() -> None:
    assert formatted(0, 12345) == ""


COLUMN = ["1.2.3.4", None, "::1.2.3.4", "", "no address", "255.255.255.255", "fe80::1", None, "::", "0.0.0.1"]


def column_expected() -> list[tuple[int, int, int]]:
    return [(0, 0, 0) if text is None else expected(text) for text in COLUMN]


def rows(text: pa.Array | pa.ChunkedArray) -> list[tuple[int, int, int]]:
    version, high, low = parse_addresses(text)
    assert [version.dtype, high.dtype, low.dtype] == [np.dtype(np.int8), np.dtype(np.uint64), np.dtype(np.uint64)]
    return list(zip(version.tolist(), high.tolist(), low.tolist(), strict=True))


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_a_column_of_addresses(kind: pa.DataType) -> None:
    assert rows(pa.array(COLUMN, kind)) == column_expected()


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_a_part_of_a_column(kind: pa.DataType) -> None:
    array = pa.array(COLUMN * 3, kind)
    for start, length in product(range(12), (0, 1, 9, 17)):
        assert rows(array.slice(start, length)) == (column_expected() * 3)[start : start + length]


def test_a_column_in_chunks() -> None:
    array = pa.array(COLUMN)
    chunked = pa.chunked_array([array[:3], array[3:3], array[3:], array.slice(4, 5)])
    assert rows(chunked) == column_expected() + column_expected()[4:9]
    assert rows(pa.chunked_array([], pa.string())) == []


@pytest.mark.parametrize("values", [[], [None], [None, None, None], [""], ["", None]])
def test_a_column_without_a_byte_of_text(values: list[str | None]) -> None:
    for kind in (pa.string(), pa.large_string()):
        assert rows(pa.array(values, kind)) == [(0, 0, 0)] * len(values)


def test_ipv4_and_ipv6_of_the_same_number_differ_by_their_version() -> None:
    assert rows(pa.array(["1.2.3.4", "::1.2.3.4"])) == [(4, 0, 0x01020304), (6, 0, 0x01020304)]


@pytest.mark.parametrize("kind", [pa.binary(), pa.int64(), pa.string_view()])
def test_a_column_that_is_no_text_is_refused(kind: pa.DataType) -> None:
    with pytest.raises(TypeError, match="addresses are parsed from string or large_string"):
        parse_addresses(pa.array([], kind))
