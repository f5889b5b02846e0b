"""Reading many raw files at once: bytes are read ahead, scanned on all cores, and handed on in their order.

What depends on the lines before (the year of stamps that have none, the time of lines that have none) is settled here.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import local
from zoneinfo import ZoneInfo

import numpy as np

from pipelines.ahead import one_ahead
from pipelines.batches import Batch, Part, Reader, Span
from pipelines.compiled import announce_compilation
from pipelines.format import Format
from pipelines.raw_bytes import BLOCK, Block, Blocks, Broken, Facts, read_chunks
from pipelines.scanning.scanner import scan
from pipelines.scanning.stamps import DAY, MOST_OF_HALF_A_YEAR, NO_STAMP, SECOND
from pipelines.sources import RawFile
from pipelines.zones import utc_to_local

# Events that one call of the scanner has room for; memory is taken as it is filled.
ROWS = 1 << 18
YEAR = 365.2425 * DAY
# A stamp without a year lies at most a year before the end of its file, and at most a day after it (clocks differ).
SLACK = DAY
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - civil time


@dataclass
class FileState:
    """What is known of a file while and after it is read.

    Attributes:
        raw: the file.
        facts: what it looked like before it was read; None for one that cannot be looked at.
        written: when its lines were last written, UTC microseconds.
        start: civil microseconds that its first stamp without a year is nearest to.
        first_yearless: first stamp without a year, civil microseconds, or NO_STAMP.
        leap: microseconds that a stamp without a year lies from the one before, if more than half a year, or 0.
        problem: what kept it from being read whole, in words, or empty.
        lines: lines so far.
        near: civil microseconds that the next stamp without a year is nearest to.
        last: last UTC stamp so far, or NO_STAMP.
        yearless: whether no stamp so far had a year.
        first_seen, last_seen: earliest and latest event, UTC microseconds, or NO_STAMP.
        days: numbers of the first and the last day that a line belongs to; None before the first line.
    """

    raw: RawFile
    facts: Facts | None
    written: int = NO_STAMP
    start: int = 0
    first_yearless: int = NO_STAMP
    leap: int = 0
    problem: str = ""
    lines: int = 0
    near: int = 0
    last: int = NO_STAMP
    yearless: bool = True
    first_seen: int = NO_STAMP
    last_seen: int = NO_STAMP
    days: tuple[int, int] | None = None

    def saw(self, first_day: int, last_day: int) -> None:
        """Note the first and the last day of some lines."""
        if self.days is not None:
            first_day, last_day = min(first_day, self.days[0]), max(last_day, self.days[1])
        self.days = first_day, last_day

    def saw_events(self, earliest: int, latest: int) -> None:
        """Note the earliest and the latest stamp of some events."""
        self.first_seen = earliest if self.first_seen == NO_STAMP else min(self.first_seen, earliest)
        self.last_seen = max(self.last_seen, latest)

    def pass_over(self, part: Part) -> None:
        """Note what some lines, in order, change for those after them."""
        self.lines += part.lines
        if part.first_yearless != NO_STAMP:
            distance = part.first_yearless - self.near
            if self.first_yearless == NO_STAMP:
                self.first_yearless = part.first_yearless
            elif not self.leap and abs(distance) > MOST_OF_HALF_A_YEAR:
                self.leap = distance
            self.leap = self.leap or part.leap
        self.near = part.near
        self.yearless = self.yearless and part.yearless
        if part.last_utc != NO_STAMP:
            self.last = part.last_utc

    def corrected_start(self) -> int | None:
        """Return where the years of a file that is now read begin, None if that is where they were read from.

        They are wrong where the last stamp lies after the file's end; and where a 29 February had to leap to a year
        that has one, for then the stamps before it were given another year.
        """
        if not self.yearless or self.last == NO_STAMP:
            return None
        end = _civil(self.written, self.raw.source.timezone) + SLACK
        years = round(self.leap / YEAR) or -max(0, int(np.ceil((self.near - end) / YEAR)))
        if _is_leap_day(self.first_yearless):
            years = years // 4 * 4
        return int(self.first_yearless + years * YEAR) if years else None


@dataclass(frozen=True)
class Piece:
    """Some lines of a file in order, or one line that is broken, or a file's end.

    Attributes:
        state: the file.
        first_line: number of the first line, from 1.
        before: stamp of the nearest line before that has one, UTC microseconds, or NO_STAMP.
        part: the lines, of a batch.
        broken: the line.
    """

    state: FileState
    first_line: int
    before: int
    part: Part | None = None
    broken: Broken | None = None


@dataclass(frozen=True)
class _Item:
    """What a block holds next: lines of a file, a line of it that is broken, or its end."""

    state: FileState
    span: Span | None = None
    broken: Broken | None = None


@dataclass(frozen=True)
class _Work:
    """A block, and what it holds in order."""

    block: Block
    items: Sequence[_Item]


@dataclass
class FileReader:
    """Reads files in order with `workers` threads.

    Attributes:
        format_of: gives the format of a file.
        starts: by file name, where the years of its stamps begin, if not where the file's end says.
    """

    format_of: Callable[[RawFile], Format]
    starts: dict[str, int] = field(default_factory=dict)
    workers: int = field(default_factory=lambda: max(1, os.cpu_count() or 1))

    def read(self, files: Iterable[tuple[RawFile, Facts | OSError]]) -> Iterator[tuple[Batch | None, list[Piece]]]:
        """Yield what files hold, in order: a batch with the pieces that its parts are, or pieces without a batch.

        A piece without lines is the end of its file.
        """
        announce_compilation(scan, "the scanner")
        blocks = Blocks(BLOCK)
        readers = local()

        def task(work: _Work) -> list[Batch]:
            spans = [item.span for item in work.items if item.span is not None]
            if not spans:
                return []
            form = self.format_of(next(item.state.raw for item in work.items if item.span is not None))
            if getattr(readers, "form", None) is not form:
                readers.form, readers.reader = form, Reader(form, ROWS)
            batches: list[Batch] = readers.reader.read_spans(work.block.buffer, spans)
            return batches

        with ThreadPoolExecutor(self.workers) as pool:
            pending: deque[tuple[_Work, Future[list[Batch]]]] = deque()
            for work in one_ahead(self._works(files, blocks)):
                pending.append((work, pool.submit(task, work)))
                if len(pending) > self.workers:
                    yield from _settled(*pending.popleft(), task, blocks)
            while pending:
                yield from _settled(*pending.popleft(), task, blocks)

    def _works(self, files: Iterable[tuple[RawFile, Facts | OSError]], blocks: Blocks) -> Iterator[_Work]:
        """Yield each block when it is full, or when there is nothing more."""
        block, items = blocks.current, list[_Item]()
        for raw, facts in files:
            state = self._state(raw, facts)
            if isinstance(facts, OSError):
                items.append(_Item(state))
                continue
            try:
                for chunk in read_chunks(raw.path, facts.compression, blocks):
                    if isinstance(chunk, Broken):
                        items.append(_Item(state, broken=chunk))
                        continue
                    if chunk.block is not block:
                        yield _Work(block, items)
                        block, items = chunk.block, []
                    follows = bool(items) and items[-1].state is state
                    span = Span(chunk.start, chunk.end, state.near, raw.source.timezone, follows)
                    items.append(_Item(state, span))
            except OSError as error:
                state.problem = _unreadable(raw, error)
            items.append(_Item(state))
        yield _Work(block, items)

    def _state(self, raw: RawFile, facts: Facts | OSError) -> FileState:
        if isinstance(facts, OSError):
            return FileState(raw, None, problem=_unreadable(raw, facts))
        written = int(facts.written * SECOND)
        end = _civil(written, raw.source.timezone) + SLACK
        start = self.starts.get(raw.name, int(end - YEAR / 2))
        return FileState(raw, facts, written=written, start=start, near=start)


def _unreadable(raw: RawFile, error: OSError) -> str:
    return f"{raw.name!r} cannot be read: {error.strerror or error}"


def _is_leap_day(civil: int) -> bool:
    moment = _EPOCH + timedelta(microseconds=civil)
    return (moment.month, moment.day) == (2, 29)


def _civil(utc: int, zone: ZoneInfo) -> int:
    return utc if zone.key == "UTC" else int(utc_to_local(np.array([utc]), zone)[0])


def _settled(
    work: _Work, future: Future[list[Batch]], task: Callable[[_Work], list[Batch]], blocks: Blocks
) -> Iterator[tuple[Batch | None, list[Piece]]]:
    """Yield what a block holds, and give it back."""
    batches = future.result()
    if not _fits(work, batches):
        batches = task(_from_here(work))
    parts = iter([(batch, part) for batch in batches for part in batch.parts])
    blocks.give_back(work.block)
    pieces: list[Piece] = []
    current: Batch | None = None
    for item in work.items:
        state = item.state
        if item.span is None:
            pieces.append(Piece(state, state.lines + 1, state.last, broken=item.broken))
            _note_broken(state, item.broken)
            continue
        left = item.span.end - item.span.start
        while left:
            batch, part = next(parts)
            if current is not None and batch is not current:
                yield current, pieces
                pieces = []
            current = batch
            pieces.append(Piece(state, state.lines + 1, state.last, part=part))
            state.pass_over(part)
            left -= part.size
    if pieces:
        yield current, pieces


def _note_broken(state: FileState, broken: Broken | None) -> None:
    if broken is not None:
        state.lines += 1
        if broken.damaged:
            state.problem = f"{state.raw.name!r} is not read whole: {broken.reason}"


def _fits(work: _Work, batches: Sequence[Batch]) -> bool:
    """Return whether a block's first stamp without a year is the one nearest to what its file said before.

    The block was scanned before that was known.
    """
    state = _continued(work)
    if state is None:
        return True
    ends = [place for place, item in enumerate(work.items) if item.state is not state]
    size = sum(item.span.end - item.span.start for item in work.items[: min(ends, default=None)] if item.span)
    for part in (part for batch in batches for part in batch.parts):
        if size <= 0:
            break
        if part.first_yearless != NO_STAMP:
            return abs(part.first_yearless - state.near) <= YEAR / 2
        size -= part.size
    return True


def _from_here(work: _Work) -> _Work:
    """Return a block whose first lines are read from where their file stands."""
    place = next(place for place, item in enumerate(work.items) if item.span is not None)
    item = work.items[place]
    span = item.span and item.span._replace(near=item.state.near)
    return _Work(work.block, [*work.items[:place], _Item(item.state, span), *work.items[place + 1 :]])


def _continued(work: _Work) -> FileState | None:
    """Return the file that goes on in a block, if one does."""
    state = work.items[0].state if work.items else None
    return state if state is not None and state.lines else None
