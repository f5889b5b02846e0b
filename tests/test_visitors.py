"""Who came for the first time, who came back and who never came, in both engines; answers worked out by hand."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.catalogue import publish
from pipelines.roll_up import roll_up
from tests.partitions import event, settings_for, write_partition
from tests.shells import Answer, RefusedError, ask_library, ask_shell
from tests.story import Story

Ask = Callable[[str], Answer]

# In Tokyo: a stamp of 16:00 UTC is of the next day there. Nothing was observed from 4 to 29 April.
# China comes on 1, 2, 30 April and 1 May; Russia on 1 April and 1 May; Anguilla on 1 May.
EVENTS = {
    "2020-04-01": [
        event("2020-03-31 16:00:00", 1, source_ip="192.0.2.1", source_country="CN", source_asn=64496,
              source_network="Example One", destination_port=23, protocol="tcp"),
        event("2020-04-01 01:00:00", 2, source_ip="198.51.100.7", source_country="RU", source_asn=64497,
              source_network="Example Two", destination_port=445, protocol="tcp"),
    ],
    "2020-04-02": [
        event("2020-04-02 01:00:00", 1, source_ip="192.0.2.1", source_country="CN", source_asn=64496,
              source_network="Example One", destination_port=23, protocol="tcp"),
    ],
    "2020-04-03": [event("2020-04-03 01:00:00", 1, source_ip="2001:db8::1", destination_port=23, protocol="tcp")],
    "2020-04-30": [
        event("2020-04-30 01:00:00", 1, source_ip="192.0.2.1", source_country="CN", source_asn=64496,
              source_network="Example One", destination_port=23, protocol="tcp"),
        event("2020-04-30 02:00:00", 2, source_ip="192.0.2.2", source_country="CN", source_asn=64496,
              source_network="Example One", destination_port=23, protocol="tcp"),
    ],
    "2020-05-01": [
        event("2020-04-30 15:00:00", 1, source_ip="192.0.2.3", source_country="AI", source_asn=64498,
              source_network="Example Three", destination_port=23, protocol="tcp"),
        event("2020-05-01 02:00:00", 2, source_ip="198.51.100.7", source_country="RU", source_asn=64497,
              source_network="Example Two", destination_port=445, protocol="tcp"),
        event("2020-05-01 03:00:00", 3, source_ip="192.0.2.2", source_country="CN", source_asn=64496,
              source_network="Example One", destination_port=23, protocol="tcp"),
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("warehouse")
    for day, events in EVENTS.items():
        write_partition(folder, "events", day, events)
    settings = settings_for(folder, "Asia/Tokyo")
    roll_up(settings)
    publish(settings)
    return folder / "firewall.duckdb"


@pytest.fixture(params=[ask_shell, ask_library], ids=["shell", "library"])
def ask(request: pytest.FixtureRequest, catalogue: Path) -> Ask:
    return lambda sql: request.param(catalogue, sql)


def rows(answer: Answer) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in answer]


def test_sights_of_a_country_that_came_and_of_one_that_never_did(ask: Ask) -> None:
    answer = ask("from country_sights where country in ('AI', 'CN', 'XK')")

    assert list(answer[0]) == [
        "country", "country_name", "recognised_by_japan", "state", "state_name", "in_iso_3166", "first_seen",
        "last_seen", "events", "days",
    ]  # fmt: skip
    assert rows(answer) == [
        ("AI", "Anguilla", False, "GB", "United Kingdom", True, "2020-04-30 15:00:00", "2020-04-30 15:00:00", 1, 1),
        ("CN", "China", True, "CN", "China", True, "2020-03-31 16:00:00", "2020-05-01 03:00:00", 5, 4),
        ("XK", "Kosovo", True, "XK", "Kosovo", False, None, None, 0, 0),
    ]


def test_never_seen_are_all_but_those_that_came(ask: Ask) -> None:
    never = {row["country"] for row in ask("from never_seen")}
    seen = {row["country"] for row in ask("from country_sights where events > 0")}

    assert seen == {"AI", "CN", "RU"}
    assert never | seen == {row["country"] for row in ask("from countries")}
    assert len(never) + len(seen) == 250
    assert rows(ask("select count(*) from never_seen where in_iso_3166")) == [(249 - 3,)]
    assert rows(ask("select count(*) from never_seen where recognised_by_japan and country <> 'JP'")) == [(195 - 2,)]
    assert rows(ask("from never_seen where country = 'BM'")) == [
        ("BM", "Bermuda", False, "GB", "United Kingdom", True),
    ]


def test_first_visits_are_those_of_the_period_by_days_of_the_site(ask: Ask) -> None:
    assert rows(ask("from first_visits_between('2020-04-30', '2020-05-31')")) == [
        ("AI", "Anguilla", "GB", "United Kingdom", "2020-04-30 15:00:00", "2020-04-30 15:00:00", 1, 1, ["23/tcp"]),
    ]
    assert rows(ask("select country, events from first_visits_between('2020-04-01', '2020-04-01')")) == [
        ("CN", 1),
        ("RU", 1),
    ]
    assert rows(ask("select country, events from first_visits_between('2020-04-01', '2020-05-01')")) == [
        ("CN", 5),
        ("RU", 2),
        ("AI", 1),
    ]
    assert ask("from first_visits_between('2020-04-02', '2020-04-30')") == []


def test_first_networks_are_those_of_the_period(ask: Ask) -> None:
    assert rows(ask("from first_networks_between('2020-04-02', '2020-05-31')")) == [
        (64498, "Example Three", "2020-04-30 15:00:00", 1, 1),
    ]
    assert rows(ask("select asn, events, sources from first_networks_between('2020-04-01', '2020-04-30')")) == [
        (64496, 4, 2),
        (64497, 1, 1),
    ]


def test_networks_are_ranked_against_the_other_period(ask: Ask) -> None:
    # April: 64496 has 4 events of 2 sources, 64497 one; one event is of no known network. In May all came, on one day.
    answer = ask("from network_ranks('2020-05')")

    assert rows(ask("select * exclude (score, is_significant) from network_ranks('2020-05')")) == [
        (1, 1, "same", 64496, "Example One", 1, 4, 1, 2, 1.0, 1.0, 0.0, 0.0, 1 / 3, 4 / 6),
        (1, 2, "up", 64497, "Example Two", 1, 1, 1, 1, 1.0, 0.25, 0.75, 300.0, 1 / 3, 1 / 6),
        (1, None, "new", 64498, "Example Three", 1, 0, 1, 0, 1.0, 0.0, 1.0, None, 1 / 3, None),
    ]
    assert ask("from network_ranks_between('2020-05-01', '2020-05-31', '2020-04-01', '2020-04-30')") == answer
    other_way = "network_ranks_between('2020-04-01', '2020-04-30', '2020-05-01', '2020-05-31')"
    assert [(row["asn"], row["status"]) for row in ask(f"from {other_way}")] == [
        (64496, "same"),
        (64497, "down"),
        (64498, "gone"),
    ]


def test_new_sources_were_never_seen_before_the_period(ask: Ask) -> None:
    assert rows(ask("from new_sources_between('2020-04-30', '2020-05-31')")) == [
        ("AI", "Anguilla", 1, 1, 1.0),
        ("CN", "China", 2, 1, 0.5),
        ("RU", "Russia", 1, 0, 0.0),
    ]


def test_a_return_tells_the_last_day_before_and_counts_observed_days_only(ask: Ask) -> None:
    assert rows(ask("from returned_between('2020-04-01', '2020-05-31', 1)")) == [
        ("RU", "Russia", "2020-04-01", "2020-05-01", 3, 1, 1),
        ("CN", "China", "2020-04-02", "2020-04-30", 1, 2, 2),
    ]
    assert [row["country"] for row in ask("from returned_between('2020-05-01', '2020-05-01', 3)")] == ["RU"]
    assert ask("from returned_between('2020-04-01', '2020-05-31', 4)") == []


@pytest.mark.parametrize(
    "call",
    [
        "first_visits_between('2020-04-01', 'x')",
        "first_networks_between('2020-04-01', 'x')",
        "new_sources_between('2020-04-01', 'x')",
        "returned_between('2020-04-01', 'x', 30)",
    ],
)
def test_a_wrong_period_is_refused(ask: Ask, call: str) -> None:
    with pytest.raises(RefusedError, match="last is 'x': it must be a date such as '2020-04-01'"):
        ask(f"from {call}")


def test_on_the_sample_never_seen_and_seen_are_all(story: Story) -> None:
    came = {row["country"] for row in story.rows} - {None}
    assert {country for (country,) in story.ask("select country from country_sights where events > 0")} == came
    [(never, all_of_them)] = story.ask("select (select count(*) from never_seen), count(*) from countries")
    assert never + len(came) == all_of_them == 250
    [anguilla] = story.ask(
        "select state_name, first_seen = last_seen, events, days from country_sights where country = 'AI'"
    )
    assert anguilla == ("United Kingdom", True, 1, 1)
    first = story.ask("select country from first_visits_between('2020-04-01', '2020-06-30')")
    before = {row["country"] for row in story.rows if row["day"].month < 4}
    assert {country for (country,) in first} == came - before
    assert ("AI",) in first
