"""Reading many raw files at once: bytes are read ahead, scanned on all cores, and handed on in their order.

What depends on the lines before (the year of stamps that have none, the time of lines that have none) is settled here.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import local
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from pipelines.ahead import one_ahead
from pipelines.batches import Batch, Reader
from pipelines.compiled import announce_compilation
from pipelines.format import Format
from pipelines.raw_bytes import Broken, Chunk, compression_of, read_chunks, written_at
from pipelines.scanner import scan
from pipelines.sources import RawFile
from pipelines.stamps import DAY, NO_STAMP, SECOND
from pipelines.zones import utc_to_local

ROWS = 1 << 17
YEAR = 365.2425 * DAY
# A stamp without a year lies at most a year before the end of its file, and at most a day after it (clocks differ).
SLACK = DAY


@dataclass
class FileState:
    """What is known of a file while and after it is read.

    Attributes:
        raw: the file.
        written: when its lines were last written, UTC microseconds.
        start: civil microseconds that its first stamp without a year is nearest to.
        compression, size, modified: as found; problem: what kept it from being read whole, in words, or empty.
        lines: lines so far.
        near: civil microseconds that the next stamp without a year is nearest to.
        last: last UTC stamp so far, or NO_STAMP.
        yearless: whether no stamp so far had a year.
        first_seen, last_seen: earliest and latest event, UTC microseconds, or NO_STAMP.
        days: numbers of the first and the last day that a line belongs to; None before the first line.
    """

    raw: RawFile
    written: int = NO_STAMP
    start: int = 0
    compression: str = "none"
    size: int = 0
    modified: int = NO_STAMP
    problem: str = ""
    lines: int = 0
    near: int = 0
    last: int = NO_STAMP
    yearless: bool = True
    first_seen: int = NO_STAMP
    last_seen: int = NO_STAMP
    days: tuple[int, int] | None = None

    def saw(self, days: npt.NDArray[np.int32]) -> None:
        """Note the days of some lines."""
        if len(days):
            first, last = int(days.min()), int(days.max())
            self.days = (first, last) if self.days is None else (min(first, self.days[0]), max(last, self.days[1]))

    def later_by(self) -> int:
        """Return by how many years the stamps of a file without years, now read, lie too late."""
        if not self.yearless or self.last == NO_STAMP:
            return 0
        end = _civil(self.written, self.raw.source.timezone) + SLACK
        return max(0, int(np.ceil((self.near - end) / YEAR)))


@dataclass(frozen=True)
class Piece:
    """Some lines of a file in order, or one line that is broken; `first_line` is the number of the first, from 1."""

    state: FileState
    first_line: int
    batch: Batch | None = None
    broken: Broken | None = None


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

    def read(self, files: Iterable[RawFile]) -> Iterator[Piece | FileState]:
        """Yield the pieces of each file in order, then the file's state."""
        announce_compilation(scan, "the scanner")
        readers = local()

        def task(state: FileState, chunk: Chunk, near: int) -> list[Batch]:
            form = self.format_of(state.raw)
            if getattr(readers, "form", None) is not form:
                readers.form, readers.reader = form, Reader(form, ROWS)
            batches: list[Batch] = readers.reader.read(chunk.buffer, chunk.size, near, state.raw.source.timezone)
            return batches

        with ThreadPoolExecutor(self.workers) as pool:
            pending: deque[tuple[FileState, Chunk | Broken | None, Future[list[Batch]] | None]] = deque()
            for state, item in one_ahead(self._items(files)):
                future = pool.submit(task, state, item, state.near) if isinstance(item, Chunk) else None
                pending.append((state, item, future))
                while len(pending) > self.workers:
                    yield from _settled(*pending.popleft(), task)
            while pending:
                yield from _settled(*pending.popleft(), task)

    def _items(self, files: Iterable[RawFile]) -> Iterator[tuple[FileState, Chunk | Broken | None]]:
        for raw in files:
            state = FileState(raw)
            try:
                self._open(state)
                for item in read_chunks(raw.path):
                    yield state, item
            except OSError as error:
                state.problem = f"{raw.name!r} cannot be read: {error.strerror or error}"
            yield state, None

    def _open(self, state: FileState) -> None:
        path = state.raw.path
        facts = path.stat()
        state.size, state.modified = facts.st_size, facts.st_mtime_ns // 1_000
        if not path.is_file():
            raise OSError(0, "it is a folder that may not be listed" if path.is_dir() else "it is no regular file")
        state.compression = compression_of(path)
        state.written = int(written_at(path) * SECOND)
        end = _civil(state.written, state.raw.source.timezone) + SLACK
        state.near = state.start = self.starts.get(state.raw.name, int(end - YEAR / 2))


def _civil(utc: int, zone: ZoneInfo) -> int:
    return int(utc_to_local(np.array([utc]), zone)[0])


def _settled(
    state: FileState,
    item: Chunk | Broken | None,
    future: Future[list[Batch]] | None,
    task: Callable[[FileState, Chunk, int], list[Batch]],
) -> Iterator[Piece | FileState]:
    """Bring a file's state up to an item of it, and yield what the item holds."""
    if item is None:
        yield state
    elif isinstance(item, Broken):
        if item.damaged:
            state.problem = f"{state.raw.name!r} is not read whole: {item.reason}"
        yield Piece(state, state.lines + 1, broken=item)
        state.lines += 1
    elif future is not None:
        batches = future.result()
        if not _fits(batches, state.near):
            batches = task(state, item, state.near)
        for batch in batches:
            yield Piece(state, state.lines + 1, batch=batch)
            _advance(state, batch)


def _fits(batches: list[Batch], near: int) -> bool:
    """Return whether the first stamp without a year, scanned before `near` was known, is the one nearest to it."""
    stamps = [batch.first_yearless for batch in batches if batch.first_yearless != NO_STAMP]
    return not stamps or abs(stamps[0] - near) <= YEAR / 2


def _advance(state: FileState, batch: Batch) -> None:
    state.lines += batch.lines
    state.near = batch.near
    state.yearless = state.yearless and batch.yearless
    if len(batch.stamps):
        earliest, latest = int(batch.stamps.min()), int(batch.stamps.max())
        state.first_seen = earliest if state.first_seen == NO_STAMP else min(state.first_seen, earliest)
        state.last_seen = max(state.last_seen, latest)
    if batch.last_utc != NO_STAMP:
        state.last = batch.last_utc
