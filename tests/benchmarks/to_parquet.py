"""Raw logs to enriched, published Parquet and no more: what other programs do is compared with this much of a load."""

import sys
from datetime import date

from pipelines.catalogue import publish
from pipelines.enrich import enrich_days
from pipelines.parse import parse_days
from pipelines.settings import Settings


def main() -> None:
    """Parse and enrich the day given as argument, and publish it: no counts, no checks."""
    settings = Settings.from_environment()
    days = [date.fromisoformat(sys.argv[1])]
    parse_days(settings, days)
    enrich_days(settings, days)
    publish(settings)


if __name__ == "__main__":
    main()
