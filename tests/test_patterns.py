"""Patterns: what they capture, what they refuse, and that a sentence made from a pattern gives its values back."""

import re
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.batches import Reader
from pipelines.format import Format
from pipelines.patterns import Blank, Capture, Choice, Marked, Text, parse
from pipelines.scanning.words import PADDING
from pipelines.shapes import Template

HEAD = "2020-04-03T04:12:45Z gate "
NEVER = re.compile(rb"(?!)")
COLUMNS = ("rule", "reason", "application", "signature", "in_zone", "out_zone")


def read(lines: list[str], *patterns: str) -> list[dict[str, Any] | str]:
    """Return the columns that each line becomes, or why it is none."""
    form = Format(shape=Template(patterns=patterns), signature=NEVER, needs=())
    data = "".join(f"{HEAD}{line}\n" for line in lines).encode()
    buffer = np.frombuffer(data + bytes(PADDING), np.uint8)
    (batch,) = Reader(form, 1_000).read(buffer, len(data), 0, ZoneInfo("UTC"))
    found: dict[int, dict[str, Any] | str] = dict(zip(batch.rejects.lines.tolist(), batch.rejects.reasons, strict=True))
    for row in batch.events.drop_columns(["observed_at", "host", "line_hash", "packets"]).to_pylist():
        line = row.pop("line_number")
        found[line] = {name: value for name, value in row.items() if value is not None}
    return [found[place] for place in range(len(lines))]


NO_FORM = "no known form of the record"


@pytest.mark.parametrize(
    ("pattern", "line", "expected"),
    [
        (
            "Deny {protocol} src {source_ip}",
            "Deny tcp src 192.0.2.1 dst",
            {"protocol": "tcp", "source_ip": "192.0.2.1"},
        ),
        ("Deny {protocol} src {source_ip}", "Deny   tcp src  192.0.2.1", {"protocol": "tcp", "source_ip": "192.0.2.1"}),
        ("Deny {protocol}", "Denytcp", NO_FORM),
        ("Deny {protocol} src", "Deny tcp", NO_FORM),
        ("a {rule} b", "a x y z b", {"rule": "x y z"}),
        ('by "{rule}"', 'by ""', {}),
        ('by "{rule}"', 'by "one two" three', {"rule": "one two"}),
        ('by "{rule}"', 'by "one', NO_FORM),
        ("{rule}", "one two", {"rule": "one"}),
        ("x {rule:rest}", "x one two ", {"rule": "one two"}),
        ("{} x {rule}", "a b x c", {"rule": "c"}),
        ("{source_ip}[[/{source_port}]] x", "192.0.2.1/53 x", {"source_ip": "192.0.2.1", "source_port": 53}),
        (
            "{source_ip}[[:{source_port}[[:{in_interface}[[:{}]]]]]] x",
            "192.0.2.1:53:X1 x",
            {"source_ip": "192.0.2.1", "source_port": 53, "in_interface": "X1"},
        ),
        ("{source_ip}[[/{source_port}]] x", "192.0.2.1 x", {"source_ip": "192.0.2.1"}),
        ("{source_ip}[[/{source_port}]] x", "192.0.2.1/domain x", {"source_ip": "192.0.2.1", "source_port": 53}),
        ("{source_ip}[[/{source_port}]] x", "192.0.2.1/70000 x", "source_port is no number from 0 to 65535: '70000'"),
        ("a ((by|with)) {rule}", "a with r", {"rule": "r"}),
        ("a ((by|with)) {rule}", "a from r", NO_FORM),
        ("((in {in_zone}|out {out_zone})) end", "out lan end", {"out_zone": "lan"}),
        ("{direction=inbound} x", "inbound x", {"direction": "inbound"}),
        ("{direction=inbound} x", "outbound x", NO_FORM),
        ("a[[ {rule} {reason}]] b", "a r b", NO_FORM),
        ("a[[ {rule}, {reason};]] {signature}", "a r, s t", {"signature": "r,"}),
        ("a [[x {rule}]] b", "a b", {}),
        ("[[{rule} ]]((in|out)) {in_zone}", "my rule in lan", {"rule": "my rule", "in_zone": "lan"}),
        ("[[{rule}: ]]in {in_zone}", "in lan", {"in_zone": "lan"}),
        ("[[{rule}: ]]in {in_zone}", "my rule: in lan", {"rule": "my rule", "in_zone": "lan"}),
        (r"a\{ {rule} \[[", "a{ r [[", {"rule": "r"}),
        ("[[[{rule}]]] {reason}", "[r] x", {"rule": "r", "reason": "x"}),
        ("PP[01] ({rule})", "PP[01] (r)", {"rule": "r"}),
        ("{source:endpoint} x", "192.0.2.1:53 x", {"source_ip": "192.0.2.1", "source_port": 53}),
        ("{source:endpoint} x", "[2001:db8::1]:53 x", {"source_ip": "2001:db8::1", "source_port": 53}),
        ("{source:endpoint} x", "2001:db8::1.53 x", {"source_ip": "2001:db8::1", "source_port": 53}),
        ("{source:endpoint} x", "2001:db8::192.0.2.1 x", {"source_ip": "2001:db8::c000:201"}),
        ("{source:endpoint} x", "2001:db8::1/53 x", {"source_ip": "2001:db8::1", "source_port": 53}),
        ("{source:endpoint} x", "192.0.2.1.53 x", {"source_ip": "192.0.2.1", "source_port": 53}),
        ("{source:endpoint} x", "192.0.2.1(53) x", {"source_ip": "192.0.2.1", "source_port": 53}),
        ("{source:endpoint} x", "192.0.2.1 x", {"source_ip": "192.0.2.1"}),
        ("{source:endpoint} x", "192.0.2.1: x", {"source_ip": "192.0.2.1"}),
        ("{source:endpoint} x", "host:53 x", "source_ip is no IP address: 'host'"),
        ("{ttl?} {rule}", "x r", {"rule": "r"}),
        ("{rule} {rule}", "one two", {"rule": "one"}),
        ("took {duration_ms:clock}", "took 1:02:03", {"duration_ms": 3_723_000}),
        ("took {duration_ms:seconds}", "took 1.5", {"duration_ms": 1_500}),
    ],
)
def test_a_pattern(pattern: str, line: str, expected: dict[str, Any] | str) -> None:
    assert read([line], pattern) == [expected]


def test_what_a_failing_part_captured_is_forgotten_and_what_stood_before_it_is_not() -> None:
    assert read(["r1 a, x y"], "{rule} [[a{reason}, {rule}; ]]{signature} {in_zone}") == [
        {"rule": "r1", "signature": "a,", "in_zone": "x"}
    ]
    assert read(["a b: c"], "((a {rule}; c|a {reason}: c))") == [{"reason": "b"}]


def test_patterns_are_tried_in_order() -> None:
    patterns = "x {rule} y", "x {reason}"
    assert read(["x a y", "x a z", "z"], *patterns) == [{"rule": "a"}, {"reason": "a"}, NO_FORM]


@pytest.mark.parametrize(
    "pattern",
    ["{rule", "[[a", "((a|b", "{Rule}", "{rule:colour}", "{rule}{reason}", "{direction=in out}"],
)
def test_a_pattern_that_cannot_be_read(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"pattern|column|value|literal"):
        read(["x"], pattern)


def test_parts_of_a_pattern() -> None:
    nodes = parse("a  {rule}[[ b]]((c|{x=d}))")
    assert nodes[:2] == (Text("a"), Blank())
    assert isinstance(nodes[2], Capture)
    assert nodes[3] == Choice(((Blank(), Text("b")), ()))
    assert isinstance(nodes[4], Choice)
    assert isinstance(nodes[4].branches[1][0], Marked)


# A sentence made from a pattern

literals = st.text("abcdefgh:,;/-><=\"'()", min_size=1, max_size=12)
values = st.text("klmnopqrst0123456789._", min_size=1, max_size=20)


@st.composite
def sentences(draw: st.DrawFn) -> tuple[str, str, dict[str, str]]:
    """Draw a pattern, a line that fits it, and the values that it must give back."""
    columns = draw(st.permutations(COLUMNS))
    pattern, line, expected = "", "", {}
    for column in columns[: draw(st.integers(1, len(columns)))]:
        literal = draw(literals)
        spelled = "".join(f"\\{letter}" if letter in "()|" else letter for letter in literal)
        blank = draw(st.sampled_from((" ", "")))
        kind = draw(st.integers(0, 3))
        value = draw(values)
        if kind == 0:  # an optional part, there or not, told by a literal of its own
            there = draw(st.booleans())
            pattern += f"[[X{spelled}{{{column}}}Y]]{blank}{spelled} "
            line += f"{f'X{literal}{value}Y' if there else ''}{blank}{literal} "
            if there:
                expected[column] = value
        elif kind == 1:  # one of two
            first = draw(st.booleans())
            pattern += f"((U{spelled}{{{column}}}|V{spelled}{{{column}}})) "
            line += f"{'U' if first else 'V'}{literal}{value} "
            expected[column] = value
        elif kind == 2:
            pattern += f"{spelled}{blank}{{}}{blank}{spelled} "
            line += f"{literal}{blank}{value}{blank}{literal} "
        else:
            pattern += f"{spelled}{blank}{{{column}}}{blank}{spelled} "
            line += f"{literal}{blank * draw(st.integers(1, 3))}{value}{blank}{literal} "
            expected[column] = value
    return pattern.rstrip(), line.rstrip(), expected


@settings(max_examples=300, deadline=None)
@given(sentences())
def test_a_sentence_gives_its_values_back(drawn: tuple[str, str, dict[str, str]]) -> None:
    pattern, line, expected = drawn
    assert read([f"S {line}"], f"S {pattern}") == [expected]
