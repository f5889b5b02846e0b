"""DuckDB: lines by read_csv, one regular expression for all fields, typed, copied to Parquet. Arguments: log, out."""

import sys

import duckdb

from tests.benchmarks.rivals.pattern import FIELDS, NUMBERS, PATTERN

BITS = {16: "smallint", 32: "integer", 64: "bigint"}

log, out = sys.argv[1:]
texts = [name for name in FIELDS if name not in {"stamp", "tos", "dont_fragment", *NUMBERS}]
columns = [
    "strptime('2020 ' || field.stamp, '%Y %b %d %H:%M:%S') as observed_at",
    *(f"field.{name}" for name in texts),
    *(f"try_cast(field.{name} as {BITS[bits]}) as {name}" for name, bits in NUMBERS.items()),
    "try_cast('0x' || field.tos as smallint) as tos",
    "field.dont_fragment <> '' as dont_fragment",
]
with duckdb.connect() as connection:
    connection.execute(
        f"""
        copy (
            select {", ".join(columns)}
            from (
                select regexp_extract(line, $pattern, [{", ".join(f"'{name}'" for name in FIELDS)}]) as field
                from read_csv(
                    $log, header = false, columns = {{'line': 'varchar'}}, delim = '\x01', quote = '', escape = ''
                )
            )
        ) to '{out}' (format parquet, compression zstd)
        """,
        {"log": log, "pattern": PATTERN},
    )
