"""Juniper NetScreen: a random session, written as the device writes it, is read back."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.random_events import addresses, at, counts, names, ports, read_back, syslog_stamp, times

ACTIONS = {"Permit": "allow", "Deny": "block"}


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
    verb, sent, received = draw(st.sampled_from(sorted(ACTIONS))), draw(counts), draw(counts)
    event |= {
        "message_id": "00257",
        "vendor_action": verb,
        "action": ACTIONS[verb],
        "rule": str(draw(ports)),
        "application": draw(st.sampled_from(["https", "msrpc Endpoint Mapper(tcp)", "udp/port:17"])),
        "in_zone": "Untrust",
        "out_zone": "VPN Zone",
        "duration_ms": 1_000 * draw(ports),
        "packet_bytes": sent + received,
        "reason": "Close - TCP FIN",
    }
    line = (
        f"{syslog_stamp(time)} {event['host']} fw: NetScreen device_id=fw [Root]system-notification-00257(traffic): "
        f'start_time="2020-04-03 04:12:45" duration={event["duration_ms"] // 1_000} policy_id={event["rule"]} '
        f"service={event['application']} proto={ {'tcp': 6, 'udp': 17}[event['protocol']] } src zone=Untrust "
        "dst zone=VPN Zone "
        f"action={verb} sent={sent} rcvd={received} src={event['source_ip']} dst={event['destination_ip']} "
        f"src_port={event['source_port']} dst_port={event['destination_port']} session_id=7 reason=Close - TCP FIN"
    )
    return line, event


@settings(max_examples=50, deadline=None)
@given(st.lists(records(), min_size=1, max_size=20))
def test_random_sessions_are_read_back(drawn: list[tuple[str, dict[str, Any]]]) -> None:
    assert read_back("netscreen", [line for line, _ in drawn]) == [event for _, event in drawn]
