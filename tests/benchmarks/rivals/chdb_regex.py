"""chDB, the embedded ClickHouse: its Regexp input format, typed, into Parquet. Arguments: log, out."""

import sys

import chdb

from tests.benchmarks.rivals.pattern import FIELDS, NUMBERS, PATTERN

log, out = sys.argv[1:]
structure = ", ".join(f"{name} {f'Nullable(Int{NUMBERS[name]})' if name in NUMBERS else 'String'}" for name in FIELDS)
texts = [name for name in FIELDS if name not in {"stamp", "tos", "dont_fragment", *NUMBERS}]
pattern = PATTERN.replace("\\", "\\\\")
chdb.query(
    f"""
    select
        parseDateTime(concat('2020 ', stamp), '%Y %b %e %H:%i:%s', 'UTC') as observed_at,
        {", ".join(texts)},
        {", ".join(NUMBERS)},
        reinterpretAsUInt8(reverse(unhex(tos))) as tos,
        notEmpty(dont_fragment) as dont_fragment
    from file('{log}', 'Regexp', '{structure}')
    into outfile '{out}' truncate format Parquet
    settings format_regexp = '{pattern}', format_regexp_skip_unmatched = 1, format_regexp_escaping_rule = 'Raw',
        output_format_parquet_compression_method = 'zstd'
    """
)
