"""WatchGuard Firebox (Fireware): traffic messages; WatchGuard's "Read a Log Message" and "Fireware Log Catalog".

    Apr  3 04:12:45 gate 80BE00000000 firewall: msg_id="3000-0148" Deny 0-External Firebox 40 tcp 20 241 \
203.0.113.9 198.51.100.7 51234 445 offset 5 S 1234567890 win 1024 geo_src="USA" (Unhandled External Packet-00)

Disposition, interfaces, length of the packet and its protocol, length of its header, time to live, addresses, ports (or
type and code of ICMP); then TCP's header, pairs `key="value"`, and in brackets the policy. Proxies write no lengths.
The monitor's export has the addresses before the interfaces. Messages with another word than Allow and Deny are
ignored. `packet_bytes` is the length of the packet; where a session has ended, its bytes both ways, and its packets.
"""

import re
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.columns import number_column
from pipelines.format import Derived, Format, Scanned
from pipelines.meaning import bad_protocols, flag_letters, icmp_by_address, plain, words_of
from pipelines.shapes import Ignored, Template

_POLICY = re.compile(r"\(([^()\"]*)\)\s*(?:proc_id=.*)?$")
_ADDRESSES = " {} {ttl?} {source_ip} {destination_ip}"
_PORTS = " {source_port} {destination_port}"
_TCP = "[[ offset {} {tcp_flags} {tcp_sequence:number32?} win {tcp_window:word?}]]"
_TAIL = "[[ {tail:rest}]]"
_ICMP = " {icmp_type} {icmp_code}"
_PACKET = (
    "{protocol=tcp}" + _ADDRESSES + _PORTS + _TCP + _TAIL,
    "{protocol=udp}" + _ADDRESSES + _PORTS + _TAIL,
    "{protocol=icmpv6}" + _ADDRESSES + _ICMP + _TAIL,
    "{protocol=icmp}" + _ADDRESSES + _ICMP + _TAIL,
    *(f"{{protocol={name}}}" + _ADDRESSES + _TAIL for name in ("gre", "esp", "ah", "igmp", "ospf", "pim", "sctp")),
)
_LENGTH = "{in_interface} {out_interface} {packet_bytes} "
# Names of interfaces may hold blanks: those of packets to the Firebox itself have an end.
_LENGTH_TO_SELF = "{in_interface:text} {out_interface=Firebox} {packet_bytes} "
_TRANSPORTS = ("tcp", "udp")
_PATTERNS = (
    *(
        f"{{source_ip}} {{destination_ip}} {{}}/{{protocol={name}}}"
        + _PORTS
        + " {in_interface} {out_interface}"
        + _TAIL
        for name in _TRANSPORTS
    ),
    *(_LENGTH + packet for packet in _PACKET),
    *(_LENGTH_TO_SELF + packet for packet in _PACKET),
    *(
        f"{{in_interface}} {{out_interface}} {{protocol={name}}} {{source_ip}} {{destination_ip}}" + _PORTS + _TAIL
        for name in _TRANSPORTS
    ),
    _LENGTH + "{protocol}" + _ADDRESSES + _TAIL,
)


def policy_of(tail: str) -> str | None:
    """Return the policy, which stands in brackets at a message's end."""
    found = _POLICY.search(tail)
    return found[1] if found else None


def value_of(key: str) -> Callable[[str], str | None]:
    """Return the function that finds the value of a key behind a message's fixed part."""
    pair = re.compile(rf'(?:^|\s){key}="([^"]*)"')

    def value(tail: str) -> str | None:
        found = pair.search(tail)
        return found[1] or None if found else None

    return value


def _numbers(scanned: Scanned, key: str) -> npt.NDArray[np.int64]:
    digits = value_of(key)

    def number(tail: str) -> str | None:
        text = digits(tail)
        return text if text and text.isascii() and text.isdigit() and len(text) <= 15 else None  # noqa: PLR2004 - int64

    found = words_of(scanned.texts["tail"], number).cast(pa.string()).cast(pa.int64())
    values: npt.NDArray[np.int64] = pc.fill_null(found, -1).to_numpy(zero_copy_only=False)
    return values


def _both_ways(scanned: Scanned, unit: str, otherwise: npt.NDArray[np.int64]) -> pa.Array:
    """Return what was sent and received, or another number where a session has not ended."""
    sent, received = _numbers(scanned, f"sent_{unit}"), _numbers(scanned, f"rcvd_{unit}")
    both = np.maximum(sent, 0) + np.maximum(received, 0)
    return number_column(np.where(both > 0, both, otherwise), pa.int64())


def derive(scanned: Scanned) -> Derived:
    """Take what stands in the pairs; a session's bytes and packets stand for more than the packet that ended it."""
    columns = plain(scanned)
    columns["protocol"] = icmp_by_address(columns["protocol"], scanned.texts["source_ip"])
    columns["packet_bytes"] = _both_ways(scanned, "bytes", scanned.values("packet_bytes"))
    columns["packets"] = _both_ways(scanned, "pkts", np.ones(scanned.rows, np.int64))
    duration = _numbers(scanned, "duration")
    columns["duration_ms"] = number_column(np.where(duration >= 0, duration * 1_000, -1), pa.int64())
    for end, key in (("source", "src_port_nat"), ("destination", "dst_port_nat")):
        ports = _numbers(scanned, key)
        columns[f"nat_{end}_port"] = number_column(np.where((ports > 0) & (ports < 1 << 16), ports, -1), pa.int32())
    return Derived(columns, invalid=bad_protocols(scanned))


FORMAT = Format(
    shape=Template(
        lead='[[msg_id="{message_id}" ]]{vendor_action} ',
        by="vendor_action",
        cases={"Allow": _PATTERNS, "Deny": _PATTERNS},
        otherwise=Ignored("message of another kind"),
    ),
    anchors=("msg_id=", "Allow", "Deny"),
    signature=re.compile(rb'msg_id="[0-9A-F]{4}-[0-9A-F]{4}" (?:Allow|Deny) |\b(?:Allow|Deny) \S+ \S+ .*\(.*-\d\d\)'),
    words={
        "action": ("vendor_action", {"Allow": "allow", "Deny": "block"}),
        "tcp_flags": ("tcp_flags", flag_letters),
        "rule": ("tail", policy_of),
        "reason": ("tail", value_of("msg")),
        "application": ("tail", value_of("app_name")),
        "signature": ("tail", value_of("signature_name")),
        "nat_source_ip": ("tail", value_of("src_ip_nat")),
        "nat_destination_ip": ("tail", value_of("dst_ip_nat")),
    },
    derive=derive,
)
