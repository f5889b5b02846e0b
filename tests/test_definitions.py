"""The thin skin: what Dagster is told, what a run shows of itself, and the sentences that refuse."""

import base64
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import click
import dagster as dg
import pytest

from pipelines import definitions
from pipelines.catalogue import CheckResult, publish
from pipelines.orchestration.activity import activity_chart
from pipelines.orchestration.chart import bar_chart
from pipelines.orchestration.days import LogDays, log_days, requested_days
from pipelines.orchestration.report_periods import ReportPeriods
from pipelines.orchestration.tables import table, table_of
from pipelines.roll_up import roll_up
from pipelines.settings import SQL_FOLDER, Settings
from pipelines.sql_file import check_files
from pipelines.warehouse import Warehouse
from tests.partitions import event, settings_for, write_partition
from tests.raw_logs import Site, packet

STAGES = ["raw_files", "parsed_events", "events", "counts", "port_scans"]
REPORTS = ["report", "report_of_month"]
VIEWS = sorted(path.stem for path in (SQL_FOLDER / "views").glob("*.sql"))
CHECKS = sorted(path.stem for path in (SQL_FOLDER / "checks").glob("*.sql"))

# What a firewall logs of a packet is up to whoever sent it.
HOSTILE = "<script>alert(1)</script>|`[x](javascript:alert(1))\x1b[31m"


def defined(settings: Settings) -> tuple[dg.Definitions, dg.JobDefinition]:
    """Return what is defined by the settings, and its job."""
    found = definitions.define(settings)
    return found, found.resolve_job_def("daily_load")


@pytest.fixture
def known(tmp_path: Path) -> dg.Definitions:
    return defined(settings_for(tmp_path))[0]


def specs(known: dg.Definitions) -> Mapping[str, dg.AssetSpec]:
    return {spec.key.to_user_string(): spec for spec in known.resolve_all_asset_specs()}


def test_the_stages_and_every_view_are_assets_with_a_description(known: dg.Definitions) -> None:
    found = specs(known)
    assert sorted(found) == sorted([*STAGES, *REPORTS, "verification", *(f"catalogue/{view}" for view in VIEWS)])
    for name, spec in found.items():
        assert spec.description, name
        assert "\n" not in spec.description, name


def test_a_view_shows_its_query(known: dg.Definitions) -> None:
    text = (SQL_FOLDER / "views" / "top_ports.sql").read_text(encoding="utf-8")
    shown = specs(known)["catalogue/top_ports"].metadata["sql"]
    assert shown.value == f"```sql\n{text}```"


def test_the_job_loads_every_asset_by_days_in_one_run(tmp_path: Path) -> None:
    _, job = defined(settings_for(tmp_path))
    keys = job.asset_layer.executable_asset_keys
    assert {key.to_user_string() for key in keys} == {*STAGES, *(f"catalogue/{view}" for view in VIEWS)}
    assert isinstance(job.partitions_def, LogDays)
    policies = {job.asset_layer.get(key).backfill_policy for key in keys}
    assert policies == {dg.BackfillPolicy.single_run()}


def test_every_file_in_sql_checks_is_a_blocking_check_of_its_stage(known: dg.Definitions) -> None:
    found = {key.name: key for key in known.resolve_asset_graph().asset_check_keys}
    assert {name for name, key in found.items() if key.asset_key == dg.AssetKey("counts")} == {"counts_match_events"}
    events = {name for name, key in found.items() if key.asset_key == dg.AssetKey("events")}
    assert events == {*CHECKS} - {"counts_match_events"}
    graph = known.resolve_asset_graph()
    blocking = {key.name for key in graph.asset_check_keys if graph.get(key).blocking}
    assert blocking == {*CHECKS, "every_line_is_accounted_for"}


@pytest.mark.parametrize(
    ("zone", "tick", "day"),
    [
        ("UTC", "2020-04-02T04:30:00+00:00", "2020-04-01"),
        ("Asia/Tokyo", "2020-04-02T04:30:00+09:00", "2020-04-01"),
        ("America/New_York", "2020-03-08T04:30:00-04:00", "2020-03-07"),
    ],
)
def test_the_schedule_is_on_and_loads_yesterday_of_the_site(tmp_path: Path, zone: str, tick: str, day: str) -> None:
    found = defined(settings_for(tmp_path, zone))[0]
    schedule = found.resolve_schedule_def("daily_load_schedule")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    assert (schedule.job_name, schedule.execution_timezone) == ("daily_load", zone)
    # As the daemon passes it: an instant, in whatever zone.
    moment = datetime.fromisoformat(tick).astimezone(UTC)
    context = dg.build_schedule_context(scheduled_execution_time=moment, repository_def=found.get_repository_def())
    [request] = schedule.evaluate_tick(context).run_requests or []
    assert request.partition_key == day


NOON_IN_LONDON = datetime(2020, 4, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "last"), [("UTC", "2020-04-01"), ("Pacific/Auckland", "2020-04-02"), ("Pacific/Pago_Pago", "2020-04-01")]
)
def test_today_of_the_site_is_the_last_day(zone: str, last: str) -> None:
    with dg.partition_loading_context(effective_dt=NOON_IN_LONDON):
        keys = log_days(ZoneInfo(zone)).get_partition_keys()
    assert (keys[0], keys[-1]) == ("2000-01-01", last)


@pytest.mark.parametrize("key", ["2020-04-02", "1999-12-31", "2020-02-30", "yesterday", "'; drop table"])
def test_another_day_is_refused_in_one_sentence(key: str) -> None:
    with (
        dg.partition_loading_context(effective_dt=NOON_IN_LONDON) as context,
        pytest.raises(click.ClickException) as said,
    ):
        log_days(ZoneInfo("UTC")).validate_partition_key(key, context)
    assert repr(key) in said.value.message
    assert "2000-01-01" in said.value.message
    assert "2020-04-01 in UTC" in said.value.message
    assert "\n" not in said.value.message


def test_a_range_that_ends_before_it_starts_is_refused_in_one_sentence() -> None:
    backwards = dg.PartitionKeyRange("2020-04-03", "2020-04-01")
    with pytest.raises(click.ClickException, match=re.escape("--partition-range is '2020-04-03...2020-04-01'")):
        log_days(ZoneInfo("UTC")).get_partition_keys_in_range(backwards)


def test_a_run_asks_for_the_days_of_its_tags() -> None:
    several = {
        "dagster/asset_partition_range_start": "2020-02-28",
        "dagster/asset_partition_range_end": "2020-03-01",
    }
    assert requested_days(several) == [date(2020, 2, 28), date(2020, 2, 29), date(2020, 3, 1)]
    assert requested_days({"dagster/partition": "2020-04-01"}) == [date(2020, 4, 1)]


@pytest.mark.parametrize(
    ("name", "value"),
    [("FIREWALL_TIMEZONE", "Mars/Olympus"), ("FIREWALL_SOURCES", "nowhere.toml"), ("GEOIP_DB", "none")],
)
def test_a_wrong_setting_is_refused_at_the_start_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str
) -> None:
    monkeypatch.setenv("FIREWALL_WAREHOUSE", str(tmp_path))
    monkeypatch.setenv(name, value)
    with pytest.raises(click.ClickException) as said:
        definitions.valid_settings()
    assert said.value.message.startswith(f"{name} is ")
    assert value in said.value.message
    assert "\n" not in said.value.message


def test_a_wrong_source_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    Site(tmp_path).declare('[[source]]\nname = "home"\npath = "x"\ntimezone = "Mars/Olympus"\n')
    monkeypatch.setenv("FIREWALL_WAREHOUSE", str(tmp_path))
    with pytest.raises(click.ClickException, match="Mars/Olympus"):
        definitions.valid_settings()


def test_cells_are_plain_text_that_shows_what_cannot_be_printed() -> None:
    shown = table(("line", "n"), [(HOSTILE, 3), ("\u202eevil\n" + "x" * 1000, None)])
    cells = [record.data for record in shown.records]
    assert cells[0] == {"line": HOSTILE.replace("\x1b", "\\x1b"), "n": 3}
    assert cells[1] == {"line": "\\u202eevil\\n" + "x" * 494 + "...", "n": None}
    assert table_of([]).records == []


def svg_of(markdown: str) -> ET.Element:
    """Return the picture that Markdown shows."""
    found = re.fullmatch(r"!\[bar chart\]\(data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)\)", markdown)
    assert found
    return ET.fromstring(base64.b64decode(found[1]))  # noqa: S314 - made three lines above


def texts(picture: ET.Element) -> list[str]:
    return [element.text or "" for element in picture.iter("{http://www.w3.org/2000/svg}text")]


def bars(picture: ET.Element) -> list[float]:
    """Return the heights of the bars that have one."""
    paths = [path.get("d", "") for path in picture.iter("{http://www.w3.org/2000/svg}path")]
    return [float(height) for height in re.findall(r"v-([0-9.]+)", paths[-1])]


def test_a_chart_is_in_proportion_and_its_texts_stay_text() -> None:
    picture = svg_of(bar_chart(HOSTILE.replace("\x1b", ""), [("<a>", 50), ("b", 0), ("c", 100)]))
    low, high = bars(picture)
    assert high == pytest.approx(2 * low)
    assert {HOSTILE.replace("\x1b", ""), "<a>", "c", "100", "0"} <= set(texts(picture))
    assert {element.tag.rpartition("}")[2] for element in picture.iter()} == {"svg", "rect", "text", "path"}


@pytest.mark.parametrize("numbers", [[], [("a", 0)]])
def test_a_chart_of_nothing_has_no_bars(numbers: list[tuple[str, int]]) -> None:
    assert bars(svg_of(bar_chart("Nothing", numbers))) == []


def test_one_day_is_charted_by_its_own_hours(tmp_path: Path) -> None:
    # 2020-04-01 of Kathmandu starts at 18:15 UTC of the day before.
    stamps = ["2020-03-31 18:15:00", "2020-03-31 19:14:59", "2020-04-01 18:14:59"]
    write_partition(tmp_path, "events", "2020-04-01", [event(stamp) for stamp in stamps])
    picture = svg_of(activity_chart(Warehouse(tmp_path), ZoneInfo("Asia/Kathmandu"), {date(2020, 4, 1): 3}))
    assert texts(picture)[0] == "Events per hour of 2020-04-01 (Asia/Kathmandu)"
    first, last = bars(picture)
    assert first == pytest.approx(2 * last)


def test_a_long_range_is_charted_by_months(tmp_path: Path) -> None:
    year = {date.fromordinal(date(2020, 1, 1).toordinal() + number): 1 for number in range(366)}
    by_day = svg_of(activity_chart(Warehouse(tmp_path), ZoneInfo("UTC"), year))
    assert (texts(by_day)[0], len(bars(by_day))) == ("Events per day", 366)
    longer = svg_of(activity_chart(Warehouse(tmp_path), ZoneInfo("UTC"), {**year, date(2021, 1, 1): 31}))
    assert (texts(longer)[0], len(bars(longer))) == ("Events per month", 13)
    assert bars(longer)[0] == pytest.approx(bars(longer)[12])


RANGE = {"dagster/asset_partition_range_start": "2020-04-01", "dagster/asset_partition_range_end": "2020-04-03"}

Shown = dict[str, dict[str | None, dict[str, Any]]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dg.ExecuteInProcessResult, Shown]]:
    """One run over three days, the middle one without lines, and its metadata by step and day."""
    site = Site(tmp_path_factory.mktemp("warehouse"))
    first = [packet(f"2020-04-01T{hour:02}:00:00+00:00", number=hour) for hour in range(8)]
    bad = packet("2020-04-01T09:00:00+00:00", source=HOSTILE)
    last = packet("2020-04-03T09:00:00+00:00", port=23)
    site.drop("home/ufw.log", [*first, *[bad] * 6, "2020-04-01T09:30:00+00:00 gate cron[1]: done", last])
    job = defined(site.settings())[1]
    with dg.instance_for_test() as instance:
        result = job.execute_in_process(tags=RANGE, instance=instance)
        shown: Shown = {
            step: {
                seen.partition: {name: value.value for name, value in seen.metadata.items()}
                for seen in result.asset_materializations_for_node(step)
            }
            for step in STAGES
        }
        yield result, shown


def test_each_day_shows_its_own_figures(run: tuple[dg.ExecuteInProcessResult, Shown]) -> None:
    result, shown = run
    assert result.success
    names = ("dagster/row_count", "lines", "ignored", "rejected")
    figures = {day: tuple(values[name] for name in names) for day, values in shown["parsed_events"].items()}
    assert figures == {"2020-04-01": (8, 15, 1, 6), "2020-04-02": (0, 0, 0, 0), "2020-04-03": (1, 1, 0, 0)}
    counts = {day: values["dagster/row_count"] for day, values in shown["events"].items()}
    assert counts == {"2020-04-01": 8, "2020-04-02": 0, "2020-04-03": 1}
    assert all(values["bytes"] > 0 for step in ("parsed_events", "events") for values in shown[step].values())


def test_five_samples_of_the_rejects_are_shown(run: tuple[dg.ExecuteInProcessResult, Shown]) -> None:
    materialised = run[0].asset_materializations_for_node("parsed_events")
    samples = next(seen.metadata["rejected_samples"] for seen in materialised if seen.partition == "2020-04-01")
    assert isinstance(samples, dg.TableMetadataValue)
    assert [record.data["line number"] for record in samples.records] == [9, 10, 11, 12, 13]
    assert "<script>alert(1)</script>|`[x](javascript:alert(1))\\x1b[31m" in str(samples.records[0].data["line"])


def test_the_range_is_summed_up_with_its_last_day(run: tuple[dg.ExecuteInProcessResult, Shown]) -> None:
    events = {seen.partition: seen.metadata for seen in run[0].asset_materializations_for_node("events")}
    assert [day for day, metadata in events.items() if "activity" in metadata] == ["2020-04-03"]
    summary = events["2020-04-03"]
    counts = {seen.partition: seen.metadata for seen in run[0].asset_materializations_for_node("counts")}
    assert [day for day, metadata in counts.items() if metadata] == ["2020-04-03"]
    assert counts["2020-04-03"]["months"].value == "2020-04"
    ports = counts["2020-04-03"]["top_ports"]
    assert isinstance(ports, dg.TableMetadataValue)
    assert [(row.data["port"], row.data["protocol"], row.data["events"]) for row in ports.records] == [
        (445, "tcp", 8),
        (23, "tcp", 1),
    ]
    assert len(bars(svg_of(str(summary["activity"].value)))) == 2
    assert summary["period"].value == "2020-04-01 to 2020-04-03"


def test_all_checks_passed(run: tuple[dg.ExecuteInProcessResult, Shown]) -> None:
    evaluated = {seen.check_name: seen.passed for seen in run[0].get_asset_check_evaluations()}
    assert evaluated == dict.fromkeys([*CHECKS, "every_line_is_accounted_for", "every_file_was_read"], True)


def test_nothing_is_published_when_a_check_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def bad(_: Settings, first: date, __: date, of: str) -> list[CheckResult]:
        names = [file.name for file in check_files(SQL_FOLDER / "checks", "events")]
        assert of == "events"
        return [CheckResult(name, "All is well", 2, ({"day": first, "line": HOSTILE},)) for name in names]

    monkeypatch.setattr("pipelines.catalogue.run_checks", bad)
    site = Site(tmp_path)
    site.drop("home/ufw.log", [packet("2020-04-01T09:00:00+00:00")])
    with dg.instance_for_test() as instance:
        tags = {"dagster/partition": "2020-04-01"}
        result = defined(site.settings())[1].execute_in_process(tags=tags, instance=instance, raise_on_error=False)
    assert not result.success
    assert {step.step_key for step in result.all_node_events if step.is_step_failure} == {"events"}
    assert not site.warehouse.catalogue.exists()


def test_a_file_that_cannot_be_looked_at_does_not_stop_the_list(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.drop("home/old.log", b"12\n", datetime(2020, 4, 1))  # noqa: DTZ001 - as the site's folder takes it
    site.drop("home/new.log", b"1234\n", datetime(2020, 4, 2))  # noqa: DTZ001
    (site.warehouse.raw / "home" / "gone.log").symlink_to("nowhere")
    job = defined(site.settings())[1]
    with dg.instance_for_test() as instance:
        tags = {"dagster/partition": "2020-04-01"}
        result = job.execute_in_process(tags=tags, instance=instance, asset_selection=[dg.AssetKey("raw_files")])
    [shown] = result.asset_materializations_for_node("raw_files")
    files = shown.metadata["newest_files"]
    assert isinstance(files, dg.TableMetadataValue)
    assert [record.data for record in files.records] == [
        {"source": "home", "file": "home/new.log", "bytes": 5, "modified (UTC)": "2020-04-02 00:00:00+00:00"},
        {"source": "home", "file": "home/old.log", "bytes": 3, "modified (UTC)": "2020-04-01 00:00:00+00:00"},
    ]
    assert (shown.metadata["files"].value, shown.metadata["bytes"].value) == (3, 8)


def test_a_database_of_another_kind_is_refused_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEOIP_DB", __file__)
    with pytest.raises(
        click.ClickException, match=r"^GEOIP_DB is '.*test_definitions.py': it must be a MaxMind DB file"
    ):
        definitions.valid_settings()


@pytest.mark.parametrize(
    ("schedule", "tick", "period"),
    [
        ("quarterly_report", "2020-07-01T05:30:00+09:00", "2020-Q2"),
        ("quarterly_report", "2020-01-01T05:30:00+09:00", "2019-Q4"),
        ("monthly_report", "2020-05-01T05:40:00+09:00", "2020-04"),
        ("monthly_report", "2020-01-01T05:40:00+09:00", "2019-12"),
    ],
)
def test_a_report_is_made_when_its_period_is_over(tmp_path: Path, schedule: str, tick: str, period: str) -> None:
    found = defined(settings_for(tmp_path, "Asia/Tokyo"))[0]
    made = found.resolve_schedule_def(f"{schedule}_schedule")
    assert (made.job_name, made.execution_timezone) == (schedule, "Asia/Tokyo")
    moment = datetime.fromisoformat(tick).astimezone(UTC)
    context = dg.build_schedule_context(scheduled_execution_time=moment, repository_def=found.get_repository_def())
    [request] = made.evaluate_tick(context).run_requests or []
    assert request.partition_key == period


def test_the_reports_partitions_grow_with_time() -> None:
    quarters = ReportPeriods(3, ZoneInfo("UTC"))
    assert quarters.get_partition_keys(NOON_IN_LONDON)[-2:] == ["2020-Q1", "2020-Q2"]
    assert ReportPeriods(1, ZoneInfo("UTC")).get_partition_keys(NOON_IN_LONDON)[-2:] == ["2020-03", "2020-04"]
    with dg.partition_loading_context() as context, pytest.raises(click.ClickException, match="'2020-Q5'"):
        quarters.validate_partition_key("2020-Q5", context)


def test_a_report_shows_its_table_map_and_links(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    known = {"source_ip": "1.0.1.1", "source_country": "CN", "destination_port": 445, "protocol": "tcp"}
    write_partition(tmp_path, "events", "2020-05-17", [event("2020-05-17 12:00:00", 1, **known)])
    roll_up(settings)
    publish(settings)
    done = defined(settings)[0].resolve_job_def("quarterly_report").execute_in_process(partition_key="2020-Q2")
    [made] = done.asset_materializations_for_node("report")
    assert made.metadata["events"].value == 1
    assert str(made.metadata["map"].value).startswith("![world map of the events by country](data:image/png;base64,")
    assert str(made.metadata["open_ja"].value).endswith("/reports/2020-Q2.ja.html")
    [port] = made.metadata["top_ports"].value.records  # type: ignore[union-attr]
    assert port.data["port"] == "445/tcp"
