"""Sophos UTM: a random packet, written as its packet filter writes it, is read back."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.random_events import at, flows, macs, names, read_back, times

MESSAGES = {
    "drop": ("2001", "Packet dropped", "block"),
    "accept": ("2002", "Packet accepted", "allow"),
    "reject": ("2003", "Packet rejected", "reject"),
}
NUMBERS = {"tcp": 6, "udp": 17, "gre": 47}
FLAGS = ("SYN", "ACK", "FIN", "RST", "PSH", "URG", "ECE", "CWR")


@st.composite
def records(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Draw a line, and the event in it."""
    event = draw(flows())
    word = draw(st.sampled_from(sorted(MESSAGES)))
    number, name, action = MESSAGES[word]
    event |= {
        "observed_at": at(time := draw(times)).isoformat(),
        "host": draw(names),
        "message_id": number,
        "action": action,
        "vendor_action": word,
        "reason": name,
        "rule": str(draw(st.integers(0, 10**6))),
        "in_interface": draw(names),
        "source_mac": draw(macs),
        "destination_mac": draw(macs),
        "packet_bytes": draw(st.integers(1, 65_535)),
        "tos": draw(st.integers(0, 255)),
        "ttl": draw(st.integers(0, 255)),
    }
    detail = ""
    if "source_port" in event:
        detail = f' srcport="{event["source_port"]}" dstport="{event["destination_port"]}"'
    if event["protocol"] == "tcp":
        flags = draw(st.lists(st.sampled_from(FLAGS), min_size=1, unique=True))
        event["tcp_flags"] = " ".join(flag for flag in FLAGS if flag in flags)
        detail += f' tcpflags="{" ".join(flags)}"'
    line = (
        f'{at(time):%Y:%m:%d-%H:%M:%S} {event["host"]} ulogd[4711]: id="{number}" severity="info" sys="SecureNet" '
        f'sub="packetfilter" name="{name}" action="{word}" fwrule="{event["rule"]}" '
        f'initf="{event["in_interface"]}" srcmac="{event["source_mac"]}" dstmac="{event["destination_mac"]}" '
        f'srcip="{event["source_ip"]}" dstip="{event["destination_ip"]}" proto="{NUMBERS[event["protocol"]]}" '
        f'length="{event["packet_bytes"]}" tos="0x{event["tos"]:02x}" ttl="{event["ttl"]}"{detail}'
    )
    return line, event


@settings(max_examples=50, deadline=None)
@given(st.lists(records(), min_size=1, max_size=20))
def test_random_packets_are_read_back(drawn: list[tuple[str, dict[str, Any]]]) -> None:
    assert read_back("sophos_utm", [line for line, _ in drawn]) == [event for _, event in drawn]
