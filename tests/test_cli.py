"""The command `firewall-logs`: what it prints, and one sentence with exit code 2 for what it refuses."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipelines import catalogue
from pipelines.catalogue import CheckResult, connect
from pipelines.cli import main
from pipelines.settings import CHECKOUT
from tests.raw_logs import Site, packet

LINES = [
    packet("2020-04-01T09:00:00+00:00"),
    packet("2020-04-02T09:00:00+00:00", port=23),
    "2020-04-02T10:00:00Z gate x: y",
]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path / "warehouse")
    site.drop("home/ufw.log", LINES)
    return site


def run(site: Site, *arguments: str, **environment: str) -> Result:
    return CliRunner(env={"FIREWALL_WAREHOUSE": str(site.folder), **environment}).invoke(main, arguments)


def test_load_takes_a_range_from_raw_lines_to_the_catalogue(site: Site) -> None:
    done = run(site, "load", "2020-04-01", "2020-04-02")
    assert done.exit_code == 0
    assert "Warning" not in done.stderr
    assert done.stdout == ("Loaded 2020-04-01 to 2020-04-02, files: 1, lines: 3 = 2 events + 1 ignored + 0 rejected\n")
    with connect(site.settings()) as connection:
        assert connection.execute("select port from top_ports order by port").fetchall() == [(23,), (445,)]


def test_load_takes_one_day(site: Site) -> None:
    assert run(site, "load", "2020-04-01").exit_code == 0
    assert site.warehouse.days("events")[-1:] == [site.warehouse.days("parsed")[0]]
    assert len(site.warehouse.days("parsed")) == 1


def test_load_tells_what_is_in_two_files(site: Site) -> None:
    lines = [packet("2020-04-01T10:00:00Z", number=number) for number in range(3)]
    site.drop("gate/a.log", lines)
    site.drop("gate/copy.log", lines[:2])
    done = run(site, "load", "2020-04-01")
    assert done.stdout == (
        "Loaded 2020-04-01 to 2020-04-01, files: 3, lines: 6 = 6 events + 0 ignored + 0 rejected\n"
        "Of the events 2 are in another file of the same source too, and counted once\n"
    )


def test_load_warns_of_what_was_not_read(site: Site) -> None:
    site.drop("stray.log", LINES)
    done = run(site, "load", "2020-04-01")
    assert done.exit_code == 0
    assert done.stderr.startswith("Warning: 'stray.log' lies directly in ")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("2020-4-31",), "FIRST is '2020-4-31': it must be a day written like 2020-04-01"),
        (("2020-04-01", "soon"), "LAST is 'soon': it must be a day written like 2020-04-01"),
        (("2020-04-02", "2020-04-01"), "FIRST is '2020-04-02': it must not be after LAST, 2020-04-01"),
        (("2020-04-01", "9999-12-31"), "LAST is '9999-12-31': it must not be after today, "),
    ],
)
def test_load_refuses_days_in_one_sentence(site: Site, arguments: Sequence[str], sentence: str) -> None:
    refused = run(site, "load", *arguments)
    assert refused.exit_code == 2
    assert refused.stdout == ""
    assert refused.stderr.startswith(f"Error: {sentence}")
    assert refused.stderr.count("\n") == 1
    assert not site.warehouse.days("events")


@pytest.mark.parametrize("command", [["sample"], ["load", "2020-04-01"]])
def test_a_wrong_setting_is_refused_in_one_sentence(site: Site, command: Sequence[str]) -> None:
    refused = run(site, *command, FIREWALL_TIMEZONE="Mars")
    assert refused.exit_code == 2
    assert refused.stderr.startswith("Error: FIREWALL_TIMEZONE is 'Mars': ")
    assert refused.stderr.count("\n") == 1


def test_load_publishes_nothing_when_a_check_fails(monkeypatch: pytest.MonkeyPatch, site: Site) -> None:
    monkeypatch.setattr("pipelines.load.run_checks", lambda *_: [CheckResult("ports_in_range", "A port is one", 3, ())])
    refused = run(site, "load", "2020-04-01")
    assert refused.exit_code == 2
    assert refused.stderr == ("Error: the loaded days failed checks: ports_in_range has 3 bad rows (A port is one)\n")
    assert not site.warehouse.catalogue.exists()


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Sequence[str], Path, Mapping[str, str]]]:
    """Stand in for the half year of the sample and for Dagster: note what is started, and where."""
    found: list[tuple[Sequence[str], Path, Mapping[str, str]]] = []

    def start(command: Sequence[str], *, cwd: Path, env: Mapping[str, str], check: bool) -> object:
        assert not check
        found.append((command, cwd, env))
        return subprocess.CompletedProcess(command, returncode=1 if "FAIL" in env else 0)

    monkeypatch.setattr(
        "pipelines.sample.write_sample", lambda folder: Site(folder.parents[1]).drop("sample/ufw.log", LINES)
    )
    monkeypatch.setattr("pipelines.cli.subprocess.run", start)
    return found


def test_the_sample_is_loaded_as_one_run_of_the_job_wherever_one_stands(
    monkeypatch: pytest.MonkeyPatch, site: Site, launched: list[tuple[Sequence[str], Path, Mapping[str, str]]]
) -> None:
    monkeypatch.chdir(site.folder.parent)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    catalogue.publish(site.settings())
    done = run(site, "sample", FIREWALL_WAREHOUSE="warehouse")
    assert done.exit_code == 0, done.output
    [(command, cwd, environment)] = launched
    asked = ["launch", "--job", "daily_load", "--partition-range", "2020-01-01...2020-06-30"]
    assert list(command[-len(asked) :]) == asked
    assert cwd == CHECKOUT
    assert environment["FIREWALL_WAREHOUSE"] == str(site.folder)
    assert environment["DAGSTER_HOME"] == str(CHECKOUT)
    assert (site.warehouse.raw / "sample" / "ufw.log").exists()
    assert "Top ports, 2020-01-01 to 2020-06-30:" in done.stdout


def test_a_run_that_failed_is_said_in_one_sentence(site: Site, launched: object) -> None:  # noqa: ARG001 - a fixture
    refused = run(site, "sample", FAIL="1")
    assert refused.exit_code == 2
    assert refused.stderr == "Error: the run failed: what it said stands above, and in the UI (dg dev)\n"


def test_report_writes_pages_and_their_twins_of_any_period(site: Site) -> None:
    assert run(site, "load", "2020-04-01", "2020-04-02").exit_code == 0
    for arguments, name in ((["2020-Q2"], "2020-Q2"), (["2020-04-01", "2020-04-02"], "2020-04-01_2020-04-02")):
        done = run(site, "report", *arguments)
        assert done.exit_code == 0
        written = [f"{name}.{code}.{kind}" for kind in ("html", "md") for code in ("en", "ja")]
        assert done.stdout.splitlines() == [str(site.folder / "reports" / file) for file in written]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["2020-Q5"], "period is '2020-Q5': it must be a year, half, quarter or month"),
        (["2020-04-02", "2020-04-01"], "its last day must not be before its first one"),
        (["2020-Q2", "2020-04-01"], "PERIOD is '2020-Q2': it must be a day"),
        (["2020-Q2"], "does not exist yet: load a day first"),
    ],
)
def test_report_refuses_in_one_sentence(site: Site, arguments: Sequence[str], sentence: str) -> None:
    done = run(site, "report", *arguments)
    assert done.exit_code == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
