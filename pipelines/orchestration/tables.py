"""Tables in the metadata of a run: cells are shown as plain text, so what attackers wrote into a log stays text."""

from collections.abc import Iterable, Mapping, Sequence

import dagster as dg

# A line can be 8 KB long; what is wrong with it mostly shows in its beginning.
LONGEST_CELL = 500
# Shares are shown to a hundredth of a per cent.
DIGITS = 4


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> dg.TableMetadataValue:
    """Return a table of rows, each with one value for each column."""
    records = [dg.TableRecord(dict(zip(columns, map(_cell, row), strict=True))) for row in rows]
    schema = dg.TableSchema(columns=[dg.TableColumn(column) for column in columns])
    return dg.MetadataValue.table(records=records, schema=schema)


def table_of(rows: Sequence[Mapping[str, object]]) -> dg.TableMetadataValue:
    """Return a table of rows that all have the keys of the first one."""
    columns = tuple(rows[0]) if rows else ()
    return table(columns, (tuple(row.values()) for row in rows))


def _cell(value: object) -> str | int | float | None:
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, float):
        return round(value, DIGITS)
    text = str(value)
    shown = text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]}..."
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in shown)
