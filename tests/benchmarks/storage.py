"""How many bytes an event takes in Parquet, in all and column by column."""

import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq

from pipelines.sample import FIRST_DAY, LAST_DAY, write_sample
from tests.benchmarks.contenders import load
from tests.benchmarks.measuring import CHECKOUT

REAL_LOGS = CHECKOUT.parent / "shared" / "real"
# Whose stamps have no year, and lie in February.
REAL_DAYS = ("2020-02-01", "2020-02-29")
READ_AT = datetime(2020, 3, 1, tzinfo=UTC).timestamp()
MOST_COLUMNS = 8


def bytes_per_event(folder: Path, benchmark: Path) -> Iterator[str]:
    """Yield a table: the benchmark's log, the sample, and real logs where they lie beside the checkout."""
    yield "| log | events | bytes/event | where they go |"
    yield "|---|--:|--:|---|"
    yield _row("the benchmark's", benchmark)
    write_sample(folder / "sample-raw")
    load(folder / "sample-raw", folder / "sample", f"{FIRST_DAY}", f"{LAST_DAY}")
    yield _row("the sample: 182 days", folder / "sample")
    for name in ("sotm30", "iptables-server"):
        if (REAL_LOGS / name).is_dir():
            raw = shutil.copytree(REAL_LOGS / name, folder / f"{name}-raw", ignore=shutil.ignore_patterns("LICENSE"))
            for log in raw.iterdir():
                os.utime(log, (READ_AT, READ_AT))
            load(raw, folder / name, *REAL_DAYS)
            yield _row(f"real: {name}", folder / name)


def _row(name: str, warehouse: Path) -> str:
    events, total = 0, 0
    columns: Counter[str] = Counter()
    for path in (warehouse / "events").glob("day=2*/*.parquet"):
        metadata = pq.read_metadata(path)
        if not metadata.num_rows:
            continue
        events += metadata.num_rows
        total += path.stat().st_size
        for group in range(metadata.num_row_groups):
            for place in range(metadata.num_columns):
                column = metadata.row_group(group).column(place)
                columns[column.path_in_schema] += column.total_compressed_size
    columns["(footers)"] = total - sum(columns.values())
    parts = ", ".join(f"{column} {size / events:.2f}" for column, size in columns.most_common(MOST_COLUMNS))
    return f"| {name} | {events:,} | {total / events:.1f} | {parts} |"


if __name__ == "__main__":
    print("\n".join(bytes_per_event(Path(sys.argv[1]), Path(sys.argv[2]))))
