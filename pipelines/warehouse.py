"""The layout of the warehouse on disk: every path of it is made here, and files appear in it whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

STAGES = ("parsed", "rejected", "accounts", "signs", "events", "loads", "coverage")
PART = "part.parquet"
# What is named for this day, or for the month or year of it, holds no data but the file without rows that each stage
# and kind of counts has. It sorts last: DuckDB takes all files to have as many rows as the first, and an analyst's join
# of events with a small table took 12 s and 2.5 GB, and not 1 s and 0.1 GB, where that had none.
EMPTY_DAY = date.max
EMPTY = "empty.parquet"


@dataclass(frozen=True)
class Warehouse:
    """The folders and files under one root.

    A stage holds one Parquet file for each day: `<stage>/day=2020-04-01/part.parquet`.
    """

    root: Path

    @property
    def raw(self) -> Path:
        """Dropped log files, `raw/<source>/**`; only ever read."""
        return self.root / "raw"

    @property
    def catalogue(self) -> Path:
        """Symbolic link to the newest published catalogue."""
        return self.root / "firewall.duckdb"

    @property
    def catalogues(self) -> Path:
        """Folder of the published catalogue versions."""
        return self.root / "catalogues"

    @property
    def raw_files(self) -> Path:
        """What is known of each raw file, one Parquet file."""
        return self.root / "raw_files" / PART

    @property
    def scans(self) -> Path:
        """Dropped output of `nmap -oX`, `scans/*.xml`; only ever read."""
        return self.root / "scans"

    @property
    def research_scanners(self) -> Path:
        """The user's own table of research scanners, which need not exist."""
        return self.root / "research_scanners.csv"

    @property
    def port_scans(self) -> Path:
        """What is known of each file of `scans/`, one Parquet file."""
        return self.root / "port_scans" / PART

    @property
    def open_ports(self) -> Path:
        """The open ports that those files tell of, one Parquet file."""
        return self.root / "open_ports" / PART

    @property
    def segments(self) -> Path:
        """What is known of the parts of large raw files, one Parquet file."""
        return self.root / "segments" / PART

    @property
    def stage_schemas(self) -> Path:
        """Remembers which partitions have the columns of which version."""
        return self.root / "stage_schemas.json"

    @property
    def counts(self) -> Path:
        """Folder of the rolled-up counts: `counts/<level>/<kind>/month=2020-04-01/part.parquet`; `year=` of years."""
        return self.root / "counts"

    @property
    def reports(self) -> Path:
        """Folder of the reports: `reports/2020-Q2.en.html` and what belongs to it."""
        return self.root / "reports"

    @property
    def lock(self) -> Path:
        """Locked by the process that changes the warehouse."""
        return self.root / ".lock"

    @property
    def unfinished(self) -> Path:
        """Names the days that a process is about to write, for the one after it if it is killed."""
        return self.root / "unfinished.json"

    @property
    def retained(self) -> Path:
        """Tells what has been removed because the settings keep it no longer."""
        return self.root / "retained.json"

    @property
    def timezone_file(self) -> Path:
        """Names the time zone whose calendar days the partitions are, written by the first load."""
        return self.root / "timezone"

    def partition(self, stage: str, day: date) -> Path:
        """Return the Parquet file of one day of a stage, whether it exists or not."""
        return self.root / stage / f"day={day.isoformat()}" / PART

    def count_file(self, level: str, kind: str, first: date) -> Path:
        """Return the Parquet file of counts of a kind of one month, or year, by its first day; it need not exist."""
        span = "year" if level == "years" else "month"
        return self.counts / level / kind / f"{span}={first.isoformat()}" / PART

    def glob(self, stage: str) -> str:
        """Return the pattern that matches every partition file of a stage."""
        return str(self.root / stage / "day=*" / PART)

    def days(self, stage: str) -> list[date]:
        """Return the days that a stage has, in order."""
        return sorted(
            date.fromisoformat(part.parent.name.removeprefix("day="))
            for part in (self.root / stage).glob(f"day=*/{PART}")
        )


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to; when the block ends well, sync it and rename it over `path`.

    A reader sees the old file or the new one, never a part; after an error nothing has changed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        sync(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync(path.parent)


def sync(path: Path) -> None:
    """Flush a file's or folder's content to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
