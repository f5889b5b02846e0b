"""What is kept for how long: nothing is removed by default, counts outlive events, and nothing unloaded is lost."""

import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pipelines.catalogue import connect, run_checks
from pipelines.cli import main
from pipelines.load import Loaded, load_days
from pipelines.repairs import UnreadableError
from pipelines.retention import Removed
from pipelines.roll_up import roll_up
from pipelines.settings import SettingError, Settings
from pipelines.verify import verify
from tests.raw_logs import Site, packet

MONTHS = [date(2020, month, 1) for month in (1, 2, 3, 4)]
LAST = date(2020, 4, 10)


def drop_months(site: Site) -> None:
    """Drop four months of a source, a file each, with two days of lines in each."""
    for month in MONTHS:
        lines = [
            packet(f"{month + timedelta(days=day)}T10:00:{number:02}Z", f"203.0.113.{number}", number=number)
            for day in (4, 9)
            for number in range(6)
        ]
        site.drop(
            f"gate/{month:%m}.log", [*lines, f"{month + timedelta(days=9)}T11:00:00Z gate kernel: SRC=1.2.3 DST="]
        )


@pytest.fixture
def dropped(tmp_path: Path) -> Site:
    made = Site(tmp_path / "warehouse")
    drop_months(made)
    return made


@pytest.fixture(scope="module")
def all_loaded(tmp_path_factory: pytest.TempPathFactory) -> Site:
    made = Site(tmp_path_factory.mktemp("loaded") / "warehouse")
    drop_months(made)
    load(made)
    return made


@pytest.fixture
def site(tmp_path: Path, all_loaded: Site) -> Site:
    """A copy of a warehouse in which all is loaded and nothing removed."""
    shutil.copytree(all_loaded.folder, tmp_path / "warehouse", symlinks=True)
    return Site(tmp_path / "warehouse")


def load(site: Site, first: date = MONTHS[0], last: date = LAST, **keep: str) -> Loaded:
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return load_days(site.settings(**{f"FIREWALL_KEEP_{name.upper()}": span for name, span in keep.items()}), days)


def ask(site: Site, sql: str) -> list[tuple[Any, ...]]:
    with connect(site.settings()) as connection:
        return connection.execute(sql).fetchall()


def ports(site: Site) -> list[tuple[Any, ...]]:
    return ask(site, "select port, events, sources from top_ports")


def bad_rows(site: Site) -> dict[str, int]:
    return {check.name: check.bad_rows for check in run_checks(site.settings()) if check.bad_rows}


def test_everything_is_kept_by_default(site: Site) -> None:
    again = load(site, LAST, LAST)
    assert again.removed == Removed()
    assert str(again.removed) == ""
    assert len(site.warehouse.days("events")) == 101
    assert not site.warehouse.retained.exists()


def test_counts_outlive_events(site: Site) -> None:
    before = ports(site)
    loaded = load(site, LAST, LAST, events="45")
    assert loaded.removed.event_days == 31  # January; the 45th day is in February, which stays whole
    assert site.warehouse.days("events")[0] == site.warehouse.days("parsed")[0] == date(2020, 2, 1)
    assert site.warehouse.days("loads")[0] == date(2020, 1, 1)
    assert ports(site) == before == [(445, 48, 6)]
    assert ask(site, "select count(*) from events") == [(36,)]
    assert ask(site, "select events, sources from top_ports_between('2020-01-05', '2020-01-05')") == [(6, 6)]
    assert bad_rows(site) == {}
    assert verify(site.settings()).findings == ()


def test_later_days_are_counted_on_where_events_are_gone(site: Site, tmp_path: Path) -> None:
    load(site, LAST, LAST, events="20")
    assert site.warehouse.days("events")[0] == date(2020, 3, 1)
    other = Site(tmp_path / "other")
    for path in (site.warehouse.raw / "gate").iterdir():
        other.drop(f"gate/{path.name}", path.read_bytes())
    new = [packet("2020-04-20T10:00:00Z", "203.0.113.3"), packet("2020-04-20T10:00:00Z", "198.51.100.1", port=23)]
    for each in (site, other):
        each.drop("gate/new.log", new)
    load(site, date(2020, 4, 20), date(2020, 4, 20), events="20")
    load(other, last=date(2020, 4, 20))
    for sql in (
        "from top_ports",
        "from rare_visitors",
        "from top_ports_between('2020-02-05', '2020-04-20')",
        "from top_countries_between('2020-02-05', '2020-04-20')",
    ):
        assert ask(site, sql) == ask(other, sql)


def test_a_day_whose_events_are_gone_is_not_loaded_again(site: Site) -> None:
    load(site, LAST, LAST, events="45")
    with pytest.raises(SettingError, match="events before 2020-02-01 have been removed, and 2020-01-05 cannot be"):
        load(site, date(2020, 1, 5), date(2020, 1, 5))
    assert ports(site) == [(445, 48, 6)]


def test_counts_that_cannot_be_made_again_are_not_thrown_away(site: Site) -> None:
    load(site, LAST, LAST, events="45")
    path = site.warehouse.count_file("days", "ports", MONTHS[0])
    path.write_bytes(b"")
    with pytest.raises(UnreadableError) as refused:
        load(site, LAST, LAST)
    assert str(path) in str(refused.value)
    assert path.exists()


def test_counts_of_a_year_are_added_up_again_from_those_of_months(site: Site) -> None:
    new = date(2021, 1, 5)
    site.drop("gate/new.log", [packet(f"{new}T10:00:00Z")])
    load(site, LAST, LAST, events="45")
    site.warehouse.count_file("years", "ports", MONTHS[0]).write_bytes(b"")
    load(site, new, new)
    assert ports(site) == [(445, 49, 7)]


def test_a_year_without_a_month_that_is_kept_goes(site: Site) -> None:
    new = date(2021, 1, 5)
    site.drop("gate/new.log", [packet(f"{new}T10:00:00Z")])
    loaded = load(site, new, new, events="20", counts="60")  # since November, of which there is nothing
    assert loaded.removed.count_months == 4
    assert ports(site) == [(445, 1, 1)]
    assert verify(site.settings()).findings == ()


def test_counts_have_a_span_of_their_own(site: Site) -> None:
    loaded = load(site, LAST, LAST, events="20", counts="45")
    assert (loaded.removed.event_days, loaded.removed.count_months) == (60, 1)
    assert ports(site) == [(445, 36, 6)]
    again = load(site, LAST, LAST, events="20", counts="45")
    assert again.removed == Removed()
    assert ports(site) == [(445, 36, 6)]


def test_rejected_lines_go_by_the_day(site: Site) -> None:
    loaded = load(site, LAST, LAST, rejected="1")
    assert loaded.removed.rejected_days == 100
    assert ask(site, "select day from rejected_lines") == [(LAST,)]
    assert bad_rows(site) == {}


def test_raw_files_go_when_all_their_lines_are_loaded(dropped: Site, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.log"
    elsewhere.write_text(packet("2020-01-05T10:00:00Z", number=99), encoding="utf-8")
    dropped.declare(f'[[source]]\nname = "office"\npath = "{elsewhere}"\n')
    dropped.drop("gate/late.log", [packet("2019-12-31T10:00:00Z")])  # a day that is not loaded
    (dropped.warehouse.raw / "gate" / "link.log").symlink_to(elsewhere)
    loaded = load(dropped, raw="40")
    assert loaded.removed.raw == ("gate/01.log", "gate/02.log")
    assert sorted(path.name for path in (dropped.warehouse.raw / "gate").iterdir()) == [
        "03.log", "04.log", "late.log", "link.log",
    ]  # fmt: skip
    assert elsewhere.exists()
    assert "gate/01.log" not in dropped.raw_files()
    assert ports(dropped) == [(445, 49, 7)]


def test_a_raw_file_that_grew_since_stays(dropped: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def growing(settings: Settings) -> object:
        dropped.drop("gate/01.log", [*(dropped.warehouse.raw / "gate" / "01.log").read_text().splitlines(), "more"])
        return roll_up(settings)

    monkeypatch.setattr("pipelines.load.roll_up", growing)
    assert load(dropped, raw="40").removed.raw == ("gate/02.log",)


def test_spans_count_from_the_newest_day_with_events(site: Site) -> None:
    far = date(2026, 1, 1)
    assert load(site, far, far, events="45", raw="45").removed.event_days == 31


def test_the_command_says_what_went(dropped: Site) -> None:
    environment = {"FIREWALL_WAREHOUSE": str(dropped.folder), "FIREWALL_KEEP_EVENTS": "45", "FIREWALL_KEEP_RAW": "45"}
    done = CliRunner(env=environment).invoke(main, ["load", "2020-01-01", "2020-04-10"])
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1] == "Removed, being older than is kept: 2 raw files, 31 days of events"


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"FIREWALL_KEEP_RAW": "0"}, "FIREWALL_KEEP_RAW is '0': it must be a whole number from 1 to 36,525"),
        ({"FIREWALL_KEEP_EVENTS": "1 year"}, "FIREWALL_KEEP_EVENTS is '1 year': it must be a whole number"),
        ({"FIREWALL_KEEP_COUNTS": "9"}, "FIREWALL_KEEP_COUNTS is '9': counts outlive events: it must not be less"),
        ({"FIREWALL_KEEP_COUNTS": "9", "FIREWALL_KEEP_EVENTS": "10"}, "FIREWALL_KEEP_COUNTS is '9': counts outlive"),
        ({"FIREWALL_RELOAD_MINUTES": "-1"}, "FIREWALL_RELOAD_MINUTES is '-1': it must be a whole number from 0 to"),
    ],
)
def test_a_span_that_cannot_be_is_refused(tmp_path: Path, environment: dict[str, str], sentence: str) -> None:
    with pytest.raises(SettingError) as refused:
        Settings.from_environment({"FIREWALL_WAREHOUSE": str(tmp_path), **environment})
    assert str(refused.value).startswith(sentence)
