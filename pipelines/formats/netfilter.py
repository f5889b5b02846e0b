"""Linux netfilter: what iptables, ip6tables and nftables log, and all that stands on them.

Written by the kernel's `nf_log_ipv4`/`nf_log_ipv6` (net/netfilter/nf_log_syslog.c gives the keys and their order) or
by `ulogd`, and so by UFW, firewalld, Shorewall, OpenWrt, EdgeRouter, UniFi (their kernel lines), Proxmox VE, DShield:

    Apr  3 04:12:45 gate kernel: [ 1234.567890] [UFW BLOCK] IN=eth0 OUT= MAC=02:00:5e:10:00:01:02:00:5e:10:00:fe:08:00 \
SRC=203.0.113.9 DST=198.51.100.7 LEN=40 TOS=0x00 PREC=0x00 TTL=241 ID=54321 PROTO=TCP SPT=51234 DPT=445 WINDOW=1024 \
RES=0x00 SYN URGP=0

What the keys mean depends on where they stand: before `PROTO=`, `LEN` and `ID` are the IP packet's; after it, `LEN` is
the UDP datagram's and `ID` the ICMP echo's. A bracket holds the packet that an ICMP error is about, which is not the
packet logged. A record whose head is missing (an overrun of the kernel's ring buffer) keeps what is there.
"""

import re

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.columns import chosen, constant, flag_column, mapped, number_column
from pipelines.format import Derived, Format, Scanned
from pipelines.kinds import Kind
from pipelines.packet_keys import Evidence, Field, PacketKeys, Section
from pipelines.protocols import protocol_name

# In the order of `schema.PACKET`; AE (accurate ECN) is written by Linux from 6.15 on.
TCP_FLAGS = ("SYN", "ACK", "FIN", "RST", "PSH", "URG", "ECE", "CWR", "AE")

_NETWORK = (Section.NETWORK,)
_TRANSPORT = (Section.TRANSPORT,)
_ICMP = (Section.NETWORK, Section.ICMP)
_PORTS = (Section.NETWORK, Section.TRANSPORT)
_LARGEST_32 = 0xFFFFFFFF

# EdgeRouter and UniFi write the verdict as a letter: [WAN_LOCAL-default-D]. A rule's name may say anything, so words
# come last.
_VERDICTS = (
    ("block", re.compile(r"-D(?:-\d+)?\]")),
    ("reject", re.compile(r"-R(?:-\d+)?\]")),
    ("allow", re.compile(r"-A(?:-\d+)?\]")),
    ("reject", re.compile(r"REJECT", re.IGNORECASE)),
    ("block", re.compile(r"DROP|BLOCK|DENY|DENIED", re.IGNORECASE)),
    ("allow", re.compile(r"ACCEPT|ALLOW|PASS\b|PERMIT", re.IGNORECASE)),
)
_INBOUND = re.compile(r"\bINBOUND\b", re.IGNORECASE)
_OUTBOUND = re.compile(r"\bOUT(?:BOUND|G)\b", re.IGNORECASE)
_MAC = re.compile(r"(?:[0-9A-Fa-f]{2}:)*[0-9A-Fa-f]{2}:?")
_MAC_TEXT = 17  # aa:bb:cc:dd:ee:ff


def action_of(prefix: str) -> str | None:
    """Return what a log prefix says was done: block, reject or allow; None where it does not say."""
    for action, pattern in _VERDICTS:
        if pattern.search(prefix):
            return action
    return None


def direction_of(prefix: str) -> str | None:
    """Return the direction that a log prefix names; None where it names none."""
    if _INBOUND.search(prefix):
        return "inbound"
    return "outbound" if _OUTBOUND.search(prefix) else None


def hardware_addresses(text: str) -> tuple[str | None, str | None]:
    """Return (destination, source) of a MAC= value: six bytes each, followed by the ethertype or longer."""
    destination, source = text[:_MAC_TEXT], text[_MAC_TEXT + 1 : 2 * _MAC_TEXT + 1]
    whole = len(source) == _MAC_TEXT
    return (destination.lower() if whole else None, source.lower() if whole else None)


def derive(scanned: Scanned) -> Derived:
    """Turn scanned netfilter columns into the schema's."""
    texts = scanned.texts
    prefixes = texts["prefix"].dictionary.to_pylist()
    protocols = texts["protocol"].dictionary.to_pylist()
    names = [protocol_name(value) for value in protocols]
    macs = texts["mac"].dictionary.to_pylist()
    pairs = [hardware_addresses(value) for value in macs]
    columns = {
        "host": texts["host"],
        "action": mapped(texts["prefix"], [action_of(value) for value in prefixes]),
        "direction": _directions(scanned, prefixes),
        "rule": _first(texts["chain"], texts["prefix"]),  # a chain is what Proxmox VE logs
        "in_interface": texts["in_interface"],
        "out_interface": texts["out_interface"],
        "in_bridge_port": texts["in_bridge_port"],
        "out_bridge_port": texts["out_bridge_port"],
        "source_mac": _first(texts["source_mac"], mapped(texts["mac"], [pair[1] for pair in pairs])),
        "destination_mac": _first(texts["destination_mac"], mapped(texts["mac"], [pair[0] for pair in pairs])),
        "source_ip": texts["source_ip"],
        "destination_ip": texts["destination_ip"],
        "protocol": mapped(texts["protocol"], names),
        "tos": _service_type(scanned),
        "dont_fragment": _fragment_bit(scanned),
        "tcp_flags": _flags(scanned),
    }
    for name, type_ in _PLAIN_NUMBERS.items():
        if name in scanned.numbers:
            columns[name] = scanned.numbers[name].column(type_)
    return Derived(
        columns=columns,
        invalid={
            "protocol": (_rows(texts["protocol"], [name is None for name in names]), texts["protocol"]),
            "source_mac": (_rows(texts["mac"], [_MAC.fullmatch(value) is None for value in macs]), texts["mac"]),
        },
    )


def _rows(column: pa.DictionaryArray, wrong: list[bool]) -> npt.NDArray[np.bool_]:
    """Return which rows hold a dictionary value that is wrong."""
    if not any(wrong):
        return np.zeros(0, np.bool_)
    flags: npt.NDArray[np.bool_] = pc.take(pa.array([*wrong, False]), column.indices.fill_null(len(wrong))).to_numpy(
        zero_copy_only=False
    )
    return flags


def _first(one: pa.DictionaryArray, other: pa.DictionaryArray) -> pa.Array:
    """Return `one` where it has a value, else `other`; a column without any value costs nothing."""
    if one.null_count == len(one):
        return other
    return pc.coalesce(one.cast(pa.string()), other.cast(pa.string()))


def _directions(scanned: Scanned, prefixes: list[str]) -> pa.DictionaryArray:
    came, left = scanned.texts["in_interface"], scanned.texts["out_interface"]
    if not came.null_count and left.null_count == len(left):
        return constant("inbound", scanned.rows)
    has_in, has_out = (column.is_valid().to_numpy(zero_copy_only=False) for column in (came, left))
    codes = np.where(has_in, np.where(has_out, 2, 0), np.where(has_out, 1, -1)).astype(np.int32)
    named = [direction_of(value) for value in prefixes]
    if any(named):  # a bridge logs both its interfaces, and only the prefix tells the way
        order = {"inbound": 0, "outbound": 1, None: -1}
        told = pa.array([order[name] for name in named], pa.int32())
        by_rule = pc.fill_null(pc.take(told, scanned.texts["prefix"].indices), -1).to_numpy(zero_copy_only=False)
        codes = np.where((codes == 2) & (by_rule >= 0), by_rule, codes).astype(np.int32)  # noqa: PLR2004
    return chosen(("inbound", "outbound", "forward"), codes)


def _service_type(scanned: Scanned) -> pa.Array:
    """Return the whole byte: the kernel logs its precedence bits (PREC) apart from the rest (TOS); IPv6 logs TC."""
    tos, precedence, traffic_class = (scanned.values(name) for name in ("tos", "precedence", "traffic_class"))
    whole = np.where(tos < 0, -1, tos | np.maximum(precedence, 0))
    if "traffic_class" in scanned.numbers:
        whole = np.where(whole < 0, traffic_class, whole)
    return number_column(whole, pa.int16())


def _fragment_bit(scanned: Scanned) -> pa.Array:
    """Return whether DF was logged; a record without an IP id is IPv6 or cut, and says nothing."""
    forbids = scanned.values("dont_fragment") > 0
    return flag_column(forbids, forbids | (scanned.values("ip_id") >= 0))


def _flags(scanned: Scanned) -> pa.DictionaryArray:
    """Return the TCP flags as text; empty where a TCP record has none, null where it is none."""
    bits = scanned.values("tcp_flags")
    codes = np.where((bits < 0) & (scanned.values("tcp_window") >= 0), 0, bits).astype(np.int32)
    return chosen(_FLAG_TEXTS, codes)


_FLAG_TEXTS = tuple(
    " ".join(name for bit, name in enumerate(TCP_FLAGS) if bits >> bit & 1) for bits in range(1 << len(TCP_FLAGS))
)

_PLAIN_NUMBERS = {
    "source_port": pa.int32(),
    "destination_port": pa.int32(),
    "packet_bytes": pa.int64(),
    "ttl": pa.int16(),
    "ip_id": pa.int32(),
    "flow_label": pa.int32(),
    "tcp_sequence": pa.int64(),
    "tcp_acknowledgement": pa.int64(),
    "tcp_window": pa.int32(),
    "icmp_type": pa.int16(),
    "icmp_code": pa.int16(),
    "icmp_id": pa.int32(),
    "icmp_sequence": pa.int32(),
}

FORMAT = Format(
    programs=("kernel", "ulogd", "ulogd2"),
    derive=derive,
    signature=re.compile(rb"\bIN=\S* (?:OUT|PHYSIN|DESCR|MAC)=|\bSRC=[0-9A-Fa-f.:]+ DST=[0-9A-Fa-f.:]+ "),
    shape=PacketKeys(
        (
            Field("IN", "in_interface", Kind.TEXT, evidence=Evidence.START),
            Field("OUT", "out_interface", Kind.TEXT, evidence=Evidence.HEAD),
            Field("DESCR"),
            Field("PHYSIN", "in_bridge_port", Kind.TEXT),
            Field("PHYSOUT", "out_bridge_port", Kind.TEXT),
            Field("MAC", "mac", Kind.TEXT),
            Field("MACSRC", "source_mac", Kind.TEXT),
            Field("MACDST", "destination_mac", Kind.TEXT),
            Field("MACPROTO"),
            Field("SRC", "source_ip", Kind.ADDRESS, evidence=Evidence.PACKET),
            Field("DST", "destination_ip", Kind.ADDRESS, evidence=Evidence.PACKET),
            Field("LEN", "packet_bytes", Kind.DECIMAL, _NETWORK, largest=_LARGEST_32),
            Field("TOS", "tos", Kind.HEXADECIMAL, _NETWORK, largest=0xFF),
            Field("PREC", "precedence", Kind.HEXADECIMAL, _NETWORK, largest=0xFF),
            Field("TC", "traffic_class", Kind.DECIMAL, _NETWORK, largest=0xFF),
            Field("TTL", "ttl", Kind.DECIMAL, _NETWORK, largest=0xFF),
            Field("HOPLIMIT", "ttl", Kind.DECIMAL, _NETWORK, largest=0xFF),
            Field("FLOWLBL", "flow_label", Kind.DECIMAL, _NETWORK, largest=0xFFFFF),
            Field("ID", "ip_id", Kind.DECIMAL, _NETWORK),
            Field("DF", "dont_fragment", Kind.FLAG, _NETWORK),
            Field("PROTO", "protocol", Kind.PROTOCOL, evidence=Evidence.PACKET),
            Field(
                "SPT", "source_port", Kind.DECIMAL, _PORTS, leads_to=Section.TRANSPORT, evidence=Evidence.SOURCE_PORT
            ),
            Field(
                "DPT",
                "destination_port",
                Kind.DECIMAL,
                _PORTS,
                leads_to=Section.TRANSPORT,
                evidence=Evidence.DESTINATION_PORT,
            ),
            Field("SEQ", "tcp_sequence", Kind.DECIMAL, _TRANSPORT, largest=_LARGEST_32),
            Field("ACK", "tcp_acknowledgement", Kind.DECIMAL, _TRANSPORT, largest=_LARGEST_32),
            Field("WINDOW", "tcp_window", Kind.DECIMAL, _TRANSPORT),
            Field("TYPE", "icmp_type", Kind.DECIMAL, _ICMP, largest=0xFF, leads_to=Section.ICMP),
            Field("CODE", "icmp_code", Kind.DECIMAL, _ICMP, largest=0xFF, leads_to=Section.ICMP),
            Field("ID", "icmp_id", Kind.DECIMAL, (Section.ICMP,)),
            Field("SEQ", "icmp_sequence", Kind.DECIMAL, (Section.ICMP,)),
            *(Field(name, "tcp_flags", Kind.FLAG, _TRANSPORT, bit=1 << bit) for bit, name in enumerate(TCP_FLAGS)),
        )
    ),
)
