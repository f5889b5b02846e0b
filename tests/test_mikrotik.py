"""MikroTik: a random packet, written as RouterOS writes it, is read back."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.formats.mikrotik import interface_of, port_of, prefix_of
from tests.random_events import at, ipv4, ipv6, macs, names, ports, read_back, syslog_stamp, times

FLAGS = ("SYN", "ACK", "FIN", "RST", "PSH", "URG", "ECE", "CWR")
CHAINS = {"input": "inbound", "output": "outbound", "forward": "forward"}


def endpoint(address: str, port: int | None) -> str:
    """Return an address and its port as RouterOS writes them."""
    if port is None:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


@st.composite
def records(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Draw a line, and the event in it."""
    family = draw(st.sampled_from([ipv4, ipv6]))
    chain = draw(st.sampled_from(sorted(CHAINS)))
    event: dict[str, Any] = {
        "observed_at": at(time := draw(times)).isoformat(),
        "host": draw(names),
        "message_id": "firewall,info",
        "direction": CHAINS[chain],
        "source_ip": draw(family),
        "destination_ip": draw(family),
        "protocol": draw(st.sampled_from(["tcp", "udp", "icmp", "gre"])),
        "packet_bytes": draw(st.integers(1, 65_535)),
    }
    came, left, mac = draw(names | st.none()), draw(names | st.none()), draw(macs | st.none())
    event |= {
        name: value
        for name, value in (("in_interface", came), ("out_interface", left), ("source_mac", mac))
        if value is not None
    }
    detail = ""
    if event["protocol"] in {"tcp", "udp"}:
        event |= {"source_port": draw(ports), "destination_port": draw(ports)}
    if event["protocol"] == "tcp":
        flags = draw(st.lists(st.sampled_from(FLAGS), min_size=1, unique=True))
        event["tcp_flags"] = " ".join(flag for flag in FLAGS if flag in flags)
        detail = f" ({','.join(flags)})"
    if event["protocol"] == "icmp":
        event |= {"icmp_type": draw(st.integers(0, 255)), "icmp_code": draw(st.integers(0, 255))}
        detail = f" (type {event['icmp_type']}, code {event['icmp_code']})"
        if ":" in event["source_ip"]:
            event["protocol"] = "icmpv6"
    name = {"tcp": "TCP", "udp": "UDP", "gre": "47"}.get(event["protocol"], "ICMP")
    source, destination = (endpoint(event[f"{end}_ip"], event.get(f"{end}_port")) for end in ("source", "destination"))
    line = (
        f"{syslog_stamp(time)} {event['host']} firewall,info {chain}: in:{came or '(unknown 0)'} "
        f"out:{left or '(unknown 0)'}, connection-state:new {f'src-mac {mac}, ' if mac else ''}proto {name}{detail}, "
        f"{source}->{destination}, len {event['packet_bytes']}"
    )
    return line, event


@settings(max_examples=50, deadline=None)
@given(st.lists(records(), min_size=1, max_size=20))
def test_random_packets_are_read_back(drawn: list[tuple[str, dict[str, Any]]]) -> None:
    assert read_back("mikrotik", [line for line, _ in drawn]) == [event for _, event in drawn]


def test_prefix_ends_before_the_chain() -> None:
    assert prefix_of("PING DENIED: input") == "PING DENIED"
    assert prefix_of("input") is None


def test_port_of_a_bridge_stands_in_brackets() -> None:
    assert (interface_of("bridge(ether3)"), port_of("bridge(ether3)")) == ("bridge", "ether3")
    assert (interface_of("ether1"), port_of("ether1")) == ("ether1", None)
