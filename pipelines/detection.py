"""Which format a file is of, by its content: the format whose signature most of its first lines have.

A line that has no format's signature says nothing: most of a syslog server's lines are no firewall records. A file
none of whose first lines has one is of no format; its lines are ignored, but for those of any format further on.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from re import _constants as codes  # type: ignore[attr-defined] # the parsed form of a pattern has no public name
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import numpy as np

from pipelines.format import Format, all_formats
from pipelines.scanning.hints import Hints, find_hints
from pipelines.scanning.words import PADDING
from pipelines.scanning.wrapping import room, unwrap
from pipelines.shapes import Template

SAMPLE = 1 << 16
# What is looked at where none of the first lines is of a format.
LARGE_SAMPLE = 1 << 20
# How many bytes and lines are looked at, and what share of the lines that are of any format settles it: few tell what
# a file of one format is, and of thousands of small files no more need be looked at.
_LOOKS = ((SAMPLE, 32, 1.0), (SAMPLE, 200, 0.0), (LARGE_SAMPLE, LARGE_SAMPLE, 0.0))

_SHORTEST_HINT = 2
_WRAPPED = re.compile(
    rb'\{(?=.*"log" ?: ?")(?=.*"time" ?: ?").*"stream" ?: ?"std|\{(?=.*"__REALTIME_TIMESTAMP").*"MESSAGE" ?:'
)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

# No program has this name, so that all lines are ignored.
UNKNOWN = Format(
    shape=Template(),
    signature=re.compile(rb"(?!)"),
    programs=("no program",),
    name="unknown",
)


@dataclass(frozen=True)
class Detected:
    """What a file was found to be.

    Attributes:
        form: the format that its lines are read as.
        confidence: of its first lines that are of any format, the share that is of this one; None where the source
            names its format.
        wrapped: whether its lines stand in JSON objects of a container's log or of the journal.
        mixed: whether lines that are no records of the format are tried as those of others.
    """

    form: Format
    confidence: float | None
    wrapped: bool = False
    mixed: bool = True


def detect(sample: bytes) -> Detected:
    """Return what a file is that begins with some bytes; UNKNOWN, with a confidence of 0, where that does not show."""
    wrapped = is_wrapped(sample)
    if wrapped:
        sample = unwrapped_lines(sample)
    found = None
    for size, most, least in _LOOKS:
        lines = sample[:size].split(b"\n", most)[:most]
        found = _best(lines)
        if (found is not None and found[1] >= least) or (len(sample) <= size and len(lines) < most):
            break
    return Detected(*found, wrapped) if found is not None else Detected(UNKNOWN, 0.0, wrapped)


def is_wrapped(sample: bytes) -> bool:
    """Return whether most of a file's first lines are JSON objects around log lines."""
    if b"{" not in sample[:SAMPLE]:
        return False
    lines = [line for line in sample[:SAMPLE].split(b"\n", 32)[:32] if line.strip()]
    return sum(bool(_WRAPPED.match(line)) for line in lines) * 2 > len(lines)


def unwrapped_lines(data: bytes) -> bytes:
    """Return the log lines that stand in JSON objects."""
    buffer = np.frombuffer(data + bytes(PADDING), np.uint8).copy()
    unwrap(buffer, 0, len(data), *room())
    return buffer[: len(data)].tobytes()


def _best(lines: Sequence[bytes]) -> tuple[Format, float] | None:
    """Return the format of most lines, and its share of those that are of any."""
    claims = np.zeros(len(by_precedence()), np.int64)
    total = 0
    for fitting in fitting_formats(lines):
        claims[fitting] += 1
        total += bool(fitting)
    if not total:
        return None
    place = int(np.argmax(claims))  # the first of equals
    return by_precedence()[place], float(claims[place]) / total


def fitting_formats(lines: Sequence[bytes]) -> Iterator[list[int]]:
    """Yield for each line the formats whose signature it has, by their places in `by_precedence`."""
    buffer = np.frombuffer(b"".join(lines) + bytes(PADDING), np.uint8).copy()
    lengths = np.array([len(line) for line in lines], np.int64)
    bits = np.empty(len(lines), np.int64)
    find_hints(buffer, np.cumsum(lengths) - lengths, lengths, hints(), bits)
    for line, hinted in zip(lines, bits.tolist(), strict=True):
        yield [
            place for place, form in enumerate(by_precedence()) if hinted >> place & 1 and form.signature.search(line)
        ]


@cache
def by_precedence() -> tuple[Format, ...]:
    """Return all formats, those first whose signature says more: where two fit a line, that is the one it is of."""
    return tuple(sorted(all_formats().values(), key=lambda form: (-weight(form.signature), form.name)))


def weight(signature: re.Pattern[bytes]) -> int:
    """Return how many bytes of a line a signature spells."""
    return sum(1 for code, _ in _walk(parser.parse(signature.pattern, signature.flags)) if code is codes.LITERAL)


def _walk(parsed: Any) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401 - the parser's own objects
    for code, argument in parsed:
        yield code, argument
        if code is codes.SUBPATTERN or (code is codes.ASSERT and argument[0] > 0):
            yield from _walk(argument[-1])


@cache
def hints() -> Hints:
    """Return the literals by which lines of formats are found; a format's number is its place in `by_precedence`."""
    return Hints.of(
        [(literal, number) for number, form in enumerate(by_precedence()) for literal in literals(form.signature)]
    )


def literals(signature: re.Pattern[bytes]) -> list[bytes]:
    """Return literals of which each text that a signature fits holds one.

    Raises:
        ValueError: there are none of two bytes or more.
    """
    if signature.flags & re.IGNORECASE:
        raise ValueError(f"signature {signature.pattern!r} spells nothing: it takes both cases of letters")
    found = _literals(parser.parse(signature.pattern, signature.flags))
    if not found or min(len(literal) for literal in found) < _SHORTEST_HINT:
        raise ValueError(f"signature {signature.pattern!r} spells no two bytes that all of its lines have")
    return found


def _literals(parsed: Any) -> list[bytes]:  # noqa: ANN401 - the parser's own objects
    """Return the best set of literals, one of which must occur: that whose shortest is longest; empty for none."""
    best: list[bytes] = []
    run = b""
    for code, argument in [*parsed, (None, None)]:
        if code is codes.LITERAL:
            run += bytes([argument])
            continue
        best, run = _better(best, [run]), b""
        if code is codes.SUBPATTERN or (code is codes.ASSERT and argument[0] > 0):
            best = _better(best, _literals(argument[-1]))
        elif code is codes.BRANCH:
            branches = [_literals(branch) for branch in argument[1]]
            if all(branches):
                best = _better(best, [literal for branch in branches for literal in branch])
        elif code in {codes.MAX_REPEAT, codes.MIN_REPEAT} and argument[0] > 0:
            best = _better(best, _literals(argument[2]))
    return best


def _better(one: list[bytes], other: list[bytes]) -> list[bytes]:
    """Return the set of literals that fewer texts hold one of by chance."""

    def worth(found: list[bytes]) -> int:
        return min((len(literal) for literal in found), default=0)

    return other if worth(other) > worth(one) else one


def possible_formats(
    buffer: np.ndarray[Any, np.dtype[np.uint8]],
    starts: np.ndarray[Any, np.dtype[np.int64]],
    lengths: np.ndarray[Any, np.dtype[np.int64]],
    besides: Format,
) -> Mapping[Format, list[int]]:
    """Return the lines that have the signature of a format, by format, each line once.

    Args:
        buffer: the bytes.
        starts: where the lines start.
        lengths: their bytes.
        besides: the format that they are not tried as.
    """
    bits = np.empty(len(starts), np.int64)
    find_hints(buffer, starts, lengths, hints(), bits)
    found: dict[Format, list[int]] = {}
    for row in np.flatnonzero(bits).tolist():
        line = buffer[starts[row] : starts[row] + lengths[row]].tobytes()
        for number, form in enumerate(by_precedence()):
            if bits[row] >> number & 1 and form is not besides and form.signature.search(line):
                found.setdefault(form, []).append(row)
                break
    return found
