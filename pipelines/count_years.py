"""Counts of years, added up from those of their months: an answer about years reads a few rows of each, not of months.

A source that was seen in an earlier month of the year is counted there, and in a year's rows once.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb

from pipelines.count_files import FactWriter, count_columns
from pipelines.count_kinds import Kind
from pipelines.facts import BATCH_ROWS, SETTINGS


def write_year(path: Path, kind: Kind, months: Sequence[Path], since: date, scratch: Path) -> int:
    """Write the counts of a year.

    Args:
        path: the file to write.
        kind: what is counted.
        months: the files of its months.
        since: the first day of the year, or the first whose counts are kept where that is later.
        scratch: an existing folder, for what does not fit into memory.

    Returns:
        The number of rows.
    """
    groups = ", ".join(kind.group_columns)
    counted = f"previous < date '{since}' or previous is null"
    previous = f"case when {counted} then previous end"
    stamps = ", min(first_seen) as first_seen, max(last_seen) as last_seen" if kind.stamped else ""
    columns = count_columns(kind, "years")
    with (
        duckdb.connect(config=SETTINGS | {"temp_directory": str(scratch)}) as connection,
        FactWriter(path, columns) as writer,
    ):
        rows = (
            connection.read_parquet([str(month) for month in months], hive_partitioning=False)
            .aggregate(
                f"{groups}, {previous} as previous, coalesce(sum(sources) filter ({counted}), 0)::bigint as sources, "
                f"sum(events)::bigint as events{stamps}",
                f"{groups}, {previous}",
            )
            .order("all")
        )
        for batch in rows.to_arrow_reader(BATCH_ROWS):
            writer.add(batch)
    return writer.rows
