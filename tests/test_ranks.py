"""Ranks against another period, daily series, sights and weekly patterns; every answer was worked out by hand."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.catalogue import publish
from pipelines.roll_up import roll_up
from tests.partitions import Row, event, settings_for, write_partition
from tests.shells import Answer, RefusedError, ask_library, ask_shell

Ask = Callable[[str], Answer]

MARCH, APRIL = "'2020-03-01', '2020-03-31'", "'2020-04-01', '2020-04-30'"


SOURCES = {"CN": "192.0.2.1", "RU": "192.0.2.3", "US": "192.0.2.4", "FR": "192.0.2.5"}


# Two ports of one service.
SERVICES = {"445/tcp": "smb", "53/udp": "dns", "23/tcp": "telnet", "5060/udp": "telnet"}


def packets(day: str, count: int, port: str, country: str) -> list[Row]:
    number, protocol = port.split("/")
    return [
        event(
            f"{day} 12:00:{second:02}",
            second + 1,
            source_ip=SOURCES[country],
            source_country=country,
            destination_port=int(number),
            protocol=protocol,
            service=SERVICES[port],
        )
        for second in range(count)
    ]


# March: two days observed, 445/tcp 40 times (20 a day), 23/tcp 10, 53/udp 4. April: one day, 445/tcp 50 times, 23/tcp
# once, 5060/udp 9.
EVENTS = {
    "2020-03-01": packets("2020-03-01", 30, "445/tcp", "CN") + packets("2020-03-01", 10, "23/tcp", "RU"),
    "2020-03-31": packets("2020-03-31", 10, "445/tcp", "CN") + packets("2020-03-31", 4, "53/udp", "US"),
    "2020-04-02": packets("2020-04-02", 50, "445/tcp", "CN")
    + packets("2020-04-02", 1, "23/tcp", "RU")
    + packets("2020-04-02", 9, "5060/udp", "FR"),
}


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("warehouse")
    for day, events in EVENTS.items():
        write_partition(folder, "events", day, events)
    roll_up(settings_for(folder))
    publish(settings_for(folder))
    return folder / "firewall.duckdb"


@pytest.fixture(params=[ask_shell, ask_library], ids=["shell", "library"])
def ask(request: pytest.FixtureRequest, catalogue: Path) -> Ask:
    return lambda sql: request.param(catalogue, sql)


def rows(answer: Answer) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in answer]


def test_ports_are_ranked_against_the_other_period(ask: Ask) -> None:
    answer = ask(f"from port_ranks_between({APRIL}, {MARCH})")

    assert [tuple(row.values())[:10] for row in answer] == [
        (1, 1, "same", 445, "tcp", "smb", 50, 40, 1, 1),
        (2, None, "new", 5060, "udp", "sip", 9, 0, 1, 0),
        (3, 2, "down", 23, "tcp", "telnet", 1, 10, 1, 1),
        (None, 3, "gone", 53, "udp", "dns", 0, 4, 0, 1),
    ]


def test_changes_are_of_events_per_observed_day(ask: Ask) -> None:
    [smb] = ask(f"from port_ranks_between({APRIL}, {MARCH}) where port = 445")

    assert (smb["events_per_day"], smb["previous_events_per_day"], smb["change_per_day"]) == (50, 20, 30)
    assert smb["change_percent"] == 150
    assert smb["share"] == pytest.approx(50 / 60)
    assert smb["previous_share"] == pytest.approx(40 / 54)
    assert smb["score"] == pytest.approx(30 / (50 / 1 + 40 / 4) ** 0.5)
    assert smb["is_significant"] is False


def test_countries_are_ranked_against_the_month_before(ask: Ask) -> None:
    answer = ask("select rank, previous_rank, status, country, country_name, events from country_ranks('2020-04')")

    assert rows(answer) == [
        (1, 1, "same", "CN", "China", 50),
        (2, None, "new", "FR", "France", 9),
        (3, 2, "down", "RU", "Russia", 1),
        (None, 3, "gone", "US", "United States", 0),
    ]


def test_services_are_ranked_against_the_month_before(ask: Ask) -> None:
    answer = ask(
        "select rank, previous_rank, status, service, events, previous_events, sources, previous_sources"
        " from service_ranks('2020-04')"
    )

    # The sources of both ports of a service are told once.
    assert rows(answer) == [
        (1, 1, "same", "smb", 50, 40, 1, 1),
        (2, 2, "same", "telnet", 10, 10, 2, 1),
        (None, 3, "gone", "dns", 0, 4, 0, 1),
    ]


def test_against_a_period_that_was_not_observed_nothing_is_new(ask: Ask) -> None:
    answer = ask("select distinct status, previous_events_per_day, change_percent from port_ranks('2020-Q1')")

    assert rows(answer) == [(None, None, None)]


@pytest.mark.parametrize(
    ("counts", "score"), [("9, 90, 3, 90", 1.73), ("45000, 90, 30000, 90", 54.77), ("5, 10, 5, 10", 0.0)]
)
def test_a_few_more_are_not_headlined_over_many_more(ask: Ask, counts: str, score: float) -> None:
    [answer] = ask(f"select rate_score({counts}) as score")

    assert answer["score"] == pytest.approx(score, abs=0.01)


@pytest.mark.parametrize(
    ("name", "days"),
    [
        ("2020", "2020-01-01 2020-12-31 2019-01-01 2019-12-31 2019-01-01 2019-12-31"),
        ("2020-H1", "2020-01-01 2020-06-30 2019-07-01 2019-12-31 2019-01-01 2019-06-30"),
        ("2020-Q1", "2020-01-01 2020-03-31 2019-10-01 2019-12-31 2019-01-01 2019-03-31"),
        ("2020-02", "2020-02-01 2020-02-29 2020-01-01 2020-01-31 2019-02-01 2019-02-28"),
        ("2020-12", "2020-12-01 2020-12-31 2020-11-01 2020-11-30 2019-12-01 2019-12-31"),
    ],
)
def test_a_period_has_a_name(ask: Ask, name: str, days: str) -> None:
    names = ("first", "last", "previous_first", "previous_last", "year_ago_first", "year_ago_last")
    wanted = ", ".join(f"cast(period('{name}').{part} as varchar) as {part}" for part in names)

    assert " ".join(str(day) for day in ask(f"select {wanted}")[0].values()) == days


@pytest.mark.parametrize("name", ["2020-Q5", "2020-13", "20", "2020-", "Q2", ""])
def test_another_name_is_refused_in_one_sentence(ask: Ask, name: str) -> None:
    with pytest.raises(RefusedError, match=rf"period is '{name}': it must be a year, half, quarter or month"):
        ask(f"select period('{name}')")
    with pytest.raises(RefusedError, match=rf"period is '{name}': it must be a year, half, quarter or month"):
        ask(f"from port_ranks('{name}')")


def test_a_series_has_no_holes(ask: Ask) -> None:
    answer = ask("from port_days(23, 'tcp', '2020-03-30', '2020-04-03')")

    assert rows(answer) == [
        ("2020-03-30", None, None),
        ("2020-03-31", 0, 0),
        ("2020-04-01", None, None),
        ("2020-04-02", 1, 1),
        ("2020-04-03", None, None),
    ]
    assert rows(ask("select day, events from country_days('US', '2020-03-31', '2020-04-02')")) == [
        ("2020-03-31", 4),
        ("2020-04-01", None),
        ("2020-04-02", 0),
    ]


def test_the_main_series_of_a_period_stand_together(ask: Ask) -> None:
    ports = ask("select day, rank, port, events from port_days_between('2020-04-01', '2020-04-02')")
    countries = ask("select day, rank, country, events from country_days_between('2020-04-02', '2020-04-02')")

    assert rows(ports) == [
        ("2020-04-01", 1, 445, None),
        ("2020-04-02", 1, 445, 50),
        ("2020-04-01", 2, 5060, None),
        ("2020-04-02", 2, 5060, 9),
        ("2020-04-01", 3, 23, None),
        ("2020-04-02", 3, 23, 1),
    ]
    assert rows(countries) == [("2020-04-02", 1, "CN", 50), ("2020-04-02", 2, "FR", 9), ("2020-04-02", 3, "RU", 1)]


def test_an_open_period_ends_with_the_days_observed(ask: Ask) -> None:
    [answer] = ask(
        "select count(*) as days, count(events) as observed, min(day) as first_day, max(day) as last_day"
        " from port_days(445, 'tcp', '-infinity', 'infinity')"
    )

    assert tuple(answer.values()) == (33, 3, "2020-03-01", "2020-04-02")


def test_newcomers_were_never_tried_before(ask: Ask) -> None:
    answer = ask(f"from port_newcomers_between({APRIL})")

    assert rows(answer) == [(5060, "udp", "sip", 9, 1, "2020-04-02", "2020-04-02", 1)]


def test_last_sights_are_not_tried_after(ask: Ask) -> None:
    answer = ask(f"from port_last_sights_between({MARCH})")

    assert rows(answer) == [(53, "udp", "dns", 4, 1, "2020-03-31", "2020-03-31", 1)]


def test_sights_tell_the_first_and_the_last_day(ask: Ask) -> None:
    answer = ask("select port, first_day, last_day, days from port_sights_between('2020-03-01', '2020-04-30')")

    assert rows(answer) == [
        (445, "2020-03-01", "2020-04-02", 3),
        (23, "2020-03-01", "2020-04-02", 2),
        (5060, "2020-04-02", "2020-04-02", 1),
        (53, "2020-03-31", "2020-03-31", 1),
    ]


def test_a_weekly_pattern_counts_observed_days_only(ask: Ask) -> None:
    # 1 March 2020 was a Sunday, 31 March a Tuesday, 2 April a Thursday.
    answer = ask("from port_weekdays(445, 'tcp', '2020-03-01', '2020-04-30')")

    assert rows(answer) == [
        (2, "Tuesday", 1, 10, 10.0, pytest.approx(10 / 30)),
        (4, "Thursday", 1, 50, 50.0, pytest.approx(50 / 30)),
        (7, "Sunday", 1, 30, 30.0, pytest.approx(1.0)),
    ]
    assert ask("select weekday_name from country_weekdays('FR', '2020-04-02', '2020-04-02')") == [
        {"weekday_name": "Thursday"}
    ]
