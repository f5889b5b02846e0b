"""Juniper SRX, structured: a random session, written as the device writes it, is read back."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.random_events import addresses, at, counts, names, ports, read_back, times


@st.composite
def records(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Draw a line, and the event in it."""
    event: dict[str, Any] = {
        "observed_at": at(draw(times)).isoformat(),
        "host": draw(names),
        "source_ip": draw(addresses),
        "destination_ip": draw(addresses),
        "source_port": draw(ports),
        "destination_port": draw(ports),
        "protocol": draw(st.sampled_from(["tcp", "udp"])),
    }
    out, back, seconds = draw(counts), draw(counts), draw(st.integers(0, 10**6))
    event |= {
        "message_id": "RT_FLOW_SESSION_CLOSE",
        "vendor_action": "CLOSE",
        "action": "allow",
        "reason": draw(st.sampled_from(["TCP FIN", "idle Timeout"])),
        "rule": draw(names),
        "application": "junos-https",
        "in_zone": "trust",
        "out_zone": "untrust",
        "packet_bytes": out + back,
        "packets": 5,
        "duration_ms": seconds * 1_000,
    }
    line = (
        f"<14>1 {event['observed_at']}Z {event['host']} RT_FLOW - RT_FLOW_SESSION_CLOSE [junos@2636.1.1.1.2.129 "
        f'reason="{event["reason"]}" source-address="{event["source_ip"]}" source-port="{event["source_port"]}" '
        f'destination-address="{event["destination_ip"]}" destination-port="{event["destination_port"]}" '
        f'service-name="junos-https" protocol-id="{ {"tcp": 6, "udp": 17}[event["protocol"]] }" '
        f'policy-name="{event["rule"]}" source-zone-name="trust" destination-zone-name="untrust" '
        f'packets-from-client="3" '
        f'bytes-from-client="{out}" packets-from-server="2" bytes-from-server="{back}" elapsed-time="{seconds}"]'
    )
    return line, event


@settings(max_examples=50, deadline=None)
@given(st.lists(records(), min_size=1, max_size=20))
def test_random_sessions_are_read_back(drawn: list[tuple[str, dict[str, Any]]]) -> None:
    assert read_back("juniper_srx", [line for line, _ in drawn]) == [event for _, event in drawn]
