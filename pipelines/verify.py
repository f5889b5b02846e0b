"""Verifying a whole warehouse: whether every file can be read and all that is stored agrees, and what to load again.

What a load checks of its days is checked here of all of them, and what only reading everything can find besides: a
disk that rots, files that were copied in part, or changed by hand.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines import schema
from pipelines.catalogue import connect, unpublished
from pipelines.count_files import count_columns
from pipelines.count_kinds import ALL_KINDS, KINDS, Level
from pipelines.digests import digest_of, keys_of, stored_digest
from pipelines.duplicates import find_duplicates
from pipelines.facts import FACT_TABLES
from pipelines.retained import Retained
from pipelines.schema import Column, arrow_schema
from pipelines.settings import SQL_FOLDER, Settings
from pipelines.sole_writer import sole_writer
from pipelines.sql_file import check_files, sql_files
from pipelines.warehouse import PART, Warehouse

STAGE_COLUMNS: dict[str, tuple[Column, ...]] = {
    "parsed": schema.PARSED,
    "accounts": schema.ACCOUNTS,
    "signs": schema.SIGNS,
    "rejected": schema.REJECTED,
    "events": schema.EVENTS,
    "loads": schema.LOADS,
    "coverage": schema.COVERAGE,
}
_CARRIED = tuple(column.name for column in (*schema.PACKET, *schema.LINEAGE))


@dataclass(frozen=True)
class Finding:
    """What is wrong, in a sentence, and the day that has to be loaded again for it; None where publishing mends it."""

    sentence: str
    day: date | None = None


@dataclass(frozen=True)
class Verified:
    """What was verified, and what is wrong."""

    files: int
    days: int
    findings: tuple[Finding, ...]

    @property
    def reload(self) -> list[tuple[date, date]]:
        """Return what to load again: first and last day of each run of days."""
        runs: list[tuple[date, date]] = []
        for day in sorted({finding.day for finding in self.findings if finding.day}):
            if runs and day - runs[-1][1] == timedelta(days=1):
                runs[-1] = runs[-1][0], day
            else:
                runs.append((day, day))
        return runs


def verify(settings: Settings) -> Verified:
    """Read everything that the stages, the counts and the catalogue hold, while no load runs.

    Raises:
        StorageError: the warehouse cannot be locked.
    """
    warehouse = Warehouse(settings.warehouse)
    with sole_writer(warehouse):
        return _Verification(settings, warehouse).run()


class _Verification:
    """One look at everything."""

    def __init__(self, settings: Settings, warehouse: Warehouse) -> None:
        self._settings, self._warehouse = settings, warehouse
        self._retained = Retained.of(warehouse)
        self._findings: list[Finding] = []
        self._files = 0

    def run(self) -> Verified:
        """Return what is wrong; what hangs on a file that cannot be read is not looked at."""
        days = sorted({day for stage in STAGE_COLUMNS for day in self._warehouse.days(stage)})
        for day in days:
            if self._are_readable(day) and self._retained.has_events(day):
                self._findings += self._disagreements(day)
        self._read_counts()
        if not self._findings:
            self._run_checks()
        self._look_at_catalogue()
        return Verified(self._files, len(days), tuple(self._findings))

    def _are_readable(self, day: date) -> bool:
        """Read the partitions of a day; return whether all of them can be."""
        before = len(self._findings)
        for stage, columns in STAGE_COLUMNS.items():
            path = self._warehouse.partition(stage, day)
            if path.exists():
                self._read(path, columns, day)
            elif self._is_expected(stage, day):
                self._findings.append(Finding(f"{day} has no partition of {stage}", day))
        return len(self._findings) == before

    def _is_expected(self, stage: str, day: date) -> bool:
        if stage == "rejected":
            return self._retained.rejected_since is None or day >= self._retained.rejected_since
        return stage in {"loads", "coverage"} or self._retained.has_events(day)

    def _read(self, path: Path, columns: tuple[Column, ...], day: date) -> None:
        """Read a file whole, and note it if that cannot be done, or if it has other columns."""
        self._files += 1
        try:
            with pq.ParquetFile(path) as file:
                found = file.schema_arrow
                for group in range(file.num_row_groups):
                    file.read_row_group(group, use_threads=False)
        except (pa.ArrowException, OSError) as error:
            self._findings.append(Finding(f"{str(path)!r} cannot be read: {_first_line(error)}", day))
            return
        if found != arrow_schema(columns):
            self._findings.append(Finding(f"{str(path)!r} has other columns than this version's", day))

    def _disagreements(self, day: date) -> Iterator[Finding]:
        """Yield where the events of a day are not the parsed ones, each once, or not those of its digest."""
        parsed, accounts, events, loads = (
            self._warehouse.partition(stage, day) for stage in ("parsed", "accounts", "events", "loads")
        )
        duplicates = find_duplicates(parsed, accounts)
        kept = None if duplicates is None else pa.array(~duplicates.rows)
        digests = {row["sensor"]: row["digest"] for row in pq.read_table(loads).to_pylist()}
        for sensor, digest in _digests(parsed, kept, digests).items():
            if digests.get(sensor) != digest:
                yield Finding(f"{day}: the events of {sensor!r} are not those of the digest in loads", day)
        for name in _CARRIED:
            if not _column(parsed, name, kept).equals(_column(events, name, None)):
                yield Finding(f"{day}: the column {name} of events is not what was parsed", day)
                return

    def _read_counts(self) -> None:
        """Read the files of counts and facts, and compare the counts of days, months and years."""
        for (level, name), columns in FACT_TABLES.items():
            for path in self._count_files(level, name):
                self._read(path, columns, _month_of(path))
        for kind in ALL_KINDS:
            sums: dict[Level, dict[date, int]] = {level: {} for level in kind.levels}
            for level, found in sums.items():
                for path in self._count_files(level, kind.name):
                    month = _month_of(path)
                    before = len(self._findings)
                    self._read(path, count_columns(kind, level), month)
                    if len(self._findings) == before and level in {"days", "months", "years"}:
                        found[month] = pc.sum(pq.ParquetFile(path).read(columns=["events"])["events"]).as_py() or 0
            self._findings += [
                Finding(f"the counts of {kind.name} for {month:%Y-%m} differ between its days and the month", month)
                for month in sums["days"]
                # Those of visitors leave out, in a month, countries that a day has.
                if kind in KINDS and sums["days"][month] != sums["months"].get(month, sums["days"][month])
            ]
            self._findings += [
                Finding(f"the counts of {kind.name} for {year:%Y} differ between its months and the year", year)
                for year, events in sums.get("years", {}).items()
                if events != sum(of_month for month, of_month in sums["months"].items() if month.year == year.year)
            ]

    def _count_files(self, level: str, name: str) -> list[Path]:
        return sorted((self._warehouse.counts / level / name).glob(f"*=*/{PART}"))

    def _run_checks(self) -> None:
        """Run the checks of sql/checks/ over all days."""
        checks = list(check_files(SQL_FOLDER / "checks", None))
        with unpublished(self._settings, [check.name for check in checks]) as connection:
            for check in checks:
                bad = connection.table(f"checks.{check.name}")
                [(number,)] = bad.count("*").fetchall()
                if number:
                    days = bad.select("day").distinct().fetchall() if "day" in bad.columns else [(None,)]
                    sentence = f"the check {check.name} finds {number:,} rows: it should hold that {check.description}"
                    self._findings += [Finding(sentence, day) for (day,) in sorted(days)]

    def _look_at_catalogue(self) -> None:
        """Ask the published catalogue, and compare its answer with the files."""
        if not self._warehouse.catalogue.exists():
            self._findings.append(Finding("no catalogue has been published: load a day"))
            return
        rows = sum(_rows(self._warehouse.partition("events", day)) for day in self._warehouse.days("events"))
        try:
            with connect(self._settings) as connection:
                for view in sql_files(SQL_FOLDER / "views"):
                    connection.table(view.name).limit(1).fetchall()
                [(shown,)] = connection.table("events").count("*").fetchall()
        except (duckdb.Error, OSError) as error:
            self._findings.append(
                Finding(f"the catalogue does not answer: {_first_line(error)}; a load publishes another")
            )
            return
        if shown != rows:
            self._findings.append(Finding(f"the catalogue shows {shown:,} events, and {rows:,} are stored: load a day"))


def _month_of(path: Path) -> date:
    return date.fromisoformat(path.parent.name.partition("=")[2])


def _digests(parsed: Path, kept: pa.Array | None, sensors: Iterable[str]) -> dict[str, int]:
    """Return the digest of each sensor's events of a partition; 0 for those without any."""
    hashes = _column(parsed, "line_hash", kept).to_numpy().view(np.uint64)
    keys = keys_of(hashes, _column(parsed, "observed_at", kept).cast(pa.int64()).to_numpy())
    owners = _column(parsed, "sensor", kept)
    found = {*sensors, *owners.unique().to_pylist()}
    return {
        sensor: stored_digest(digest_of(keys[pc.equal(owners, sensor).to_numpy(zero_copy_only=False)]))
        for sensor in sorted(found)
    }


def _column(path: Path, name: str, kept: pa.Array | None) -> pa.Array:
    column = pq.ParquetFile(path).read(columns=[name], use_threads=False)[name].combine_chunks()
    return column if kept is None else column.filter(kept)


def _rows(path: Path) -> int:
    try:
        return int(pq.read_metadata(path).num_rows)
    except pa.ArrowException:
        return 0


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0]


def load_commands(runs: Sequence[tuple[date, date]]) -> list[str]:
    """Return the commands that load runs of days."""
    return [f"firewall-logs load {first}" + (f" {last}" if last != first else "") for first, last in runs]
