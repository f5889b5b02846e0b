"""Enriches a day that is parsed already, and prints the wall and CPU seconds of that alone as JSON."""

import json
import sys
import time
from datetime import date

from pipelines.enrich import enrich_days
from pipelines.settings import Settings


def main() -> None:
    """Enrich the day given as argument; a first time, which compiles what must be, does not count."""
    settings, days = Settings.from_environment(), [date.fromisoformat(sys.argv[1])]
    enrich_days(settings, days)
    wall, cpu = time.perf_counter(), time.process_time()
    enrich_days(settings, days)
    print(json.dumps({"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}))


if __name__ == "__main__":
    main()
