"""When the events of a run were logged: by hour for one day, by day for a range, by month for a long one."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from zoneinfo import ZoneInfo

from pipelines.orchestration.chart import bar_chart
from pipelines.warehouse import Warehouse

# More bars than this are too thin to see: a year of days.
MOST_BARS = 366
MICROSECONDS_PER_HOUR = 3_600_000_000
HOURS = 24


def activity_chart(warehouse: Warehouse, timezone: ZoneInfo, events: Mapping[date, int]) -> str:
    """Return a chart, as Markdown, of the events of each hour, day or month of the days in `events`."""
    if len(events) == 1:
        [day] = events
        hours = [(f"{hour:02}:00", number) for hour, number in enumerate(_by_hour(warehouse, timezone, day))]
        return bar_chart(f"Events per hour of {day} ({timezone.key})", hours)
    if len(events) <= MOST_BARS:
        return bar_chart("Events per day", [(day.isoformat(), number) for day, number in sorted(events.items())])
    months: Counter[str] = Counter()
    for day, number in sorted(events.items()):
        months[f"{day:%Y-%m}"] += number
    return bar_chart("Events per month", list(months.items()))


def _by_hour(warehouse: Warehouse, timezone: ZoneInfo, day: date) -> list[int]:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from pipelines.zones import utc_to_local

    numbers = np.zeros(HOURS, np.int64)
    with pq.ParquetFile(warehouse.partition("events", day)) as partition:
        for batch in partition.iter_batches(columns=["observed_at"]):
            stamps = batch.column(0).cast(pa.int64()).to_numpy()
            hours = utc_to_local(stamps, timezone) // MICROSECONDS_PER_HOUR % HOURS
            numbers += np.bincount(hours, minlength=HOURS)
    return [int(number) for number in numbers]
