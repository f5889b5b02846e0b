"""Windows: a random packet, written as `pfirewall.log` has it, with the columns in any order, is read back."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.random_events import at, ipv4, ipv6, ports, read_back, times

COLUMNS = (
    "date",
    "time",
    "action",
    "protocol",
    "src-ip",
    "dst-ip",
    "src-port",
    "dst-port",
    "size",
    "tcpflags",
    "tcpsyn",
    "tcpack",
    "tcpwin",
    "icmptype",
    "icmpcode",
    "info",
    "path",
    "pid",
)
ACTIONS = {"ALLOW": "allow", "DROP": "block", "OPEN": "allow"}
PATHS = {"SEND": "outbound", "RECEIVE": "inbound", "FORWARD": "forward"}
FLAGS = ("SYN", "ACK", "FIN", "RST", "PSH", "URG")


@st.composite
def records(draw: st.DrawFn) -> tuple[dict[str, str], dict[str, Any]]:
    """Draw the values of a line by column, and the event in them."""
    family = draw(st.sampled_from([ipv4, ipv6]))
    action, path = draw(st.sampled_from(sorted(ACTIONS))), draw(st.sampled_from(sorted(PATHS)))
    moment = at(draw(times))
    event: dict[str, Any] = {
        "observed_at": moment.isoformat(),
        "vendor_action": action,
        "action": ACTIONS[action],
        "direction": PATHS[path],
        "source_ip": draw(family),
        "destination_ip": draw(family),
        "protocol": draw(st.sampled_from(["tcp", "udp", "icmp"])),
        "packet_bytes": draw(st.integers(0, 65_535)),
    }
    flags: list[str] = []
    if event["protocol"] == "icmp":
        event |= {"icmp_type": draw(st.integers(0, 255)), "icmp_code": draw(st.integers(0, 255))}
        event["protocol"] = "icmpv6" if ":" in event["source_ip"] else "icmp"
    else:
        event |= {"source_port": draw(ports), "destination_port": draw(ports)}
    if event["protocol"] == "tcp":
        flags = draw(st.lists(st.sampled_from(FLAGS), min_size=1, unique=True))
        event |= {
            "tcp_flags": " ".join(flag for flag in FLAGS if flag in flags),
            "tcp_sequence": draw(st.integers(0, 2**32 - 1)),
            "tcp_acknowledgement": draw(st.integers(0, 2**32 - 1)),
            "tcp_window": draw(ports),
        }
    values = {
        "date": f"{moment:%Y-%m-%d}",
        "time": f"{moment:%H:%M:%S}",
        "action": action,
        "protocol": event["protocol"].removesuffix("v6").upper(),
        "src-ip": event["source_ip"],
        "dst-ip": event["destination_ip"],
        "src-port": event.get("source_port", "-"),
        "dst-port": event.get("destination_port", "-"),
        "size": event["packet_bytes"],
        "tcpflags": "".join(flag[0] for flag in flags) or "-",
        "tcpsyn": event.get("tcp_sequence", "-"),
        "tcpack": event.get("tcp_acknowledgement", "-"),
        "tcpwin": event.get("tcp_window", "-"),
        "icmptype": event.get("icmp_type", "-"),
        "icmpcode": event.get("icmp_code", "-"),
        "info": "-",
        "path": path,
        "pid": "4",
    }
    return {name: str(value) for name, value in values.items()}, event


@settings(max_examples=50, deadline=None)
@given(st.permutations(COLUMNS), st.lists(records(), min_size=1, max_size=20))
def test_random_packets_are_read_back(columns: list[str], drawn: list[tuple[dict[str, str], dict[str, Any]]]) -> None:
    lines = [f"#Fields: {' '.join(columns)}", *(" ".join(values[name] for name in columns) for values, _ in drawn)]
    assert read_back("windows_firewall", lines) == [{"ignored": True}, *(event for _, event in drawn)]
