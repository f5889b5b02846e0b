"""What Dagster loads: the assets, the job and the schedule, bound to the settings of the environment."""

import gc
import warnings
from functools import cache

import click
import dagster as dg

from pipelines.geoip_kinds import check_databases
from pipelines.orchestration.catalogue import catalogue_assets
from pipelines.orchestration.counts import counts_asset
from pipelines.orchestration.daily_load import JOB, daily_load_schedule
from pipelines.orchestration.days import log_days
from pipelines.orchestration.events import events_asset
from pipelines.orchestration.parsed_events import parsed_events_asset
from pipelines.orchestration.port_scans import port_scans_asset
from pipelines.orchestration.raw_files import raw_files_asset
from pipelines.orchestration.report import GROUP as REPORTS
from pipelines.orchestration.report import report_assets, report_jobs, report_schedules
from pipelines.orchestration.verification import verification_asset
from pipelines.orchestration.watch_sources import watch_sources_sensor
from pipelines.settings import SettingError, Settings
from pipelines.sources import load_sources


@dg.definitions
@cache  # Dagster calls it six times for one run, at 30 ms each.
def definitions() -> dg.Definitions:
    """Define everything by the settings of the environment."""
    found = define(valid_settings())
    # What has been imported by now stays to the end: looking through it for garbage took 0.7 s of each run.
    gc.freeze()
    return found


def valid_settings() -> Settings:
    """Read the settings, and the sources that they name.

    Raises:
        click.ClickException: one that cannot be used; the command line prints the sentence alone.
    """
    try:
        settings = Settings.from_environment()
        check_databases(settings)
        load_sources(settings)
    except SettingError as error:
        raise click.ClickException(str(error)) from None
    return settings


def define(settings: Settings) -> dg.Definitions:
    """Define everything by the given settings."""
    days = log_days(settings.timezone)
    with warnings.catch_warnings():
        # Loading a range of days in one run is beta in Dagster, and worth it.
        warnings.filterwarnings("ignore", message="Parameter `backfill_policy`", category=dg.BetaWarning)
        assets = [
            raw_files_asset(settings),
            parsed_events_asset(settings, days),
            events_asset(settings, days),
            counts_asset(settings, days),
            port_scans_asset(settings),
            catalogue_assets(settings),
            *report_assets(settings),
            verification_asset(settings),
        ]
    return dg.Definitions(
        assets=assets,
        jobs=[
            dg.define_asset_job(
                JOB,
                dg.AssetSelection.all() - dg.AssetSelection.groups(REPORTS) - dg.AssetSelection.assets("verification"),
                description="Loads days, from raw lines to the catalogue",
            ),
            *report_jobs(),
        ],
        schedules=[daily_load_schedule(settings.timezone), *report_schedules(settings)],
        sensors=[watch_sources_sensor(settings)],
        # One day takes 4.3 s so, and 11.9 s with a process for each step; a stage uses all cores by itself.
        executor=dg.in_process_executor,
    )
