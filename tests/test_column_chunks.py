"""Files made of another file's columns and new ones: the same as if everything had been written anew."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from pipelines.column_chunks import NewColumns, write_with_columns

STAMPS = [1_600_000_000_000_000 + 977 * number for number in range(1_000)]

HELD = pa.table(
    {
        "at": pa.array(STAMPS, pa.timestamp("us")),
        "port": pa.array([None if number % 7 == 0 else number % 50 for number in range(1_000)], pa.int32()),
        "name": pa.array([f"név {number % 3}" if number % 5 else None for number in range(1_000)]),
        "nothing": pa.nulls(1_000, pa.int64()),
        "dropped": pa.array(range(1_000)),
        "last": pa.array([number % 2 == 0 for number in range(1_000)]),
    }
)
NAMES = ["at", "port", "doubled", "shout", "name", "nothing", "last"]
ADDED = pa.schema([("doubled", pa.int32()), ("shout", pa.dictionary(pa.int32(), pa.string()))])


def added(events: pa.Table) -> pa.RecordBatch:
    names = events["name"].combine_chunks()
    assert isinstance(names, pa.DictionaryArray)
    shout = pa.DictionaryArray.from_arrays(names.indices, pc.utf8_upper(names.dictionary))
    return pa.record_batch([pc.multiply(events["port"].combine_chunks(), pa.scalar(2, pa.int32())), shout], ADDED)


def expected() -> pa.Table:
    new = {
        "doubled": pc.multiply(HELD["port"], pa.scalar(2, pa.int32())),
        "shout": pc.utf8_upper(HELD["name"]),
    }
    return pa.table({name: new[name] if name in new else HELD[name] for name in NAMES})


def written(folder: Path, rows_per_group: int) -> Path:
    source, path = folder / "held.parquet", folder / "new.parquet"
    pq.write_table(HELD, source, row_group_size=rows_per_group, compression="zstd", store_schema=False)
    new = NewColumns(("name", "port"), added, lambda sink: pq.ParquetWriter(sink, ADDED, store_schema=False))
    write_with_columns(path, source, NAMES, new)
    return path


@pytest.mark.parametrize("rows_per_group", [1, 7, 400, 1_000, 5_000])
def test_a_reader_finds_the_columns_in_their_order_with_their_values(tmp_path: Path, rows_per_group: int) -> None:
    path = written(tmp_path, rows_per_group)
    with pq.ParquetFile(path) as file:
        assert file.metadata.num_row_groups == -(-len(HELD) // rows_per_group)
        assert (
            file.metadata.serialized_size
            + sum(
                file.metadata.row_group(group).column(column).total_compressed_size
                for group in range(file.metadata.num_row_groups)
                for column in range(len(NAMES))
            )
            == path.stat().st_size - len(b"PAR1") * 2 - 4
        )
    assert pq.read_table(path).equals(expected())


def test_duckdb_reads_the_same_and_skips_groups_by_the_statistics_that_were_copied(tmp_path: Path) -> None:
    path = written(tmp_path, 100)
    with duckdb.connect() as connection:
        rows = connection.read_parquet(str(path)).to_arrow_table()
        bounds = connection.execute(
            "select distinct stats_min_value, stats_max_value from parquet_metadata(?) where path_in_schema = 'at'",
            [str(path)],
        ).fetchall()
    assert rows.to_pylist() == expected().to_pylist()
    assert len(bounds) == 10


def test_columns_that_are_not_asked_for_are_not_stored(tmp_path: Path) -> None:
    assert b"dropped" not in written(tmp_path, 1_000).read_bytes()
