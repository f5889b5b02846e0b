"""Check Point: a random connection, written as its Log Exporter writes it, is read back."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.random_events import at, flows, names, read_back, shuffled, times

ACTIONS = {"Accept": "allow", "Drop": "block", "Reject": "reject"}
NUMBERS = {"tcp": 6, "udp": 17, "gre": 47}


@st.composite
def records(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Draw a line, and the event in it."""
    event = draw(flows())
    word = draw(st.sampled_from(sorted(ACTIONS)))
    way = draw(st.sampled_from(["inbound", "outbound"]))
    interface = draw(names)
    event |= {
        "observed_at": at(time := draw(times)).isoformat(),
        "host": draw(names),
        "message_id": "VPN-1 & FireWall-1",
        "action": ACTIONS[word],
        "vendor_action": word,
        "direction": way,
        "in_interface" if way == "inbound" else "out_interface": interface,
        "rule": f"{draw(names)}; {draw(names)}",
        "in_zone": draw(names),
    }
    keys = {
        "product": event["message_id"],
        "rule_name": event["rule"],
        "inzone": event["in_zone"],
        "src": event["source_ip"],
        "dst": event["destination_ip"],
        "proto": NUMBERS[event["protocol"]],
        "time": time,
    }
    if "source_port" in event:
        keys |= {"s_port": event["source_port"], "service": event["destination_port"]}
    pairs = "; ".join(f'{key}:"{value}"' for key, value in shuffled(draw, keys).items())
    line = (
        f'<134>1 {at(time).isoformat()}Z {event["host"]} CheckPoint 4711 - [action:"{word}"; flags:"0"; '
        f'ifdir:"{way}"; ifname:"{interface}"; loguid:"{{0x1,0x0,0x0,0x0}}"; {pairs}]'
    )
    return line, event


@settings(max_examples=50, deadline=None)
@given(st.lists(records(), min_size=1, max_size=20))
def test_random_connections_are_read_back(drawn: list[tuple[str, dict[str, Any]]]) -> None:
    assert read_back("check_point", [line for line, _ in drawn]) == [event for _, event in drawn]
