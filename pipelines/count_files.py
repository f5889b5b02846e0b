"""Parquet files of counts: rows of one kind and level for a month, and the sights that later months look up."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines import schema
from pipelines.count_codes import CountCodes
from pipelines.count_kinds import VISITORS, Kind, Level
from pipelines.partitions import day_of, stored_schema
from pipelines.schema import Column, Stored
from pipelines.sight_keys import NEVER
from pipelines.sights import NO_BOUNDS
from pipelines.warehouse import sync

# Rows of sights in a group: what is read of a month at a time.
SIGHT_ROWS = 1 << 18
# Rows of counts in a group, so that a query for one port reads few of them.
COUNT_ROWS = 1 << 16


def count_columns(kind: Kind, level: Level) -> tuple[Column, ...]:
    """Return the columns of a kind's counts."""
    by_name = {column.name: column for column in schema.EVENTS}
    groups = tuple(by_name[name] for name in kind.group_columns)
    if kind is VISITORS:
        counts: tuple[Column, ...] = (schema.COUNTED_EVENTS,)
    elif level == "edges":
        counts = (schema.PREVIOUS, schema.COUNTED_SOURCES)
    elif level == "spans":
        counts = schema.SEEN_DAYS
    else:
        counts = (schema.PREVIOUS, schema.COUNTED_SOURCES, schema.COUNTED_EVENTS)
        counts += schema.COUNT_STAMPS if kind.stamped else ()
    return (*((schema.DAY,) if level == "days" else ()), *groups, *counts)


class CountedDay(NamedTuple):
    """Rows that are counted of one day, days since 1970-01-01, and stamps by group where the kind has them."""

    day: int
    rows: npt.NDArray[np.int64]
    stamps: Sequence[npt.NDArray[np.int64]] = ()


class _Writer:
    """A Parquet file that is being written under its later name, and is synced at the end."""

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._schema = stored_schema(columns)
        varied = [
            column.name for column in columns if column.stored is Stored.DIFFERENCES or pa.types.is_integer(column.type)
        ]
        self._file = pq.ParquetWriter(
            path,
            self._schema,
            compression="zstd",
            compression_level=1,
            store_schema=False,
            # What queries and `read_sights` leave row groups out by.
            write_statistics=[
                "day",
                "destination_port",
                "source_country",
                "source_key",
                "previous",
                "key",
                "first_day",
            ],
            use_dictionary=[column.name for column in columns if column.name not in varied],
            column_encoding=dict.fromkeys(varied, "DELTA_BINARY_PACKED"),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        sync(self.path)

    def write(self, columns: Sequence[pa.Array], rows: int) -> None:
        """Write rows in row groups of at most `rows`."""
        arrays = [array.cast(type_) for array, type_ in zip(columns, self._schema.types, strict=True)]
        self._file.write_table(pa.table(arrays, schema=self._schema), row_group_size=rows)


class CountWriter(_Writer):
    """Writes the counts of one kind and level for a month."""

    def __init__(self, path: Path, kind: Kind, level: Level, codes: CountCodes) -> None:
        """Begin the file; its folder is made if missing."""
        super().__init__(path, count_columns(kind, level))
        self._kind, self._codes = kind, codes
        self.rows = 0

    def add(self, rows: npt.NDArray[np.int64], stamps: Sequence[npt.NDArray[np.int64]] = ()) -> None:
        """Write counted rows of the month.

        Args:
            rows: int64[rows, 4]: group, previous day or `NEVER`, sources, events (see `count_sights`).
            stamps: first and last stamp by group, microseconds, for a kind that has them.
        """
        groups, previous, sources, events = rows.T
        self._write(groups, [_days(previous), pa.array(sources), pa.array(events), *_stamps(stamps, groups)])

    def add_days(self, days: Iterable[CountedDay]) -> None:
        """Write counted rows of days in order, those of a third of the month by group.

        A query for some days leaves the other thirds out, and one for some groups reads few of the rows of each.
        """
        for third in _thirds(days):
            order, rows, numbers = _by_group(third)
            stamps = [
                pa.concat_arrays(of_days)
                for of_days in zip(*(_stamps(counted.stamps, counted.rows[:, 0]) for counted in third), strict=True)
            ]
            groups, previous, sources, events = rows.T
            counts = [_days(previous), pa.array(sources), pa.array(events), *(column.take(order) for column in stamps)]
            self._write(groups, counts, numbers)

    def add_edges(self, rows: npt.NDArray[np.int64]) -> None:
        """Write counted rows of a month for periods that begin before it, those of the same previous days together."""
        seen = rows[rows[:, 1] != NEVER]
        groups, previous, sources, _ = seen[np.lexsort((seen[:, 0], seen[:, 1]))].T
        self._write(groups, [_days(previous), pa.array(sources)])

    def add_spans(self, rows: npt.NDArray[np.int64]) -> None:
        """Write rows of groups and the days they were seen on: int64[rows, 4], see `SeenDays.rows`."""
        groups, first, last, days = rows.T
        self._write(groups, [_days(first), _days(last), pa.array(days)])

    def add_visits(self, visits: npt.NDArray[np.int64]) -> None:
        """Write numbers of events by group: int64[rows, 2], ascending."""
        groups, events = visits.T
        self._write(groups, [pa.array(events)])

    def add_visits_of_days(self, days: Iterable[CountedDay]) -> None:
        """Write numbers of events by group of days in order, whose rows are int64[rows, 2], as `add_days` does."""
        for third in _thirds(days):
            _, rows, numbers = _by_group(third)
            groups, events = rows.T
            self._write(groups, [pa.array(events)], numbers)

    def _write(
        self, groups: npt.NDArray[np.int64], counts: Sequence[pa.Array], days: npt.NDArray[np.int64] | None = None
    ) -> None:
        columns: list[Any] = [] if days is None else [_days(days)]
        shift = self._kind.bits
        for field in self._kind.fields:
            shift -= field.bits
            columns += self._codes.decode(field, groups >> shift & ((1 << field.bits) - 1))
        self.write([*columns, *counts], COUNT_ROWS)
        self.rows += len(groups)


class FactWriter(_Writer):
    """Writes facts of sources, as they come."""

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        """Begin the file; its folder is made if missing."""
        super().__init__(path, columns)
        self.rows = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """Write a batch, whose columns may stand in any order."""
        columns = [batch.column(name) for name in self._schema.names]
        texts = [pa.types.is_string(column.type) for column in columns]
        self.write(
            [column.dictionary_encode() if text else column for column, text in zip(columns, texts, strict=True)],
            COUNT_ROWS,
        )
        self.rows += len(batch)


class SightWriter(_Writer):
    """Writes the different keys of a month, with the last day of each."""

    def __init__(self, path: Path) -> None:
        """Begin the file; its folder is made if missing."""
        super().__init__(path, schema.SIGHTS)

    def add(self, keys: npt.NDArray[np.int64], last: npt.NDArray[np.int32]) -> None:
        """Write sorted keys, all of them above those written before."""
        self.write([pa.array(keys), _days(last)], SIGHT_ROWS)


def read_sights(path: Path, low: int, high: int) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]]:
    """Yield keys and last days of a month's sights, in order, in parts that hold all keys from `low` to `high`."""
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            bounds = file.metadata.row_group(group).column(0).statistics
            if bounds.min <= high and bounds.max >= low:
                table = file.read_row_group(group, use_threads=False)
                days = table["last_day"].cast(pa.int32())
                yield table["key"].to_numpy(), days.to_numpy()


def _days(numbers: npt.NDArray[Any]) -> pa.Array:
    """Return days by their number; NULL for `NEVER`."""
    return pa.array(numbers.astype(np.int32), pa.int32(), mask=numbers == NEVER).cast(pa.date32())


def _stamps(bounds: Sequence[npt.NDArray[np.int64]], groups: npt.NDArray[np.int64]) -> list[pa.Array]:
    """Return the stamps of groups by those of all, microseconds; NULL where there is none."""
    return [pa.array(of_all[groups], schema.STAMP, mask=np.isin(of_all[groups], NO_BOUNDS)) for of_all in bounds]


def _thirds(days: Iterable[CountedDay]) -> Iterator[list[CountedDay]]:
    """Yield the days to the tenth, the twentieth and the last of the month together; those without rows left out."""
    for _, third in groupby(days, lambda counted: min((day_of(counted.day).day - 1) // 10, 2)):
        found = [counted for counted in third if len(counted.rows)]
        if found:
            yield found


def _by_group(
    days: Sequence[CountedDay],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the order of the rows of some days by group, the rows in it, and the number of the day of each."""
    rows = np.concatenate([counted.rows for counted in days])
    numbers = np.repeat(np.array([counted.day for counted in days], np.int64), [len(counted.rows) for counted in days])
    order = np.argsort(rows[:, 0], kind="stable")
    return order, rows[order], numbers[order]
