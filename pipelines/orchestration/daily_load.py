"""The job `daily_load`, which loads days from their raw lines to the catalogue, and its schedule."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import dagster as dg

JOB = "daily_load"

# Yesterday is over, logrotate has mostly run, and at this hour no clock is put forward or back anywhere.
DAILY = "30 4 * * *"


def daily_load_schedule(timezone: ZoneInfo) -> dg.ScheduleDefinition:
    """Return the schedule that loads each day on the next one; it is on unless it is switched off in the UI."""

    @dg.schedule(
        job_name=JOB,
        cron_schedule=DAILY,
        execution_timezone=timezone.key,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    def daily_load_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        """Loads yesterday, in the site's time zone."""
        yesterday = context.scheduled_execution_time.astimezone(timezone).date() - timedelta(days=1)
        return dg.RunRequest(partition_key=yesterday.isoformat())

    return daily_load_schedule
