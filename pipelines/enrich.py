"""The second stage: parsed events become events, each packet once, with country, network, scope and service.

Addresses are looked up by distinct value: a column is a dictionary of its addresses and codes into it, so the cost is
that of the different addresses and not of the packets.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.address_scope import SCOPES, scope_ranges
from pipelines.addresses import parse_addresses
from pipelines.ahead import one_ahead
from pipelines.column_chunks import NewColumns, write_with_columns
from pipelines.coverage import UfwEvents, coverage_of
from pipelines.dictionaries import joined
from pipelines.digests import stored_digest
from pipelines.duplicates import Duplicates, find_duplicates, kept_groups
from pipelines.geoip import CountryDatabase, NetworkDatabase
from pipelines.partitions import (
    PartitionWriters,
    conformed,
    day_number,
    parquet_writer,
    read_small,
    stored_schema,
)
from pipelines.schema import CONTENT_HASH, COVERAGE, ENRICHMENT, EVENTS, LOADS, PARSED, arrow_schema
from pipelines.services import services
from pipelines.settings import Settings
from pipelines.sole_writer import sole_writer
from pipelines.warehouse import Warehouse

# Two keep two cores busy; more would only hold more in memory.
WORKERS = 2

# To copy the columns of a day takes 8 ms for its footers; to decode and encode them, 450 ns a row.
_FEW_ROWS = 1 << 14

# The stages that are read.
PARSED_STAGES = ("parsed", "accounts", "signs")

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
        StorageError: the disk refuses.
    """
    warehouse = Warehouse(settings.warehouse)
    lookups = Lookups.open(settings)
    asked = tuple(dict.fromkeys(days))
    shares = [asked[place::WORKERS] for place in range(min(WORKERS, len(asked)))]
    figures: dict[date, EnrichedDay] = {}
    with sole_writer(warehouse, asked), ExitStack() as stack:
        threads = WORKERS // max(1, len(shares))
        works = [_Work(settings, share, lookups, stack, threads) for share in shares]
        with ThreadPoolExecutor(max(1, len(works))) as pool:
            for done in [pool.submit(work.run) for work in works]:
                done.result()
    for work in works:
        figures |= work.figures()
    return {day: figures[day] for day in asked}


class _Work:
    """One worker's share of the days, whose partitions appear when the stack of all workers is left."""

    def __init__(
        self, settings: Settings, days: Sequence[date], lookups: Lookups, stack: ExitStack, threads: int
    ) -> None:
        self._warehouse = warehouse = Warehouse(settings.warehouse)
        self._zone, self._days, self._lookups, self._threads = settings.timezone, days, lookups, threads
        self._loads = stack.enter_context(PartitionWriters(warehouse, "loads", LOADS, days))
        self._events = stack.enter_context(PartitionWriters(warehouse, "events", EVENTS, days))
        self._coverage = stack.enter_context(PartitionWriters(warehouse, "coverage", COVERAGE, days))
        self._duplicates: dict[date, int] = {}

    def run(self) -> None:
        """Write the share's partitions, to appear later."""
        for day in self._days:
            parsed, accounts, signs = (self._warehouse.partition(stage, day) for stage in PARSED_STAGES)
            duplicates = find_duplicates(parsed, accounts)
            counts = duplicates.files if duplicates else {}
            if duplicates:
                self._write_decoded(day, one_ahead(_kept(parsed, duplicates)))
            elif pq.read_metadata(parsed).num_rows <= _FEW_ROWS:
                self._write_decoded(day, _all(parsed))
            else:
                self._write_copied(day, parsed)
            loads = _loads(accounts, duplicates)
            self._loads.add(day_number(day), loads)
            seen = coverage_of(day, self._zone, signs, loads.to_pylist(), UfwEvents(parsed, duplicates))
            self._coverage.add(day_number(day), seen)
            self._duplicates[day] = sum(counts.values())
        for writers in (self._events, self._loads, self._coverage):
            writers.finish()

    def _write_copied(self, day: date, parsed: Path) -> None:
        """Write the partition of a day all of whose parsed events are kept, and copy their columns."""
        write_with_columns(
            self._events.place(day_number(day)),
            parsed,
            _STORED,
            NewColumns(
                needed=_NEEDED,
                make=lambda events: enrichment(events, self._lookups),
                writer=lambda sink: parquet_writer(sink, ENRICHMENT),
                threads=self._threads,
            ),
        )

    def _write_decoded(self, day: date, kept: Iterator[pa.RecordBatch]) -> None:
        """Write the partition of a day from those of its parsed events that are kept."""
        for batch in kept:
            columns = dict(zip(batch.schema.names, batch.columns, strict=True))
            added = enrichment(pa.Table.from_batches([batch]), self._lookups)
            columns |= dict(zip(added.schema.names, added.columns, strict=True))
            self._events.add(day_number(day), pa.record_batch([columns[name] for name in _STORED], names=_STORED))

    def figures(self) -> dict[date, EnrichedDay]:
        """Return what each day came to, once its partition is there."""
        sizes = self._events.sizes()
        rows = {day: pq.read_metadata(self._warehouse.partition("events", day)).num_rows for day in self._days}
        return {day: EnrichedDay(day, rows[day], self._duplicates[day], sizes[day]) for day in self._days}


def _all(parsed: Path) -> Iterator[pa.RecordBatch]:
    """Yield the events of a parsed partition that has few."""
    with pq.ParquetFile(parsed, read_dictionary=_TEXTS) as file:
        yield from file.read(columns=_READ, use_threads=False).combine_chunks().to_batches()


def _kept(parsed: Path, duplicates: Duplicates) -> Iterator[pa.RecordBatch]:
    """Yield the events of a parsed partition that are not counted in another file."""
    with pq.ParquetFile(parsed, read_dictionary=_TEXTS) as file:
        for table in kept_groups(file, duplicates, _READ):
            columns = [joined(table[name].chunks) for name in table.schema.names]
            yield pa.record_batch(columns, names=table.schema.names)


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


def _loads(accounts: Path, duplicates: Duplicates | None) -> pa.RecordBatch:
    """Return the accounts of a day with the duplicates of each file, and the digest of each sensor's events."""
    rows = read_small(accounts).to_pylist()
    counts, digests = (duplicates.files, duplicates.digests) if duplicates else ({}, {})
    kept: dict[str, int] = {}
    for row in rows:
        file = row["sensor"], row["file"]
        kept[row["sensor"]] = kept.get(row["sensor"], 0) + row["file_digest"] - digests.get(file, 0)
        row["duplicates"] = counts.get(file, 0)
    for row in rows:
        row["digest"] = stored_digest(kept[row["sensor"]])
    return pa.RecordBatch.from_pylist(rows, arrow_schema(LOADS))
