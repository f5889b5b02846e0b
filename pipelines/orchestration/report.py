"""The assets `report` and `report_of_month`, their jobs, and the schedules that make each when its period is over."""

import base64
from typing import TYPE_CHECKING

import dagster as dg

from pipelines.orchestration.catalogue import PREFIX
from pipelines.orchestration.report_periods import ReportPeriods, last_period
from pipelines.orchestration.tables import table
from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.report.report import Report

GROUP = "report"
QUARTER = 3
MONTH = 1

# Job, its asset, months of its period, and when it runs: an hour after the load of the period's last day has begun.
_REPORTS = (
    ("quarterly_report", "report", QUARTER, "30 5 1 1,4,7,10 *"),
    ("monthly_report", "report_of_month", MONTH, "40 5 1 * *"),
)

# Width of the map in Dagster's page; all of it is stored in the run's events.
MAP_SCALE = 0.8


def report_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """Return the assets, bound to the settings: one with a partition for each quarter, one for each month."""
    return [_report_asset(settings, name, months) for _, name, months, _ in _REPORTS]


def report_jobs() -> list["dg.UnresolvedAssetJobDefinition"]:
    """Return the jobs that make the reports."""
    return [
        dg.define_asset_job(job, dg.AssetSelection.assets(name), description=f"Makes the {job.replace('_', ' ')}")
        for job, name, _, _ in _REPORTS
    ]


def report_schedules(settings: Settings) -> list[dg.ScheduleDefinition]:
    """Return the schedules that make the report of each quarter and month when it is over."""
    return [_report_schedule(settings, job, months, cron) for job, _, months, cron in _REPORTS]


def _report_asset(settings: Settings, name: str, months: int) -> dg.AssetsDefinition:
    period_kind = "quarter" if months == QUARTER else "month"

    @dg.asset(
        name=name,
        partitions_def=ReportPeriods(months, settings.timezone),
        group_name=GROUP,
        kinds={"html"},
        deps=[[PREFIX, "top_ports"], [PREFIX, "top_countries"], [PREFIX, "rare_visitors"]],
        description=f"The security report of a {period_kind}, in English and Japanese, fit to be published.",
    )
    def report(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from pipelines.report.period import named_period
        from pipelines.report.report import make_report

        made = make_report(settings, named_period(context.partition_key))
        context.log.info(f"wrote {', '.join(str(path) for path in made.pages.values())}")
        return dg.MaterializeResult(metadata=_metadata(made))

    return report


def _metadata(made: "Report") -> dict[str, dg.MetadataValue]:
    figures = made.figures
    ports = [(port.rank, port.previous_rank, port.key, port.service, port.events) for port in figures.ports]
    shown: dict[str, dg.MetadataValue] = {
        "events": dg.MetadataValue.int(figures.totals.events),
        "days_observed": dg.MetadataValue.int(figures.totals.observed_days),
        "top_ports": table(("rank", "before", "port", "service", "events"), ports),
    }
    for code, page in made.pages.items():
        shown[f"page_{code}"] = dg.MetadataValue.path(page)
        shown[f"open_{code}"] = dg.MetadataValue.url(page.as_uri())
        shown[f"markdown_{code}"] = dg.MetadataValue.path(made.twins[code])
    if figures.totals.events:
        shown["map"] = dg.MetadataValue.md(_map(made))
    return shown


def _map(made: "Report") -> str:
    import vl_convert

    from pipelines.report.palette import in_light

    drawing = in_light(made.pictures["en"].drawings["map"])
    picture = base64.b64encode(vl_convert.svg_to_png(drawing, scale=MAP_SCALE)).decode()
    return f"![world map of the events by country](data:image/png;base64,{picture})"


def _report_schedule(settings: Settings, job: str, months: int, cron: str) -> dg.ScheduleDefinition:
    timezone = settings.timezone

    @dg.schedule(
        name=f"{job}_schedule",
        job_name=job,
        cron_schedule=cron,
        execution_timezone=timezone.key,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Makes the {job.replace('_', ' ')} when its period is over, in the site's time zone.",
    )
    def schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        moment = context.scheduled_execution_time.astimezone(timezone)
        return dg.RunRequest(partition_key=last_period(months, moment))

    return schedule
