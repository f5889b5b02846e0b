"""The partitions of the reports: quarters and months of the site's time zone, from the year 2000 to the present one."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click
import dagster as dg

if TYPE_CHECKING:
    from dagster import DynamicPartitionsStore
    from dagster._core.definitions.partitions.context import PartitionLoadingContext

FIRST_YEAR = 2000
MONTHS = 12


class UnknownPeriodError(click.ClickException):
    """A period of which there is no report. The command line prints the sentence alone."""


class ReportPeriods(dg.StaticPartitionsDefinition):
    """Periods named as the reports are, '2020-Q2' or '2020-04'; a new one comes with its first day.

    Dagster's own partitions of time are named by stamps, which cannot spell a quarter.
    """

    def __init__(self, months: int, timezone: ZoneInfo) -> None:
        self.months = months
        self.timezone = timezone
        super().__init__(report_periods(months, datetime.now(timezone)))

    def get_partition_keys(
        self, current_time: datetime | None = None, dynamic_partitions_store: "DynamicPartitionsStore | None" = None
    ) -> Sequence[str]:
        """Return the names of the periods up to now; a process that runs for months knows the new ones as well."""
        del dynamic_partitions_store
        return report_periods(self.months, (current_time or datetime.now(UTC)).astimezone(self.timezone))

    def validate_partition_key(self, partition_key: str, context: "PartitionLoadingContext") -> None:
        """Refuse a name that is no period up to now.

        Raises:
            UnknownPeriodError: no such period.
        """
        del context
        keys = self.get_partition_keys()
        if partition_key not in keys:
            raise UnknownPeriodError(
                f"--partition is {partition_key!r}: it must be a period written like {keys[0]}, up to {keys[-1]}"
            )


def report_periods(months: int, now: datetime) -> list[str]:
    """Return the names of all quarters (of 3 months) or months (of 1) from the year 2000 to that of `now`."""
    number = (now.year - FIRST_YEAR) * (MONTHS // months) + (now.month - 1) // months + 1
    return [_name(months, period) for period in range(number)]


def last_period(months: int, now: datetime) -> str:
    """Return the name of the last quarter or month that was over at `now`."""
    return report_periods(months, now)[-2]


def _name(months: int, period: int) -> str:
    year, part = divmod(period, MONTHS // months)
    return f"{FIRST_YEAR + year}-Q{part + 1}" if months > 1 else f"{FIRST_YEAR + year}-{part + 1:02}"
