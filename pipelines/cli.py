"""The command `firewall-logs`: a sample to look at, and loading days and making reports without Dagster."""

import os
import subprocess
import sys
from datetime import date, datetime, timedelta

import click

from pipelines.geoip_kinds import check_databases
from pipelines.settings import CHECKOUT, SettingError, Settings
from pipelines.sole_writer import StorageError

TOP_PORTS = 10


class RefusedError(click.ClickException):
    """What cannot be done, in one sentence."""

    exit_code = 2


@click.group()
def main() -> None:
    """Turn raw firewall logs into Parquet partitions and DuckDB views."""


@main.command()
def sample() -> None:
    """Write the logs of a home firewall of half a year, load them as one Dagster run, and show the top ports."""
    settings = _settings()
    from pipelines.sample import FIRST_DAY, LAST_DAY, write_sample
    from pipelines.warehouse import Warehouse

    folder = Warehouse(settings.warehouse).raw / "sample"
    click.echo(f"Writing the sample into {folder}")
    write_sample(folder)
    click.echo(f"Loading {FIRST_DAY} to {LAST_DAY} as one run of the job daily_load")
    _launch(settings, FIRST_DAY, LAST_DAY)
    _show_top_ports(settings, FIRST_DAY, LAST_DAY)
    click.echo("\nGo on:")
    click.echo(f"  duckdb -readonly {Warehouse(settings.warehouse).catalogue}   then: from top_countries;")
    click.echo(f"  DAGSTER_HOME={CHECKOUT} dg dev   then open http://localhost:3000 to see the run")


@main.command()
@click.argument("first")
@click.argument("last", required=False)
def load(first: str, last: str | None) -> None:
    """Load the days from FIRST to LAST (or FIRST alone), written like 2020-04-01, without Dagster."""
    settings = _settings()
    days = _days(first, last or first, datetime.now(settings.timezone).date())
    from pipelines.load import CheckError, load_days
    from pipelines.repairs import UnreadableError

    try:
        loaded = load_days(settings, days)
    except (SettingError, CheckError, StorageError, UnreadableError) as error:
        raise RefusedError(str(error)) from None
    for day in loaded.repaired.days:
        click.echo(f"Warning: partitions of {day} could not be read and were made again", err=True)
    for problem in (*loaded.parsed.problems, *loaded.refused_scans):
        click.echo(f"Warning: {problem}", err=True)
    figures = loaded.parsed.days.values()
    lines, events = sum(day.lines for day in figures), sum(day.events for day in figures)
    ignored, rejected = sum(day.ignored for day in figures), sum(day.rejected for day in figures)
    click.echo(
        f"Loaded {days[0]} to {days[-1]}, files: {loaded.parsed.files:,}, "
        f"lines: {lines:,} = {events:,} events + {ignored:,} ignored + {rejected:,} rejected"
    )
    if loaded.duplicates:
        click.echo(f"Of the events {loaded.duplicates:,} are in another file of the same source too, and counted once")
    if str(loaded.removed):
        click.echo(loaded.removed)


@main.command()
def verify() -> None:
    """Read everything in the warehouse, and say what does not agree and what to load again; exit code 1 if anything."""
    settings = _settings()
    from pipelines.verify import load_commands
    from pipelines.verify import verify as verify_all

    try:
        verified = verify_all(settings)
    except StorageError as error:
        raise RefusedError(str(error)) from None
    click.echo(f"Verified {verified.files:,} files of {verified.days:,} days: {len(verified.findings):,} findings")
    for finding in verified.findings:
        click.echo(f"  {finding.sentence}")
    for command in load_commands(verified.reload):
        click.echo(f"Load again: {command}")
    if verified.findings:
        sys.exit(1)


@main.command()
@click.argument("period")
@click.argument("last", required=False)
def report(period: str, last: str | None) -> None:
    """Write the report of PERIOD (2020-Q2, 2020-04, 2020) or of the days from PERIOD to LAST, fit to be published."""
    settings = _settings()
    from pipelines.report.leaks import LeakError
    from pipelines.report.period import PeriodError, named_period, period_of_days
    from pipelines.report.report import make_report

    try:
        asked = period_of_days(_day("PERIOD", period), _day("LAST", last)) if last else named_period(period)
        made = make_report(settings, asked)
    except (PeriodError, LeakError, FileNotFoundError, SettingError) as error:
        raise RefusedError(str(error)) from None
    for path in (*made.pages.values(), *made.twins.values()):
        click.echo(path)


def _settings() -> Settings:
    try:
        settings = Settings.from_environment()
        check_databases(settings)
    except SettingError as error:
        raise RefusedError(str(error)) from None
    return settings


def _days(first: str, last: str, today: date) -> list[date]:
    start, end = _day("FIRST", first), _day("LAST", last)
    if start > end:
        raise RefusedError(f"FIRST is {first!r}: it must not be after LAST, {last}")
    if end > today:
        raise RefusedError(f"{'LAST' if first != last else 'FIRST'} is {last!r}: it must not be after today, {today}")
    return [start + timedelta(days=number) for number in range((end - start).days + 1)]


def _day(name: str, value: str) -> date:
    try:
        return datetime.strptime(value, "%Y-%m-%d").date()  # noqa: DTZ007 - a calendar day, of no zone
    except ValueError:
        raise RefusedError(f"{name} is {value!r}: it must be a day written like 2020-04-01") from None


def _launch(settings: Settings, first: date, last: date) -> None:
    """Run the job over a range as anybody would, so that the run stands in the UI like any other."""
    command = [sys.executable, "-m", "dagster_dg_cli.cli", "launch", "--job", "daily_load"]
    # It runs in the checkout, where Dagster's state is: paths of the environment are relative to somewhere else.
    places = {
        "FIREWALL_WAREHOUSE": settings.warehouse,
        "FIREWALL_SOURCES": settings.sources_file,
        "GEOIP_DB": settings.geoip_db,
        "GEOIP_ASN_DB": settings.geoip_asn_db,
    }
    # Without a home, `dg` does not see that this instance has no telemetry.
    home = {"DAGSTER_HOME": str(CHECKOUT)}
    environment = {**home, **os.environ, **{name: str(path or "") for name, path in places.items()}}
    command += ["--partition-range", f"{first}...{last}"]
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, check=False)  # noqa: S603 - nothing of it is typed in
    if done.returncode:
        raise RefusedError("the run failed: what it said stands above, and in the UI (dg dev)")


def _show_top_ports(settings: Settings, first: date, last: date) -> None:
    from pipelines.catalogue import connect

    with connect(settings) as connection:
        ports = connection.table_function("top_ports_between", [first, last]).limit(TOP_PORTS)
        click.echo(f"\nTop ports, {first} to {last}:")
        click.echo(f"{'rank':>4}  {'port':<12}{'service':<20}{'events':>10}{'sources':>10}{'share':>8}")
        for rank, port, protocol, service, events, sources, share in ports.fetchall():
            name = f"{port}/{protocol}"
            click.echo(f"{rank:>4}  {name:<12}{service or '':<20}{events:>10,}{sources:>10,}{share:>8.1%}")
