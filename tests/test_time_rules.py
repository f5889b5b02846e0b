"""The rules of time, as `pipelines.zones` lists them, in four zones; every expected moment was worked out by hand."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from tests.raw_logs import Site, at, packet


@dataclass(frozen=True)
class Zone:
    """What the clocks of a zone did.

    Attributes:
        name: IANA name.
        midnight: UTC clock at which New Year 2020 began there.
        twice: a civil time that happens twice, or once where clocks are not changed, and the first moment of it.
        missing: a civil time that does not happen, likewise, and the moment that it is taken for.
        noon: UTC clock at noon of 29 February 2020.
    """

    name: str
    midnight: str
    twice: tuple[str, str]
    missing: tuple[str, str]
    noon: str


ZONES = (
    Zone(
        "Asia/Tokyo",
        "2019-12-31 15:00:00",
        ("2020-11-01 01:30:00", "2020-10-31 16:30:00"),
        ("2020-03-08 02:30:00", "2020-03-07 17:30:00"),
        "2020-02-29 03:00:00",
    ),
    Zone(
        "America/New_York",
        "2020-01-01 05:00:00",
        ("2020-11-01 01:30:00", "2020-11-01 05:30:00"),
        ("2020-03-08 02:30:00", "2020-03-08 07:30:00"),
        "2020-02-29 17:00:00",
    ),
    Zone(
        "Europe/Berlin",
        "2019-12-31 23:00:00",
        ("2020-10-25 02:30:00", "2020-10-25 00:30:00"),
        ("2020-03-29 02:30:00", "2020-03-29 01:30:00"),
        "2020-02-29 11:00:00",
    ),
    # Half an hour is put forward and back.
    Zone(
        "Australia/Lord_Howe",
        "2019-12-31 13:00:00",
        ("2020-04-05 01:45:00", "2020-04-04 14:45:00"),
        ("2020-10-04 02:15:00", "2020-10-03 15:45:00"),
        "2020-02-29 01:00:00",
    ),
)


@dataclass(frozen=True)
class Sited:
    """A warehouse whose days, and whose source's stamps, are of one zone."""

    site: Site
    zone: Zone

    def logged(self, stamps: list[str], *days: str, written: str) -> list[str]:
        """Return the moments that lines with these stamps are taken for, of the days given, as UTC."""
        self.site.declare(f'[[source]]\nname = "gate"\ntimezone = "{self.zone.name}"\n')
        lines = [packet(stamp, number=number) for number, stamp in enumerate(stamps)]
        self.site.drop("gate/a.log", lines, written=at(written))
        asked = [date.fromisoformat(day) for day in days]
        self.site.load(*asked, FIREWALL_TIMEZONE=self.zone.name)
        return [str(row["observed_at"]) for day in asked for row in self.site.rows("events", day)]


@pytest.fixture(params=ZONES, ids=[zone.name for zone in ZONES])
def sited(request: pytest.FixtureRequest, tmp_path: Path) -> Sited:
    return Sited(Site(tmp_path / "warehouse"), request.param)


def syslog(civil: str) -> str:
    """Return a civil time as syslog writes it, without its year."""
    moment = datetime.fromisoformat(civil)
    return f"{moment:%b} {moment.day:2} {moment:%H:%M:%S}"


@pytest.mark.parametrize("has_year", [False, True])
def test_of_the_hour_that_happens_twice_the_first_is_taken(sited: Sited, *, has_year: bool) -> None:
    civil, moment = sited.zone.twice
    stamp = civil if has_year else syslog(civil)
    assert sited.logged([stamp], civil[:10], written="2020-12-01") == [moment]


@pytest.mark.parametrize("has_year", [False, True])
def test_in_the_hour_that_does_not_happen_the_clock_is_not_yet_put_forward(sited: Sited, *, has_year: bool) -> None:
    civil, moment = sited.zone.missing
    stamp = civil if has_year else syslog(civil)
    assert sited.logged([stamp], civil[:10], written="2020-12-01") == [moment]


def test_new_year_in_the_middle_of_a_file(sited: Sited) -> None:
    stamps = ["Dec 31 23:00:00", "Dec 31 23:59:59", "Jan  1 00:00:00", "Jan  1 01:00:00"]
    found = sited.logged(stamps, "2019-12-31", "2020-01-01", written="2020-01-02")
    assert found[2] == sited.zone.midnight
    assert [at(moment) - at(sited.zone.midnight) for moment in found] == [
        at(clock) - at("2020-01-01")
        for clock in ("2019-12-31 23:00", "2019-12-31 23:59:59", "2020-01-01", "2020-01-01 01:00")
    ]
    assert [len(sited.site.rows("events", day)) for day in (date(2019, 12, 31), date(2020, 1, 1))] == [2, 2]


@pytest.mark.parametrize("written", ["2020-03-02", "2020-12-31", "2021-02-20"])
def test_the_leap_day_is_in_its_leap_year(sited: Sited, written: str) -> None:
    stamps = ["Feb 28 12:00:00", "Feb 29 12:00:00", "Mar  1 12:00:00"]
    found = sited.logged(stamps, "2020-02-28", "2020-02-29", "2020-03-01", written=written)
    assert found[1] == sited.zone.noon
    assert [moment[:10] for moment in found] == [f"2020-{day}" for day in ("02-28", "02-29", "03-01")]


def test_a_clock_that_is_set_back_is_taken_at_its_word(sited: Sited) -> None:
    stamps = ["Feb 29 12:00:00", "Feb 29 12:10:00", "Feb 29 11:50:00", "Feb 29 12:00:00"]
    found = sited.logged(stamps, "2020-02-29", written="2020-03-01 12:00")
    assert [(at(moment) - at(sited.zone.noon)).total_seconds() for moment in found] == [0, 600, -600, 0]
    [row] = sited.site.rows("coverage", date(2020, 2, 29))
    assert (row["clock_jumps"], row["clock_back_seconds"]) == (1, 1200)


def test_a_clock_that_is_set_back_over_new_year_stays_in_its_years(sited: Sited) -> None:
    stamps = ["Dec 31 23:59:00", "Jan  1 00:01:00", "Dec 31 23:59:30", "Jan  1 00:00:00"]
    sited.logged(stamps, "2019-12-31", "2020-01-01", written="2020-01-02")
    assert [len(sited.site.rows("events", day)) for day in (date(2019, 12, 31), date(2020, 1, 1))] == [2, 2]


def test_a_stamp_without_a_year_that_would_lie_in_the_future_is_of_the_year_before(sited: Sited) -> None:
    found = sited.logged(["Mar  4 12:00:00"], "2019-03-04", "2020-03-04", written="2020-03-01")
    assert [moment[:4] for moment in found] == ["2019"]


def test_a_clock_that_is_a_little_ahead_is_not_a_year_behind(sited: Sited) -> None:
    found = sited.logged(["Mar  1 12:00:00"], "2019-03-01", "2020-03-01", written="2020-03-01 00:30")
    assert [moment[:4] for moment in found] == ["2020"]


def test_a_stamp_with_a_year_in_the_future_is_taken_at_its_word(sited: Sited) -> None:
    found = sited.logged(
        ["2020-02-29 12:00:00", "2091-02-28 12:00:00"], "2020-02-29", "2091-02-28", written="2020-03-01"
    )
    assert [moment[:4] for moment in found] == ["2020", "2091"]
    [row] = sited.site.raw_files().values()
    assert [day["day"] for day in row["days"]] == [date(2020, 2, 29), date(2091, 2, 28)]


@pytest.mark.parametrize("early", ["1979-12-31 23:59:59", "1970-01-01T00:00:00Z", "1999-12-30 12:00:00", "000000009"])
def test_a_clock_that_was_not_set_is_rejected_and_kept(sited: Sited, early: str) -> None:
    found = sited.logged(["Feb 29 12:00:00", early, "Feb 29 12:00:00"], "2020-02-29", written="2020-03-01 12:00")
    assert found == [sited.zone.noon] * 2
    [row] = sited.site.rows("rejected", date(2020, 2, 29))
    assert (row["line_number"], row["reason"]) == (2, "time stamp before 2000-01-01 or after 9999-12-31")
    assert str(row["observed_at"]) == sited.zone.noon


def test_stamps_of_all_forms_stand_in_one_file(sited: Sited) -> None:
    moment = at(sited.zone.noon)
    stamps = [
        "Feb 29 12:00:00",
        "2020-02-29 12:00:00",
        f"{moment.isoformat()}Z",
        f"{moment.isoformat()}+00:00",
        "Sat Feb 29 12:00:00 2020",
        "Feb 29 2020 12:00:00",
        str(int((moment - datetime(1970, 1, 1)).total_seconds())),  # noqa: DTZ001 - UTC
        f"{moment:%d/%b/%Y:%H:%M:%S} +0000",
        "Feb 29 12:00:00",
    ]
    assert sited.logged(stamps, "2020-02-29", written="2020-03-01 12:00") == [sited.zone.noon] * len(stamps)


def test_a_day_is_the_calendar_day_of_the_site(sited: Sited) -> None:
    midnight = at(sited.zone.midnight)
    stamps = [f"{moment.isoformat()}Z" for moment in (midnight - timedelta(seconds=1), midnight)]
    sited.logged(stamps, "2019-12-31", "2020-01-01", written="2020-01-02")
    assert [len(sited.site.rows("events", day)) for day in (date(2019, 12, 31), date(2020, 1, 1))] == [1, 1]
