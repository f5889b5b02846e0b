"""Lines per core-second of each format: its fixtures, repeated, from bytes to Arrow columns, on one thread.

python -m tests.benchmarks.formats [format ...]
"""

import sys
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from pipelines.batches import Reader
from pipelines.format import Format, all_formats
from pipelines.scanning.words import PADDING

FIXTURES = Path(__file__).parents[1] / "fixtures" / "formats"
LINES = 200_000
ROUNDS = 3
ROWS = 1 << 18
NEAR = 1_577_750_400_000_000  # 2019-12-31
UTC = ZoneInfo("UTC")


def fixture_bytes(name: str) -> bytes:
    """Return the lines of a format's fixtures, without those made to be refused, if it has others."""
    paths = sorted((FIXTURES / name).glob("*.log"))
    kept = [path for path in paths if path.stem not in {"hostile", "noise"}] or paths
    return b"".join(path.read_bytes() for path in kept)


def repeated(data: bytes) -> bytes:
    """Return lines repeated up to about LINES."""
    return data * max(1, LINES // max(1, data.count(b"\n")))


def measure(form: Format, data: bytes) -> tuple[int, int, float]:
    """Return how many lines and bytes were read, and the seconds of processor time that the fastest round took."""
    buffer = np.frombuffer(data + bytes(PADDING), np.uint8).copy()
    reader = Reader(form, ROWS)
    best = float("inf")
    for _ in range(ROUNDS + 1):  # the first one compiles
        start = time.thread_time()
        batches = reader.read(buffer, len(data), NEAR, UTC)
        best = min(best, time.thread_time() - start)
    return sum(batch.lines for batch in batches), len(data), best


def main(names: list[str]) -> None:
    """Print a line for each format."""
    print(f"{'format':24} {'M lines/s':>10} {'MB/s':>8} {'bytes/line':>10}")
    for name, form in sorted(all_formats().items()):
        if names and name not in names:
            continue
        lines, size, seconds = measure(form, repeated(fixture_bytes(name)))
        print(f"{name:24} {lines / seconds / 1e6:10.2f} {size / seconds / 1e6:8.0f} {size / lines:10.0f}")


if __name__ == "__main__":
    main(sys.argv[1:])
