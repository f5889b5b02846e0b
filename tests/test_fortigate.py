"""FortiGate: a random session, written as FortiOS writes it, is read back."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.random_events import at, counts, flows, names, read_back, times

ACTIONS = {"deny": "block", "accept": "allow", "close": "allow", "timeout": "allow", "client-rst": "allow"}
NUMBERS = {"tcp": 6, "udp": 17, "gre": 47}
DIRECTIONS = {("wan", "lan"): "inbound", ("lan", "wan"): "outbound", ("lan", "dmz"): "internal"}


@st.composite
def records(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Draw a line, and the event in it."""
    micros = draw(st.integers(0, 999_999))
    event = draw(flows())
    roles = draw(st.sampled_from(sorted(DIRECTIONS)))
    sent, received, packets_out, packets_in = (draw(counts) for _ in range(4))
    seconds = draw(st.integers(0, 10**6))
    word = draw(st.sampled_from(sorted(ACTIONS)))
    event |= {
        "observed_at": at(time := draw(times), micros).isoformat(),
        "host": draw(names),
        "message_id": "0000000013",
        "action": ACTIONS[word],
        "vendor_action": word,
        "direction": DIRECTIONS[roles],
        "rule": str(draw(st.integers(0, 10**6))),
        "in_interface": draw(names),
        "out_interface": draw(names),
        "packet_bytes": sent + received,
        "duration_ms": seconds * 1_000,
    }
    if (packets := packets_out + packets_in) > 1:
        event["packets"] = packets
    line = (
        f'date={at(time):%Y-%m-%d} time={at(time):%H:%M:%S} devname="{event["host"]}" devid="FG100E0000000000" '
        f'eventtime={time}{micros:06}000 tz="+0000" logid="0000000013" type="traffic" subtype="forward" '
        f'srcip={event["source_ip"]} srcport={event.get("source_port", 0)} srcintf="{event["in_interface"]}" '
        f'srcintfrole="{roles[0]}" dstip={event["destination_ip"]} dstport={event.get("destination_port", 0)} '
        f'dstintf="{event["out_interface"]}" dstintfrole="{roles[1]}" proto={NUMBERS[event["protocol"]]} '
        f'action="{word}" policyid={event["rule"]} duration={seconds} sentbyte={sent} rcvdbyte={received} '
        f"sentpkt={packets_out} rcvdpkt={packets_in}"
    )
    return line, event


@settings(max_examples=50, deadline=None)
@given(st.lists(records(), min_size=1, max_size=20))
def test_random_sessions_are_read_back(drawn: list[tuple[str, dict[str, Any]]]) -> None:
    assert read_back("fortigate", [line for line, _ in drawn]) == [event for _, event in drawn]


def test_icmp_over_ipv6_stands_beside_what_has_ports() -> None:
    head = 'date=2020-04-03 time=10:00:00 devname="gate" devid="FG1" logid="0000000013" type="traffic"'
    lines = [
        f"{head} srcip=2001:db8::9 dstip=2001:db8::7 proto=1 action=deny",
        f"{head} srcip=203.0.113.9 srcport=51234 dstip=198.51.100.7 dstport=445 proto=6 action=deny",
    ]
    assert [(event["protocol"], event.get("destination_port")) for event in read_back("fortigate", lines)] == [
        ("icmpv6", None),
        ("tcp", 445),
    ]
