"""Small warehouses for tests: partitions written by hand, row by row, in the schemas of the stages."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines import schema
from pipelines.settings import BUNDLED_GEOIP_DB, Settings
from pipelines.warehouse import Warehouse

Row = Mapping[str, object]

STAGES = {
    "events": schema.EVENTS,
    "rejected": schema.REJECTED,
    "loads": schema.LOADS,
    "coverage": schema.COVERAGE,
}


def settings_for(folder: Path, timezone: str = "UTC") -> Settings:
    """Return the settings of a warehouse in a folder, which need not exist."""
    return Settings(
        warehouse=folder,
        sources_file=None,
        timezone=ZoneInfo(timezone),
        geoip_db=BUNDLED_GEOIP_DB,
        geoip_asn_db=None,
    )


def event(observed_at: str, line_number: int = 1, **values: object) -> Row:
    """Return one event as a row, logged at the UTC time given as '2020-04-01 12:00:00'."""
    return {
        "observed_at": datetime.fromisoformat(observed_at),
        "sensor": "home",
        "file": "home/ufw.log",
        "line_number": line_number,
        "packets": 1,
        **values,
    }


def load(events: int = 0, ignored: int = 0, rejected: int = 0, **values: object) -> Row:
    """Return what became of the lines of one file as a row whose numbers add up."""
    return {
        "sensor": "home",
        "file": "home/ufw.log",
        "lines": events + ignored + rejected,
        "events": events,
        "ignored": ignored,
        "ignored_by_rule": [{"rule": "no record", "lines": ignored}] if ignored else [],
        "rejected": rejected,
        "duplicates": 0,
        **values,
    }


def rejected_line(line_number: int, line: str, **values: object) -> Row:
    """Return one rejected line as a row."""
    return {
        "sensor": "home",
        "file": "home/ufw.log",
        "line_number": line_number,
        "reason": "no time stamp",
        "line": line,
        **values,
    }


def write_partition(
    folder: Path, stage: str, day: str, rows: Iterable[Row], columns: tuple[schema.Column, ...] | None = None
) -> Path:
    """Write the partition of one day of a stage, with other columns than the stage's own where given."""
    path = Warehouse(folder).partition(stage, date.fromisoformat(day))
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pylist(list(rows), schema=schema.arrow_schema(columns or STAGES[stage]))
    pq.write_table(table, path)
    return path


def write_day(folder: Path, day: str, events: list[Row]) -> None:
    """Write a day of events, all from one file, with the load that accounts for them."""
    write_partition(folder, "events", day, events)
    write_partition(folder, "loads", day, [load(events=len(events))])
