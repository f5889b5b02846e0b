"""The site's own addresses, and what talks from them to the outside; every expected answer was worked out by hand."""

import ipaddress
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.catalogue import publish
from pipelines.roll_up import roll_up
from tests.partitions import Row, event, settings_for, write_partition
from tests.shells import Answer, RefusedError, ask_library, ask_shell
from tests.story import Story

Ask = Callable[[str], Answer]

PUBLIC = {"source_scope": "public", "destination_scope": "public", "protocol": "tcp"}


def blocked(day: str, number: int, source: str, destination: str, **values: object) -> Row:
    return event(f"{day} 12:00:00", number, **{
        "source_ip": source, "destination_ip": destination, "destination_port": 23, "action": "block", **PUBLIC,
        **values,
    })  # fmt: skip


def inbound(day: str, destination: str, count: int, **values: object) -> list[Row]:
    return [blocked(day, number, "192.0.2.1", destination, **values) for number in range(1, count + 1)]


# The home's address is 203.0.113.7 on the first day and 203.0.113.8 on the second; a broadcast is nobody's own.
EVENTS = {
    "2020-04-01": [
        *inbound("2020-04-01", "203.0.113.7", 59),
        *inbound("2020-04-01", "203.0.113.99", 2),
        *inbound("2020-04-01", "2001:db8::7", 20, source_ip="2001:db8:1::1"),
        *inbound("2020-04-01", "255.255.255.255", 300, destination_scope="broadcast"),
        *inbound("2020-04-01", "198.51.100.7", 18, sensor="office"),
        # By the address, by the interface, by the private source, and one that was allowed.
        blocked("2020-04-01", 101, "203.0.113.7", "192.0.2.9", destination_port=6667, destination_country="US"),
        blocked("2020-04-01", 102, "203.0.113.7", "192.0.2.9", destination_port=6667, destination_country="US"),
        blocked("2020-04-01", 103, "198.51.100.3", "192.0.2.9", direction="outbound", destination_port=25),
        blocked("2020-04-01", 104, "10.0.0.5", "192.0.2.9", source_scope="private", direction="forward"),
        blocked("2020-04-01", 105, "203.0.113.7", "192.0.2.9", action="allow", destination_port=443),
        # A forged private source, and one that came in by an interface.
        blocked("2020-04-01", 106, "10.0.0.6", "203.0.113.7", source_scope="private"),
        blocked("2020-04-01", 107, "10.0.0.7", "192.0.2.9", source_scope="private", direction="inbound"),
        blocked("2020-04-01", 108, "198.51.100.200", "192.0.2.9", sensor="office", destination_port=80),
    ],
    "2020-04-02": inbound("2020-04-02", "203.0.113.8", 20, action="reject", direction="inbound"),
}  # fmt: skip


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("warehouse")
    for day, events in EVENTS.items():
        write_partition(folder, "events", day, events)
    sources = folder / "sources.toml"
    sources.write_text('[[source]]\nname = "office"\nown_addresses = ["198.51.100.128/25", "2001:db8:2::/48"]\n')
    settings = replace(settings_for(folder), sources_file=sources)
    roll_up(settings)
    publish(settings)
    return folder / "firewall.duckdb"


@pytest.fixture(params=[ask_shell, ask_library], ids=["shell", "library"])
def ask(request: pytest.FixtureRequest, catalogue: Path) -> Ask:
    return lambda sql: request.param(catalogue, sql)


def rows(answer: Answer) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in answer]


def test_own_addresses_are_set_or_inferred_by_day_and_family(ask: Ask) -> None:
    # 203.0.113.7 had 60 of 65 lines that did not go out; the office has 19 lines on its day, which are too few.
    answer = ask("from own_addresses")

    assert list(answer[0]) == ["sensor", "address", "origin", "share"]
    assert rows(answer) == [
        ("home", "2001:db8::7", "inferred", 1.0),
        ("home", "203.0.113.7", "inferred", 60 / 65),
        ("home", "203.0.113.8", "inferred", 1.0),
        ("office", "198.51.100.128/25", "setting", None),
        ("office", "2001:db8:2::/48", "setting", None),
    ]


def test_what_goes_out_is_told_by_interface_or_address(ask: Ask) -> None:
    answer = ask("from talks_out_between('2020-04-01', '2020-04-30')")

    assert list(answer[0]) == [
        "sensor", "source_ip", "destination_port", "protocol", "service", "events", "destinations", "countries",
        "first_seen", "last_seen",
    ]  # fmt: skip
    assert [(row["sensor"], row["source_ip"], row["destination_port"], row["events"]) for row in answer] == [
        ("home", "203.0.113.7", 6667, 2),
        ("home", "10.0.0.5", 23, 1),
        ("home", "198.51.100.3", 25, 1),
        ("office", "198.51.100.200", 80, 1),
    ]
    assert (answer[0]["destinations"], answer[0]["countries"]) == (1, ["US"])


def test_a_period_without_events_has_no_rows(ask: Ask) -> None:
    assert ask("from talks_out_between('2019-01-01', '2019-12-31')") == []


def test_a_wrong_period_is_refused(ask: Ask) -> None:
    with pytest.raises(RefusedError, match="last is 'x': it must be a date such as '2020-04-01'"):
        ask("from talks_out_between('2020-04-01', 'x')")


def test_on_the_sample_the_homes_address_is_inferred_and_what_it_sends_is_found(story: Story) -> None:
    def main(*, is_ipv6: bool) -> str:
        addresses = (row["destination_ip"] for row in story.rows if row["destination_ip"])
        counted = Counter(str(address) for address in addresses if (":" in address) == is_ipv6)
        return counted.most_common(1)[0][0]

    home = main(is_ipv6=False)
    assert story.ask("select sensor, address, origin from own_addresses") == [
        ("sample", home, "inferred"),
        ("sample", main(is_ipv6=True), "inferred"),
    ]
    out = Counter(row["destination_port"] for row in story.rows if row["source_ip"] == home)
    found = story.ask("select destination_port, events from talks_out_between('2020-01-01', '2020-06-30')")
    assert dict(found) == out
    assert out


ADDRESSES = ["192.0.2.77", "192.0.2.0", "10.1.2.3", "::", "::1", "2001:db8::", "2001:db8:0:1::5", "fe80::1:2"]
NETWORKS = [
    "192.0.2.0/24", "192.0.2.64/27", "192.0.2.76/31", "192.0.2.77", "0.0.0.0/0", "10.0.0.0/9", "::/0", "::1/128",
    "2001:db8::/33", "2001:db8:0:1::/64", "fe80::/10",
]  # fmt: skip


def test_networks_hold_the_addresses_that_they_should(ask: Ask) -> None:
    pairs = [(address, network) for address in ADDRESSES for network in NETWORKS]
    values = ", ".join(f"('{address}', '{network}')" for address, network in pairs)
    found = rows(ask(f"select in_network(a, n) from (values {values}) as pairs(a, n)"))  # noqa: S608 - of the lists above

    assert [is_in for (is_in,) in found] == [
        ipaddress.ip_address(address) in ipaddress.ip_network(network) for address, network in pairs
    ]
    assert rows(ask("select address_digits('x'), address_digits('2001:db8::7')")) == [
        (None, "20010db8000000000000000000000007")
    ]
