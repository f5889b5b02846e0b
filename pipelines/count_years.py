"""What is kept of years, added up from months: an answer about years reads a few rows of each, not of months.

A source that was seen in an earlier month of the year is counted there, and in a year's rows once.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path

import duckdb

from pipelines.count_files import FactWriter, count_columns
from pipelines.count_kinds import KINDS, Kind
from pipelines.facts import BATCH_ROWS, FACT_TABLES, SETTINGS, SLICE_ROWS, create_macros

# What is kept of years, and what of months each is added up from.
YEARS: Mapping[str, str] = {**{kind.name: kind.name for kind in KINDS}, "scans": "sources"}

# Macros that facts of years are made by, each after those that it uses.
_MACROS = ("port_sets", "source_years")


def write_year(path: Path, name: str, months: Sequence[Path], since: date, scratch: Path) -> int:
    """Write what is kept of a year.

    Args:
        path: the file to write.
        name: what: see YEARS.
        months: the files of its months.
        since: the first day of the year, or the first whose counts are kept where that is later.
        scratch: an existing folder, for what does not fit into memory.

    Returns:
        The number of rows.
    """
    kind = next((kind for kind in KINDS if kind.name == name), None)
    columns = count_columns(kind, "years") if kind else FACT_TABLES["years", name]
    with (
        duckdb.connect(config=SETTINGS | {"temp_directory": str(scratch)}) as connection,
        FactWriter(path, columns) as writer,
    ):
        rows = connection.read_parquet([str(month) for month in months], hive_partitioning=False)
        made = [_counts(rows, kind, since)] if kind else _scans(connection, rows)
        for relation in made:
            for batch in relation.to_arrow_reader(BATCH_ROWS):
                writer.add(batch)
    return writer.rows


def _counts(months: duckdb.DuckDBPyRelation, kind: Kind, since: date) -> duckdb.DuckDBPyRelation:
    """Add up the counts of a kind."""
    groups = ", ".join(kind.group_columns)
    counted = f"previous < date '{since}' or previous is null"
    previous = f"case when {counted} then previous end"
    stamps = ", min(first_seen) as first_seen, max(last_seen) as last_seen" if kind.stamped else ""
    return months.aggregate(
        f"{groups}, {previous} as previous, coalesce(sum(sources) filter ({counted}), 0)::bigint as sources, "
        f"sum(events)::bigint as events{stamps}",
        f"{groups}, {previous}",
    ).order("all")


def _scans(connection: duckdb.DuckDBPyConnection, months: duckdb.DuckDBPyRelation) -> Iterator[duckdb.DuckDBPyRelation]:
    """Add up the facts that scans are told by, of the sources of one range of keys after another."""
    create_macros(connection, _MACROS)
    slices = 1 + len(months) // SLICE_ROWS
    parts = ", ".join(str(number / slices) for number in range(1, slices))
    [(borders,)] = months.aggregate(f"approx_quantile(source_key, [{parts}]::float[])").fetchall()
    for lowest, border in pairwise([None, *sorted(set(borders or ())), None]):
        within = [f"source_key >= {lowest}"] * (lowest is not None) + [f"source_key < {border}"] * (border is not None)
        months.filter(" and ".join(within) or "true").create_view("months", replace=True)
        yield connection.sql("from source_years('months') order by source_key")
