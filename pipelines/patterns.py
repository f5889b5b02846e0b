r"""Patterns: sentences with places for values, compiled to steps of a small machine (see `scanning.matching`).

    Deny {protocol} src {in_interface}:{source_ip}[[/{source_port}]] ((by|with)) "{rule}"

Literals match themselves, a blank any number of blanks. `{column[:kind][?]}` captures a value up to what follows in the
pattern, `{}` passes one over, `{column=literal}` captures a literal. `[[...]]` may be absent; of `((a|b))` the first
that matches is taken, for good. A backslash takes its meaning from the next character.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipelines.kinds import WITHOUT_BLANKS, Kind, Slot

# Operations, and how many numbers a step has.
LITERAL, BLANKS, CAPTURE, SPAN, REST, TRY, DONE, CLEAR, ACCEPT, SWITCH, FAIL = range(11)
STEP = 13

# A capture ends where one of these many literals stands.
MOST_STOPS = 4
_WORD = 8


@dataclass(frozen=True)
class Text:
    """A literal, without blanks."""

    value: str


@dataclass(frozen=True)
class Blank:
    """One blank or more."""


@dataclass(frozen=True)
class Capture:
    """A place for a value; `slot` is None for one that is passed over."""

    slot: Slot | None


@dataclass(frozen=True)
class Marked:
    """A literal that is captured."""

    slot: Slot
    value: str


@dataclass(frozen=True)
class Choice:
    """Alternatives, of which the first that matches is taken."""

    branches: tuple[tuple["Node", ...], ...]


Node = Text | Blank | Capture | Marked | Choice
Steps = list[list[int]]


def parse(pattern: str) -> tuple[Node, ...]:
    """Return the parts of a pattern.

    Raises:
        ValueError: the pattern is not well formed.
    """
    nodes, position = _parse(pattern, 0, "")
    if position != len(pattern):
        raise ValueError(f"pattern {pattern!r} has an end of a part at {position} that has no begin")
    return nodes


def slots_of(nodes: Sequence[Node]) -> list[Slot]:
    """Return the slots that the parts of a pattern fill, a REST as the TEXT that it is."""
    found: list[Slot] = []
    for node in nodes:
        if isinstance(node, Choice):
            for branch in node.branches:
                found += slots_of(branch)
        elif isinstance(node, Marked | Capture) and node.slot is not None:
            found.append(stored(node.slot))
    return found


def stored(slot: Slot) -> Slot:
    """Return how a slot's value is kept: a REST is a text."""
    return Slot(slot.column, Kind.TEXT, 0, slot.lenient) if slot.kind is Kind.REST else slot


def _parse(pattern: str, position: int, closing: str) -> tuple[tuple[Node, ...], int]:
    """Return the parts up to what closes them, and where that stands."""
    nodes: list[Node] = []
    literal = ""

    def flush() -> None:
        nonlocal literal
        if literal:
            nodes.append(Text(literal))
            literal = ""

    while position < len(pattern):
        two, one = pattern[position : position + 2], pattern[position]
        if closing and (two == closing or (closing == "))" and one == "|")) and not _closes_later(pattern, position):
            break
        if one == "\\":
            literal += pattern[position + 1 : position + 2]
            position += 2
        elif two == "[[" or two == "((":  # noqa: PLR1714 - two texts
            flush()
            choice, position = _parse_choice(pattern, position, "]]" if two == "[[" else "))")
            nodes.append(choice)
        elif one == "{":
            flush()
            node, position = _parse_capture(pattern, position)
            nodes.append(node)
        elif one == " ":
            flush()
            if not nodes or not isinstance(nodes[-1], Blank):
                nodes.append(Blank())
            position += 1
        else:
            literal += one
            position += 1
    flush()
    return tuple(nodes), position


def _closes_later(pattern: str, position: int) -> bool:
    """Return whether of an odd number of closing brackets the first is a literal: `[[[{icmp_type}]]]`."""
    bracket = pattern[position]
    run = len(pattern) - position - len(pattern[position:].lstrip(bracket))
    return bracket in ")]" and run % 2 == 1


def _parse_choice(pattern: str, position: int, closing: str) -> tuple[Choice, int]:
    branches = []
    position += 1
    while True:
        nodes, position = _parse(pattern, position + 1, closing)
        branches.append(nodes)
        if position >= len(pattern):
            raise ValueError(f"pattern {pattern!r} has a part that is not closed by {closing!r}")
        if pattern[position] != "|":
            break
    if closing == "]]":
        branches.append(())
    return Choice(tuple(branches)), position + 2


def _parse_capture(pattern: str, position: int) -> tuple[Node, int]:
    end = pattern.find("}", position)
    if end < 0:
        raise ValueError(f"pattern {pattern!r} has a '{{' without '}}'")
    spec, equals, literal = pattern[position + 1 : end].partition("=")
    if equals:
        return Marked(Slot.of(spec), literal), end + 1
    if spec == ":rest":
        raise ValueError(f"pattern {pattern!r} skips its rest, which it does anyhow")
    return Capture(Slot.of(spec) if spec else None), end + 1


def first_literals(nodes: Sequence[Node]) -> tuple[list[str], bool]:
    """Return what the parts can begin with, and whether they can be empty or begin with a value."""
    if not nodes:
        return [], True
    node, rest = nodes[0], nodes[1:]
    if isinstance(node, Choice):
        found, is_open = [], False
        for branch in node.branches:
            literals, branch_open = first_literals([*branch, *rest])
            found += literals
            is_open = is_open or branch_open
        return list(dict.fromkeys(found)), is_open
    if isinstance(node, Capture):
        return [], True
    return list(dict.fromkeys(run.encode()[:_WORD].decode("utf-8", "ignore") for run in _runs(nodes, ""))), False


def _runs(nodes: Sequence[Node], run: str) -> list[str]:
    """Return the literals that can stand one after another, as text, about a word of it, after a run of them."""
    if not nodes or len(run.encode()) >= _WORD or isinstance(nodes[0], Capture):
        return [run]
    node, rest = nodes[0], nodes[1:]
    if not isinstance(node, Choice):
        return _runs(rest, run + (" " if isinstance(node, Blank) else node.value))
    found = [longer for branch in node.branches for longer in _runs([*branch, *rest], run)]
    return found if len(set(found)) <= MOST_STOPS else [run]


class Program:
    """Steps for patterns, one program after another."""

    def __init__(self, slot_index: Callable[[Slot], int]) -> None:
        """Begin with no steps.

        Args:
            slot_index: gives the number of a slot.
        """
        self.steps: Steps = []
        self._slot_index = slot_index

    def add(self, operation: int, *arguments: int) -> int:
        """Add a step; return its place."""
        self.steps.append([operation, *arguments, *[0] * (STEP - 1 - len(arguments))])
        return len(self.steps) - 1

    def add_pattern(self, nodes: Sequence[Node]) -> None:
        """Add the steps of a pattern, after which what follows is reached if it matched."""
        self._nodes(nodes, [])

    def add_choices(self, patterns: Sequence[tuple[Sequence[Node], int]]) -> None:
        """Add patterns that are tried in order; each accepts the line with the number beside it."""
        for nodes, accepted in patterns:
            attempt = self.add(TRY, 0)
            self.add_pattern(nodes)
            self.add(ACCEPT, accepted)
            self.steps[attempt][1] = len(self.steps)
            self._clear(nodes)

    def _clear(self, nodes: Sequence[Node]) -> None:
        for column in dict.fromkeys(slots_of(nodes)):
            self.add(CLEAR, self._slot_index(column))

    def _nodes(self, nodes: Sequence[Node], after: Sequence[Node]) -> None:
        """Add steps for parts, after which others follow."""
        for place, node in enumerate(nodes):
            following = [*nodes[place + 1 :], *after]
            if isinstance(node, Blank):
                self.add(BLANKS)
            elif isinstance(node, Text):
                self._literal(node.value)
            elif isinstance(node, Marked):
                self._literal(node.value, mark=True)
                self.add(SPAN, self._slot_index(node.slot), len(node.value.encode()))
            elif isinstance(node, Choice):
                self._choice(node, following)
            else:
                self._capture(node, following)

    def _literal(self, text: str, *, mark: bool = False) -> None:
        if mark and " " in text:
            raise ValueError(f"a captured literal has no blanks: {text!r}")
        data = text.encode()
        for start in range(0, len(data), _WORD):
            part = data[start : start + _WORD]
            self.add(LITERAL, signed(part), len(part))

    def _choice(self, node: Choice, following: Sequence[Node]) -> None:
        leaves = []
        for branch in node.branches[:-1]:
            attempt = self.add(TRY, 0)
            self._nodes(branch, following)
            leaves.append(self.add(DONE, 0))
            self.steps[attempt][1] = len(self.steps)
            self._clear(branch)
        self._nodes(node.branches[-1], following)
        for leave in leaves:
            self.steps[leave][1] = len(self.steps)

    def _capture(self, node: Capture, following: Sequence[Node]) -> None:
        slot = -1 if node.slot is None else self._slot_index(stored(node.slot))
        if node.slot is not None and node.slot.kind is Kind.REST:
            self.add(REST, slot)
            return
        stops, is_open = first_literals(following)
        if len(stops) > MOST_STOPS:
            raise ValueError(f"a value can end at {len(stops)} literals, at most {MOST_STOPS} are possible: {stops}")
        if following and is_open and any(isinstance(item, Capture) for item in following[:1]):
            raise ValueError(f"two values follow each other with nothing between them: {node} {following[0]}")
        # Without a literal that must follow, a value ends at a blank.
        ends_at_blank = is_open or (node.slot is not None and node.slot.kind in WITHOUT_BLANKS)
        words = [number for stop in stops for number in (signed(stop.encode()), len(stop.encode()))]
        self.add(CAPTURE, slot, int(ends_at_blank), int(is_open), len(stops), *words)


def signed(data: bytes) -> int:
    """Return up to eight bytes as a little-endian word, as an int64."""
    return int.from_bytes(data.ljust(_WORD, b"\0"), "little", signed=True)
