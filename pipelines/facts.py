"""What counts do not tell of a month: what each source did, and what the site shows of itself.

Scans, campaigns, backscatter and tools are told by facts of sources; by those of the site, what its own addresses and
names are, and which lines are of what went out. They are made beside the counts, of the same partitions. The SQL that
makes them stands among the macros, so that an analyst can read it, and run it on partitions of his own choice.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

import duckdb

from pipelines.count_files import FactWriter
from pipelines.schema import (
    ALIKE_SOURCES,
    BACKSCATTER,
    DAY,
    OWN_ADDRESSES,
    SCAN_FACTS,
    SITE_ADDRESSES,
    SITE_NAMES,
    SOURCE_FACTS,
    TALKS_OUT,
    Column,
)
from pipelines.settings import SQL_FOLDER
from pipelines.warehouse import Warehouse

# Levels, names and columns of the tables.
FACT_TABLES: Mapping[tuple[str, str], tuple[Column, ...]] = {
    ("days", "sources"): (DAY, *SOURCE_FACTS),
    ("months", "sources"): SOURCE_FACTS,
    ("years", "scans"): SCAN_FACTS,
    ("days", "backscatter"): (DAY, *BACKSCATTER),
    ("days", "alike_sources"): (DAY, *ALIKE_SOURCES),
    ("days", "own_addresses"): (DAY, *OWN_ADDRESSES),
    ("days", "talks_out"): (DAY, *TALKS_OUT),
    ("months", "site_addresses"): SITE_ADDRESSES,
    ("months", "site_names"): SITE_NAMES,
}

# Macros that they are made by, each after those that it uses.
_MACROS = (
    "ipv4_number",
    "port_code",
    "port_of_code",
    "is_backscatter",
    "source_key",
    "source_totals",
    "source_keys",
    "source_tries",
    "source_ports",
    "source_marks",
    "source_spread",
    "source_days",
    "source_months",
    "source_backscatter",
    "alike_sources",
    "destination_days",
    "own_address_days",
    "may_go_out",
    "lines_out",
    "addresses_of_site",
    "names_of_site",
)
# What is read of the events, in this order.
_READ = {
    "all_totals": "from source_totals($files)",
    "all_tries": "from source_tries($files)",
    "all_spread": "from source_spread($files, 'all_totals')",
    "all_marks": "from source_marks($files)",
    "source_keys": "from source_keys('all_totals')",
    "destinations": "from destination_days($files)",
    "own_days": "from own_address_days('destinations')",
}
# What is made of one slice of the sources after another, in this order.
_SLICED = {
    "ports": "from source_ports('tries')",
    "new_days": "from source_days('totals', 'ports', 'spread', 'marks', 'source_keys')",
    "new_months": "from source_months('new_days', 'tries', 'spread')",
}
_TABLES = {
    ("days", "sources"): "from days_of_sources order by source_key, day",
    ("months", "sources"): "from months_of_sources order by source_key",
    ("days", "backscatter"): "from source_backscatter($files) order by all",
    ("days", "alike_sources"): "from alike_sources('days_of_sources') order by all",
    ("days", "own_addresses"): "from own_days order by all",
    ("days", "talks_out"): "from lines_out($files, 'own_days') order by all",
    ("months", "site_addresses"): "from addresses_of_site($files, 'destinations') order by all",
    ("months", "site_names"): "from names_of_site($files) order by all",
}
# Tables that most months have no rows of, and what has rows where they have: to look through all events costs more.
_SELDOM = {
    ("days", "backscatter"): "from all_marks where backscatter_events > 0",
    ("days", "talks_out"): "from destinations where may_go_out(action, direction, destination_scope)",
}
# Sources and days (or months) of a slice, and ports that they tried: lists of ports are held in memory, and nowhere
# else.
SLICE_ROWS = 1 << 17
SLICE_TRIES = 1 << 20
# What does not fit into memory waits in files.
SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "threads": 2,
    "memory_limit": "256MB",
    "preserve_insertion_order": False,
}
BATCH_ROWS = 1 << 16


def write_facts(work: Warehouse, month: date, parts: Sequence[Path], scratch: Path) -> dict[str, int]:
    """Write the tables of a month below `work`.

    Args:
        work: where to.
        month: its first day.
        parts: the partitions of events of its days.
        scratch: an existing folder, for what does not fit into memory.

    Returns:
        The number of rows by level and name, such as `sources/days`.
    """
    rows = {}
    with duckdb.connect(config=SETTINGS | {"temp_directory": str(scratch)}) as connection:
        create_macros(connection, _MACROS)
        files = [str(part) for part in parts]
        for name, query in _READ.items():
            _bound(connection, query, files).create(name)
        _make_slices(connection)
        for (level, name), query in _TABLES.items():
            if (level, name) in _SELDOM and not len(connection.sql(_SELDOM[level, name]).limit(1)):
                query = f"{query} limit 0"  # noqa: PLW2901 - the same, of no rows
            with FactWriter(work.count_file(level, name, month), FACT_TABLES[level, name]) as writer:
                for batch in _bound(connection, query, files).to_arrow_reader(BATCH_ROWS):
                    writer.add(batch)
            rows[f"{name}/{level}"] = writer.rows
    return rows


def create_macros(connection: duckdb.DuckDBPyConnection, names: Iterable[str]) -> None:
    """Create macros of sql/macros/, each after those that it uses."""
    for name in names:
        connection.execute((SQL_FOLDER / "macros" / f"{name}.sql").read_text(encoding="utf-8"))


def _make_slices(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the facts of days and of the month, of one slice of the sources after another."""
    rows, tries = (len(connection.table(name)) for name in ("all_totals", "all_tries"))
    slices = 1 + max(rows // SLICE_ROWS, tries // SLICE_TRIES)
    for number in range(slices):
        for name in ("totals", "tries", "spread", "marks"):
            connection.table(f"all_{name}").filter(f"source_hash % {slices} = {number}").create_view(name)
        for name, query in _SLICED.items():
            connection.execute(f"create or replace table {name} as {query}")
        for new, made in (("new_days", "days_of_sources"), ("new_months", "months_of_sources")):
            if number == 0:
                connection.execute(f"alter table {new} rename to {made}")
            else:
                connection.execute(f"insert into {made} from {new}")


def _bound(connection: duckdb.DuckDBPyConnection, query: str, files: list[str]) -> duckdb.DuckDBPyRelation:
    """Return a query, bound to the files where it reads any."""
    return connection.sql(query, params={"files": files} if "$files" in query else None)
