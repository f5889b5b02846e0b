"""pf's filterlog: a random packet, written as the device writes it, is read back."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.random_events import at, ipv4, names, ports, read_back, syslog_stamp, times

ACTIONS = {"pass": "allow", "block": "block", "reject": "reject", "rdr": "allow"}


@st.composite
def records(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Draw a line, and the event in it."""
    event: dict[str, Any] = {
        "observed_at": at(time := draw(times)).isoformat(),
        "host": draw(names),
        "source_ip": draw(ipv4),
        "destination_ip": draw(ipv4),
        "source_port": draw(ports),
        "destination_port": draw(ports),
        "protocol": draw(st.sampled_from(["tcp", "udp"])),
    }
    verb, way = draw(st.sampled_from(sorted(ACTIONS))), draw(st.sampled_from(["in", "out"]))
    event |= {
        "vendor_action": verb,
        "action": ACTIONS[verb],
        "reason": draw(st.sampled_from(["match", "fragment", "short"])),
        "direction": f"{way}bound",
        "rule": str(draw(st.integers(1, 10**10))),
        f"{way}_interface": draw(st.sampled_from(["igb0", "vtnet0.10"])),
        "packet_bytes": draw(ports),
        "ttl": draw(st.integers(0, 255)),
        "tos": draw(st.integers(0, 255)),
        "ip_id": draw(ports),
        "dont_fragment": draw(st.booleans()),
    }
    tail = f"{event['source_port']},{event['destination_port']},20"
    if event["protocol"] == "tcp":
        event |= {"tcp_flags": "SYN ACK", "tcp_sequence": draw(st.integers(0, 2**32 - 1)), "tcp_window": draw(ports)}
        tail = f"{event['source_port']},{event['destination_port']},0,SA,"
        tail += f"{event['tcp_sequence']},,{event['tcp_window']},,mss"
    number = {"tcp": 6, "udp": 17}[event["protocol"]]
    line = (
        f"{syslog_stamp(time)} {event['host']} filterlog[77]: 5,,,{event['rule']},{event[f'{way}_interface']},"
        f"{event['reason']},{verb},{way},4,{event['tos']:#x},,{event['ttl']},{event['ip_id']},0,"
        f"{'DF' if event['dont_fragment'] else 'none'},{number},{event['protocol']},{event['packet_bytes']},"
        f"{event['source_ip']},{event['destination_ip']},{tail}"
    )
    return line, event


@settings(max_examples=50, deadline=None)
@given(st.lists(records(), min_size=1, max_size=20))
def test_random_packets_are_read_back(drawn: list[tuple[str, dict[str, Any]]]) -> None:
    assert read_back("filterlog", [line for line, _ in drawn]) == [event for _, event in drawn]
