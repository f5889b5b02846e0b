"""What the views and macros answer, in both engines; every expected answer was worked out by hand."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.catalogue import publish
from pipelines.roll_up import roll_up
from tests.partitions import event, load, rejected_line, settings_for, write_partition
from tests.shells import Answer, RefusedError, ask_library, ask_shell

Ask = Callable[[str], Answer]

# Ten events on three days. Places: 445/tcp four, 23/tcp two, 53/udp two, 8 of ICMP without a port one, 9997/tcp one.
# Countries: CN four, RU two, US two, AI (Anguilla) one, and one address of unknown country.
EVENTS = {
    "2020-03-31": [
        event("2020-03-31 23:59:59.999799", 1, source_ip="192.0.2.1", source_country="CN", destination_port=445,
              protocol="tcp", service="smb"),
        event("2020-03-31 10:00:00", 2, source_ip="192.0.2.9", source_country="AI", destination_port=9997,
              protocol="tcp"),
    ],
    "2020-04-01": [
        event("2020-04-01 00:00:00", 1, source_ip="192.0.2.1", source_country="CN", destination_port=445,
              protocol="tcp", service="smb"),
        event("2020-04-01 01:00:00", 2, source_ip="192.0.2.1", source_country="CN", destination_port=445,
              protocol="tcp", service="smb"),
        event("2020-04-01 02:00:00", 3, source_ip="198.51.100.7", source_country="RU", destination_port=445,
              protocol="tcp", service="smb"),
        event("2020-04-01 03:00:00", 4, source_ip="192.0.2.2", source_country="CN", destination_port=23,
              protocol="tcp", service="telnet"),
        event("2020-04-01 04:00:00", 5, source_ip="2001:db8::1", source_country=None, destination_port=23,
              protocol="tcp", service="telnet"),
    ],
    "2020-04-02": [
        event("2020-04-02 05:00:00", 1, source_ip="203.0.113.5", source_country="US", destination_port=53,
              protocol="udp", service="dns"),
        event("2020-04-02 06:00:00", 2, source_ip="203.0.113.6", source_country="US", destination_port=53,
              protocol="udp", service="dns"),
        event("2020-04-02 07:00:00", 3, source_ip="198.51.100.7", source_country="RU", protocol="icmp", icmp_type=8),
    ],
}  # fmt: skip

PERIOD_MACROS = (
    "events_between",
    "top_ports_between",
    "top_countries_between",
    "rare_visitors_between",
    "port_countries_between",
)


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("warehouse")
    for day, events in EVENTS.items():
        write_partition(folder, "events", day, events)
    write_partition(folder, "loads", "2020-04-01", [load(events=6, ignored=3, rejected=2, duplicates=1)])
    hostile = "'; drop table countries; -- | <b>$(reboot)</b> \\x00 日本"
    write_partition(folder, "rejected", "2020-04-01", [rejected_line(7, hostile), rejected_line(9, "")])
    roll_up(settings_for(folder))
    publish(settings_for(folder))
    return folder / "firewall.duckdb"


@pytest.fixture(params=[ask_shell, ask_library], ids=["shell", "library"])
def ask(request: pytest.FixtureRequest, catalogue: Path) -> Ask:
    return lambda sql: request.param(catalogue, sql)


def rows(answer: Answer) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in answer]


def test_top_ports_counts_ports_with_ties_sharing_a_place(ask: Ask) -> None:
    answer = ask("from top_ports")

    assert list(answer[0]) == ["rank", "port", "protocol", "service", "events", "sources", "share"]
    assert rows(answer) == [
        (1, 445, "tcp", "smb", 4, 2, 0.4),
        (2, 23, "tcp", "telnet", 2, 2, 0.2),
        (2, 53, "udp", "dns", 2, 2, 0.2),
        (4, 9997, "tcp", None, 1, 1, 0.1),
    ]


def test_top_countries_counts_known_countries_as_a_share_of_all_events(ask: Ask) -> None:
    answer = ask("from top_countries")

    assert list(answer[0]) == ["rank", "country", "country_name", "events", "sources", "share"]
    assert rows(answer) == [
        (1, "CN", "China", 4, 2, 0.4),
        (2, "RU", "Russia", 2, 1, 0.2),
        (2, "US", "United States", 2, 2, 0.2),
        (4, "AI", "Anguilla", 1, 1, 0.1),
    ]


def test_rare_visitors_shows_the_rarest_first_and_what_they_tried(ask: Ask) -> None:
    answer = ask("from rare_visitors")

    promised = ["country", "country_name", "events", "sources", "ports", "first_seen", "last_seen", "main_ports"]
    assert list(answer[0]) == promised
    assert rows(answer) == [
        ("AI", "Anguilla", 1, 1, 1, "2020-03-31 10:00:00", "2020-03-31 10:00:00", ["9997/tcp"]),
        ("RU", "Russia", 2, 1, 1, "2020-04-01 02:00:00", "2020-04-02 07:00:00", ["445/tcp"]),
        ("US", "United States", 2, 2, 1, "2020-04-02 05:00:00", "2020-04-02 06:00:00", ["53/udp"]),
        ("CN", "China", 4, 2, 2, "2020-03-31 23:59:59.999799", "2020-04-01 03:00:00", ["445/tcp", "23/tcp"]),
    ]


def test_a_visitor_without_ports_has_none_listed(ask: Ask) -> None:
    [russia] = [row for row in ask("from rare_visitors_between('2020-04-02', '2020-04-02')") if row["country"] == "RU"]

    assert (russia["ports"], russia["main_ports"]) == (0, [])


def test_port_countries_shows_the_main_countries_of_each_port(ask: Ask) -> None:
    answer = ask("from port_countries")

    promised = ["port", "protocol", "service", "rank", "country", "country_name", "events", "sources", "share"]
    assert list(answer[0]) == promised
    assert rows(answer) == [
        (445, "tcp", "smb", 1, "CN", "China", 3, 1, 0.75),
        (445, "tcp", "smb", 2, "RU", "Russia", 1, 1, 0.25),
        (23, "tcp", "telnet", 1, "CN", "China", 1, 1, 0.5),
        (53, "udp", "dns", 1, "US", "United States", 2, 2, 1.0),
        (9997, "tcp", None, 1, "AI", "Anguilla", 1, 1, 1.0),
    ]


def test_port_countries_shows_five_places(tmp_path: Path) -> None:
    countries = ["CN"] * 6 + ["US"] * 5 + ["RU"] * 4 + ["BR"] * 3 + ["IN"] * 2 + ["VN"] * 2 + ["AI"]
    events = [
        event("2020-04-01 00:00:00", number, source_country=country, destination_port=23, protocol="tcp")
        for number, country in enumerate(countries, 1)
    ]
    write_partition(tmp_path, "events", "2020-04-01", events)
    roll_up(settings_for(tmp_path))
    answer = ask_library(publish(settings_for(tmp_path)).path, "select rank, country from port_countries")

    assert rows(answer) == [(1, "CN"), (2, "US"), (3, "RU"), (4, "BR"), (5, "IN"), (5, "VN")]


def test_a_period_holds_its_first_and_its_last_day(ask: Ask) -> None:
    assert rows(ask("select day, count(*) from events_between('2020-03-31', '2020-04-01') group by 1 order by 1")) == [
        ("2020-03-31", 2),
        ("2020-04-01", 5),
    ]
    assert rows(ask("select port, events, share from top_ports_between('2020-04-01', '2020-04-01')")) == [
        (445, 3, 0.6),
        (23, 2, 0.4),
    ]
    assert rows(ask("select country, share from top_countries_between('2020-04-02', '2020-04-30') limit 1")) == [
        ("US", 2 / 3),
    ]
    assert rows(ask("select country, last_seen from rare_visitors_between('2020-03-01', '2020-03-31')")) == [
        ("AI", "2020-03-31 10:00:00"),
        ("CN", "2020-03-31 23:59:59.999799"),
    ]
    assert rows(ask("select port, country, share from port_countries_between('2020-03-31', '2020-03-31')")) == [
        (445, "CN", 1.0),
        (9997, "AI", 1.0),
    ]


def test_a_period_may_be_dates_in_place_of_text_and_named(ask: Ask) -> None:
    for period in ("date '2020-04-02', date '2020-04-02'", "last := '2020-04-02', first := '2020-04-02'"):
        [port] = ask(f"from top_ports_between({period})")
        assert (port["port"], port["events"]) == (53, 2)


@pytest.mark.parametrize("macro", PERIOD_MACROS)
def test_a_period_without_events_has_no_rows(ask: Ask, macro: str) -> None:
    assert ask(f"from {macro}('2019-01-01', '2019-12-31')") == []


@pytest.mark.parametrize("macro", PERIOD_MACROS)
def test_every_macro_refuses_a_wrong_period(ask: Ask, macro: str) -> None:
    # No day of the warehouse is in it: the error must not depend on rows being read.
    with pytest.raises(RefusedError, match="last is 'x': it must be a date such as '2020-04-01'"):
        ask(f"from {macro}('2030-01-01', 'x')")


@pytest.mark.parametrize(
    ("period", "message"),
    [
        ("'2020-04-31', '2020-05-01'", "first is '2020-04-31': it must be a date such as '2020-04-01'"),
        ("'2020-04-01', 'yesterday'", "last is 'yesterday': it must be a date such as '2020-04-01'"),
        ("null, '2020-04-01'", "first is NULL: it must be a date such as '2020-04-01'"),
        ("20200401, 20200402", "first is '20200401': it must be a date such as '2020-04-01'"),
        ("'2020-04-02', '2020-04-01'", "last is '2020-04-01': it must not be before first, which is '2020-04-02'"),
    ],
)
def test_a_wrong_period_is_refused_in_a_sentence(ask: Ask, period: str, message: str) -> None:
    with pytest.raises(RefusedError) as refused:
        ask(f"from top_ports_between({period})")

    assert message in str(refused.value)


def test_a_wrong_period_is_refused_in_an_empty_warehouse_too(tmp_path: Path) -> None:
    path = publish(settings_for(tmp_path)).path

    for ask in (ask_shell, ask_library):
        with pytest.raises(RefusedError, match="first is 'x'"):
            ask(path, "from top_ports_between('x', 'y')")


def test_loads_say_what_became_of_each_files_lines(ask: Ask) -> None:
    [answer] = ask("from loads")

    assert answer == {
        "day": "2020-04-01",
        "sensor": "home",
        "file": "home/ufw.log",
        "lines": 11,
        "events": 6,
        "ignored": 3,
        "ignored_by_rule": [{"rule": "no record", "lines": 3}],
        "rejected": 2,
        "duplicates": 1,
        "first_observed_at": None,
        "last_observed_at": None,
        "file_digest": None,
        "digest": None,
    }


def test_rejected_lines_are_shown_as_they_were_logged(ask: Ask) -> None:
    answer = ask("from rejected_lines order by line_number")

    assert list(answer[0]) == ["day", "observed_at", "sensor", "file", "line_number", "reason", "line"]
    assert rows(answer) == [
        ("2020-04-01", None, "home", "home/ufw.log", 7, "no time stamp",
         "'; drop table countries; -- | <b>$(reboot)</b> \\x00 日本"),
        ("2020-04-01", None, "home", "home/ufw.log", 9, "no time stamp", ""),
    ]  # fmt: skip


def test_reference_tables_hold_namibia_as_a_code_and_not_as_nothing(ask: Ask) -> None:
    assert rows(ask("select country_name from countries where country = 'NA'")) == [("Namibia",)]
    assert rows(ask("select service from services where port = 23 and protocol = 'tcp'")) == [("telnet",)]


def test_only_the_days_asked_for_are_opened(tmp_path: Path) -> None:
    for day in ("2020-03-30", "2020-03-31", "2020-04-01", "2020-04-02", "2020-04-03"):
        asked = [event(f"{day} 12:00:00", source_country="CN", destination_port=23, protocol="tcp")]
        write_partition(tmp_path, "events", day, asked)
    roll_up(settings_for(tmp_path))
    path = publish(settings_for(tmp_path)).path
    # The first day's end is read whatever days are asked for: it tells the columns, and how many rows there may be.
    for day in ("2020-03-31", "2020-04-03"):
        (tmp_path / "events" / f"day={day}" / "part.parquet").write_bytes(b"opening this is an error")

    for ask in (ask_shell, ask_library):
        assert rows(ask(path, "select count(*) from events where day between '2020-04-01' and '2020-04-02'")) == [(2,)]
        for macro in PERIOD_MACROS:
            assert ask(path, f"from {macro}('2020-04-01', date '2020-04-02')")
        with pytest.raises(RefusedError):
            ask(path, "select max(observed_at) from events where day between '2020-04-01' and '2020-04-03'")
