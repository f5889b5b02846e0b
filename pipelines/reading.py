"""Reading many raw files at once: bytes are read ahead, scanned on all cores, and handed on in their order.

What depends on the lines before (the year of stamps that have none, the time of lines that have none) is settled here.
"""

import os
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from threading import local
from zoneinfo import ZoneInfo

import numpy as np

from pipelines.ahead import one_ahead
from pipelines.batches import Batch, HeaderLines, Part, Reader, Span, is_headed
from pipelines.detection import LARGE_SAMPLE, UNKNOWN, Detected, detect
from pipelines.flow_tuples import holds_flows
from pipelines.format import Format
from pipelines.mixed import with_other_formats
from pipelines.raw_bytes import BLOCK, SAMPLE, Block, Blocks, Broken, Chunk, Facts, read_chunks
from pipelines.scanning.stamps import DAY, MOST_OF_HALF_A_YEAR, NO_STAMP, SECOND
from pipelines.scanning.wrapping import room, unwrap
from pipelines.segments import Seen, Segment, Standing, new_segment
from pipelines.sources import RawFile
from pipelines.zones import utc_to_local

# Events that one call of the scanner has room for; memory is taken as it is filled.
ROWS = 1 << 18
# The same for lines of other formats among those of a file's own.
OTHER_ROWS = 1 << 15
# Lines of a block that are no events and held at once: of the shortest lines a block has 25 million.
MOST_OTHERS = 1 << 20
MOST_READERS = 6
YEAR = 365.2425 * DAY
# A stamp without a year lies at most a year before the end of its file, and at most a day after it (clocks differ).
SLACK = DAY
_STANDING = tuple(Standing.__dataclass_fields__)
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - civil time


@dataclass(frozen=True)
class ToRead:
    """A file to read, in part where some of it is known.

    Attributes:
        raw: the file.
        facts: what it looks like, or what keeps it from being looked at.
        detected: what it is; None if its first lines are to tell.
        known: the segments that it has, from its begin without gaps.
        skipped: those of them that are passed over.
        head: what new segments of it are known by; empty for a file that gets none.
    """

    raw: RawFile
    facts: Facts | OSError
    detected: Detected | None = None
    known: Sequence[Segment] = ()
    skipped: frozenset[int] = frozenset()
    head: str = ""


@dataclass
class FileState:
    """What is known of a file while and after it is read.

    Attributes:
        raw: the file.
        facts: what it looked like before it was read; None for one that cannot be looked at.
        detected: what it is; None before its first lines are read.
        header: the last line so far that names columns, of a format that has such lines.
        head: what its segments are known by.
        written: when its lines were last written, UTC microseconds.
        start: civil microseconds that its first stamp without a year is nearest to.
        problem: what kept it from being read whole, in words, or empty.
        lines, near, last, yearless, first_yearless, leap: see `segments.Standing`.
        recent, seen: when the lines were logged since the last segment ended, and up to there.
        segments: its segments so far.
    """

    raw: RawFile
    facts: Facts | None
    detected: Detected | None = None
    header: bytes = b""
    head: str = ""
    written: int = NO_STAMP
    start: int = 0
    problem: str = ""
    lines: int = 0
    near: int = 0
    last: int = NO_STAMP
    yearless: bool = True
    first_yearless: int = NO_STAMP
    leap: int = 0
    recent: Seen = field(default_factory=Seen)
    seen: Seen = field(default_factory=Seen)
    segments: list[Segment] = field(default_factory=list)

    @property
    def standing(self) -> Standing:
        """Return where the file stands."""
        return Standing(**{name: getattr(self, name) for name in _STANDING})

    def stand(self, standing: Standing) -> None:
        """Go on from where the file stood once."""
        for name in _STANDING:
            setattr(self, name, getattr(standing, name))

    def end_segment(self, end: "SegmentEnd") -> None:
        """Note a segment whose lines have been read and counted, or were passed over."""
        self.segments.append(end.segment.logged(self.recent) if end.is_new else end.segment)
        self.seen.add(end.segment.seen if end.skipped else self.recent)
        self.recent = Seen()

    def end_file(self) -> None:
        """Note that all lines have been counted."""
        self.seen.add(self.recent)

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
class SegmentEnd:
    """The end of a segment of a file."""

    segment: Segment
    is_new: bool = False
    skipped: bool = False


@dataclass(frozen=True)
class Piece:
    """Some lines of a file in order, or one line that is broken, or a file's end.

    Attributes:
        state: the file.
        first_line: number of the first line, from 1.
        before: stamp of the nearest line before that has one, UTC microseconds, or NO_STAMP.
        part: the lines, of a batch.
        broken: the line.
        end: the segment that ends here; one that is new says nothing yet of when its lines were logged.
    """

    state: FileState
    first_line: int
    before: int
    part: Part | None = None
    broken: Broken | None = None
    end: SegmentEnd | None = None


@dataclass(frozen=True)
class _Item:
    """What a block holds next: lines of a file, a line that is broken, the end of a segment, or the file's end."""

    state: FileState
    span: Span | None = None
    broken: Broken | None = None
    end: SegmentEnd | None = None

    @property
    def detected(self) -> Detected:
        """Return what the file is."""
        return self.state.detected or Detected(UNKNOWN, None)

    @property
    def is_skipped(self) -> bool:
        """Return whether a segment was passed over here."""
        return self.end is not None and self.end.skipped


@dataclass(frozen=True)
class _Work:
    """A block, and what it holds in order; whether lines in JSON objects have been taken out of those already."""

    block: Block
    items: Sequence[_Item]
    is_unwrapped: bool = False


@dataclass
class FileReader:
    """Reads files in order with `workers` threads.

    Attributes:
        starts: by file name, where the years of its stamps begin, if not where the file's end says.
    """

    starts: dict[str, int] = field(default_factory=dict)
    workers: int = field(default_factory=lambda: max(1, os.cpu_count() or 1))
    _headers: dict[str, HeaderLines] = field(default_factory=dict, init=False)

    def read(self, files: Iterable[ToRead]) -> Iterator[tuple[Batch | None, list[Piece]]]:
        """Yield what files hold, in order: a batch with the pieces that its parts are, or pieces without a batch.

        A piece without lines is the end of its file.
        """
        blocks = Blocks(BLOCK)
        threads = local()

        def task(work: _Work) -> list[Batch]:
            if not hasattr(threads, "readers"):
                threads.readers = _Readers()
            return list(_read_work(work, threads.readers))

        with ThreadPoolExecutor(self.workers) as pool:

            def submit(work: _Work) -> Future[list[Batch]]:
                return pool.submit(task, work)

            pending: deque[tuple[_Work, Future[list[Batch]]]] = deque()
            for work in one_ahead(self._works(files, blocks)):
                pending.append((work, submit(work)))
                if len(pending) > self.workers:
                    yield from _settled(*pending.popleft(), submit, blocks)
            while pending:
                yield from _settled(*pending.popleft(), submit, blocks)

    def _works(self, files: Iterable[ToRead], blocks: Blocks) -> Iterator[_Work]:
        """Yield each block when it is full, or when there is nothing more."""
        block, items = blocks.current, list[_Item]()
        for file in files:
            state = self._state(file)
            near: int | None = None
            try:
                for found in _contents(file, blocks):
                    if isinstance(found, SegmentEnd):
                        items.append(_Item(state, end=found))
                        near = None if found.is_new else found.segment.standing.near
                        continue
                    if isinstance(found, Broken):
                        items.append(_Item(state, broken=found))
                        continue
                    if found.block is not block:
                        yield _Work(block, items)
                        block, items = found.block, []
                    if state.detected is None:
                        state.detected = detect(found.first(LARGE_SAMPLE))
                    follows = bool(items) and items[-1].state is state and not items[-1].is_skipped
                    # What the lines just read say may not be known yet: `_settled` sees to that.
                    start = state.near if near is None else near
                    span = Span(
                        found.start,
                        found.end,
                        start,
                        file.raw.source.timezone,
                        follows,
                        state.header,
                    )
                    items.append(_Item(state, span))
                    if is_headed(state.detected.form):
                        headers = self._headers.setdefault(state.detected.form.name, HeaderLines(state.detected.form))
                        state.header = headers.last(found.block.buffer, found.start, found.end) or state.header
                    near = None
            except OSError as error:
                state.problem = _unreadable(file.raw, error)
            items.append(_Item(state))
        yield _Work(block, items)

    def _state(self, file: ToRead) -> FileState:
        if isinstance(file.facts, OSError):
            return FileState(file.raw, None, problem=_unreadable(file.raw, file.facts))
        start = self.starts.get(file.raw.name, first_guess(file.raw, file.facts))
        written = int(file.facts.written * SECOND)
        return FileState(file.raw, file.facts, file.detected, head=file.head, written=written, start=start, near=start)


class _Readers:
    """Readers of one thread, by format; few are kept, as each holds memory for a quarter of a million lines."""

    def __init__(self) -> None:
        self._readers: OrderedDict[tuple[Format, int], Reader] = OrderedDict()

    def of(self, form: Format, rows: int, *, mixed: bool) -> Reader:
        """Return a reader of a format, with room for `rows` lines."""
        key = (form, rows)
        if key not in self._readers:
            self._readers[key] = Reader(form, rows, mixed=mixed)
            if len(self._readers) > MOST_READERS:
                self._readers.popitem(last=False)
        self._readers.move_to_end(key)
        return self._readers[key]


def _runs(items: Sequence[_Item]) -> list[list[_Item]]:
    """Return the items with lines, in runs of files that are read alike."""
    with_lines = [item for item in items if item.span is not None]
    return [
        list(run) for _, run in groupby(with_lines, key=lambda item: (item.detected.form.name, item.detected.mixed))
    ]


def _read_work(work: _Work, readers: _Readers) -> Iterator[Batch]:
    """Yield what a block holds; of one with too many lines that are no events no more than what comes first."""
    for item in work.items:
        if item.span is not None and item.detected.wrapped and not work.is_unwrapped:
            unwrap(work.block.buffer, item.span.start, item.span.end, *room())
    others = 0
    for run in _runs(work.items):
        for batch in _read_run(work.block, run, readers):
            yield batch
            others += len(batch.ignored_stamps) + len(batch.rejects.lines)
            if others >= MOST_OTHERS:
                return


def _read_run(block: Block, run: Sequence[_Item], readers: _Readers) -> Iterator[Batch]:
    """Read the lines of files that are of one format; those of other formats among them too, if they may be mixed."""
    detected, spans = run[0].detected, [item.span for item in run if item.span is not None]
    batches = readers.of(detected.form, ROWS, mixed=detected.mixed).read_spans(block.buffer, spans)
    if not detected.mixed:
        yield from batches
        return

    def reader_of(form: Format) -> Reader:
        return readers.of(form, OTHER_ROWS, mixed=False)

    for batch, own in _with_spans(batches, spans):
        yield with_other_formats(batch, block.buffer, own, detected.form, reader_of)


def _with_spans(batches: Iterable[Batch], spans: Sequence[Span]) -> Iterator[tuple[Batch, Sequence[Span]]]:
    """Yield batches, each with the spans that its parts are of."""
    place, left = 0, spans[0].end - spans[0].start
    for batch in batches:
        own = []
        for part in batch.parts:
            while not left:
                place += 1
                left = spans[place].end - spans[place].start
            own.append(spans[place])
            left -= part.size
        yield batch, own


def may_have_segments(facts: Facts) -> bool:
    """Return whether a file is large enough for segments, and can be read from anywhere."""
    return facts.compression == "none" and facts.size >= BLOCK and not holds_flows(facts.ends[0])


def first_guess(raw: RawFile, facts: Facts) -> int:
    """Return what a first stamp without a year is nearest to, civil microseconds: the middle of the last year."""
    return int(_civil(int(facts.written * SECOND), raw.source.timezone) + SLACK - YEAR / 2)


def _contents(file: ToRead, blocks: Blocks) -> Iterator[Chunk | Broken | SegmentEnd]:
    """Yield what a file holds, in order, and where its segments end."""
    if isinstance(file.facts, OSError):
        return
    path, compression = file.raw.path, file.facts.compression
    begun = 0
    for place, segment in enumerate(file.known):
        skipped = place in file.skipped
        if not skipped:
            yield from read_chunks(path, compression, blocks, segment.start, segment.end)
        yield SegmentEnd(segment, skipped=skipped)
        begun = segment.end
    for chunk in read_chunks(path, compression, blocks, begun):
        yield chunk
        if isinstance(chunk, Chunk) and file.head and chunk.reached - begun >= BLOCK // 2:
            data = chunk.last(SAMPLE)
            if len(data) == SAMPLE and data.endswith(b"\n"):
                yield SegmentEnd(new_segment(file.head, file.raw.name, (begun, chunk.reached), data), is_new=True)
                begun = chunk.reached


def _unreadable(raw: RawFile, error: OSError) -> str:
    return f"{raw.name!r} cannot be read: {error.strerror or error}"


def _is_leap_day(civil: int) -> bool:
    moment = _EPOCH + timedelta(microseconds=civil)
    return (moment.month, moment.day) == (2, 29)


def _civil(utc: int, zone: ZoneInfo) -> int:
    return utc if zone.key == "UTC" else int(utc_to_local(np.array([utc]), zone)[0])


def _settled(
    work: _Work, future: Future[list[Batch]], submit: Callable[[_Work], Future[list[Batch]]], blocks: Blocks
) -> Iterator[tuple[Batch | None, list[Piece]]]:
    """Yield what a block holds, and give it back."""
    batches = future.result()
    spans = [(place, item.span) for place, item in enumerate(work.items) if item.span is not None]
    if not _fits(work, batches):
        place, span = spans[0]
        batches = submit(_rest(work, place, span, span.start)).result()
    parts = deque((batch, part) for batch in batches for part in batch.parts)
    is_whole = sum(part.size for _, part in parts) == sum(span.end - span.start for _, span in spans)
    if is_whole:
        blocks.give_back(work.block)
    found: list[tuple[Batch | None, list[Piece]]] = [(None, [])]
    for place, item in enumerate(work.items):
        if item.span is None:
            found[-1][1].append(_without_lines(item))
            continue
        start = item.span.start
        while start < item.span.end:
            if not parts:
                future = submit(_rest(work, place, item.span, start))
                yield from (each for each in found if each[1])
                parts.extend((batch, part) for batch in future.result() for part in batch.parts)
                found = [(None, [])]
            batch, part = parts.popleft()
            if found[-1][0] is None:
                found[-1] = (batch, found[-1][1])
            elif found[-1][0] is not batch:
                found.append((batch, []))
            found[-1][1].append(Piece(item.state, item.state.lines + 1, item.state.last, part=part))
            item.state.pass_over(part)
            start += part.size
    yield from (each for each in found if each[1])
    if not is_whole:
        blocks.give_back(work.block)


def _rest(work: _Work, place: int, span: Span, start: int) -> _Work:
    """Return what a block holds from `start` of a span on, the span of its item at `place`; its file stands there."""
    state, header = work.items[place].state, span.header
    if start > span.start and state.detected is not None and is_headed(state.detected.form):
        # Not by what finds those of the blocks to come meanwhile, in another thread.
        header = HeaderLines(state.detected.form).last(work.block.buffer, span.start, start) or header
    rest = span._replace(start=start, near=state.near, follows=False, header=header)
    return _Work(work.block, [_Item(state, rest), *work.items[place + 1 :]], is_unwrapped=True)


def _without_lines(item: _Item) -> Piece:
    """Return the piece that a broken line, the end of a segment or of a file is, and note it for the file."""
    state, broken, end = item.state, item.broken, item.end
    if broken is not None:
        piece = Piece(state, state.lines + 1, state.last, broken=broken)
        state.lines += 1
        if broken.damaged:
            state.problem = f"{state.raw.name!r} is not read whole: {broken.reason}"
        return piece
    if end is not None and end.skipped:
        state.stand(end.segment.standing)
    if end is not None and end.is_new:
        end = replace(end, segment=replace(end.segment, standing=state.standing))
    return Piece(state, state.lines + 1, state.last, end=end)


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


def _continued(work: _Work) -> FileState | None:
    """Return the file that goes on in a block with lines that do not follow a segment that is known."""
    first = work.items[0] if work.items else None
    return first.state if first is not None and first.end is None and first.state.lines else None
