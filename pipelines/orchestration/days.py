"""The partitions: one calendar day of the site's time zone each, from 2000-01-01 to today."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click
import dagster as dg

if TYPE_CHECKING:
    from dagster._core.definitions.partitions.context import PartitionLoadingContext

# No firewall log that somebody still has is older, and years without any cost nothing.
FIRST_DAY = "2000-01-01"

# Tags of a run of several days: the constants that Dagster has for them are not public.
RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"
SINGLE = "dagster/partition"

# 91 days are one run of seconds and not 91 runs that each pay for the start.
SINGLE_RUN = dg.BackfillPolicy.single_run()


class UnknownDayError(click.ClickException):
    """A day that cannot be loaded. The command line prints the sentence alone, and ends with exit code 1."""


class LogDays(dg.DailyPartitionsDefinition):
    """Days that can be loaded; any other is refused in one sentence, where Dagster's own answer is a stack trace."""

    def validate_partition_key(self, partition_key: str, context: "PartitionLoadingContext") -> None:
        """Refuse a key that is no day from the first one to today.

        Raises:
            UnknownDayError: no such day.
        """
        with dg.partition_loading_context(new_ctx=context):
            if self.has_partition_key(partition_key):
                return
            today = self.get_last_partition_key()
        raise UnknownDayError(
            f"--partition is {partition_key!r}: it must be a day written like 2020-04-01, from {FIRST_DAY} to today, "
            f"which is {today} in {self.timezone}"
        )

    def get_partition_keys_in_range(self, partition_key_range: dg.PartitionKeyRange) -> Sequence[str]:
        """Return the days of a range; refuse one that ends before it starts, which would load nothing.

        Raises:
            UnknownDayError: the range ends before it starts.
        """
        start, end = partition_key_range.start, partition_key_range.end
        if start > end:
            raise UnknownDayError(
                f"--partition-range is '{start}...{end}': its first day must not be after its last one"
            )
        return super().get_partition_keys_in_range(partition_key_range)


def log_days(timezone: ZoneInfo) -> LogDays:
    """Return the days of a time zone; today is one of them, because its lines so far can be loaded already."""
    return LogDays(start_date=FIRST_DAY, timezone=timezone.key, end_offset=1)


def requested_days(tags: Mapping[str, str]) -> list[date]:
    """Return the days that the tags of a run ask for, in order; none for a run without days."""
    first = tags.get(RANGE_START) or tags.get(SINGLE)
    if first is None:
        return []
    start, end = date.fromisoformat(first), date.fromisoformat(tags.get(RANGE_END) or first)
    return [start + timedelta(days=number) for number in range((end - start).days + 1)]
