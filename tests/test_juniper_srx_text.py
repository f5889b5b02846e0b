"""Juniper SRX, as sentences: a random session, written as the device writes it, is read back."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.random_events import addresses, at, names, ports, read_back, syslog_stamp, times


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
    event |= {
        "message_id": "RT_FLOW_SESSION_DENY",
        "vendor_action": "DENY",
        "action": "block",
        "reason": "Denied by policy",
        "rule": draw(names),
        "application": "junos-smb",
        "in_zone": "untrust",
        "out_zone": "trust",
        "in_interface": "ge-0/0/0.0",
    }
    line = (
        f"{syslog_stamp(time)} {event['host']} RT_FLOW: RT_FLOW_SESSION_DENY: session denied {event['source_ip']}/"
        f"{event['source_port']}->{event['destination_ip']}/{event['destination_port']} 0x0 junos-smb "
        f"{ {'tcp': 6, 'udp': 17}[event['protocol']] }(0) {event['rule']} untrust trust UNKNOWN UNKNOWN "
        "N/A(N/A) ge-0/0/0.0 No "
        "Denied by policy"
    )
    return line, event


@settings(max_examples=50, deadline=None)
@given(st.lists(records(), min_size=1, max_size=20))
def test_random_sessions_are_read_back(drawn: list[tuple[str, dict[str, Any]]]) -> None:
    assert read_back("juniper_srx_text", [line for line, _ in drawn]) == [event for _, event in drawn]
