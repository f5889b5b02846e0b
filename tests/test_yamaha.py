"""YAMAHA: random packets and sessions, written as the router writes them, are read back."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.random_events import at, ipv4, ipv6, macs, names, ports, read_back, syslog_stamp, times

INTERFACES = st.sampled_from(["PP[01]", "LAN1", "LAN2", "TUNNEL[1]", "TUNNEL[20]", "VLAN1", "WAN1"])
VERDICTS = {"Rejected": "block", "Passed": "allow"}


def endpoint(address: str, port: int) -> str:
    """Return an address and its port as the router writes them."""
    return f"{address}.{port}" if ":" in address else f"{address}:{port}"


@st.composite
def packets(draw: st.DrawFn) -> dict[str, Any]:
    """Draw what filters and sessions have in common."""
    family = draw(st.sampled_from([ipv4, ipv6]))
    direction, interface = draw(st.sampled_from([("inbound", "in_interface"), ("outbound", "out_interface")]))
    return {
        "host": draw(names),
        "rule": str(draw(st.integers(1, 2_147_483_647))),
        "direction": direction,
        interface: draw(INTERFACES),
        "source_ip": draw(family),
        "source_port": draw(ports),
        "destination_ip": draw(family),
        "destination_port": draw(ports),
        "protocol": draw(st.sampled_from(["tcp", "udp"])),
    }


def ends(event: dict[str, Any]) -> str:
    """Return protocol and endpoints of an event as the router writes them."""
    source, destination = (endpoint(event[f"{end}_ip"], event[f"{end}_port"]) for end in ("source", "destination"))
    return f"{event['protocol'].upper()} {source} > {destination}"


@st.composite
def filtered(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Draw a line of a filter, and the event in it."""
    verb = draw(st.sampled_from(sorted(VERDICTS)))
    event = draw(packets()) | {
        "observed_at": at(time := draw(times)).isoformat(),
        "vendor_action": verb,
        "action": VERDICTS[verb],
    }
    way = "IN" if event["direction"] == "inbound" else "OUT"
    interface = event.get("in_interface") or event["out_interface"]
    line = f"{syslog_stamp(time)} {event['host']} {interface} {verb} at {way}({event['rule']}) filter: {ends(event)}"
    return line, event


@st.composite
def inspected(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Draw a line of a session, and the event in it."""
    time, seconds = draw(times), draw(st.integers(0, 100_000))
    event = draw(packets()) | {
        "observed_at": at(time).isoformat(),
        "message_id": "INSPECT",
        "action": "allow",
        "duration_ms": seconds * 1_000,
    }
    interface = event.get("in_interface") or event["out_interface"]
    line = (
        f"{syslog_stamp(time)} {event['host']} [INSPECT] {interface}[{event['direction'].removesuffix('bound')}]"
        f"[{event['rule']}] {ends(event)} ({at(time - seconds):%Y/%m/%d %H:%M:%S})"
    )
    return line, event


@st.composite
def frames(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Draw a line of a filter of hardware addresses, and the event in it."""
    event = {
        "observed_at": at(time := draw(times)).isoformat(),
        "host": draw(names),
        "rule": str(draw(st.integers(1, 100))),
        "direction": "inbound",
        "vendor_action": "Rejected",
        "action": "block",
        "in_interface": "LAN1",
        "in_bridge_port": f"port{draw(st.integers(1, 8))}",
        "source_mac": draw(macs),
        "destination_mac": draw(macs),
    }
    line = (
        f"{syslog_stamp(time)} {event['host']} LAN1({event['in_bridge_port']}) Rejected at IN({event['rule']}) filter: "
        f"{event['source_mac']} > {event['destination_mac']} {draw(st.sampled_from(['IP', 'IP6', 'ARP']))}"
    )
    return line, event


@settings(max_examples=50, deadline=None)
@given(st.lists(filtered() | inspected() | frames(), min_size=1, max_size=20))
def test_random_lines_are_read_back(drawn: list[tuple[str, dict[str, Any]]]) -> None:
    assert read_back("yamaha", [line for line, _ in drawn]) == [event for _, event in drawn]
