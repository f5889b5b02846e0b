"""Cisco IOS access lists: a random line, written as the device writes it, is read back."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.random_events import addresses, at, names, ports, read_back, syslog_stamp, times

ACTIONS = {"permitted": "allow", "denied": "block"}


@st.composite
def records(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Draw a line, and the event in it."""
    event: dict[str, Any] = {
        "observed_at": at(time := draw(times)).isoformat(),
        "host": draw(names),
        "source_ip": draw(addresses),
        "destination_ip": draw(addresses),
        "source_port": draw(ports),
        "destination_port": draw(ports),
        "protocol": draw(st.sampled_from(["tcp", "udp"])),
    }
    verb, packets = draw(st.sampled_from(sorted(ACTIONS))), draw(st.integers(2, 10**9))
    event |= {
        "message_id": "IPACCESSLOGP",
        "vendor_action": verb,
        "action": ACTIONS[verb],
        "rule": draw(names),
        "packets": packets,
    }
    line = (
        f"{syslog_stamp(time)} {event['host']} 17: {syslog_stamp(time)}.000: %SEC-6-IPACCESSLOGP: list "
        f"{event['rule']} {verb} "
        f"{event['protocol']} {event['source_ip']}({event['source_port']}) -> {event['destination_ip']}"
        f"({event['destination_port']}), {packets} packets"
    )
    return line, event


@settings(max_examples=50, deadline=None)
@given(st.lists(records(), min_size=1, max_size=20))
def test_random_packets_are_read_back(drawn: list[tuple[str, dict[str, Any]]]) -> None:
    assert read_back("cisco_ios", [line for line, _ in drawn]) == [event for _, event in drawn]
