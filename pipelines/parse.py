"""The first stage: raw lines become typed events, rejects and accounts, one partition of each a day.

Loading a day is a function of the raw lines of that day alone. However many days are asked for, each file is read once.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import available_timezones

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.batches import Batch, Part, PartNotice, Rejects, decoded, is_headed
from pipelines.columns import chosen, constant
from pipelines.detection import LARGE_SAMPLE, UNKNOWN, Detected, detect, is_wrapped
from pipelines.digests import digest_of, keys_of, stored_digest
from pipelines.format import format_named
from pipelines.known_files import KnownFiles, fingerprint, meaning
from pipelines.partitions import PartitionWriters, day_number, day_of
from pipelines.raw_bytes import Broken, Facts, look_at
from pipelines.reading import YEAR, FileReader, FileState, Piece, ToRead, first_guess, may_have_segments
from pipelines.retained import refuse_removed
from pipelines.scanning.stamps import NO_STAMP
from pipelines.schema import ACCOUNTS, PARSED, RAW_FILES, REJECTED, SIGNS, STAMP, arrow_schema
from pipelines.segments import KnownSegments, Segment, head_of, write_segments
from pipelines.settings import SettingError, Settings
from pipelines.signs import Signs
from pipelines.sole_writer import sole_writer
from pipelines.sources import DETECT, Found, RawFile, find_files
from pipelines.warehouse import Warehouse, replacing
from pipelines.zones import day_numbers

SAMPLES = 5
_EMPTY = Detected(UNKNOWN, None)
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
    """Counts of one file's lines of one day; stamps in UTC microseconds, or NO_STAMP without events.

    `ignored` counts by the name of the rule; `digest` is that of its events, see `digests`.
    """

    events: int = 0
    ignored: Counter[str] = field(default_factory=Counter)
    rejected: int = 0
    first: int = NO_STAMP
    last: int = NO_STAMP
    digest: int = 0

    @property
    def lines(self) -> int:
        """Return how many lines there are."""
        return self.events + self.ignored.total() + self.rejected

    def ignore(self, rules: npt.NDArray[np.int16], names: Sequence[str]) -> None:
        """Count ignored lines, given for each the place of its rule in `names`."""
        for name, count in zip(names, np.bincount(rules, minlength=len(names)).tolist(), strict=True):
            if count:
                self.ignored[name] += count

    def row(self) -> tuple[Any, ...]:
        """Return the account in the order of `schema.ACCOUNTS`, from `lines` on."""
        by_rule = [{"rule": name, "lines": count} for name, count in sorted(self.ignored.items())]
        counts = (self.lines, self.events, self.ignored.total(), by_rule, self.rejected)
        stamps = (None if stamp == NO_STAMP else stamp for stamp in (self.first, self.last))
        return (*counts, *stamps, stored_digest(self.digest))


def parse_days(settings: Settings, days: Sequence[date]) -> Parsed:
    """Read the raw lines of `days` into the partitions of the first stage, which all appear at the end.

    Raises:
        SettingError: a setting or source that cannot be used, a warehouse loaded with another time zone, or a day
            whose events have been removed.
        StorageError: the disk refuses.
    """
    found = find_files(settings)
    warehouse = Warehouse(settings.warehouse)
    with sole_writer(warehouse, days):
        fix_timezone(settings)
        refuse_removed(warehouse, days)
        parse = _Parse(settings, found, days)
        starts: dict[str, int] = {}
        while not parse.run(starts):
            starts = parse.corrections
            parse = _Parse(settings, found, days)
        _write_raw_files(warehouse, parse.raw_files())
        write_segments(warehouse, parse.segments())
    problems = found.problems + tuple(state.problem for state in parse.states if state.problem)
    return Parsed(days=parse.results(), files=len(parse.states), problems=problems)


def fix_timezone(settings: Settings) -> None:
    """Note whose days the partitions are at the first load; refuse another zone from then on.

    Raises:
        SettingError: the warehouse was loaded with another time zone, or its note of that is damaged.
    """
    path = Warehouse(settings.warehouse).timezone_file
    if path.exists():
        fixed = path.read_text(encoding="utf-8", errors="replace").strip()
        if fixed not in available_timezones():
            allowed = f"{str(path)!r} names no time zone: write that into it whose days the partitions are"
            raise SettingError("FIREWALL_WAREHOUSE", settings.warehouse, allowed)
        if fixed != settings.timezone.key:
            allowed = f"the partitions of this warehouse are days of {fixed!r}: use that, or another folder"
            raise SettingError("FIREWALL_TIMEZONE", settings.timezone.key, allowed)
        return
    with replacing(path) as temporary:
        temporary.write_text(f"{settings.timezone.key}\n", encoding="utf-8")


def detected(raw: RawFile, facts: Facts) -> Detected | None:
    """Return what a file is, as its source or its first bytes say; None where it has to be unpacked to tell."""
    if raw.source.format != DETECT:
        form = format_named(raw.source.format, f"format of source {raw.source.name!r}")
        return Detected(form, None, is_wrapped(facts.ends[0]), mixed=False)
    if facts.compression != "none":
        return None
    with raw.path.open("rb") as file:
        return detect(file.read(LARGE_SAMPLE))


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
        self._signs = Signs([source.name for source in found.sources])
        self._known = KnownFiles.load(self._warehouse)
        self._fingerprints: dict[str, str] = {}
        self._unread: list[Mapping[str, Any]] = []
        self._known_segments = KnownSegments.load(self._warehouse)
        self._unread_segments: list[Segment] = []
        self._starts: Mapping[str, int] = {}
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
        self._starts = starts
        with ExitStack() as stack:
            self._parsed = stack.enter_context(PartitionWriters(self._warehouse, "parsed", PARSED, days))
            self._rejected = stack.enter_context(PartitionWriters(self._warehouse, "rejected", REJECTED, days))
            accounts = stack.enter_context(PartitionWriters(self._warehouse, "accounts", ACCOUNTS, days))
            signs = stack.enter_context(PartitionWriters(self._warehouse, "signs", SIGNS, days))
            self._read(FileReader(starts))
            if self.corrections and not starts:
                raise _YearsDiffer
            self._write_accounts(accounts)
            for number in self._days:
                for batch in self._signs.batches(number):
                    signs.add(number, batch)
            for writers in (self._parsed, self._rejected, accounts, signs):
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
                ignored=sums[number].ignored.total(),
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

    def segments(self) -> list[Segment]:
        """Return the segments of every file, read or not."""
        return [*self._unread_segments, *(segment for state in self.states for segment in state.segments)]

    def _raw_file(self, state: FileState) -> Mapping[str, Any]:
        facts, seen = state.facts, state.seen
        days = [{"day": _day(number), "lines": lines, "digest": digest} for number, lines, digest in seen.days]
        return {
            "sensor": state.raw.source.name,
            "file": state.raw.name,
            "bytes": facts.size if facts else 0,
            "modified_at": _stamp(facts.modified // 1_000) if facts else None,
            "compression": facts.compression if facts else "none",
            "format": (state.detected or _EMPTY).form.name,
            "confidence": (state.detected or _EMPTY).confidence,
            "lines": state.lines,
            "first_observed_at": _stamp(seen.first),
            "last_observed_at": _stamp(seen.last),
            "first_day": days[0]["day"] if days else None,
            "last_day": days[-1]["day"] if days else None,
            "days": days,
            "problem": state.problem or None,
            "fingerprint": self._fingerprints.get(state.raw.name)
            if facts and _is_unchanged(state.raw, facts)
            else None,
        }

    def _read(self, reader: FileReader) -> None:
        for batch, pieces in reader.read(self._files_to_read()):
            days = np.zeros(0, np.int32)
            if batch is not None:
                days = day_numbers(batch.stamps, self._zone)
                self._store_events(batch, pieces, days)
            for piece in pieces:
                if piece.broken is not None:
                    self._take_broken(piece, piece.broken)
                elif piece.end is not None:
                    piece.state.end_segment(piece.end)
                elif piece.part is None:
                    self._end(piece.state)
                elif batch is not None:
                    self._count_events(piece, batch, days)
                    self._take_others(piece, piece.part, batch)

    def _end(self, state: FileState) -> None:
        self.states.append(state)
        state.end_file()
        start = state.corrected_start()
        if start is not None:
            self.corrections[state.raw.name] = start

    def _files_to_read(self) -> Iterator[ToRead]:
        """Yield the files that may hold a line of the days, with what they look like."""
        days = set(self._days.values())
        for raw in self._found.files:
            try:
                facts = look_at(raw.path)
            except OSError as error:
                yield ToRead(raw, error)
                continue
            known_as = fingerprint(raw, facts, self._zone)
            row = self._known.without_days(known_as, days)
            if row is None:
                self._fingerprints[raw.name] = known_as
                yield self._to_read(raw, facts)
            else:
                known = {"sensor": raw.source.name, "file": raw.name, "modified_at": _stamp(facts.modified // 1_000)}
                self._unread.append({**row, **known})
                if may_have_segments(facts):
                    self._unread_segments += self._segments_of(raw, facts)

    def _to_read(self, raw: RawFile, facts: Facts) -> ToRead:
        """Return a file with the segments that are known of it, where any need not be read."""
        try:
            found = detected(raw, facts)
        except OSError as error:
            return ToRead(raw, error)
        if not may_have_segments(facts) or (found is not None and is_headed(found.form)):
            return ToRead(raw, facts, found)
        head = head_of(facts.ends[0], meaning(raw, self._zone))
        known = () if raw.name in self._starts else self._segments_of(raw, facts)
        skipped = frozenset(place for place, segment in enumerate(known) if not segment.has_one_of(list(self._days)))
        return ToRead(raw, facts, found, known if skipped else (), skipped, head)

    def _segments_of(self, raw: RawFile, facts: Facts) -> Sequence[Segment]:
        """Return the segments that are known of a file, if its years still begin where they began."""
        known = self._known_segments.of(head_of(facts.ends[0], meaning(raw, self._zone)), raw, facts.size)
        firsts = [segment.standing.first_yearless for segment in known]
        first = next((stamp for stamp in firsts if stamp != NO_STAMP), NO_STAMP)
        is_same = first == NO_STAMP or abs(first - first_guess(raw, facts)) <= YEAR / 2
        return known if is_same else ()

    def _store_events(self, batch: Batch, pieces: Sequence[Piece], days: npt.NDArray[np.int32]) -> None:
        """Store the events of a batch, whose days are given."""
        if not any(number in self._days for number in np.unique(days).tolist()):
            return
        parts = [(piece, piece.part) for piece in pieces if piece.part is not None]
        owners = np.repeat(np.arange(len(parts)), [part.events.stop - part.events.start for _, part in parts])
        rows = _with_lineage(batch.events, [piece for piece, _ in parts], owners)
        if (np.diff(days) < 0).any():
            order = np.argsort(days, kind="stable")
            rows, days = rows.take(pa.array(order)), days[order]
        for start, end in _runs(days):
            number = int(days[start])
            if number in self._days:
                self._parsed.add(number, rows.slice(start, end - start))

    def _count_events(self, piece: Piece, batch: Batch, days: npt.NDArray[np.int32]) -> None:
        """Count the events of a piece of a batch, whose days are given."""
        if piece.part is None or piece.part.events.start == piece.part.events.stop:
            return
        state, rows = piece.state, piece.part.events
        days, stamps = days[rows], batch.stamps[rows]
        keys = keys_of(batch.events.column("line_hash").to_numpy().view(np.uint64)[rows], stamps)
        before = piece.before
        if (np.diff(days) < 0).any():
            order = np.argsort(days, kind="stable")
            days, stamps, keys = days[order], stamps[order], keys[order]
        for start, end in _runs(days):
            number, moments = int(days[start]), stamps[start:end]
            digest = digest_of(keys[start:end])
            state.recent.add_lines(number, end - start, digest)
            state.recent.add_events(int(moments.min()), int(moments.max()))
            if number in self._days:
                self._account_for(number, state.raw, moments, digest)
                self._signs.add_jumps(number, state.raw.source.name, before, moments)
            before = int(moments[-1])

    def _account_for(self, number: int, raw: RawFile, stamps: npt.NDArray[np.int64], digest: int) -> None:
        """Note events of a file that belong to one of the days."""
        account, earliest = self._account(number, raw), int(stamps.min())
        account.events += len(stamps)
        account.first = earliest if account.first == NO_STAMP else min(account.first, earliest)
        account.last = max(account.last, int(stamps.max()))
        account.digest += digest
        self._signs.add_lines(number, raw.source.name, stamps)

    def _take_others(self, piece: Piece, part: Part, batch: Batch) -> None:
        """Count the ignored lines of a part of a batch, and keep the rejected ones."""
        state = piece.state
        before = next((stamp for stamp in (piece.before, part.first_utc) if stamp != NO_STAMP), state.written)
        ignored = batch.ignored_stamps[part.ignored]
        stamps = np.where(ignored == NO_STAMP, before, ignored)
        rules = batch.ignored_rules[part.ignored]
        found = self._days_of(state, stamps)
        days = day_numbers(stamps, self._zone) if len(found) > 1 else None
        for number, _ in found:
            if number in self._days:
                self._account(number, state.raw).ignore(rules if days is None else rules[days == number], batch.rules)
        self._note_signs(state.raw.source.name, ignored[ignored != NO_STAMP], _notices(batch, part), before)
        if part.rejects.start == part.rejects.stop:
            return
        rejects = batch.rejects.only(np.arange(part.rejects.start, part.rejects.stop))
        rejects = replace(rejects, stamps=np.where(rejects.stamps == NO_STAMP, piece.before, rejects.stamps))
        stamps = np.where(rejects.stamps == NO_STAMP, before, rejects.stamps)
        days = day_numbers(stamps, self._zone)
        for number, _ in self._days_of(state, stamps):
            if number in self._days:
                self._reject(number, state, piece.first_line, rejects.only(np.flatnonzero(days == number)))

    def _note_signs(
        self, sensor: str, stamped: npt.NDArray[np.int64], notices: Iterable[PartNotice], before: int
    ) -> None:
        """Note what ignored lines tell of a sensor: the stamps that they have, and their notices.

        A notice without a stamp has that of the line `before`.
        """
        days = day_numbers(stamped, self._zone)
        for number in np.unique(days).tolist():
            if number in self._days:
                self._signs.add_lines(number, sensor, stamped[days == number])
        for notice in notices:
            stamp = before if notice.stamp == NO_STAMP else notice.stamp
            [number] = day_numbers(np.array([stamp]), self._zone).tolist()
            if number in self._days:
                self._signs.add_mark(number, sensor, stamp, notice.kind, notice.number)

    def _days_of(self, state: FileState, stamps: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
        """Return the days of some lines of a file, which are noted for it, and how many lines each has."""
        if not len(stamps):
            return []
        days, counts = np.unique(day_numbers(stamps, self._zone), return_counts=True)
        found = list(zip(days.tolist(), counts.tolist(), strict=True))
        for number, count in found:
            state.recent.add_lines(number, count)
        return found

    def _take_broken(self, piece: Piece, broken: Broken) -> None:
        stamp = piece.before if piece.before != NO_STAMP else piece.state.written
        [(number, _)] = self._days_of(piece.state, np.array([stamp]))
        if number in self._days:
            line = Rejects(np.zeros(1, np.int64), np.array([piece.before]), [broken.reason], [decoded(broken.text)])
            self._reject(number, piece.state, piece.first_line, line)

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
        by_day: dict[int, list[tuple[str, str, Account]]] = {}
        for (number, sensor, file), account in self._accounts.items():
            by_day.setdefault(number, []).append((sensor, file, account))
        schema = arrow_schema(ACCOUNTS)
        for number, rows in by_day.items():
            values = zip(*((sensor, file, *account.row()) for sensor, file, account in rows), strict=True)
            columns = [pa.array(column, field.type) for column, field in zip(values, schema, strict=True)]
            writers.add(number, pa.record_batch(columns, schema))


class _YearsDiffer(Exception):  # noqa: N818 - no error: it only leaves the block in which partitions are written
    """The years that a file's stamps were read with do not fit its end."""


def _runs(values: npt.NDArray[np.integer[Any]]) -> Iterator[tuple[int, int]]:
    """Yield start and end of each run of equal values."""
    return pairwise([0, *(np.flatnonzero(np.diff(values)) + 1).tolist(), len(values)])


def _with_lineage(events: pa.RecordBatch, pieces: Sequence[Piece], owners: npt.NDArray[np.int64]) -> pa.RecordBatch:
    """Return events with the columns that say where each line stands, in the order of `schema.PARSED`.

    Args:
        events: the events, with numbers of lines in their pieces.
        pieces: the pieces.
        owners: by event, the piece that it is of.
    """
    columns = dict(zip(events.schema.names, events.columns, strict=True))
    columns["sensor"] = _owned([piece.state.raw.source.name for piece in pieces], owners)
    columns["file"] = _owned([piece.state.raw.name for piece in pieces], owners)
    firsts = np.array([piece.first_line for piece in pieces])
    numbers = events.column("line_number").to_numpy()
    columns["line_number"] = pa.array(numbers + (firsts[0] if len(firsts) == 1 else firsts[owners]))
    names = [column.name for column in PARSED]
    return pa.record_batch([columns[name] for name in names], names=names)


def _owned(names: Sequence[str], owners: npt.NDArray[np.int64]) -> pa.DictionaryArray:
    """Return by event the name of what it belongs to."""
    if len(names) == 1:
        return constant(names[0], len(owners))
    different = {name: number for number, name in enumerate(dict.fromkeys(names))}
    codes = np.array([different[name] for name in names], np.int32)[owners]
    return chosen(list(different), codes)


def _is_unchanged(raw: RawFile, facts: Facts) -> bool:
    """Return whether a file is now as it was when it was looked at, or grew or changed while it was read."""
    try:
        status = raw.path.stat()
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (facts.size, facts.modified)


def _day(number: int) -> date:
    """Return a day; for one in the year 10000, which a stamp of the last hours of 9999 may fall on, the last before."""
    return day_of(min(number, day_number(date.max)))


def _stamp(micros: int) -> datetime | None:
    return None if micros == NO_STAMP else EPOCH_START + timedelta(microseconds=micros)


def _write_raw_files(warehouse: Warehouse, rows: Sequence[Mapping[str, Any]]) -> None:
    table = pa.Table.from_pylist(list(rows), arrow_schema(RAW_FILES))
    with replacing(warehouse.raw_files) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def _notices(batch: Batch, part: Part) -> list[PartNotice]:
    """Return what ignored lines of a part of a batch say of the log itself."""
    return [notice for notice in batch.notices if batch.parts[notice.part] is part]
