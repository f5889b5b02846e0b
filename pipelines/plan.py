"""A format as arrays for compiled code: where its records begin, how they are taken apart, what their values become."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.kinds import NUMBERS, TEXTS, Kind, Slot, endpoint_parts, merged
from pipelines.patterns import ACCEPT, FAIL, SWITCH, Program, parse, slots_of
from pipelines.shapes import Columns, Delimited, Headed, Ignored, Json, KeyValues, Only, Shape, Template
from pipelines.vendor_ports import PORTS_BY_VENDOR_NAME

# Codes of the shapes.
DELIMITED, HEADED, PAIRS, TEMPLATE, JSON = range(5)

# Places in the settings of a plan.
(
    SHAPE,
    SYSLOG,
    OWN_STAMP,
    STRUCTURED,
    SEPARATOR,
    ASSIGN,
    QUOTE,
    ESCAPE,
    WITH_BLANKS,
    LEAD,
    MINIMUM,
    OBSERVED,
    DATE,
    TIME,
    ZONE,
    HAS_NULLS,
    ENDPOINTS,
    PACKETS,
    HOST_SLOT,
    HEADER_LENGTH,
    ANCHOR_WORDS,
    COMMENT,
    HAS_ANCHORS,
    HAS_PROGRAMS,
    FROM_HEADER,
    SETTINGS,
) = range(26)

# What hashes are seeded with, so that one table holds words of every sort.
KEYS, PATHS, NULLS, SERVICES, WORDS, CASES = 11, 12, 13, 14, 1_000, 1_000_000

# What a key or the end of a layout leads to, if to no slot, layout or step.
NOTHING = -1
PATTERN_BASE = 1 << 14  # slots and steps stand in sixteen bits

# The first reason that is a format's own rule for lines that are no records; what such a rule is among other targets.
FIRST_RULE = 64
RULES = 60
HEADER_RULE = "header"
MOST_COLUMNS = 512

_WORD = 8
_MASK = (1 << 64) - 1
_PRIME = 0x9E3779B97F4A7C15


class Plan(NamedTuple):
    """A format as arrays.

    Attributes:
        settings: int64[SETTINGS].
        programs: uint64[2n], names of programs, sixteen bytes each.
        anchors: int64[3n], what records begin with: up to sixteen bytes as two words, and how many they are.
        kinds, columns, largest, lenient: per slot; the column is that of its number or text, -1 for one that is not
            kept; for an endpoint the slots of its address and its port stand in `columns` and `largest`.
        hashes: uint64[power of two], hash of a word, 0 where free; targets: int32, what it stands for.
        steps: int64[n * STEP], programs of patterns.
        layouts: int32[n * 4], of each: first place in `places`, how many, slot that decides, what follows otherwise.
        places: int16, slots of delimited columns, -1 for one that is skipped.
        only: int64[3n], of what decides whether a line is a record: its slot, the rule, whether it may be absent.
        needs: int64, slots of which a record has at least one.
        header: uint8, what a line begins with that names columns.
    """

    settings: npt.NDArray[np.int64]
    programs: npt.NDArray[np.uint64]
    anchors: npt.NDArray[np.int64]
    kinds: npt.NDArray[np.int8]
    columns: npt.NDArray[np.int16]
    largest: npt.NDArray[np.int64]
    lenient: npt.NDArray[np.int8]
    hashes: npt.NDArray[np.uint64]
    targets: npt.NDArray[np.int32]
    steps: npt.NDArray[np.int64]
    layouts: npt.NDArray[np.int32]
    places: npt.NDArray[np.int16]
    only: npt.NDArray[np.int64]
    needs: npt.NDArray[np.int64]
    header: npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Compiled:
    """A plan with the names of what is in it.

    Attributes:
        plan: the plan.
        slots: the slots.
        numbers, texts: names of the columns of numbers and of text, in the order of the scanner's columns.
        rules: names of the format's own rules for lines that are no records, in order from FIRST_RULE.
        names: what columns lead to, by the names that a header gives them.
    """

    plan: Plan
    slots: tuple[Slot, ...]
    numbers: tuple[str, ...]
    texts: tuple[str, ...]
    rules: tuple[str, ...]
    names: Mapping[str, int]


class _Parts(NamedTuple):
    """What of a format decides its plan, besides its shape."""

    programs: tuple[str, ...]
    anchors: tuple[str, ...]
    syslog: bool
    own_stamp: bool
    structured: bool
    only: tuple[Only, ...]
    needs: tuple[str, ...]
    nulls: tuple[str, ...]
    anchor_words: int
    from_header: bool


Parts = _Parts


def word_hash(data: bytes, seed: int) -> int:
    """Return the hash of a word as `scanning.captures.span_hash` makes it."""
    value = (seed ^ len(data)) * _PRIME & _MASK
    for start in range(0, len(data), _WORD):
        word = int.from_bytes(data[start : start + _WORD], "little")
        value = (value ^ word) * _PRIME & _MASK
        value ^= value >> 29
    return value or 1


def path_hash(keys: Iterable[str]) -> int:
    """Return the hash of a path of keys of a JSON document."""
    value = PATHS
    for key in keys:
        value = word_hash(key.encode(), value)
    return value


def compiled_plan(shape: Shape, parts: Parts) -> Compiled:
    """Return the plan for a shape.

    Raises:
        ValueError: what the format says cannot be read so.
    """
    return _Builder(shape, parts).build()


class _Builder:
    """Collects what becomes the arrays of a plan."""

    def __init__(self, shape: Shape, parts: Parts) -> None:
        self._shape, self._parts = shape, parts
        self._words: dict[int, int] = {}
        self._rules: list[str] = []
        self._layouts: list[tuple[int, int, int, int]] = []
        self._places: list[int] = []
        self._settings = np.zeros(SETTINGS, np.int64)
        self._names: dict[str, int] = {}
        found = merged(_slots(shape))
        ends = [part for slot in found if slot.kind is Kind.ENDPOINT for part in endpoint_parts(slot.column)]
        # The packets of a line that a daemon says was repeated have a place, whatever the record holds.
        self.slots = merged([*found, *ends, Slot.of("packets"), Slot.of("host")])
        self._index = {slot.column: place for place, slot in enumerate(self.slots)}
        self._program = Program(lambda slot: self._index[slot.column])
        self._program.add(FAIL)

    def build(self) -> Compiled:
        """Return the plan."""
        self._common()
        shape = self._shape
        if isinstance(shape, Delimited):
            self._delimited(shape)
        elif isinstance(shape, Headed):
            self._headed(shape)
        elif isinstance(shape, KeyValues):
            self._pairs(shape)
        elif isinstance(shape, Template):
            self._template(shape)
        else:
            self._json(shape)
        return self._compiled()

    def _common(self) -> None:
        parts, settings = self._parts, self._settings
        settings[[SYSLOG, OWN_STAMP, STRUCTURED]] = parts.syslog, parts.own_stamp, parts.structured
        settings[[HAS_ANCHORS, HAS_PROGRAMS]] = bool(parts.anchors), bool(parts.programs)
        for place, column in ((OBSERVED, "observed_at"), (DATE, "observed_date"), (TIME, "observed_time")):
            settings[place] = self._index.get(column, NOTHING)
        settings[ZONE] = self._index.get("observed_zone", NOTHING)
        settings[HOST_SLOT] = self._index["host"]
        settings[ENDPOINTS] = sum(slot.kind is Kind.ENDPOINT for slot in self.slots)
        settings[HAS_NULLS] = bool(parts.nulls)
        for null in parts.nulls:
            self._word(null, NULLS, 1)
        for name, port in PORTS_BY_VENDOR_NAME.items():
            self._word(name, SERVICES, port)
        settings[[ANCHOR_WORDS, FROM_HEADER]] = parts.anchor_words, parts.from_header
        if self._shape.lead:
            settings[LEAD] = self._pattern(self._shape.lead)
        for number, only in enumerate(parts.only):
            for value in only.values:
                self._word(value, WORDS + number, 1)

    def _compiled(self) -> Compiled:
        numbers = tuple(slot.column for slot in self.slots if slot.kind in NUMBERS and slot.column != "observed_at")
        texts = ("host", *(slot.column for slot in self.slots if slot.kind in TEXTS and slot.column != "host"))
        columns = []
        for slot in self.slots:
            if slot.kind is Kind.ENDPOINT:
                columns.append(self._index[f"{slot.column}_ip"])
            elif slot.column in numbers:
                columns.append(numbers.index(slot.column))
            else:
                columns.append(texts.index(slot.column) if slot.column in texts else NOTHING)
        self._settings[PACKETS] = numbers.index("packets")
        largest = [self._index[f"{s.column}_port"] if s.kind is Kind.ENDPOINT else s.largest for s in self.slots]
        parts = self._parts
        only = [
            number
            for item in parts.only
            for number in (self._index[item.column], self._rule(item.ignored), int(item.absent))
        ]
        hashes, targets = _table(self._words)
        header = self._shape.header.encode() if isinstance(self._shape, Headed) else b""
        plan = Plan(
            settings=self._settings,
            programs=_names(parts.programs),
            anchors=np.array([number for text in parts.anchors for number in _anchor(text)], np.int64),
            kinds=np.array([slot.kind for slot in self.slots], np.int8),
            columns=np.array(columns, np.int16),
            largest=np.array(largest, np.int64),
            lenient=np.array([slot.lenient for slot in self.slots], np.int8),
            hashes=hashes,
            targets=targets,
            steps=np.array(self._program.steps, np.int64).reshape(-1),
            layouts=np.array(self._layouts, np.int32).reshape(-1),
            places=np.array(self._places, np.int16),
            only=np.array(only, np.int64),
            needs=np.array([self._index[column] for column in parts.needs if column in self._index], np.int64),
            header=np.frombuffer(header.ljust(16, b"\0"), np.uint8).copy(),
        )
        if len(self._rules) > RULES:
            raise ValueError(f"a format names {len(self._rules)} sorts of lines that are no records, at most {RULES}")
        return Compiled(plan, self.slots, numbers, texts, tuple(self._rules), self._names)

    def _word(self, text: str, seed: int, target: int) -> None:
        self._words[word_hash(text.encode(), seed)] = target

    def _rule(self, name: str) -> int:
        """Return the reason that a rule for lines that are no records is."""
        if name not in self._rules:
            self._rules.append(name)
        return FIRST_RULE + self._rules.index(name)

    def _target(self, spec: str) -> int:
        """Return what a spec leads to: a slot, nothing, or the steps of a pattern."""
        if spec == "-":
            return NOTHING
        return PATTERN_BASE + self._pattern(spec) if "{" in spec else self._index[Slot.of(spec).column]

    def _pattern(self, pattern: str) -> int:
        """Return the first step of a pattern."""
        start = len(self._program.steps)
        self._program.add_pattern(parse(pattern))
        self._program.add(ACCEPT, 0)
        return start

    def _delimited(self, shape: Delimited) -> None:
        settings = self._settings
        settings[[SHAPE, SEPARATOR, MINIMUM]] = DELIMITED, ord(shape.separator), shape.minimum
        settings[QUOTE] = ord(shape.quote) if shape.quote else NOTHING
        settings[ESCAPE] = NOTHING
        self._layout(shape.columns, {})

    def _layout(self, columns: Columns, known: dict[int, int]) -> int:
        """Return the number of the layout that columns are; the same object is one layout."""
        if id(columns) in known:
            return known[id(columns)]
        number = known[id(columns)] = len(self._layouts)
        specs = columns.spec.split()
        first = len(self._places)
        self._places += [self._target(spec) for spec in specs]
        by = self._index[columns.by] if columns.by else NOTHING
        self._layouts.append((first, len(specs), by, NOTHING))
        otherwise = NOTHING
        if isinstance(columns.otherwise, Ignored):
            otherwise = -self._rule(columns.otherwise.name)
        elif columns.otherwise is not None:
            otherwise = self._layout(columns.otherwise, known)
        self._layouts[number] = (first, len(specs), by, otherwise)
        for value, case in columns.cases.items():
            self._word(value, CASES + number, self._layout(case, known))
        return number

    def _headed(self, shape: Headed) -> None:
        settings = self._settings
        settings[[SHAPE, SEPARATOR, QUOTE, ESCAPE]] = HEADED, ord(shape.separator), NOTHING, NOTHING
        settings[HEADER_LENGTH] = len(shape.header.encode())
        settings[COMMENT] = ord(shape.comment) if shape.comment else NOTHING
        self._rule(HEADER_RULE)
        self._names = {name: self._target(spec) for name, spec in shape.columns.items()}
        for name, target in self._names.items():
            self._word(name, KEYS, target)
        names = shape.default.split()
        self._layouts.append((0, len(names), NOTHING, NOTHING))
        self._places += [self._target(shape.columns.get(name, "-")) for name in names]

    def _pairs(self, shape: KeyValues) -> None:
        settings = self._settings
        settings[[SHAPE, SEPARATOR, ASSIGN]] = PAIRS, ord(shape.separator), ord(shape.assign)
        settings[QUOTE] = ord(shape.quote) if shape.quote else NOTHING
        settings[ESCAPE] = ord(shape.escape) if shape.escape else NOTHING
        settings[WITH_BLANKS] = shape.values_with_blanks
        for key, spec in shape.keys.items():
            self._word(key, KEYS, self._target(spec))

    def _template(self, shape: Template) -> None:
        self._settings[SHAPE] = TEMPLATE
        lead = self._settings[LEAD]
        ignored = [
            (parse(pattern), self._rule(name)) for name, patterns in shape.ignored.items() for pattern in patterns
        ]
        start = len(self._program.steps)
        if lead:
            self._program.steps[-1][0] = SWITCH if shape.by else FAIL
        otherwise = self._rule(shape.otherwise.name) if shape.otherwise else 0
        if not shape.by:
            if lead:
                self._program.steps.pop()  # the patterns follow the lead
            else:
                self._settings[LEAD] = start
            self._choices(shape.patterns, ignored, otherwise)
            return
        switch = len(self._program.steps) - 1
        self._program.steps[switch][1] = self._index[shape.by]
        self._program.steps[switch][2] = CASES
        for value, patterns in shape.cases.items():
            self._word(value, CASES, len(self._program.steps))
            self._choices(patterns, [], 0)
        self._program.steps[switch][3] = len(self._program.steps)
        self._choices((), ignored, otherwise)

    def _choices(self, patterns: Sequence[str], ignored: Sequence[tuple[Sequence[object], int]], rule: int) -> None:
        self._program.add_choices([*((parse(pattern), 0) for pattern in patterns), *ignored])  # type: ignore[list-item]
        if rule:
            self._program.add(ACCEPT, rule)
        else:
            self._program.add(FAIL)

    def _json(self, shape: Json) -> None:
        self._settings[[SHAPE, QUOTE, ESCAPE]] = JSON, ord('"'), ord("\\")
        for path, spec in shape.keys.items():
            target = self._target(spec)
            # A key may hold dots itself: `id.orig_h` is a path of two keys, or one.
            self._words[path_hash(path.split("."))] = target
            self._words[path_hash([path])] = target


def _slots(shape: Shape) -> list[Slot]:
    """Return the slots that a shape names, with repeats."""
    if isinstance(shape, Delimited):
        specs = [spec for columns in _all_columns(shape.columns) for spec in columns.spec.split()]
    elif isinstance(shape, Template):
        specs = [pattern for patterns in shape.cases.values() for pattern in patterns]
        specs += [*shape.patterns, *(pattern for patterns in shape.ignored.values() for pattern in patterns)]
    elif isinstance(shape, Headed):
        specs = list(shape.columns.values())
    else:
        specs = list(shape.keys.values())
    found = slots_of(parse(shape.lead))
    for spec in specs:
        if isinstance(shape, Template) or "{" in spec:
            found += slots_of(parse(spec))
        elif spec != "-":
            found.append(Slot.of(spec))
    return found


def _all_columns(columns: Columns) -> Iterable[Columns]:
    yield columns
    for case in columns.cases.values():
        yield from _all_columns(case)
    if isinstance(columns.otherwise, Columns):
        yield from _all_columns(columns.otherwise)


def _names(names: Sequence[str]) -> npt.NDArray[np.uint64]:
    """Return names as two words each."""
    for name in names:
        if len(name.encode()) > 2 * _WORD:
            raise ValueError(f"program {name!r} has more than {2 * _WORD} bytes")
    return np.frombuffer(b"".join(name.encode().ljust(2 * _WORD, b"\0") for name in names), np.uint64).copy()


program_words = _names


def _anchor(text: str) -> tuple[int, int, int]:
    data = text.encode()
    if not 0 < len(data) <= 2 * _WORD:
        raise ValueError(f"anchor {text!r} has {len(data)} bytes: 1 to {2 * _WORD} are compared")
    padded = data.ljust(2 * _WORD, b"\0")
    one, two = (int.from_bytes(padded[start : start + _WORD], "little", signed=True) for start in (0, _WORD))
    return one, two, len(data)


def _table(words: Mapping[int, int]) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int32]]:
    """Return an open-addressing table of hashes and of what they stand for."""
    size = 1 << max(4, (4 * len(words) - 1).bit_length())
    hashes, targets = np.zeros(size, np.uint64), np.zeros(size, np.int32)
    for value, target in words.items():
        place = value & (size - 1)
        while hashes[place]:
            place = (place + 1) % size
        hashes[place], targets[place] = value, target
    return hashes, targets
