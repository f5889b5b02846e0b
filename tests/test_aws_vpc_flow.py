"""Amazon VPC: a random flow, written with the columns in any order, is read back."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.protocols import BY_NUMBER
from tests.random_events import at, counts, ipv4, ipv6, ports, read_back, times

COLUMNS = (
    "version",
    "account-id",
    "interface-id",
    "srcaddr",
    "dstaddr",
    "srcport",
    "dstport",
    "protocol",
    "packets",
    "bytes",
    "start",
    "end",
    "action",
    "log-status",
    "vpc-id",
    "tcp-flags",
    "type",
    "flow-direction",
    "traffic-path",
)
ACTIONS = {"ACCEPT": "allow", "REJECT": "block"}
FLAG_BITS = {"SYN": 2, "ACK": 16, "FIN": 1, "RST": 4}


@st.composite
def records(draw: st.DrawFn) -> tuple[dict[str, str], dict[str, Any]]:
    """Draw the values of a record by column, and the event in them."""
    family = draw(st.sampled_from([ipv4, ipv6]))
    action, way = draw(st.sampled_from(sorted(ACTIONS))), draw(st.sampled_from(["ingress", "egress"]))
    start, seconds, number = draw(times), draw(st.integers(0, 600)), draw(st.sampled_from([1, 6, 17, 47]))
    flags = draw(st.lists(st.sampled_from(sorted(FLAG_BITS)), unique=True)) if number == 6 else []
    event: dict[str, Any] = {
        "observed_at": at(start).isoformat(),
        "vendor_action": action,
        "action": ACTIONS[action],
        "direction": "inbound" if way == "ingress" else "outbound",
        "in_interface" if way == "ingress" else "out_interface": "eni-1235b8ca123456789",
        "source_ip": draw(family),
        "destination_ip": draw(family),
        "protocol": BY_NUMBER[number],
        "packet_bytes": draw(counts),
        "duration_ms": seconds * 1_000,
    }
    packets = draw(st.integers(1, 10**9))
    if packets != 1:
        event["packets"] = packets
    if number in {6, 17}:
        event |= {"source_port": draw(ports), "destination_port": draw(ports)}
    if number == 6:
        event["tcp_flags"] = " ".join(flag for flag in FLAG_BITS if flag in flags)
    values = dict.fromkeys(COLUMNS, "-") | {
        "version": 5,
        "account-id": 123456789010,
        "interface-id": "eni-1235b8ca123456789",
        "srcaddr": event["source_ip"],
        "dstaddr": event["destination_ip"],
        "srcport": event.get("source_port", 0),
        "dstport": event.get("destination_port", 0),
        "protocol": number,
        "packets": packets,
        "bytes": event["packet_bytes"],
        "start": start,
        "end": start + seconds,
        "action": action,
        "log-status": "OK",
        "tcp-flags": sum(FLAG_BITS[flag] for flag in flags),
        "flow-direction": way,
    }
    return {name: str(value) for name, value in values.items()}, event


@settings(max_examples=50, deadline=None)
@given(st.permutations(COLUMNS), st.lists(records(), min_size=1, max_size=20))
def test_random_flows_are_read_back(columns: list[str], drawn: list[tuple[dict[str, str], dict[str, Any]]]) -> None:
    lines = [" ".join(columns), *(" ".join(values[name] for name in columns) for values, _ in drawn)]
    assert read_back("aws_vpc_flow", lines) == [{"ignored": True}, *(event for _, event in drawn)]
