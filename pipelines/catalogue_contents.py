"""What the catalogue holds: views, macros, checks and small tables, made from the files below sql/.

`views/` and `checks/` hold one query a file and become views, the checks in a schema of that name; `reference/` holds
the query that reads the CSV file beside it, and becomes a table; `macros/` holds whole statements, because a macro's
parameters belong to it. The first comment line of a file becomes the comment of what it defines, and those after it the
comments of its columns; those of macros, which DuckDB keeps no comments of, become the constant `macro_columns`.
"""

import glob
import re
from collections.abc import Collection, Iterator
from datetime import date
from graphlib import TopologicalSorter
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines import schema
from pipelines.count_files import count_columns
from pipelines.count_kinds import ALL_KINDS
from pipelines.facts import FACT_TABLES
from pipelines.research_scanners import research_scanner_files
from pipelines.retained import Retained
from pipelines.settings import SQL_FOLDER, SettingError, Settings
from pipelines.sole_writer import sole_writer
from pipelines.sources import load_sources
from pipelines.sql_file import SqlFile, sql_files
from pipelines.stage_schemas import uneven_stages
from pipelines.warehouse import EMPTY, EMPTY_DAY, Warehouse, replacing

# The stages that views read, with the columns of their files.
STAGE_COLUMNS = {
    "events": schema.EVENTS,
    "rejected": schema.REJECTED,
    "loads": schema.LOADS,
    "coverage": schema.COVERAGE,
}

# The views that show stored columns: their comments stand in the schema and not in the SQL file.
VIEW_COLUMNS = {
    "events": (schema.DAY, *schema.EVENTS),
    "rejected_lines": (schema.DAY, *schema.REJECTED),
    "loads": (schema.DAY, *schema.LOADS),
    "raw_files": schema.RAW_FILES,
    "port_scans": schema.PORT_SCANS,
    "open_ports": schema.OPEN_PORTS,
    "coverage": schema.COVERAGE,
}

# What each folder's files create; macros are whole statements.
_FOLDERS = {
    "macros": "",
    "reference": "create table {name} as\n",
    "views": "create view {name} as\n",
    "checks": "create view checks.{name} as\n",
}
# What a statement uses: macros are called, tables and views stand after FROM or JOIN.
_USED = re.compile(r"\b(\w+)\(|\b(?:from|join)\s+(\w+)")
_COMMENT = re.compile(r"--.*")

# What dossiers tell habits from: the last days, as long as they have no more events than are counted in a moment.
HABIT_DAYS = 30
HABIT_EVENTS = 500_000

CONSTANTS = {
    "published_warehouse": "Folder of the data when this catalogue was published",
    "site_timezone": "Time zone whose calendar days the partitions are",
    "events_since": "First day whose events are kept: counts may outlive them",
    "counts_since": "First day whose counts are kept",
    "rejected_since": "First day whose rejected lines are kept",
    "last_loaded_day": "Last day with events; the first day there can be where there is none",
    "habit_days": "Days that habits are told from: 30, or fewer where the last ones have more than 500,000 events",
    "macro_columns": "Columns of table macros and what they hold: see help_columns",
    "uneven_stages": "Stages with files of different columns, in which a query must open every file before it starts",
}


def refuse_misread(folder: Path) -> None:
    """Refuse a warehouse's path that DuckDB misreads: `name=value` is a column to it, ? starts options.

    A backslash is a slash to it, on every system.

    Raises:
        SettingError: there is such a character in it.
    """
    if set("=?\\") & set(str(folder)):
        raise SettingError("FIREWALL_WAREHOUSE", folder, "no folder of its path may have =, ? or \\ in its name")


def define(connection: duckdb.DuckDBPyConnection, settings: Settings, wanted: Collection[str] | None = None) -> None:
    """Create what the catalogue holds in an empty database.

    Args:
        connection: the database.
        settings: where the data is.
        wanted: names of files below sql/, of which and of what they use everything is created, without comments; None
            for all there is, with comments: a second of work.
    """
    warehouse = Warehouse(settings.warehouse)
    _store_empty_files(warehouse)
    _create_constant(connection, "published_warehouse", _literal(str(warehouse.root)))
    _create_constant(connection, "site_timezone", _literal(_site_timezone(warehouse, settings)))
    _create_constant(connection, "uneven_stages", _list_literal(uneven_stages(warehouse, STAGE_COLUMNS)))
    retained = Retained.of(warehouse)
    _create_constant(connection, "events_since", _date_literal(retained.events_since))
    _create_constant(connection, "counts_since", _date_literal(retained.counts_since))
    _create_constant(connection, "rejected_since", _date_literal(retained.rejected_since))
    last_day, habit_days = _last_days(warehouse)
    _create_constant(connection, "last_loaded_day", _date_literal(last_day))
    _create_constant(connection, "habit_days", f"cast({habit_days} as integer)")
    _create_constant(connection, "macro_columns", _macro_columns())
    _set_reference_data(connection, settings)
    connection.execute("create schema checks")
    # What is created is tried on the empty files: to look for all others, each time, takes a second for five years.
    connection.execute(
        "set variable checked_partitions = ?",
        [{stage: [glob.escape(str(empty_file(warehouse, stage)))] for stage in STAGE_COLUMNS}],
    )
    _create(connection, wanted)
    connection.execute("set variable checked_partitions = null")
    if wanted is None:
        _describe(connection)


def _last_days(warehouse: Warehouse) -> tuple[date, int]:
    """Return the last day with events, and how many days up to it habits are told from."""
    days = warehouse.days("events")
    if not days:
        return date.min, HABIT_DAYS
    events = 0
    for day in reversed(days):
        events += pq.read_metadata(warehouse.partition("events", day)).num_rows
        if events > HABIT_EVENTS or (days[-1] - day).days >= HABIT_DAYS:
            return days[-1], max(1, min((days[-1] - day).days, HABIT_DAYS))
    return days[-1], HABIT_DAYS


def _set_reference_data(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Set the variables that the files of sql/reference read.

    Raises:
        SettingError: the sources, or the user's table of research scanners, cannot be used.
    """
    scanners = research_scanner_files(Warehouse(settings.warehouse))
    networks = [(source.name, str(network)) for source in load_sources(settings) for network in source.own_addresses]
    connection.execute("set variable reference_folder = ?", [str(SQL_FOLDER / "reference")])
    connection.execute("set variable research_scanner_files = ?", [[glob.escape(str(path)) for path in scanners]])
    connection.execute("set variable own_sensors = ?", [[sensor for sensor, _ in networks]])
    connection.execute("set variable own_networks = ?", [[network for _, network in networks]])


def _store_empty_files(warehouse: Warehouse) -> None:
    """Store a file without rows wherever views read, because DuckDB refuses a pattern that matches no file."""
    for stage, columns in STAGE_COLUMNS.items():
        _store_empty_file(warehouse, empty_file(warehouse, stage), columns)
    for kind in ALL_KINDS:
        for level in kind.levels:
            path = warehouse.count_file(level, kind.name, EMPTY_DAY).with_name(EMPTY)
            _store_empty_file(warehouse, path, count_columns(kind, level))
    for (folder, name), columns in FACT_TABLES.items():
        path = warehouse.count_file(folder, name, EMPTY_DAY).with_name(EMPTY)
        _store_empty_file(warehouse, path, columns)
    _store_empty_file(warehouse, warehouse.raw_files.with_name(EMPTY), schema.RAW_FILES)
    _store_empty_file(warehouse, warehouse.port_scans.with_name(EMPTY), schema.PORT_SCANS)
    _store_empty_file(warehouse, warehouse.open_ports.with_name(EMPTY), schema.OPEN_PORTS)
    _remove_first_empty_files(warehouse)


def _remove_first_empty_files(warehouse: Warehouse) -> None:
    """Remove the files without rows that stood first of all, as they did in the beginning."""
    first = (*warehouse.root.glob(f"*/day={date.min}/{EMPTY}"), *warehouse.counts.glob(f"*/*/*={date.min}/{EMPTY}"))
    if first:
        with sole_writer(warehouse):
            for path in first:
                path.unlink(missing_ok=True)
                if not any(path.parent.iterdir()):
                    path.parent.rmdir()


def empty_file(warehouse: Warehouse, stage: str) -> Path:
    """Return the file without rows that a stage has."""
    return warehouse.partition(stage, EMPTY_DAY).with_name(EMPTY)


def _store_empty_file(warehouse: Warehouse, path: Path, columns: tuple[schema.Column, ...]) -> None:
    wanted = schema.arrow_schema(columns)
    if _schema_of(path) != wanted:
        with sole_writer(warehouse), replacing(path) as temporary:
            pq.write_table(wanted.empty_table(), temporary)


def _schema_of(path: Path) -> pa.Schema | None:
    """Return the schema of a Parquet file, None where there is none that can be read."""
    try:
        return pq.read_schema(path)
    except (FileNotFoundError, pa.ArrowInvalid):
        return None


def _site_timezone(warehouse: Warehouse, settings: Settings) -> str:
    """Return the zone that the warehouse was loaded with, or the one set when nothing has been loaded yet."""
    written = warehouse.timezone_file
    return written.read_text(encoding="utf-8").strip() if written.exists() else settings.timezone.key


def _create(connection: duckdb.DuckDBPyConnection, wanted: Collection[str] | None) -> None:
    """Create what the files below sql/ define, or some of them and what those use, each after those that it uses."""
    statements = _statements()
    needs: dict[str, set[str]] = {}
    left = list(statements if wanted is None else wanted)
    while left:
        name = left.pop()
        if name not in needs:
            needs[name] = _used(statements[name]) & statements.keys() - {name}
            left += needs[name]
    for name in TopologicalSorter(needs).static_order():
        connection.execute(statements[name])


def _used(statement: str) -> set[str]:
    """Return the names that a statement uses, of what there may be."""
    return {call or table for call, table in _USED.findall(_COMMENT.sub("", statement))}


def _statements() -> dict[str, str]:
    """Return the statements that create what the files below sql/ define, by its name."""
    found = {}
    for folder, create in _FOLDERS.items():
        for file in sql_files(SQL_FOLDER / folder):
            found[file.name] = f"{create.format(name=file.name)}{file.text}"
    return found


def _describe(connection: duckdb.DuckDBPyConnection) -> None:
    """Put the comments on all that has been created."""
    connection.execute("begin")
    for target, comment in _comments(connection):
        connection.execute(f"comment on {target} is {_literal(comment)}")
    connection.execute("commit")


def _comments(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str]]:
    """Yield what a comment is on, as COMMENT ON names it, and the comment."""
    for kind, folder in (("table", "reference"), ("view", "views")):
        for file in sql_files(SQL_FOLDER / folder):
            yield f"{kind} {file.name}", file.description
            for column, comment in _column_comments(file).items():
                yield f"column {file.name}.{column}", comment
    for file in sql_files(SQL_FOLDER / "checks"):
        yield f"view checks.{file.name}", file.description
    macros = CONSTANTS | {file.name: file.description for file in sql_files(SQL_FOLDER / "macros")}
    found = connection.execute("select function_name, function_type from duckdb_functions() where not internal")
    for name, kind in found.fetchall():
        yield f"{'macro table' if kind == 'table_macro' else 'macro'} {name}", macros[name]


def _column_comments(file: SqlFile) -> dict[str, str]:
    """Return the comments of a view's columns by name."""
    stored = {column.name: column.comment for column in VIEW_COLUMNS.get(file.name, ())}
    return {**stored, **file.columns}


def _macro_columns() -> str:
    """Return the columns of macros, as SQL; those of a macro `x_between` without comments are those of the view `x`."""
    views = {f"{file.name}_between": _column_comments(file) for file in sql_files(SQL_FOLDER / "views")}
    columns = [
        f"{{'name': {_literal(file.name)}, 'place': {place}, 'column_name': {_literal(name)},"
        f" 'description': {_literal(comment)}}}"
        for file in sql_files(SQL_FOLDER / "macros")
        for place, (name, comment) in enumerate((file.columns or views.get(file.name, {})).items(), 1)
    ]
    return f"[{', '.join(columns)}]"


def _create_constant(connection: duckdb.DuckDBPyConnection, name: str, value: str) -> None:
    connection.execute(f"create or replace macro {name}() as {value}")


def _literal(text: str) -> str:
    """Return text as SQL, for the statements that take no parameters: macros and comments."""
    return "'" + text.replace("'", "''") + "'"


def _date_literal(day: date | None) -> str:
    return f"cast({_literal(day.isoformat() if day else '-infinity')} as date)"


def _list_literal(texts: list[str]) -> str:
    return f"cast([{', '.join(map(_literal, texts))}] as varchar[])"
