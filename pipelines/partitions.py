"""Writing the partitions of one stage: rows of many days arrive mixed, each day becomes one Parquet file."""

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.dictionaries import joined_batches
from pipelines.schema import STAMP, Column, Stored
from pipelines.warehouse import Warehouse, sync

EPOCH = date(1970, 1, 1)
# Rows of a day that are written together; larger groups compress a little better and cost memory.
GROUP_ROWS = 1 << 17
SMALL_BATCH = 1 << 14
# How many times the memory of its rows a batch may keep.
_SLACK = 2
_CODED = (Stored.DIFFERENCES, Stored.PLAIN)
# Rows of all days together that may wait in memory, about 200 bytes each.
WAITING_ROWS = 1 << 18
# Partitions of a stage that are open at a time: macOS lets a process open 256 files, most Linux systems 1,024.
OPEN_PARTITIONS = 8


def day_number(day: date) -> int:
    """Return days since 1970-01-01."""
    return (day - EPOCH).days


def day_of(number: int) -> date:
    """Return the day that is so many days after 1970-01-01."""
    return EPOCH + timedelta(days=int(number))


def stored_schema(columns: Sequence[Column]) -> pa.Schema:
    """Return the schema rows are written in: text as dictionaries, which is how Parquet keeps them."""
    return pa.schema(
        [
            (column.name, pa.dictionary(pa.int32(), pa.string()) if column.type == pa.string() else column.type)
            for column in columns
        ]
    )


def parquet_writer(sink: Path | pa.NativeFile, columns: Sequence[Column]) -> pq.ParquetWriter:
    """Return a writer of a file with these columns, as all stages are stored."""
    random = {column.name for column in columns if column.stored is Stored.RANDOM}
    coded = {column.name: column.stored.value for column in columns if column.stored in _CODED}
    return pq.ParquetWriter(
        sink,
        stored_schema(columns),
        compression={column.name: "none" if column.name in random else "zstd" for column in columns},
        compression_level={column.name: 1 for column in columns if column.name not in random},
        store_schema=False,
        # Of other columns the smallest and largest value of a day say nothing, and cost a third of the writing.
        write_statistics=[column.name for column in columns if column.type == STAMP],
        use_dictionary=[column.name for column in columns if column.stored is Stored.DICTIONARY],
        column_encoding=coded | dict.fromkeys(random, Stored.PLAIN.value),
    )


def read_small(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """Read a partition of few rows; pyarrow.parquet.read_table takes 3 ms for one."""
    with pq.ParquetFile(path) as file:
        return file.read(columns=None if columns is None else list(columns), use_threads=False)


def _own(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return a batch that keeps no more memory than its rows need: a slice keeps all that it was cut out of."""
    if batch.get_total_buffer_size() > _SLACK * batch.nbytes:
        return batch.take(pa.array(np.arange(len(batch))))
    return batch


def conformed(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Return a batch in the types of `schema`, each dictionary no longer than the batch."""
    columns = zip(batch.columns, schema.types, strict=True)
    return pa.record_batch([_conformed(column, type_) for column, type_ in columns], schema)


def _conformed(column: pa.Array, type_: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(column.type) and len(column.dictionary) * _rows_per_value(len(column)) > len(column):
        column = column.dictionary_decode()
    if pa.types.is_dictionary(type_) and not pa.types.is_dictionary(column.type):
        return column.cast(pa.string()).dictionary_encode()
    return column if column.type == type_ else column.cast(type_)


def _rows_per_value(rows: int) -> int:
    """Return below how many rows for each value of its dictionary a column's dictionary is made anew.

    A dictionary is stored whole, used or not. In a small day that a few rows of a large batch make, most is unused; in
    a large batch hardly any, and looking costs 50 ns a row.
    """
    return 8 if rows <= SMALL_BATCH else 1


class PartitionWriters:
    """Writes one stage's partitions of some days, all of which appear when the block ends well, and none otherwise.

    Where several stages are written together, each is finished before the first one's partitions appear.
    """

    def __init__(self, warehouse: Warehouse, stage: str, columns: Iterable[Column], days: Iterable[date]) -> None:
        """Prepare to write the partitions of `days`; one that gets no rows becomes an empty file."""
        self._warehouse = warehouse
        self._stage = stage
        self._columns = tuple(columns)
        self._schema = stored_schema(self._columns)
        self._days = {day_number(day): day for day in days}
        self._waiting: dict[int, list[pa.RecordBatch]] = {}
        self._waiting_rows: dict[int, int] = {}
        self._writers: dict[int, pq.ParquetWriter] = {}  # the one that was used last stands last
        self._parts: dict[int, list[Path]] = {}  # the last one becomes the partition
        self._pool = ThreadPoolExecutor(1)
        self._pending: Future[None] | None = None
        self.rows: dict[date, int] = dict.fromkeys(self._days.values(), 0)

    def __enter__(self) -> Self:
        """Return the writers."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Publish every partition, or remove what was begun if the block failed."""
        try:
            if kind is None:
                self.finish()
                self._publish()
        finally:
            self._pool.shutdown()
            self._clear()

    def add(self, number: int, batch: pa.RecordBatch) -> None:
        """Add rows to the day with that number."""
        self._waiting.setdefault(number, []).append(conformed(_own(batch), self._schema))
        self._waiting_rows[number] = self._waiting_rows.get(number, 0) + len(batch)
        self.rows[self._days[number]] += len(batch)
        if self._waiting_rows[number] >= GROUP_ROWS:
            self._write(number)
        while sum(self._waiting_rows.values()) > WAITING_ROWS:
            self._write(max(self._waiting_rows, key=self._waiting_rows.__getitem__))

    def finish(self) -> None:
        """Write all rows and sync them, so that publishing is no more than renaming; called by the block's end too."""
        self._settle()
        for number in sorted(self._days):
            if number in self._waiting or number not in self._parts:
                self._write(number)
        self._settle()
        for number in sorted(self._days):
            if number in self._writers:
                self._writers.pop(number).close()
            self._join(number)
            sync(self._parts[number][-1])

    def sizes(self) -> dict[date, int]:
        """Return the bytes on disk of each published partition."""
        return {day: self._warehouse.partition(self._stage, day).stat().st_size for day in self._days.values()}

    def _write(self, number: int) -> None:
        """Write the waiting rows of a day, while others are prepared."""
        batches = self._waiting.pop(number, [])
        self._waiting_rows.pop(number, None)
        self._settle()
        self._pending = self._pool.submit(self._write_group, number, batches)

    def _settle(self) -> None:
        """Wait for what is being written; what went wrong there is raised here."""
        if self._pending is not None:
            self._pending.result()
            self._pending = None

    def _write_group(self, number: int, batches: Sequence[pa.RecordBatch]) -> None:
        writer = self._writers.pop(number, None) or parquet_writer(self._new_part(number), self._columns)
        self._writers[number] = writer
        while len(self._writers) > OPEN_PARTITIONS:
            self._writers.pop(next(iter(self._writers))).close()
        rows = sum(len(batch) for batch in batches)
        if rows:
            writer.write_batch(joined_batches(batches), row_group_size=rows)

    def place(self, number: int) -> Path:
        """Return where to write the whole partition of the day with that number, to which no rows are added."""
        return self._new_part(number)

    def _new_part(self, number: int) -> Path:
        final = self._warehouse.partition(self._stage, self._days[number])
        final.parent.mkdir(parents=True, exist_ok=True)
        parts = self._parts.setdefault(number, [])
        parts.append(final.with_name(f".{final.name}.{os.getpid()}.{len(parts)}.tmp"))
        return parts[-1]

    def _join(self, number: int) -> None:
        """Bring a day that was closed and had more rows after that into one file."""
        parts = tuple(self._parts[number])
        if len(parts) == 1:
            return
        texts = [field.name for field in self._schema if pa.types.is_dictionary(field.type)]
        with parquet_writer(self._new_part(number), self._columns) as writer:
            for part in parts:
                with pq.ParquetFile(part, read_dictionary=texts) as file:
                    for group in range(file.num_row_groups):
                        writer.write_table(file.read_row_group(group))
        for part in parts:
            part.unlink()
            self._parts[number].remove(part)

    def _publish(self) -> None:
        for number, day in self._days.items():
            self._parts[number][-1].replace(self._warehouse.partition(self._stage, day))
        for day in self._days.values():
            sync(self._warehouse.partition(self._stage, day).parent)

    def _clear(self) -> None:
        """Remove what did not become a partition."""
        for writer in self._writers.values():
            with suppress(OSError):  # a full disk cannot take a file's end either
                writer.close()
        for parts in self._parts.values():
            for part in parts:
                part.unlink(missing_ok=True)
