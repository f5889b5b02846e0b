"""The second stage: parsed events become events, each packet once, with country, network, scope and service.

Addresses are looked up by distinct value: a column is a dictionary of its addresses and codes into it, so the cost is
that of the different addresses and not of the packets.
"""

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.address_scope import SCOPES, scope_ranges
from pipelines.addresses import parse_addresses
from pipelines.ahead import one_ahead
from pipelines.column_chunks import NewColumns, write_with_columns
from pipelines.dictionaries import joined
from pipelines.geoip import CountryDatabase, NetworkDatabase
from pipelines.memory import use_jemalloc
from pipelines.partitions import GROUP_ROWS, PartitionWriters, conformed, day_number, parquet_writer, stored_schema
from pipelines.schema import CONTENT_HASH, ENRICHMENT, EVENTS, LOADS, PARSED
from pipelines.services import services
from pipelines.settings import SQL_FOLDER, Settings
from pipelines.warehouse import Warehouse

Places = dict[str, npt.NDArray[np.int64]]

# Events of a day that are compared at once, in less than 400 MB; with more, DuckDB 2.0 runs out of them.
_PART_EVENTS = 4_000_000
# Two keep two cores busy; more would only hold more in memory.
WORKERS = 2

# The columns that enrichment looks at.
_NEEDED = ("source_ip", "destination_ip", "destination_port", "protocol")
_STORED = [column.name for column in EVENTS]
_READ = [column.name for column in PARSED if column is not CONTENT_HASH]
_TEXTS = [column.name for column in PARSED if column.type == pa.string()]


@dataclass(frozen=True)
class EnrichedDay:
    """What enriching a day gave: events kept, duplicates left out, and the bytes of the day's partition."""

    day: date
    events: int
    duplicates: int
    bytes: int


@dataclass(frozen=True)
class Lookups:
    """The tables that addresses are looked up in."""

    countries: CountryDatabase
    networks: NetworkDatabase | None

    @classmethod
    def open(cls, settings: Settings) -> "Lookups":
        """Open the databases that the settings name.

        Raises:
            SettingError: a file that is no such database.
        """
        asn = settings.geoip_asn_db
        return cls(CountryDatabase.open(settings.geoip_db), NetworkDatabase.open(asn) if asn else None)


def enrich_days(settings: Settings, days: Sequence[date]) -> dict[date, EnrichedDay]:
    """Turn the parsed partitions of `days` into events and loads; a day that was not parsed is an error.

    Raises:
        SettingError: a database of addresses that cannot be used.
        FileNotFoundError: a day without a parsed partition.
    """
    use_jemalloc()
    warehouse = Warehouse(settings.warehouse)
    lookups = Lookups.open(settings)
    asked = tuple(dict.fromkeys(days))
    shares = [asked[place::WORKERS] for place in range(min(WORKERS, len(asked)))]
    figures: dict[date, EnrichedDay] = {}
    with ExitStack() as stack:
        works = [_Work(warehouse, share, lookups, stack) for share in shares]
        with ThreadPoolExecutor(max(1, len(works))) as pool:
            for done in [pool.submit(work.run) for work in works]:
                done.result()
    for work in works:
        figures |= work.figures()
    return {day: figures[day] for day in asked}


class _Work:
    """One worker's share of the days, whose partitions appear when the stack of all workers is left."""

    def __init__(self, warehouse: Warehouse, days: Sequence[date], lookups: Lookups, stack: ExitStack) -> None:
        self._warehouse, self._days, self._lookups = warehouse, days, lookups
        self._loads = stack.enter_context(PartitionWriters(warehouse, "loads", LOADS, days))
        self._events = stack.enter_context(PartitionWriters(warehouse, "events", EVENTS, days))
        self._duplicates: dict[date, int] = {}

    def run(self) -> None:
        """Write the share's partitions, to appear later."""
        for day in self._days:
            places = _duplicates(self._warehouse, day)
            if places:
                self._write_kept(day, places)
            else:
                self._write_all(day)
            self._loads.add(day_number(day), _loads(self._warehouse, day, places))
            self._duplicates[day] = sum(len(lines) for lines in places.values())
        self._events.finish()
        self._loads.finish()

    def _write_all(self, day: date) -> None:
        """Write the partition of a day all of whose parsed events are kept."""
        parsed = self._warehouse.partition("parsed", day)
        if pq.read_metadata(parsed).num_rows:
            write_with_columns(
                self._events.place(day_number(day)),
                parsed,
                _STORED,
                NewColumns(
                    needed=_NEEDED,
                    make=lambda events: enrichment(events, self._lookups),
                    writer=lambda sink: parquet_writer(sink, ENRICHMENT),
                ),
            )

    def _write_kept(self, day: date, places: Places) -> None:
        """Write the partition of a day some of whose parsed events are counted in another file."""
        for batch in one_ahead(_kept(self._warehouse.partition("parsed", day), places)):
            columns = dict(zip(batch.schema.names, batch.columns, strict=True))
            added = enrichment(pa.Table.from_batches([batch]), self._lookups)
            columns |= dict(zip(added.schema.names, added.columns, strict=True))
            self._events.add(day_number(day), pa.record_batch([columns[name] for name in _STORED], names=_STORED))

    def figures(self) -> dict[date, EnrichedDay]:
        """Return what each day came to, once its partition is there."""
        sizes = self._events.sizes()
        rows = {day: pq.read_metadata(self._warehouse.partition("events", day)).num_rows for day in self._days}
        return {day: EnrichedDay(day, rows[day], self._duplicates[day], sizes[day]) for day in self._days}


def _duplicates(warehouse: Warehouse, day: date) -> Places:
    """Return by file the numbers of the lines, in order, that are counted in another file."""
    parsed = warehouse.partition("parsed", day)
    overlap = _overlap(warehouse.partition("accounts", day))
    if overlap is None:
        return {}
    query = (SQL_FOLDER / "stages" / "duplicates.sql").read_text(encoding="utf-8")
    parts = 1 << (pq.read_metadata(parsed).num_rows // _PART_EVENTS).bit_length()
    lines: dict[str, list[npt.NDArray[np.int64]]] = {}
    with duckdb.connect(config={"memory_limit": "400MB", "threads": 2}) as connection:
        connection.execute("set temp_directory = ?", [str(warehouse.root / ".duckdb")])
        connection.execute("set variable parsed = ?", [_literal(parsed)])
        connection.execute("set variable first_overlap = ?", [overlap[0]])
        connection.execute("set variable last_overlap = ?", [overlap[1]])
        connection.execute("set variable parts = ?", [parts])
        for part in range(parts):
            connection.execute("set variable part = ?", [part])
            found: pa.Table = connection.sql(query).to_arrow_table()
            for file in pc.unique(found["file"]).to_pylist():
                lines.setdefault(file, []).append(found.filter(pc.equal(found["file"], file))["line_number"].to_numpy())
    return {file: np.sort(np.concatenate(numbers)) for file, numbers in lines.items()}


def _literal(path: Path) -> str:
    """Return a path as a pattern that matches only itself."""
    return re.sub(r"([*?\[])", r"[\1]", str(path))


def _overlap(accounts: Path) -> tuple[datetime, datetime] | None:
    """Return the stamps between which two files of one sensor both have events, or None."""
    rows = pq.read_table(accounts, columns=["sensor", "first_observed_at", "last_observed_at"]).to_pylist()
    bounds = []
    ends: dict[str, datetime] = {}
    spans = [row for row in rows if row["first_observed_at"] is not None]
    for row in sorted(spans, key=lambda row: row["first_observed_at"]):
        sensor, first, last = row["sensor"], row["first_observed_at"], row["last_observed_at"]
        if sensor in ends and first <= ends[sensor]:
            bounds.append((first, min(last, ends[sensor])))
        ends[sensor] = max(last, ends.get(sensor, last))
    if not bounds:
        return None
    return min(first for first, _ in bounds), max(last for _, last in bounds)


def _kept(parsed: Path, places: Places) -> Iterator[pa.RecordBatch]:
    """Yield the events of a parsed partition that are not counted in another file."""
    with pq.ParquetFile(parsed, read_dictionary=_TEXTS) as file:
        for batch in file.iter_batches(batch_size=GROUP_ROWS, columns=_READ):
            kept = _without(batch, places)
            if len(kept):
                yield kept


def _without(batch: pa.RecordBatch, places: Places) -> pa.RecordBatch:
    """Return the batch without the lines that are counted in another file."""
    files = batch.column("file")
    codes = files.indices.to_numpy()
    lines = batch.column("line_number").to_numpy()
    keep = np.ones(len(batch), np.bool_)
    for code, file in enumerate(files.dictionary.to_pylist()):
        if file in places:
            rows = np.flatnonzero(codes == code)
            others = places[file]
            nearest = np.searchsorted(others, lines[rows]).clip(max=len(others) - 1)
            keep[rows[others[nearest] == lines[rows]]] = False
    return batch if keep.all() else batch.filter(pa.array(keep))


def enrichment(events: pa.Table, lookups: Lookups) -> pa.RecordBatch:
    """Return the columns of `schema.ENRICHMENT` for parsed events, whose texts are dictionaries."""
    needed = {name: joined(events[name].chunks) for name in _NEEDED}
    columns = _address_columns(needed["source_ip"], "source", lookups)
    columns |= _address_columns(needed["destination_ip"], "destination", lookups)
    columns["service"] = services(needed["destination_port"], needed["protocol"])
    names = [column.name for column in ENRICHMENT]
    return conformed(pa.record_batch([columns[name] for name in names], names=names), stored_schema(ENRICHMENT))


def _address_columns(addresses: pa.DictionaryArray, side: str, lookups: Lookups) -> dict[str, pa.Array]:
    """Return country, scope and network columns of an address column, by name."""
    found = parse_addresses(addresses.dictionary)
    countries = lookups.countries.country(*found)
    columns = {
        f"{side}_country": _looked_up(addresses, countries, lookups.countries.countries),
        f"{side}_scope": _looked_up(addresses, scope_ranges().find(*found), SCOPES),
    }
    if side == "source":
        columns |= _network_columns(addresses, lookups.networks)
    return columns


def _network_columns(addresses: pa.DictionaryArray, networks: NetworkDatabase | None) -> dict[str, pa.Array]:
    if networks is None:
        return {
            "source_asn": pa.nulls(len(addresses), pa.int64()),
            "source_network": pa.nulls(len(addresses), pa.string()),
        }
    codes = networks.network(*parse_addresses(addresses.dictionary))
    numbers = pa.array(networks.numbers, pa.int64()).take(pa.array(codes, mask=codes < 0))
    return {
        "source_asn": numbers.take(addresses.indices),
        "source_network": _looked_up(addresses, codes, networks.organisations),
    }


def _looked_up(
    column: pa.DictionaryArray, codes: npt.NDArray[np.int32], names: Sequence[str | None]
) -> pa.DictionaryArray:
    """Return for each row the name that its dictionary value has the code of; null for a negative code."""
    indices = pa.array(codes, mask=codes < 0).take(column.indices)
    return pa.DictionaryArray.from_arrays(indices, pa.array(names, pa.string()))


def _loads(warehouse: Warehouse, day: date, places: Places) -> pa.RecordBatch:
    """Return the accounts of a day with the duplicates of each file."""
    accounts = pq.read_table(warehouse.partition("accounts", day))
    counts = [len(places.get(file, ())) for file in accounts["file"].to_pylist()]
    table = accounts.append_column("duplicates", pa.array(counts, pa.int64()))
    names = [column.name for column in LOADS]
    return pa.record_batch([table[name].combine_chunks() for name in names], names=names)
