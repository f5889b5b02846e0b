"""What the macros and views that the report needs answer, in both engines; every answer was worked out by hand."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.catalogue import publish
from pipelines.roll_up import roll_up
from tests.partitions import event, settings_for, write_partition
from tests.shells import Answer, ask_library, ask_shell

Ask = Callable[[str], Answer]

INBOUND = {"direction": "inbound", "destination_ip": "198.51.100.7", "destination_scope": "documentation"}
OUTBOUND = {"direction": "outbound", "source_ip": "198.51.100.8", "source_scope": "documentation"}
PUBLIC = {"source_scope": "public", "in_interface": "eth0", "host": "gate"}

EVENTS = {
    "2020-04-01": [
        event("2020-04-01 01:00:00", 1, source_ip="1.0.1.1", source_country="CN", destination_port=445,
              protocol="tcp", **INBOUND, **PUBLIC),
        event("2020-04-01 02:00:00", 2, source_ip="1.0.1.1", source_country="CN", destination_port=445,
              protocol="tcp", **INBOUND, **PUBLIC),
        event("2020-04-01 03:00:00", 3, source_ip="204.14.248.1", source_country="AI", destination_port=23,
              protocol="tcp", nat_destination_ip="10.0.0.5", **PUBLIC),
    ],
    "2020-04-03": [
        event("2020-04-03 01:00:00", 1, source_ip="8.8.4.4", source_country="US", destination_port=445,
              protocol="tcp", rule="drop"),
        event("2020-04-03 02:00:00", 2, destination_port=53, protocol="udp", destination_ip="8.8.8.8",
              destination_scope="public", **OUTBOUND),
        event("2020-04-03 03:00:00", 3, source_ip="192.168.100.1", source_country="RU", source_scope="private",
              protocol="icmp"),
    ],
}  # fmt: skip


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


def test_totals_count_days_that_were_not_observed_apart(ask: Ask) -> None:
    assert rows(ask("from period_totals_between('2020-04-01', '2020-04-04')")) == [(4, 2, 6, 5, 4, 1, 3, 3.0)]
    assert rows(ask("from period_totals_between('2021-01-01', '2021-01-02')")) == [(2, 0, 0, 0, 0, 0, 0, None)]


def test_days_that_were_not_observed_have_no_number(ask: Ask) -> None:
    found = ask("select day::varchar as day, events, sources from daily_events_between('2020-04-01', '2020-04-04')")
    assert rows(found) == [
        ("2020-04-01", 3, 2),
        ("2020-04-02", None, None),
        ("2020-04-03", 3, 3),
        ("2020-04-04", None, None),
    ]


def test_events_by_span_main_port_and_country(ask: Ask) -> None:
    assert rows(ask("from port_country_spans_between('2020-04-01', '2020-04-04', 2, 1)")) == [
        (0, 1, "CN", 2),
        (0, None, "AI", 1),
        (1, 1, "US", 1),
        (1, None, "RU", 1),
        (1, None, None, 1),
    ]


def test_the_sites_own_addresses_and_names(ask: Ask) -> None:
    found = rows(ask("select address from site_addresses order by address"))
    assert found == [("10.0.0.5",), ("192.168.100.1",), ("198.51.100.7",), ("198.51.100.8",)]
    assert rows(ask("from site_names order by kind, name")) == [
        ("host", "gate"),
        ("in_interface", "eth0"),
        ("rule", "drop"),
        ("sensor", "home"),
    ]
