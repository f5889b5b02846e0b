"""What the benchmark's logs are made from."""

from datetime import UTC, datetime

SEED = 2020
FIRST = datetime(2020, 1, 1, tzinfo=UTC)
