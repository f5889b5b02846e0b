"""What each source did, by day and by month: facts that scans, campaigns, backscatter and tools are told by.

They are made beside the counts, of the same partitions. The SQL that makes them stands among the macros, so that an
analyst can read it, and run it on partitions of his own choice.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import duckdb

from pipelines.count_files import FactWriter
from pipelines.schema import ALIKE_SOURCES, BACKSCATTER, DAY, SOURCE_FACTS, Column
from pipelines.settings import SQL_FOLDER
from pipelines.warehouse import Warehouse

# Levels, names and columns of the tables.
SOURCE_TABLES: Mapping[tuple[str, str], tuple[Column, ...]] = {
    ("days", "sources"): (DAY, *SOURCE_FACTS),
    ("months", "sources"): SOURCE_FACTS,
    ("days", "backscatter"): (DAY, *BACKSCATTER),
    ("days", "alike_sources"): (DAY, *ALIKE_SOURCES),
}

# Macros that they are made by, each after those that it uses.
_MACROS = (
    "ipv4_number",
    "port_code",
    "port_of_code",
    "is_backscatter",
    "source_totals",
    "source_tries",
    "source_ports",
    "source_marks",
    "source_spread",
    "source_days",
    "source_months",
    "source_backscatter",
    "alike_sources",
)
# What the tables are made from, and in which order they are written.
_STEPS = {
    "totals": "from source_totals($files)",
    "tries": "from source_tries($files)",
    "ports": "from source_ports('tries')",
    "spread": "from source_spread($files, 'totals')",
    "marks": "from source_marks($files)",
    "days_of_sources": "from source_days('totals', 'ports', 'spread', 'marks')",
}
_TABLES = {
    ("days", "sources"): "from days_of_sources order by source_ip, day",
    ("months", "sources"): "from source_months('days_of_sources', 'tries', 'spread') order by source_ip",
    ("days", "backscatter"): "from source_backscatter($files) order by all",
    ("days", "alike_sources"): "from alike_sources('days_of_sources') order by all",
}
# What does not fit into memory waits in files.
_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "threads": 2,
    "memory_limit": "256MB",
    "preserve_insertion_order": False,
}
_BATCH_ROWS = 1 << 16


def write_source_facts(work: Warehouse, month: date, parts: Sequence[Path], scratch: Path) -> dict[str, int]:
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
    with duckdb.connect(config=_SETTINGS | {"temp_directory": str(scratch)}) as connection:
        for name in _MACROS:
            connection.execute((SQL_FOLDER / "macros" / f"{name}.sql").read_text(encoding="utf-8"))
        files = [str(part) for part in parts]
        for name, query in _STEPS.items():
            _bound(connection, query, files).create(name)
        for (level, name), query in _TABLES.items():
            with FactWriter(work.count_file(level, name, month), SOURCE_TABLES[level, name]) as writer:
                for batch in _bound(connection, query, files).to_arrow_reader(_BATCH_ROWS):
                    writer.add(batch)
            rows[f"{name}/{level}"] = writer.rows
    return rows


def _bound(connection: duckdb.DuckDBPyConnection, query: str, files: list[str]) -> duckdb.DuckDBPyRelation:
    """Return a query, bound to the files where it reads any."""
    return connection.sql(query, params={"files": files} if "$files" in query else None)
