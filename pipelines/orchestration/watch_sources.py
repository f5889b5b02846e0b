"""The sensor `watch_sources`: asks for the days whose raw lines have changed."""

from datetime import UTC, datetime

import dagster as dg

from pipelines.orchestration.daily_load import JOB
from pipelines.orchestration.days import RANGE_END, RANGE_START
from pipelines.settings import Settings

# A look takes some milliseconds while nothing has changed.
LOOK_SECONDS = 60


def watch_sources_sensor(settings: Settings) -> dg.SensorDefinition:
    """Return the sensor; it is off until it is switched on in the UI, and the schedule loads yesterday either way."""

    @dg.sensor(
        job_name=JOB,
        minimum_interval_seconds=LOOK_SECONDS,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Loads the days that new or changed raw files hold lines of, once each",
    )
    def watch_sources(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        from pipelines.watch import Asked, BusyError, changed_days

        asked = Asked.from_cursor(context.cursor)
        try:
            requests, asked = changed_days(settings, asked, datetime.now(UTC))
        except BusyError:
            return dg.SensorResult(skip_reason="a load is running", cursor=context.cursor)
        if not requests:
            return dg.SensorResult(skip_reason="no day has lines to load", cursor=asked.cursor())
        runs = [
            dg.RunRequest(run_key=request.key, partition_key=request.first.isoformat())
            if request.first == request.last
            else dg.RunRequest(
                run_key=request.key,
                tags={RANGE_START: request.first.isoformat(), RANGE_END: request.last.isoformat()},
            )
            for request in requests
        ]
        return dg.SensorResult(run_requests=runs, cursor=asked.cursor())

    return watch_sources
