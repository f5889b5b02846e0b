"""The table of research scanners, the bundled and the user's, and their visits."""

import csv
import ipaddress
from datetime import date
from pathlib import Path

import pytest

from pipelines.catalogue import publish
from pipelines.research_scanners import BUNDLED
from pipelines.roll_up import roll_up
from pipelines.settings import SettingError
from tests.partitions import event, settings_for, write_partition
from tests.shells import ask_library, ask_shell

HEADER = "scanner,kind,identifier,source,checked_on\n"
MINE = HEADER + (
    "My auditor,network,203.0.113.64/26,contract,2020-04-01\n"
    "My auditor,network,2001:db8:5::/48,contract,2020-04-01\n"
    "My provider,asn,64500,contract,2020-04-01\n"
)


def test_every_bundled_row_has_a_source_and_a_day() -> None:
    with BUNDLED.open(encoding="ascii", newline="") as file:
        rows = list(csv.DictReader(file, strict=True))
    keys = [(row["scanner"], row["kind"], row["identifier"]) for row in rows]
    assert keys == sorted(set(keys))
    for row in rows:
        assert row["source"].startswith("https://")
        assert date.fromisoformat(row["checked_on"]) >= date(2020, 1, 1)
        assert row["kind"] in {"network", "asn", "hostname"}
        if row["kind"] == "network":
            ipaddress.ip_network(row["identifier"])
    assert {"Shodan", "Censys", "Shadowserver", "Rapid7 Project Sonar"} < {row["scanner"] for row in rows}


def test_visits_are_told_by_network_and_number_of_both_tables(tmp_path: Path) -> None:
    (tmp_path / "research_scanners.csv").write_text(MINE, encoding="utf-8")
    sources = ["71.6.135.131", "162.142.125.9", "162.142.126.9", "203.0.113.65", "203.0.113.63", "2001:db8:5::1"]
    write_partition(tmp_path, "events", "2020-04-01", [
        *(event("2020-04-01 12:00:00", number, source_ip=source, destination_port=port)
          for number, (source, port) in enumerate([(source, 23) for source in sources] + [("71.6.135.131", 80)], 1)),
        event("2020-04-01 12:00:00", 9, source_ip="192.0.2.1", source_asn=64500, destination_port=1),
    ])  # fmt: skip
    roll_up(settings_for(tmp_path))
    path = publish(settings_for(tmp_path)).path

    for ask in (ask_shell, ask_library):
        answer = ask(path, "from research_scans_between('2020-04-01', '2020-04-01')")
        assert list(answer[0]) == ["scanner", "source_ip", "events", "ports", "first_seen", "last_seen"]
        assert [(row["scanner"], row["source_ip"], row["events"], row["ports"]) for row in answer] == [
            ("Shodan", "71.6.135.131", 2, 2),
            ("Censys", "162.142.125.9", 1, 1),
            ("My auditor", "2001:db8:5::1", 1, 1),
            ("My auditor", "203.0.113.65", 1, 1),
            ("My provider", "192.0.2.1", 1, 1),
        ]
        assert ask(path, "from research_scans_between('2020-04-02', '2020-04-02')") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "first line of .* is '': it must be scanner,kind,identifier,source,checked_on"),
        ("name,network\n", "first line of .* is 'name,network'"),
        (HEADER + "Me,network,203.0.113.65/26,x,2020-04-01\n", "row 2 of .*has host bits set"),
        (HEADER + "Me,asn,AS1,x,2020-04-01\n", "row 2 of .*must be valid"),
        (HEADER + "Me,asn,1,x,yesterday\n", "row 2 of .*must be valid"),
        (HEADER + "Me,city,Tokyo,x,2020-04-01\n", "row 2 of .*kind must be one of network, asn, hostname"),
        (HEADER + "Me,asn,1\n", "row 2 of .*5 columns in all"),
        (HEADER + 'Me,"asn\n', "must be a readable CSV file in UTF-8"),
    ],
)
def test_a_table_of_the_users_that_cannot_be_used_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "research_scanners.csv").write_text(text, encoding="utf-8")
    with pytest.raises(SettingError, match=message):
        publish(settings_for(tmp_path))
