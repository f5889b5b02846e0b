"""The first stage: raw lines become typed events, rejects and accounts, one partition of each a day.

Loading a day is a function of the raw lines of that day alone. However many days are asked for, each file is read once.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.batches import Batch, Rejects, decoded
from pipelines.format import Format, all_formats, format_named
from pipelines.known_files import KnownFiles, fingerprint
from pipelines.memory import use_jemalloc
from pipelines.partitions import PartitionWriters, day_number, day_of
from pipelines.raw_bytes import Broken
from pipelines.reading import YEAR, FileReader, FileState, Piece
from pipelines.schema import ACCOUNTS, PARSED, RAW_FILES, REJECTED, STAMP, arrow_schema
from pipelines.settings import SettingError, Settings
from pipelines.sources import DETECT, Found, RawFile, find_files
from pipelines.stamps import NO_STAMP
from pipelines.warehouse import Warehouse, replacing
from pipelines.zones import day_numbers

SAMPLES = 5
EPOCH_START = datetime(1970, 1, 1)  # noqa: DTZ001 - stamps are stored without a zone, in UTC


@dataclass(frozen=True)
class RejectedSample:
    """One rejected line: where it stands, why it was rejected, and its text."""

    file: str
    line_number: int
    reason: str
    line: str


@dataclass(frozen=True)
class ParsedDay:
    """What parsing a day gave: `lines = events + ignored + rejected`; `bytes` is the size of its partition."""

    day: date
    lines: int
    events: int
    ignored: int
    rejected: int
    samples: tuple[RejectedSample, ...]
    bytes: int


@dataclass(frozen=True)
class Parsed:
    """What a run of the stage gave: each day's figures, how many files were read, what was wrong, a sentence each."""

    days: dict[date, ParsedDay]
    files: int
    problems: tuple[str, ...]


@dataclass
class Account:
    """Counts of one file's lines of one day; stamps in UTC microseconds, or NO_STAMP without events."""

    events: int = 0
    ignored: int = 0
    rejected: int = 0
    first: int = NO_STAMP
    last: int = NO_STAMP

    @property
    def lines(self) -> int:
        """Return how many lines there are."""
        return self.events + self.ignored + self.rejected


def parse_days(settings: Settings, days: Sequence[date]) -> Parsed:
    """Read the raw lines of `days` into the partitions of the first stage, which all appear at the end.

    Raises:
        SettingError: a setting or source that cannot be used, or a warehouse loaded with another time zone.
    """
    use_jemalloc()
    found = find_files(settings)
    warehouse = Warehouse(settings.warehouse)
    fix_timezone(settings)
    parse = _Parse(settings, found, days)
    starts: dict[str, int] = {}
    while not parse.run(starts):
        starts = parse.corrections
        parse = _Parse(settings, found, days)
    _write_raw_files(warehouse, parse.raw_files())
    problems = found.problems + tuple(state.problem for state in parse.states if state.problem)
    return Parsed(days=parse.results(), files=len(parse.states), problems=problems)


def fix_timezone(settings: Settings) -> None:
    """Note whose days the partitions are at the first load; refuse another zone from then on.

    Raises:
        SettingError: the warehouse was loaded with another time zone.
    """
    path = Warehouse(settings.warehouse).timezone_file
    if path.exists():
        fixed = path.read_text(encoding="utf-8").strip()
        if fixed != settings.timezone.key:
            allowed = f"the partitions of this warehouse are days of {fixed!r}: use that, or another folder"
            raise SettingError("FIREWALL_TIMEZONE", settings.timezone.key, allowed)
        return
    with replacing(path) as temporary:
        temporary.write_text(f"{settings.timezone.key}\n", encoding="utf-8")


def format_of(raw: RawFile) -> Format:
    """Return the format that a file's lines are read as."""
    if raw.source.format == DETECT:
        return all_formats()["netfilter"]
    return format_named(raw.source.format, f"format of source {raw.source.name!r}")


class _Parse:
    """One pass over all files."""

    def __init__(self, settings: Settings, found: Found, days: Sequence[date]) -> None:
        self._zone = settings.timezone
        self._found = found
        self._days = {day_number(day): day for day in days}
        self._warehouse = Warehouse(settings.warehouse)
        self._accounts: dict[tuple[int, str, str], Account] = {}
        self._samples: dict[int, list[RejectedSample]] = {number: [] for number in self._days}
        self._sizes: dict[date, int] = {}
        self._known = KnownFiles.load(self._warehouse)
        self._fingerprints: dict[str, str] = {}
        self._unread: list[Mapping[str, Any]] = []
        self.states: list[FileState] = []
        self.corrections: dict[str, int] = {}

    def run(self, starts: dict[str, int]) -> bool:
        """Read and write everything; return False, with nothing written, if the years of a file must be corrected.

        That happens where a log without years spans more than one: how far it reaches back shows at its end only.
        """
        try:
            self._load(starts)
        except _YearsDiffer:
            return False
        self._sizes = self._parsed.sizes()
        return True

    def _load(self, starts: dict[str, int]) -> None:
        days = self._days.values()
        with ExitStack() as stack:
            self._parsed = stack.enter_context(PartitionWriters(self._warehouse, "parsed", PARSED, days))
            self._rejected = stack.enter_context(PartitionWriters(self._warehouse, "rejected", REJECTED, days))
            accounts = stack.enter_context(PartitionWriters(self._warehouse, "accounts", ACCOUNTS, days))
            self._read(FileReader(format_of, starts))
            if self.corrections and not starts:
                raise _YearsDiffer
            self._write_accounts(accounts)
            for writers in (self._parsed, self._rejected, accounts):
                writers.finish()

    def results(self) -> dict[date, ParsedDay]:
        """Return each day's figures."""
        sums = {number: Account() for number in self._days}
        for (number, _, _), account in self._accounts.items():
            sums[number].events += account.events
            sums[number].ignored += account.ignored
            sums[number].rejected += account.rejected
        return {
            day: ParsedDay(
                day=day,
                lines=sums[number].lines,
                events=sums[number].events,
                ignored=sums[number].ignored,
                rejected=sums[number].rejected,
                samples=tuple(self._samples[number]),
                bytes=self._sizes[day],
            )
            for number, day in self._days.items()
        }

    def raw_files(self) -> list[Mapping[str, Any]]:
        """Return what is known of every file, read or not, as rows of `schema.RAW_FILES`."""
        rows = [*self._unread, *(self._raw_file(state) for state in self.states)]
        return sorted(rows, key=lambda row: (row["sensor"], row["file"]))

    def _raw_file(self, state: FileState) -> Mapping[str, Any]:
        fingerprint_now = self._fingerprint(state.raw)
        unchanged = fingerprint_now == self._fingerprints[state.raw.name]  # or it grew while it was read
        return {
            "sensor": state.raw.source.name,
            "file": state.raw.name,
            "bytes": state.size,
            "modified_at": _stamp(state.modified),
            "compression": state.compression,
            "format": format_of(state.raw).name,
            "lines": state.lines,
            "first_observed_at": _stamp(state.first_seen),
            "last_observed_at": _stamp(state.last_seen),
            "first_day": _day(state.days[0]) if state.days else None,
            "last_day": _day(state.days[1]) if state.days else None,
            "problem": state.problem or None,
            "fingerprint": (fingerprint_now or None) if unchanged else None,
        }

    def _read(self, reader: FileReader) -> None:
        for item in reader.read(self._files_to_read()):
            if isinstance(item, FileState):
                self.states.append(item)
                years = item.later_by()
                if years:
                    self.corrections[item.raw.name] = int(item.start - years * YEAR)
            elif item.batch is not None:
                self._take_batch(item, item.batch)
            elif item.broken is not None:
                self._take_broken(item, item.broken)

    def _files_to_read(self) -> Iterator[RawFile]:
        """Yield the files that may hold a line of the days."""
        days = set(self._days.values())
        for raw in self._found.files:
            self._fingerprints[raw.name] = self._fingerprint(raw)
            row = self._known.without_days(self._fingerprints[raw.name], days)
            if row is None:
                yield raw
            else:
                facts = raw.path.stat()
                known = {"sensor": raw.source.name, "file": raw.name, "modified_at": _stamp(facts.st_mtime_ns // 1_000)}
                self._unread.append({**row, **known})

    def _fingerprint(self, raw: RawFile) -> str:
        """Return what a file is known by; nothing for one that cannot be read, which reading it will say."""
        try:
            return fingerprint(raw, self._zone) if raw.path.is_file() else ""
        except OSError:
            return ""

    def _take_batch(self, piece: Piece, batch: Batch) -> None:
        state = piece.state
        before = next((stamp for stamp in (state.last, batch.first_utc) if stamp != NO_STAMP), state.written)
        self._take_events(piece, batch)
        ignored = np.where(batch.ignored_stamps == NO_STAMP, before, batch.ignored_stamps)
        ignored_days = day_numbers(ignored, self._zone)
        state.saw(ignored_days)
        for number, count in _counts(ignored_days):
            if number in self._days:
                self._account(number, state.raw).ignored += count
        rejects = batch.rejects
        if len(rejects.lines):
            rejects = replace(rejects, stamps=np.where(rejects.stamps == NO_STAMP, state.last, rejects.stamps))
            days = day_numbers(np.where(rejects.stamps == NO_STAMP, before, rejects.stamps), self._zone)
            state.saw(days)
            for number in np.unique(days).tolist():
                if number in self._days:
                    self._reject(number, state, piece.first_line, rejects.only(np.flatnonzero(days == number)))

    def _take_events(self, piece: Piece, batch: Batch) -> None:
        if not len(batch.stamps):
            return
        rows = _with_lineage(batch.events, piece)
        days = day_numbers(batch.stamps, self._zone)
        piece.state.saw(days)
        if days[0] == days[-1] and (days == days[0]).all():
            groups: Iterable[tuple[int, pa.RecordBatch, npt.NDArray[np.int64]]] = [(int(days[0]), rows, batch.stamps)]
        else:
            groups = _by_day(rows, days, batch.stamps)
        for number, part, stamps in groups:
            if number in self._days:
                self._parsed.add(number, part)
                account = self._account(number, piece.state.raw)
                account.events += len(part)
                earliest = int(stamps.min())
                account.first = earliest if account.first == NO_STAMP else min(account.first, earliest)
                account.last = max(account.last, int(stamps.max()))

    def _take_broken(self, piece: Piece, broken: Broken) -> None:
        state = piece.state
        stamp = state.last if state.last != NO_STAMP else state.written
        days = day_numbers(np.array([stamp]), self._zone)
        state.saw(days)
        number = int(days[0])
        if number in self._days:
            line = Rejects(np.zeros(1, np.int64), np.array([state.last]), [broken.reason], [decoded(broken.text)])
            self._reject(number, state, piece.first_line, line)

    def _reject(self, number: int, state: FileState, first_line: int, rejects: Rejects) -> None:
        raw = state.raw
        count = len(rejects.lines)
        lines = rejects.lines + first_line
        self._account(number, raw).rejected += count
        samples = self._samples[number]
        for row in range(min(count, SAMPLES - len(samples))):
            samples.append(RejectedSample(raw.name, int(lines[row]), rejects.reasons[row], rejects.texts[row]))
        stamps = pa.array(rejects.stamps, mask=rejects.stamps == NO_STAMP).cast(STAMP)
        names = [pa.array([name] * count, pa.string()) for name in (raw.source.name, raw.name)]
        columns = [stamps, *names, pa.array(lines), pa.array(rejects.reasons), pa.array(rejects.texts)]
        self._rejected.add(number, pa.record_batch(columns, names=[column.name for column in REJECTED]))

    def _account(self, number: int, raw: RawFile) -> Account:
        return self._accounts.setdefault((number, raw.source.name, raw.name), Account())

    def _write_accounts(self, writers: PartitionWriters) -> None:
        for (number, sensor, file), account in self._accounts.items():
            stamps = [None if stamp == NO_STAMP else stamp for stamp in (account.first, account.last)]
            counts = (sensor, file, account.lines, account.events, account.ignored, account.rejected)
            values = [pa.array([value]) for value in counts]
            values += [pa.array([stamp], pa.int64()).cast(STAMP) for stamp in stamps]
            writers.add(number, pa.record_batch(values, names=[column.name for column in ACCOUNTS]))


class _YearsDiffer(Exception):  # noqa: N818 - no error: it only leaves the block in which partitions are written
    """The years that a file's stamps were read with do not fit its end."""


def _counts(numbers: npt.NDArray[np.int32]) -> Iterable[tuple[int, int]]:
    values, counts = np.unique(numbers, return_counts=True)
    return zip(values.tolist(), counts.tolist(), strict=True)


def _by_day(
    rows: pa.RecordBatch, days: npt.NDArray[np.int32], stamps: npt.NDArray[np.int64]
) -> Iterable[tuple[int, pa.RecordBatch, npt.NDArray[np.int64]]]:
    """Yield the rows of each day in their order."""
    if (np.diff(days) < 0).any():
        order = np.argsort(days, kind="stable")
        rows, days, stamps = rows.take(pa.array(order)), days[order], stamps[order]
    bounds = [0, *(np.flatnonzero(np.diff(days)) + 1).tolist(), len(days)]
    for start, end in pairwise(bounds):
        yield int(days[start]), rows.slice(start, end - start), stamps[start:end]


def _with_lineage(batch: pa.RecordBatch, piece: Piece) -> pa.RecordBatch:
    """Return the events with the columns that say where each line stands, in the order of `schema.PARSED`."""
    raw = piece.state.raw
    columns = dict(zip(batch.schema.names, batch.columns, strict=True))
    zeros = pa.array(np.zeros(len(batch), np.int32))
    columns["sensor"] = pa.DictionaryArray.from_arrays(zeros, pa.array([raw.source.name]))
    columns["file"] = pa.DictionaryArray.from_arrays(zeros, pa.array([raw.name]))
    numbers = batch.column("line_number").to_numpy()
    columns["line_number"] = pa.array(numbers + piece.first_line)
    names = [column.name for column in PARSED]
    return pa.record_batch([columns[name] for name in names], names=names)


def _day(number: int) -> date:
    """Return a day; for one in the year 10000, which a stamp of the last hours of 9999 may fall on, the last before."""
    return day_of(min(number, day_number(date.max)))


def _stamp(micros: int) -> datetime | None:
    return None if micros == NO_STAMP else EPOCH_START + timedelta(microseconds=micros)


def _write_raw_files(warehouse: Warehouse, rows: Sequence[Mapping[str, Any]]) -> None:
    table = pa.Table.from_pylist(list(rows), arrow_schema(RAW_FILES))
    with replacing(warehouse.raw_files) as temporary:
        pq.write_table(table, temporary, compression="zstd")
