"""The watch over raw files: the days that got lines are asked for, once for the lines that they have."""

from collections.abc import Sequence
from contextvars import Context
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.sensor_definition import SensorExecutionData

from pipelines import definitions
from pipelines.orchestration.days import requested_days
from pipelines.settings import Settings
from pipelines.sole_writer import sole_writer
from pipelines.watch import Asked, BusyError, changed_days
from tests.raw_logs import Site, packet

NOW = datetime(2020, 4, 5, 12, tzinfo=UTC)


def lines(day: int, count: int = 3) -> list[str]:
    return [packet(f"2020-04-{day:02}T10:00:{second:02}Z", number=second) for second in range(count)]


class Watched:
    """A site, and what has been asked for."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.site = Site(folder)
        self.asked = Asked()
        self.settings: Settings = self.site.settings(**environment)

    def look(self, minutes: float = 0, *, load: bool = True) -> list[tuple[str, str]]:
        """Return the first and last days that are asked for so many minutes after NOW, and load them."""
        requests, asked = changed_days(self.settings, self.asked, NOW + timedelta(minutes=minutes))
        self.asked = Asked.from_cursor(asked.cursor())
        for request in requests:
            days = [request.first + timedelta(days=number) for number in range((request.last - request.first).days + 1)]
            if load:
                self.site.load(*days)
        return [(request.first.isoformat(), request.last.isoformat()) for request in requests]


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path / "warehouse")


def test_days_with_new_lines_are_asked_for_once(watched: Watched) -> None:
    assert watched.look() == []
    watched.site.drop("gate/a.log", [*lines(1), *lines(2), *lines(4)])
    assert watched.look(1) == [("2020-04-01", "2020-04-02"), ("2020-04-04", "2020-04-04")]
    assert watched.look(2) == []
    watched.site.drop("gate/b.log", lines(2, 5))
    assert watched.look(90) == [("2020-04-02", "2020-04-02")]
    assert watched.look(200) == []


def test_what_was_asked_for_is_not_asked_for_again_though_it_was_not_loaded(watched: Watched) -> None:
    watched.site.drop("gate/a.log", lines(1))
    assert watched.look(load=False) == [("2020-04-01", "2020-04-01")]
    watched.site.drop("gate/other.log", lines(2))
    assert watched.look(100, load=False) == [("2020-04-02", "2020-04-02")]
    assert watched.look(300, load=False) == []


def test_renamed_and_copied_files_ask_for_nothing(watched: Watched) -> None:
    path = watched.site.drop("gate/a.log", [*lines(1), *lines(2)])
    assert watched.look() == [("2020-04-01", "2020-04-02")]
    watched.site.drop("gate/copy.log", path.read_bytes())
    path.rename(path.with_name("a.log.1"))
    assert watched.look(100) == []
    path.with_name("a.log.1").unlink()
    path.with_name("copy.log").unlink()
    assert watched.look(200) == []


def test_the_day_that_is_still_written_is_asked_for_every_now_and_then(watched: Watched) -> None:
    watched.site.drop("gate/a.log", [*lines(4), *lines(5, 1)])
    assert watched.look() == [("2020-04-04", "2020-04-05")]
    watched.site.drop("gate/a.log", [*lines(4), *lines(5, 2)])
    assert watched.look(1) == []
    watched.site.drop("gate/a.log", [*lines(4), *lines(5, 3)])
    assert watched.look(59) == []
    assert watched.look(61) == [("2020-04-05", "2020-04-05")]
    assert watched.look(62) == []
    assert len(watched.site.rows("events", date(2020, 4, 5))) == 3


def test_the_day_that_is_still_written_may_wait_until_it_is_over(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "warehouse", FIREWALL_RELOAD_MINUTES="0")
    watched.site.drop("gate/a.log", [*lines(4), *lines(5)])
    assert watched.look() == [("2020-04-04", "2020-04-04")]
    assert watched.look(60) == []
    assert watched.look(60 * 12) == [("2020-04-05", "2020-04-05")]


def test_today_is_that_of_the_site_and_the_future_waits(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "warehouse", FIREWALL_RELOAD_MINUTES="0", FIREWALL_TIMEZONE="Pacific/Auckland")
    watched.site.drop("gate/a.log", [*lines(4), *lines(5), *lines(8)])  # 22:00 of the same day in Auckland
    requests, _ = changed_days(watched.settings, Asked(), datetime(2020, 4, 5, 13, tzinfo=UTC))
    assert [(str(request.first), str(request.last)) for request in requests] == [("2020-04-04", "2020-04-05")]


def test_a_look_while_a_load_runs_waits_for_the_next(watched: Watched) -> None:
    watched.site.drop("gate/a.log", lines(1))
    with sole_writer(watched.site.warehouse), pytest.raises(BusyError):
        Context().run(watched.look)  # as another process does, that does not hold the right
    assert watched.look() == [("2020-04-01", "2020-04-01")]


def test_a_cursor_that_cannot_be_read_is_none() -> None:
    for cursor in (None, "", "{", "[]", "17", '{"files": 1}', '{"files": "", "days": [1]}'):
        assert Asked.from_cursor(cursor) == Asked()


# As Dagster calls it


def ticks(site: Site, cursor: str | None = None) -> tuple[SensorExecutionData, Sequence[dg.RunRequest]]:
    known = definitions.define(site.settings())
    sensor = known.get_repository_def().get_sensor_def("watch_sources")
    assert sensor.default_status is dg.DefaultSensorStatus.STOPPED
    context = dg.build_sensor_context(cursor=cursor, repository_def=known.get_repository_def())
    data = sensor.evaluate_tick(context)
    return data, data.run_requests or []


def test_the_sensor_asks_for_runs_that_load(tmp_path: Path) -> None:
    site = Site(tmp_path / "warehouse")
    data, requests = ticks(site)
    assert not requests
    assert data.skip_message == "no day has lines to load"
    site.drop("gate/a.log", [*lines(1), *lines(2), *lines(4)])
    data, requests = ticks(site, data.cursor)
    assert [requested_days(request.tags) for request in requests] == [
        [date(2020, 4, 1), date(2020, 4, 2)],
        [date(2020, 4, 4)],
    ]
    assert len({request.run_key for request in requests}) == 2
    job = definitions.define(site.settings()).resolve_job_def("daily_load")
    with dg.instance_for_test() as instance:
        for request in requests:
            assert job.execute_in_process(tags=dict(request.tags), instance=instance).success
    assert site.warehouse.days("events") == [date(2020, 4, 1), date(2020, 4, 2), date(2020, 4, 4)]
    _, requests = ticks(site, data.cursor)
    assert not requests


def test_the_sensor_skips_while_a_load_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object) -> None:
        raise BusyError

    monkeypatch.setattr("pipelines.watch.changed_days", busy)
    data, requests = ticks(Site(tmp_path), "as before")
    assert not requests
    assert (data.skip_message, data.cursor) == ("a load is running", "as before")
