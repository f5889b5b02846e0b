"""What is told of a port and of a country, in both engines; every expected answer was worked out by hand."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.catalogue import publish
from pipelines.roll_up import roll_up
from pipelines.settings import SQL_FOLDER
from tests.partitions import event, settings_for, write_partition
from tests.shells import Answer, RefusedError, ask_library, ask_shell
from tests.story import Story

Ask = Callable[[str], Answer]

ONE = {"source_ip": "192.0.2.1", "source_country": "AI", "source_asn": 64496, "source_network": "Example One"}
TWO = {"source_ip": "192.0.2.2", "source_country": "GB"}
SIP = {"destination_port": 5060, "protocol": "udp"}
SSH = {"destination_port": 22, "protocol": "tcp"}

# The last 30 days are those from 2 May on, so 1 April is history and no habit. In Tokyo 15:00 UTC is midnight.
EVENTS = {
    "2020-04-01": [event("2020-04-01 01:00:00", 1, **TWO, **SIP)],
    "2020-05-30": [event("2020-05-30 01:00:00", 1, **ONE, **SSH)],
    "2020-05-31": [
        event("2020-05-30 15:00:00", 1, **ONE, **SIP),
        event("2020-05-30 15:30:00", 2, **ONE, **SIP),
        event("2020-05-31 03:00:00", 3, **TWO, **SIP),
        event("2020-05-31 04:00:00", 4, source_ip="192.0.2.3", protocol="icmp", icmp_type=8),
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


def test_port_dossier_has_a_fact_a_row(ask: Ask) -> None:
    answer = ask("from port_dossier(5060, 'udp')")

    assert list(answer[0]) == ["topic", "item", "events", "sources", "share", "note"]
    assert rows(answer)[0] == ("what it is", "sip", None, None, None, "Telephone call signalling")
    assert [row["topic"] for row in answer[:4]] == ["what it is", "why it is attacked", "advice", "check"]
    assert answer[3]["note"] == "nmap -Pn -sU -sV -p 5060 --script sip-methods ADDRESS"
    assert rows(answer)[4:] == [
        ("history", "rank 1", 4, 2, 4 / 6, "seen on 2 days from 2020-04-01 to 2020-05-31"),
        ("month", "2020-04", 1, None, None, "most on one day: 1"),
        ("month", "2020-05", 3, None, None, "most on one day: 3"),
        ("country", "Anguilla", 2, 1, 0.5, None),
        ("country", "United Kingdom", 2, 1, 0.5, None),
        ("network", "AS64496", 2, 1, 2 / 3, "Example One"),
        ("hour", "00:00", 2, 1, 2 / 3, None),
        ("hour", "12:00", 1, 1, 1 / 3, None),
        ("companion", "22/tcp", 1, 1, 0.5, "ssh"),
    ]


def test_port_dossier_of_a_period(ask: Ask) -> None:
    answer = rows(ask("from port_dossier(5060, 'udp', first := '2020-04-01', last := '2020-04-30') offset 4"))

    assert answer == [
        ("history", "rank 1", 1, 1, 1.0, "seen on 1 days from 2020-04-01 to 2020-04-01"),
        ("month", "2020-04", 1, None, None, "most on one day: 1"),
        ("country", "United Kingdom", 1, 1, 1.0, None),
        ("hour", "10:00", 1, 1, 1.0, None),
    ]


def test_vulnerabilities_stand_in_the_order_of_their_years(ask: Ask) -> None:
    answer = ask("from port_dossier(445, 'tcp') where topic = 'vulnerability'")

    assert [row["item"] for row in answer] == ["CVE-2008-4250", "CVE-2017-0144", "CVE-2020-0796"]
    assert answer[1]["note"].endswith("(https://nvd.nist.gov/vuln/detail/CVE-2017-0144)")


def test_a_port_of_which_nothing_is_known_has_no_rows(ask: Ask) -> None:
    assert ask("from port_dossier(64999, 'udp')") == []
    assert ask("from country_dossier('ZZ')") == []


def test_country_dossier_has_a_fact_a_row(ask: Ask) -> None:
    assert rows(ask("from country_dossier('AI')")) == [
        ("what it is", "Anguilla", None, None, None, "belongs to United Kingdom"),
        ("history", "rank 1", 3, 1, 0.5, "seen on 2 days from 2020-05-30 to 2020-05-31"),
        ("month", "2020-05", 3, None, None, "most on one day: 2"),
        ("port", "5060/udp", 2, 1, 2 / 3, "sip"),
        ("port", "22/tcp", 1, 1, 1 / 3, "ssh"),
        ("network", "AS64496", 3, 1, 1.0, "Example One"),
        ("source", "192.0.2.1", 3, None, 1.0, None),
        ("hour", "00:00", 2, 1, 2 / 3, None),
        ("hour", "10:00", 1, 1, 1 / 3, None),
    ]


@pytest.mark.parametrize("call", ["port_dossier(23, 'tcp', 'x')", "country_dossier('CN', 'x')"])
def test_a_wrong_period_is_refused(ask: Ask, call: str) -> None:
    with pytest.raises(RefusedError, match="first is 'x': it must be a date such as '2020-04-01'"):
        ask(f"from {call}")


def test_on_the_sample_a_dossier_agrees_with_the_other_views(story: Story) -> None:
    [(events,)] = story.ask("select events from port_dossier(5060, 'udp') where topic = 'history'")
    assert events == sum((row["destination_port"], row["protocol"]) == (5060, "udp") for row in story.rows)
    months = story.ask("select item, events from port_dossier(53413, 'udp') where topic = 'month'")
    assert [month for month, _ in months] == [f"2020-{number:02}" for number in range(1, 7)]
    assert months[-1][1] < months[0][1] / 2
    countries = story.ask("select item from port_dossier(53413, 'udp') where topic = 'country' limit 2")
    assert {country for (country,) in countries} == {"United States", "China"}


def table(name: str) -> list[dict[str, str]]:
    with (SQL_FOLDER / "reference" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def test_every_port_of_the_table_is_told_of_in_both_languages() -> None:
    known = {(row["port"], row["protocol"]): row for row in table("services")}
    ports = table("ports")
    assert len(ports) >= 80
    assert len({(row["port"], row["protocol"]) for row in ports}) == len(ports)
    assert ports == sorted(ports, key=lambda row: (int(row["port"]), row["protocol"]))
    for row in ports:
        assert known[row["port"], row["protocol"]]["attack_reason"], row
        assert all(value for name, value in row.items() if name != "nmap_scripts"), row
        assert row["advice"].isascii()
        assert row["advice"].endswith(".")
        for name in ("description_ja", "attack_reason_ja", "advice_ja"):
            assert not row[name].isascii(), row
        assert row["attack_reason_ja"].endswith("。")
        assert row["advice_ja"].endswith("。")


def test_every_vulnerability_is_of_a_port_of_the_table() -> None:
    ports = {(row["port"], row["protocol"]) for row in table("ports")}
    found = table("vulnerabilities")
    assert {(row["port"], row["protocol"]) for row in found} < ports
    assert len({(row["port"], row["protocol"], row["cve"]) for row in found}) == len(found) >= 50
    for row in found:
        assert row["description"].isascii()
        assert not row["description_ja"].isascii()
        name, year, number = row["cve"].split("-")
        assert (name, 1999 <= int(year) <= 2026, number.isdecimal()) == ("CVE", True, True)


def test_tables_of_ports_in_the_catalogue(ask: Ask) -> None:
    [port] = ask("from ports where port = 445")
    assert list(port) == [
        "port", "protocol", "service", "description", "description_ja", "attack_reason", "attack_reason_ja",
        "advice", "advice_ja", "nmap_command",
    ]  # fmt: skip
    assert port["nmap_command"] == "nmap -Pn -sT -sV -p 445 --script smb-protocols,smb-vuln-ms17-010 ADDRESS"
    assert rows(ask("select count(*) from ports")) == [(len(table("ports")),)]
    assert rows(ask("select year, source from vulnerabilities where cve = 'CVE-2019-0708'")) == [
        (2019, "https://nvd.nist.gov/vuln/detail/CVE-2019-0708"),
    ]
