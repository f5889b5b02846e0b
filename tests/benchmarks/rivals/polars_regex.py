"""Polars: lines by scan_csv, one regular expression for all fields, typed, streamed to Parquet. Arguments: log, out."""

import sys

import polars as pl

from tests.benchmarks.rivals.pattern import FIELDS, NUMBERS, PATTERN

BITS = {16: pl.Int16, 32: pl.Int32, 64: pl.Int64}

log, out = sys.argv[1:]
lines = pl.scan_csv(log, has_header=False, new_columns=["line"], separator="\x01", quote_char=None)
fields = lines.select(pl.col("line").str.extract_groups(PATTERN).alias("field")).unnest("field")
typed = fields.rename({str(number): name for number, name in enumerate(FIELDS, 1)}).select(
    ("2020 " + pl.col("stamp")).str.strptime(pl.Datetime("us"), "%Y %b %e %H:%M:%S").alias("observed_at"),
    *(pl.col(name) for name in FIELDS if name not in {"stamp", "tos", "dont_fragment", *NUMBERS}),
    *(pl.col(name).cast(BITS[bits]) for name, bits in NUMBERS.items()),
    pl.col("tos").str.to_integer(base=16, dtype=pl.Int16),
    pl.col("dont_fragment").is_not_null(),
)
typed.sink_parquet(out, compression="zstd")
