"""Palo Alto: a random session, written as PAN-OS writes it, is read back."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.random_events import at, counts, flows, ipv4, names, ports, read_back, times

ACTIONS = {"allow": "allow", "deny": "block", "drop": "block", "reset-both": "reject"}


@st.composite
def records(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Draw a line, and the event in it."""
    event = draw(flows())
    word = draw(st.sampled_from(sorted(ACTIONS)))
    packets, seconds = draw(st.integers(2, 10**12)), draw(st.integers(0, 10**6))
    event |= {
        "observed_at": at(time := draw(times)).isoformat(),
        "host": draw(names),
        "message_id": "TRAFFIC",
        "action": ACTIONS[word],
        "vendor_action": word,
        "reason": "aged-out",
        "rule": f"{draw(names)}, {draw(names)}",
        "in_zone": draw(names.filter(lambda name: name != "any")),
        "out_zone": draw(names.filter(lambda name: name != "any")),
        "packet_bytes": draw(counts),
        "packets": packets,
        "duration_ms": seconds * 1_000,
    }
    address, port = "0.0.0.0", 0  # noqa: S104 - what PAN-OS writes without a translation
    if draw(st.booleans()):
        address, port = draw(ipv4.filter(lambda text: text != "0.0.0.0")), draw(ports.filter(bool))  # noqa: S104
        event |= {"nat_source_ip": address, "nat_source_port": port}
    stamp = f"{at(time):%Y/%m/%d %H:%M:%S}"
    line = (
        f"1,{stamp},001801000000,TRAFFIC,end,2305,{stamp},{event['source_ip']},{event['destination_ip']},{address},"
        f'0.0.0.0,"{event["rule"]}",,,,vsys1,{event["in_zone"]},{event["out_zone"]},,,default,{stamp},7,1,'
        f"{event.get('source_port', 0)},{event.get('destination_port', 0)},{port},0,0x0,{event['protocol']},{word},"
        f"{event['packet_bytes']},0,0,{packets},{stamp},{seconds},any,0,7,0x0,United States,Japan,0,1,1,aged-out,"
        f"0,0,0,0,,{event['host']},from-policy"
    )
    return line, event


@settings(max_examples=50, deadline=None)
@given(st.lists(records(), min_size=1, max_size=20))
def test_random_sessions_are_read_back(drawn: list[tuple[str, dict[str, Any]]]) -> None:
    assert read_back("palo_alto", [line for line, _ in drawn]) == [event for _, event in drawn]
