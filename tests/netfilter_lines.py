"""Lines for tests of the scanner: as the kernel writes them, of random packets, and as damage leaves them."""

import random
from collections.abc import Iterator
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

FIXTURES = Path(__file__).parent / "fixtures" / "formats" / "netfilter"

# Prefix as logged, the rule it is, and what it says was done.
PREFIXES = (
    ("", None, None),
    ("[UFW BLOCK] ", "[UFW BLOCK]", "block"),
    ("FINAL_REJECT: ", "FINAL_REJECT", "reject"),
    ("Shorewall:net2fw:DROP:", "Shorewall:net2fw:DROP", "block"),
    ("[WAN_LOCAL-20-A]", "[WAN_LOCAL-20-A]", "allow"),
    ("seen (by us) ", "seen (by us)", None),
)
# In the order in which the kernel writes them.
FLAGS = ("AE", "CWR", "ECE", "URG", "ACK", "PSH", "RST", "SYN", "FIN")
STORED_FLAGS = ("SYN", "ACK", "FIN", "RST", "PSH", "URG", "ECE", "CWR", "AE")
OTHER_PROTOCOLS = {"2": "igmp", "47": "gre", "132": "sctp", "0": "0", "255": "255", "ESP": "esp", "AH": "ah"}

WORDS = st.integers(0, 2**16 - 1)
LONG_WORDS = st.integers(0, 2**32 - 1)
BYTES = st.integers(0, 255)
MACS = st.binary(min_size=6, max_size=6).map(lambda octets: octets.hex(":"))
INTERFACES = st.sampled_from(("eth0", "enp0s31f6", "pppoe-wan", "br-lan.20", "wlan0@if7"))
STAMPS = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31))  # noqa: DTZ001 - written as UTC
HOSTS = st.from_regex(r"[a-z0-9][a-z0-9.\-]{0,20}", fullmatch=True)


@st.composite
def packets(draw: st.DrawFn) -> tuple[bytes, dict[str, Any]]:
    """Draw a line, as the kernel logs a packet with all that it can log, and the columns that it must become."""
    prefix, rule, action = draw(st.sampled_from(PREFIXES))
    stamp, host = draw(STAMPS), draw(HOSTS)
    event: dict[str, Any] = {"observed_at": stamp.isoformat(), "host": host, "rule": rule, "action": action}
    uptime = f"[{draw(st.integers(0, 10**8)):5d}.{draw(st.integers(0, 999_999)):06d}] " if draw(st.booleans()) else ""
    parts = [f"{stamp.isoformat()}Z {host} kernel: {uptime}{prefix}{frame(draw, event)}"]
    parts.append(network(draw, event))
    parts.append(transport(draw, event))
    if draw(st.booleans()):
        parts.append(f"MARK=0x{draw(LONG_WORDS):x} ")
    return "".join(parts).encode(), {name: value for name, value in event.items() if value is not None}


def frame(draw: st.DrawFn, event: dict[str, Any]) -> str:
    """Return interfaces and hardware addresses."""
    came, leaves, bridge_in, bridge_out = (draw(st.none() | INTERFACES) for _ in range(4))
    event["in_interface"], event["out_interface"] = came, leaves
    event["in_bridge_port"], event["out_bridge_port"] = bridge_in, bridge_out
    event["direction"] = {(0, 0): None, (1, 0): "inbound", (0, 1): "outbound", (1, 1): "forward"}[
        came is not None, leaves is not None
    ]
    text = f"IN={came or ''} OUT={leaves or ''} "
    text += f"PHYSIN={bridge_in} " if bridge_in else ""
    text += f"PHYSOUT={bridge_out} " if bridge_out else ""
    if came is None:
        return text
    if not draw(st.booleans()):
        return text + "MAC= "
    event["destination_mac"], event["source_mac"] = draw(MACS), draw(MACS)
    if draw(st.booleans()):
        return text + f"MACSRC={event['source_mac']} MACDST={event['destination_mac']} MACPROTO=0800 "
    rest = draw(st.binary(max_size=6)).hex(":")
    return text + f"MAC={event['destination_mac']}:{event['source_mac']}:08:00{rest and ':'}{rest} "


def network(draw: st.DrawFn, event: dict[str, Any]) -> str:
    """Return addresses and what else the IP header holds."""
    version = draw(st.sampled_from((IPv4Address, IPv6Address)))
    bits = 32 if version is IPv4Address else 128
    source, destination = (version(draw(st.integers(0, 2**bits - 1))) for _ in range(2))
    event["source_ip"], event["destination_ip"] = str(source), str(destination)
    event["packet_bytes"], event["ttl"] = draw(WORDS), draw(BYTES)
    text = f"SRC={source.exploded} DST={destination.exploded} LEN={event['packet_bytes']} "
    if version is IPv6Address:
        event["tos"], event["flow_label"] = draw(BYTES), draw(st.integers(0, 2**20 - 1))
        text += f"TC={event['tos']} HOPLIMIT={event['ttl']} FLOWLBL={event['flow_label']} "
        return text + draw(st.sampled_from(("", "OPT ( ) OPT ( ) ", "FRAG:0 INCOMPLETE ID:0000beef ")))
    event["tos"] = draw(BYTES) & 0xFE  # the kernel logs all bits but the last
    event["ip_id"], event["dont_fragment"] = draw(WORDS), draw(st.booleans())
    text += f"TOS=0x{event['tos'] & 0x1E:02X} PREC=0x{event['tos'] & 0xE0:02X} TTL={event['ttl']} ID={event['ip_id']} "
    text += "DF " if event["dont_fragment"] else ""
    return text + draw(st.sampled_from(("", "MF ", "FRAG:185 ", "OPT (94040000) ")))


def transport(draw: st.DrawFn, event: dict[str, Any]) -> str:
    """Return what the packet carries."""
    kind = draw(st.sampled_from(("TCP", "UDP", "UDPLITE", "ICMP", "other")))
    if kind == "other":
        written = draw(st.sampled_from(sorted(OTHER_PROTOCOLS)))
        event["protocol"] = OTHER_PROTOCOLS[written]
        return f"PROTO={written} " + ("SPI=0x1f " if written.isalpha() else "")
    if kind == "ICMP":
        return icmp(draw, event)
    event["protocol"] = kind.lower()
    cut = draw(st.integers(0, 9))
    if cut == 0:  # a fragment that is not the first, or a packet cut short
        return f"PROTO={kind} " + draw(st.sampled_from(("", "INCOMPLETE [7 bytes] ")))
    event["source_port"], event["destination_port"] = draw(WORDS), draw(WORDS)
    text = f"PROTO={kind} SPT={event['source_port']} DPT={event['destination_port']} "
    return text + (tcp(draw, event) if kind == "TCP" else f"LEN={draw(WORDS)} ")


def tcp(draw: st.DrawFn, event: dict[str, Any]) -> str:
    """Return what the TCP header holds but its ports."""
    text = ""
    if draw(st.booleans()):
        event["tcp_sequence"], event["tcp_acknowledgement"] = draw(LONG_WORDS), draw(LONG_WORDS)
        text = f"SEQ={event['tcp_sequence']} ACK={event['tcp_acknowledgement']} "
    event["tcp_window"] = draw(WORDS)
    flags = draw(st.sets(st.sampled_from(FLAGS)))
    event["tcp_flags"] = " ".join(flag for flag in STORED_FLAGS if flag in flags)
    text += f"WINDOW={event['tcp_window']} RES=0x00 " + "".join(f"{flag} " for flag in FLAGS if flag in flags)
    options = draw(st.binary(max_size=40)).hex().upper()
    return text + f"URGP={draw(WORDS)} " + (f"OPT ({options}) " if options else "")


def icmp(draw: st.DrawFn, event: dict[str, Any]) -> str:
    """Return an ICMP message of the address's version: an echo, an error about another packet, or another."""
    six = ip_address(event["source_ip"]).version == 6
    event["protocol"] = "icmpv6" if six else "icmp"
    event["icmp_type"], event["icmp_code"] = draw(BYTES), draw(BYTES)
    text = f"PROTO={'ICMPv6' if six else 'ICMP'} TYPE={event['icmp_type']} CODE={event['icmp_code']} "
    match draw(st.sampled_from(("echo", "error", "other"))):
        case "echo":
            event["icmp_id"], event["icmp_sequence"] = draw(WORDS), draw(WORDS)
            return text + f"ID={event['icmp_id']} SEQ={event['icmp_sequence']} "
        case "error":
            inner: dict[str, Any] = {}
            return text + f"[{network(draw, inner)}PROTO=TCP INCOMPLETE [8 bytes] ] MTU={draw(WORDS)} "
        case _:
            return text + draw(st.sampled_from(("", "PARAMETER=20 ", "POINTER=0000002a ")))


def fixture_lines() -> list[bytes]:
    """Return the lines of all fixtures of the format."""
    paths = sorted(FIXTURES.glob("*.log"))
    return [line for path in paths for line in path.read_bytes().split(b"\n")[:-1]]


# What means something to the scanner, and what means something to text only.
PIECES = (
    *(bytes([byte]) for byte in b' =[]():"\\-./,09<>%\r\t\v\0\x85\xff'),
    *("ä".encode(), b"IN=", b" OUT=", b" SRC=", b" PROTO=", b" 2020 ", b"kernel: "),
)


def damaged_lines(seed: int, count: int) -> Iterator[bytes]:
    """Yield lines of fixtures, each with bytes changed, put in or taken out, cut, or joined with another."""
    rng = random.Random(seed)  # noqa: S311 - repeatable, for a test
    lines = fixture_lines()
    for _ in range(count):
        line = rng.choice(lines)
        for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
            line = damaged(line, rng, lines)
        yield line.replace(b"\n", b" ")


def damaged(line: bytes, rng: random.Random, lines: list[bytes]) -> bytes:
    """Return a line with one more damage; every other one is in its head."""
    place = rng.randrange(min(len(line), rng.choice((60, 10_000))) + 1)
    before, after = line[:place], line[place:]
    other = rng.choice(lines)
    changes = (
        lambda: before + bytes([rng.randrange(256)]) + after[1:],
        lambda: before + rng.choice(PIECES) + after,
        lambda: before + rng.choice(PIECES) + after[1:],
        lambda: before + after[rng.choice((1, 2, 5, 20, 80)) :],
        lambda: before,
        lambda: after,
        lambda: before + other[rng.randrange(len(other) + 1) :],
        lambda: line + rng.choice((b"", b" ")) + other,
    )
    return rng.choice(changes)()
