"""The limit: reading a log's bytes, and writing the same Parquet files from memory. Arguments: log, warehouse, folder.

Prints wall and CPU seconds as JSON; bringing the tables into memory before does not count.
"""

import json
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.partitions import GROUP_ROWS, parquet_writer, stored_schema
from pipelines.schema import EVENTS, PARSED, Column
from pipelines.warehouse import Warehouse

CHUNK = 1 << 23


def tables_of(warehouse: Warehouse, stage: str, columns: tuple[Column, ...]) -> list[pa.Table]:
    """Return a stage's partitions, as they are handed to the writer."""
    schema = stored_schema(columns)
    texts = [field.name for field in schema if pa.types.is_dictionary(field.type)]
    files = sorted((warehouse.root / stage).glob("day=2*/*.parquet"))
    return [pq.ParquetFile(file, read_dictionary=texts).read().cast(schema) for file in files]


def main() -> None:
    """Measure, and print what it took."""
    log, root, folder = map(Path, sys.argv[1:])
    stages = [(columns, tables_of(Warehouse(root), name, columns)) for name, columns in STAGES.items()]
    wall, cpu = time.perf_counter(), time.process_time()
    with log.open("rb", buffering=0) as file:
        while file.read(CHUNK):
            pass
    number = 0
    for columns, tables in stages:
        for table in tables:
            with parquet_writer(folder / f"{number}.parquet", columns) as writer:
                writer.write_table(table, row_group_size=GROUP_ROWS)
            number += 1
    print(json.dumps({"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}))


STAGES = {"parsed": PARSED, "events": EVENTS}

if __name__ == "__main__":
    main()
