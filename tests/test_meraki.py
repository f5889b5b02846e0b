"""Cisco Meraki: a random flow, written as the device writes it, is read back."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.random_events import addresses, at, macs, names, ports, read_back, times

ACTIONS = {"allow": "allow", "deny": "block"}


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
    verb = draw(st.sampled_from(sorted(ACTIONS)))
    event |= {
        "message_id": draw(st.sampled_from(["flows", "firewall", "vpn_firewall"])),
        "vendor_action": verb,
        "action": ACTIONS[verb],
        "rule": f"{verb} all",
        "source_mac": draw(macs),
    }
    line = (
        f"<134>1 {time}.000000000 {event['host']} {event['message_id']} src={event['source_ip']} "
        f"dst={event['destination_ip']} mac={event['source_mac'].upper()} protocol={event['protocol']} "
        f"sport={event['source_port']} dport={event['destination_port']} pattern: {event['rule']}"
    )
    return line, event


@settings(max_examples=50, deadline=None)
@given(st.lists(records(), min_size=1, max_size=20))
def test_random_flows_are_read_back(drawn: list[tuple[str, dict[str, Any]]]) -> None:
    assert read_back("meraki", [line for line, _ in drawn]) == [event for _, event in drawn]
