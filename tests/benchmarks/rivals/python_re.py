"""Python's re and pyarrow, half a million lines at a time. Arguments: log, out."""

import re
import sys
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tests.benchmarks.rivals.pattern import FIELDS, NUMBERS, PATTERN

ROWS = 500_000
BITS = {16: pa.int16(), 32: pa.int32(), 64: pa.int64()}

log, out = sys.argv[1:]
match = re.compile(PATTERN).match


def table_of(lines: list[str]) -> pa.Table:
    """Return the fields of some lines, typed."""
    found = [fields.groups() for fields in map(match, lines) if fields is not None]
    texts = dict(zip(FIELDS, (pa.array(values, pa.string()) for values in zip(*found, strict=True)), strict=True))
    columns = {
        "observed_at": pc.strptime(pc.binary_join_element_wise("2020", texts["stamp"], " "), "%Y %b %d %T", "us")
    }
    for name, values in texts.items():
        if name in NUMBERS:
            columns[name] = values.cast(BITS[NUMBERS[name]])
        elif name == "tos":
            columns[name] = pa.array([int(value, 16) for value in values.to_pylist()], pa.int16())
        elif name == "dont_fragment":
            columns[name] = values.is_valid()
        elif name != "stamp":
            columns[name] = values
    return pa.table(columns)


with Path(log).open(encoding="utf-8", errors="surrogateescape") as lines:
    writer = None
    while some := list(islice(lines, ROWS)):
        table = table_of(some)
        writer = writer or pq.ParquetWriter(out, table.schema, compression="zstd")
        writer.write_table(table)
    if writer is not None:
        writer.close()
