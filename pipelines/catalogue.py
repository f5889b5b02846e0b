"""The published catalogue: a DuckDB file over the Parquet partitions, made anew and swapped in at every publish."""

import glob
import os
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

from pipelines.catalogue_contents import STAGE_COLUMNS, define, empty_file, refuse_misread
from pipelines.catalogue_versions import new_version, point_to, publishing, remove_unused
from pipelines.settings import SQL_FOLDER, Settings
from pipelines.sole_writer import refusal_in, sole_writer
from pipelines.sql_file import SqlFile, Stage, check_files, sql_files
from pipelines.warehouse import Warehouse, replacing

# The newest kind of file that the DuckDB shell on PyPI (1.5) can open; DuckDB 2.0 writes a newer one by default.
STORAGE_VERSION = "v1.5.0"

# DuckDB takes 80 % of the memory by default, and a load may be running beside.
MEMORY_LIMIT = "50%"

EXAMPLES = 5

# Days whose partitions are named one by one when they are checked.
MOST_NAMED = 400


@dataclass(frozen=True)
class Published:
    """A catalogue that has just been published: its file, the name of its version, and its views."""

    path: Path
    version: str
    views: tuple[str, ...]


@dataclass(frozen=True)
class CheckResult:
    """What a check found.

    Attributes:
        name: name of the check: its file in sql/checks, its view in the catalogue's schema `checks`.
        description: what holds when all is well.
        bad_rows: number of rows for which it does not hold.
        examples: five of them at most, by column.
    """

    name: str
    description: str
    bad_rows: int
    examples: tuple[Mapping[str, object], ...]


def publish(settings: Settings) -> Published:
    """Build the catalogue beside the one in use and put it in its place; a shell that holds an older one open goes on.

    Works on a warehouse without any data, and makes its folder. The version before the new one stays for a shell that
    is just about to open it; older ones go once nobody has them open.

    Raises:
        SettingError: DuckDB would misread the path of the warehouse.
        StorageError: the disk refuses.
    """
    refuse_misread(settings.warehouse)
    warehouse = Warehouse(settings.warehouse)
    with sole_writer(warehouse), publishing(warehouse.catalogues):
        version = new_version(warehouse.catalogues)
        with replacing(version) as building:
            _build(building, settings)
            # Whoever opens it for writing locks all others out; this stops everyone but root.
            building.chmod(0o444)
        before = point_to(version, warehouse.catalogue)
        remove_unused(warehouse.catalogues, keep=(version, before))
    return Published(version, version.stem, tuple(file.name for file in sql_files(SQL_FOLDER / "views")))


def _build(path: Path, settings: Settings) -> None:
    try:
        with duckdb.connect(path, config={"storage_compatibility_version": STORAGE_VERSION}) as connection:
            define(connection, settings)
            # What closing does not find room for it leaves out in silence.
            connection.execute("checkpoint")
    except duckdb.Error as error:
        number = refusal_in(str(error))
        if number is None:
            raise
        raise OSError(number, os.strerror(number), str(path)) from error


def connect(settings: Settings) -> duckdb.DuckDBPyConnection:
    """Open the newest catalogue for reading.

    Raises:
        FileNotFoundError: nothing has been published yet.
    """
    link = Warehouse(settings.warehouse).catalogue
    if not link.exists():
        raise FileNotFoundError(f"{link} does not exist yet: load a day first, or publish")
    # Resolved, because a process that has the link open already would be given the file that it pointed to then.
    return duckdb.connect(link.resolve(), read_only=True, config={"memory_limit": MEMORY_LIMIT})


@contextmanager
def unpublished(settings: Settings, wanted: Collection[str] | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection to a catalogue of its own, in memory, over the partitions that are there now.

    Args:
        settings: where the data is.
        wanted: what it must have, see `define`.

    Raises:
        SettingError: DuckDB would misread the path of the warehouse.
    """
    refuse_misread(settings.warehouse)
    with (
        # DuckDB's default is a folder in the working directory.
        tempfile.TemporaryDirectory(prefix="firewall-spill-") as spill,
        duckdb.connect(config={"memory_limit": MEMORY_LIMIT, "temp_directory": spill}) as connection,
    ):
        define(connection, settings, wanted)
        yield connection


def run_checks(
    settings: Settings, first_day: date | None = None, last_day: date | None = None, of: Stage | None = None
) -> list[CheckResult]:
    """Run checks over the days from `first_day` to `last_day`, both included; None leaves that end open.

    Runs those of one stage, or every one of them.

    Looks at the partitions that are there now, and needs no published catalogue.

    Raises:
        SettingError: DuckDB would misread the path of the warehouse.
    """
    checks = list(check_files(SQL_FOLDER / "checks", of))
    with unpublished(settings, [check.name for check in checks]) as connection:
        connection.execute("set variable checked_partitions = ?", [_partitions(settings, first_day, last_day)])
        connection.execute("set variable first_day = ?", [first_day])
        connection.execute("set variable last_day = ?", [last_day])
        return [_run_check(connection, check) for check in checks]


def _partitions(settings: Settings, first_day: date | None, last_day: date | None) -> dict[str, list[str]] | None:
    """Return the files of each stage that hold days, as patterns that match only them; None for too many days."""
    if first_day is None or last_day is None or (last_day - first_day).days >= MOST_NAMED:
        return None
    warehouse = Warehouse(settings.warehouse)
    days = [first_day + timedelta(days=number) for number in range((last_day - first_day).days + 1)]
    return {
        stage: [glob.escape(str(empty_file(warehouse, stage)))]
        + [glob.escape(str(part)) for day in days if (part := warehouse.partition(stage, day)).exists()]
        for stage in STAGE_COLUMNS
    }


def _run_check(connection: duckdb.DuckDBPyConnection, check: SqlFile) -> CheckResult:
    bad = connection.table(f"checks.{check.name}")
    [(number,)] = bad.count("*").fetchall()
    rows = bad.limit(EXAMPLES).fetchall() if number else []
    examples = tuple(dict(zip(bad.columns, row, strict=True)) for row in rows)
    return CheckResult(check.name, check.description, number, examples)
