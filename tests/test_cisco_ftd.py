"""Cisco Firepower: a random connection, written as the device writes it, is read back."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.random_events import addresses, at, counts, names, ports, read_back, syslog_stamp, times

ACTIONS = {"Allow": "allow", "Block": "block", "Block with reset": "reject", "Trust": "allow"}


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
    verb, seconds = draw(st.sampled_from(sorted(ACTIONS))), draw(st.integers(0, 10**6))
    out, back = draw(counts), draw(counts)
    event |= {
        "message_id": "430003",
        "vendor_action": verb,
        "action": ACTIONS[verb],
        "rule": f"{draw(names)} rule",
        "in_interface": "outside",
        "duration_ms": seconds * 1_000,
        "packet_bytes": out + back,
        "packets": 5,
    }
    line = (
        f"{syslog_stamp(time)} {event['host']} %FTD-6-430003: AccessControlRuleAction: {verb}, SrcIP: "
        f"{event['source_ip']}, DstIP: {event['destination_ip']}, SrcPort: {event['source_port']}, DstPort: "
        f"{event['destination_port']}, Protocol: {event['protocol']}, IngressInterface: outside, "
        f"AccessControlRuleName: "
        f"{event['rule']}, UserAgent: a (b, like c), ConnectionDuration: {seconds}, InitiatorPackets: 3, "
        f"ResponderPackets: "
        f"2, InitiatorBytes: {out}, ResponderBytes: {back}"
    )
    return line, event


@settings(max_examples=50, deadline=None)
@given(st.lists(records(), min_size=1, max_size=20))
def test_random_connections_are_read_back(drawn: list[tuple[str, dict[str, Any]]]) -> None:
    assert read_back("cisco_ftd", [line for line, _ in drawn]) == [event for _, event in drawn]
