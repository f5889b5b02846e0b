"""Cisco ASA: a random connection or denied packet, written as the device writes it, is read back."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.random_events import addresses, at, counts, names, ports, read_back, syslog_stamp, times

KINDS = ("106023", "106100", "302014")


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
    kind = draw(st.sampled_from(KINDS))
    event |= {
        "message_id": kind,
        "in_interface": "outside",
        "out_interface": draw(st.sampled_from(["inside", "dmz-1"])),
    }
    protocol, inside = event["protocol"], event["out_interface"]
    source, port = event["source_ip"], event["source_port"]
    destination, other = event["destination_ip"], event["destination_port"]
    if kind == "302014":
        seconds = draw(st.integers(0, 359_999))
        event |= {"action": "allow", "vendor_action": "Teardown", "reason": "TCP FINs", "duration_ms": seconds * 1_000}
        event["packet_bytes"] = draw(counts)
        text = (
            f"Teardown {protocol.upper()} connection 7 for outside:{source}/{port} to "
            f"{inside}:{destination}/{other} duration "
            f"{seconds // 3_600}:{seconds // 60 % 60:02}:{seconds % 60:02} bytes {event['packet_bytes']} TCP FINs"
        )
    elif kind == "106100":
        packets = draw(st.integers(2, 10**9))
        event |= {"action": "block", "vendor_action": "denied", "rule": draw(names), "packets": packets}
        text = (
            f"access-list {event['rule']} denied {protocol} outside/{source}({port}) -> "
            f"{inside}/{destination}({other}) "
            f"hit-cnt {packets} 300-second interval [0x0, 0x0]"
        )
    else:
        event |= {"action": "block", "vendor_action": "Deny", "rule": draw(names)}
        text = (
            f"Deny {protocol} src outside:{source}/{port} dst {inside}:{destination}/{other} by access-group "
            f'"{event["rule"]}" [0x0, 0x0]'
        )
    line = f"{syslog_stamp(time)} {event['host']} %ASA-4-{kind}: {text}"
    return line, event


@settings(max_examples=50, deadline=None)
@given(st.lists(records(), min_size=1, max_size=20))
def test_random_messages_are_read_back(drawn: list[tuple[str, dict[str, Any]]]) -> None:
    assert read_back("cisco_asa", [line for line, _ in drawn]) == [event for _, event in drawn]
