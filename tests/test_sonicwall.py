"""SonicWall: a random connection, written as SonicOS writes it, is read back."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.random_events import at, counts, ipv4, macs, names, ports, read_back, times

MESSAGES = {"36": ("TCP connection dropped", "block"), "537": ("Connection Closed", "allow")}


@st.composite
def records(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Draw a line, and the event in it."""
    number = draw(st.sampled_from(sorted(MESSAGES)))
    text, action = MESSAGES[number]
    sent, received, packets_out, packets_in = (draw(counts) for _ in range(4))
    event: dict[str, Any] = {
        "observed_at": at(time := draw(times)).isoformat(),
        "message_id": number,
        "reason": text,
        "action": action,
        "in_interface": draw(names),
        "out_interface": draw(names),
        "in_zone": draw(names),
        "source_mac": draw(macs),
        "source_ip": draw(ipv4),
        "source_port": draw(ports),
        "destination_ip": draw(ipv4),
        "destination_port": draw(ports),
        "protocol": draw(st.sampled_from(["tcp", "udp"])),
        "packet_bytes": sent + received,
        "duration_ms": draw(st.integers(0, 10**9)),
    }
    if (packets := packets_out + packets_in) > 1:
        event["packets"] = packets
    line = (
        f'<134>id=firewall sn=0017C5000000 time="{at(time)} UTC" fw=198.51.100.1 pri=6 c=64 m={number} msg="{text}" '
        f"n=7 src={event['source_ip']}:{event['source_port']}:{event['in_interface']} "
        f"dst={event['destination_ip']}:{event['destination_port']}:{event['out_interface']}:name.example "
        f"srcZone={event['in_zone']} srcMac={event['source_mac']} "
        f"proto={event['protocol']}/{event['destination_port']} sent={sent} rcvd={received} spkt={packets_out} "
        f"rpkt={packets_in} cdur={event['duration_ms']}"
    )
    return line, event


@settings(max_examples=50, deadline=None)
@given(st.lists(records(), min_size=1, max_size=20))
def test_random_connections_are_read_back(drawn: list[tuple[str, dict[str, Any]]]) -> None:
    assert read_back("sonicwall", [line for line, _ in drawn]) == [event for _, event in drawn]
