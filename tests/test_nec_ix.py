"""NEC UNIVERGE IX: a random packet, written as the router writes it, is read back."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.random_events import at, ipv4, names, ports, read_back, syslog_stamp, times

INTERFACES = st.sampled_from(["GigaEthernet0.0", "GigaEthernet0.1", "BVI20", "Tunnel0.0", "PPPoE0.1"])
VERDICTS = {"BLOCK": "block", "PASS": "allow"}


@st.composite
def records(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Draw a line, and the event in it."""
    verb, interface = draw(st.sampled_from(sorted(VERDICTS))), draw(INTERFACES)
    way = draw(st.sampled_from(["in", "out"]))
    event: dict[str, Any] = {
        "observed_at": at(time := draw(times)).isoformat(),
        "host": draw(names),
        "message_id": f"FLT.{draw(st.integers(0, 999)):03}",
        "vendor_action": verb,
        "action": VERDICTS[verb],
        "reason": draw(st.sampled_from(["not match any filters", "no match", "match lan-in"])),
        "direction": f"{way}bound",
        f"{way}_interface": interface,
        "source_ip": draw(ipv4),
        "destination_ip": draw(ipv4),
        "protocol": draw(st.sampled_from(["tcp", "udp", "icmp", "esp"])),
    }
    source, destination = event["source_ip"], event["destination_ip"]
    if event["protocol"] in {"tcp", "udp"}:
        event |= {"source_port": draw(ports), "destination_port": draw(ports)}
        source, destination = f"{source}:{event['source_port']}", f"{destination}:{event['destination_port']}"
    line = (
        f"{syslog_stamp(time)} {event['host']} {event['message_id']}: {verb} {event['protocol']} "
        f"{source} > {destination}, {event['reason']}, {interface} {way}"
    )
    return line, event


@settings(max_examples=50, deadline=None)
@given(st.lists(records(), min_size=1, max_size=20))
def test_random_packets_are_read_back(drawn: list[tuple[str, dict[str, Any]]]) -> None:
    assert read_back("nec_ix", [line for line, _ in drawn]) == [event for _, event in drawn]
