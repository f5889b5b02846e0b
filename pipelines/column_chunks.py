"""Parquet files made of columns that another file holds already: their bytes are copied, and not decoded.

Enrichment adds columns and changes none. To decode the forty columns of a parsed event and to encode and compress them
again takes 450 ns; to copy their bytes, 10 ns. What is decoded is what the new columns are made of.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from queue import SimpleQueue
from types import ModuleType
from typing import Any, BinaryIO, Self

import pyarrow as pa
import pyarrow.parquet as pq
import thriftpy2
from thriftpy2.protocol import TCompactProtocolFactory
from thriftpy2.utils import deserialize, serialize

from pipelines.ahead import made_ahead

_MAGIC = b"PAR1"
_TAIL = len(_MAGIC) + 4  # the footer's length, little-endian, and the magic again
_PROTOCOL = TCompactProtocolFactory()  # type: ignore[no-untyped-call]
_DEFINITION = Path(__file__).with_name("parquet.thrift")


@dataclass(frozen=True)
class NewColumns:
    """Columns that are made from others.

    Attributes:
        needed: names of the columns that they are made from.
        make: makes them for a row group of those; texts are given as dictionaries.
        writer: opens a Parquet writer for them.
        threads: how many make them at once, each of a row group.
    """

    needed: Sequence[str]
    make: Callable[[pa.Table], pa.RecordBatch]
    writer: Callable[[pa.NativeFile], pq.ParquetWriter]
    threads: int = 1


def write_with_columns(path: Path, source: Path, names: Sequence[str], new: NewColumns) -> None:
    """Write a Parquet file of columns that another one holds, and new ones.

    Args:
        path: the file to write.
        source: the file whose columns are copied; its row groups are those of the new file, one at least.
        names: the columns of the new file, in order; those of `new` among them.
        new: the columns that `source` has not.
    """
    with (
        path.open("wb") as out,
        source.open("rb") as held,
        _Makers(source, new) as makers,
    ):
        footer = _footer(held)
        out.write(_MAGIC)
        elements = {element.name: element for element in footer.schema[1:]}
        all_made = made_ahead(makers.make, range(len(footer.row_groups)), new.threads)
        for group, made in zip(footer.row_groups, all_made, strict=True):
            made_footer = _footer(made)
            elements |= {element.name: element for element in made_footer.schema[1:]}
            [made_group] = made_footer.row_groups
            chunks = _copied(held, out, [chunk for chunk in group.columns if _name(chunk) in names])
            chunks |= _copied(made, out, made_group.columns)
            _settle(group, [chunks[name] for name in names])
        footer.schema[0].num_children = len(names)
        footer.schema = [footer.schema[0], *(elements[name] for name in names)]
        footer.column_orders = footer.column_orders and footer.column_orders[:1] * len(names)
        written = serialize(footer, _PROTOCOL)
        out.write(written + len(written).to_bytes(4, "little") + _MAGIC)


class _Makers:
    """Make the new columns of row groups, in any thread, with an open file for each thread."""

    def __init__(self, source: Path, new: NewColumns) -> None:
        self._new, self._stack = new, ExitStack()
        self._files: SimpleQueue[pq.ParquetFile] = SimpleQueue()
        for _ in range(new.threads):
            file = pq.ParquetFile(source, read_dictionary=list(new.needed))
            self._files.put(self._stack.enter_context(file))

    def make(self, number: int) -> BinaryIO:
        """Return a file in memory with the new columns of a row group."""
        file = self._files.get()
        try:
            needed = file.read_row_group(number, columns=list(self._new.needed), use_threads=False)
        finally:
            self._files.put(file)
        return _encoded(self._new.make(needed), self._new.writer)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


@cache
def _definition() -> ModuleType:
    loaded: ModuleType = thriftpy2.load(str(_DEFINITION), module_name="parquet_thrift")
    return loaded


def _footer(file: BinaryIO) -> Any:  # noqa: ANN401 - thriftpy2 makes the class
    size = file.seek(0, os.SEEK_END)
    file.seek(size - _TAIL)
    length = int.from_bytes(file.read(4), "little")
    file.seek(size - _TAIL - length)
    return deserialize(_definition().FileMetaData(), file.read(length), _PROTOCOL)


def _encoded(batch: pa.RecordBatch, writer: Callable[[pa.NativeFile], pq.ParquetWriter]) -> BinaryIO:
    """Return a file in memory that holds the batch as one row group."""
    sink = pa.BufferOutputStream()
    with writer(sink) as encoder:
        encoder.write_batch(batch, row_group_size=len(batch))
    held: BinaryIO = pa.BufferReader(sink.getvalue())
    return held


def _name(chunk: Any) -> str:  # noqa: ANN401 - as in _footer
    [name] = chunk.meta_data.path_in_schema
    return str(name)


def _start(chunk: Any) -> int:  # noqa: ANN401 - as in _footer
    facts = chunk.meta_data
    starts = (facts.dictionary_page_offset, facts.data_page_offset)
    return int(min(start for start in starts if start))  # 0 stands for none, too: the magic is there


def _copied(held: BinaryIO, out: BinaryIO, chunks: Sequence[Any]) -> dict[str, Any]:
    """Append the bytes of column chunks to a file; return the chunks by name, with the places where they are now."""
    for first, after, run in _runs(chunks):
        moved = out.tell() - first
        held.seek(first)
        out.write(held.read(after - first))
        for chunk in run:
            facts = chunk.meta_data
            chunk.file_offset = 0  # deprecated, and so written by all writers
            facts.data_page_offset += moved
            if facts.dictionary_page_offset:
                facts.dictionary_page_offset += moved
    return {_name(chunk): chunk for chunk in chunks}


def _runs(chunks: Sequence[Any]) -> Iterator[tuple[int, int, list[Any]]]:
    """Yield the chunks that lie one after another in a file: (start, end, chunks) of each run."""
    run: list[Any] = []
    first = after = 0
    for chunk in sorted(chunks, key=_start):
        if run and _start(chunk) != after:
            yield first, after, run
            run = []
        if not run:
            first = _start(chunk)
        run.append(chunk)
        after = _start(chunk) + chunk.meta_data.total_compressed_size
    if run:
        yield first, after, run


def _settle(group: Any, chunks: Sequence[Any]) -> None:  # noqa: ANN401 - as in _footer
    """Make a row group out of chunks."""
    group.columns = list(chunks)
    group.total_byte_size = sum(chunk.meta_data.total_uncompressed_size for chunk in chunks)
    group.total_compressed_size = sum(chunk.meta_data.total_compressed_size for chunk in chunks)
    group.file_offset = min(_start(chunk) for chunk in chunks)
