"""MikroTik RouterOS: what the `log` option of a rule under `/ip firewall` and `/ipv6 firewall` writes.

Written to a syslog server, or to the router's own log file, as topics, the rule's log prefix, its chain, the
interfaces, the connection and the packet; MikroTik's manual shows the lines ("Logging", "Firewall", "VRF"), and the
published tests of other parsers the rest of the forms:

    2020-04-03T04:12:45+02:00 gw firewall,info drop-in input: in:ether1 out:(unknown 0), connection-state:new \
src-mac 02:00:5e:10:00:fe, proto TCP (SYN), 203.0.113.9:51234->198.51.100.7:445, len 40

RouterOS does not say what a rule does with the packet: `action` is what the log prefix says, as with netfilter, and
NULL without one. `rule` is that prefix; `message_id` are the topics. `in:bridge(ether3)` is an interface and the port
of it. Addresses are those of the packet where it was logged; what `NAT` says they become is in the `nat_` columns.
"""

import re

import numpy as np
import pyarrow as pa

from pipelines.columns import chosen
from pipelines.format import Derived, Format, Scanned
from pipelines.formats.netfilter import action_of
from pipelines.meaning import bad_protocols, first, flag_names, icmp_by_address, plain, words_of
from pipelines.shapes import Template

_BRIDGE_PORT = re.compile(r"(.+)\(([^()]*)\)")
_CHAINS = {"input": "inbound", "output": "outbound", "forward": "forward"}
_WAYS = ("inbound", "outbound", "forward")


def prefix_of(head: str) -> str | None:
    """Return the log prefix that stands before the chain, without a colon at its end; None for none."""
    prefix = head.rpartition(" ")[0].rstrip(" :")
    return prefix or None


def interface_of(text: str) -> str:
    """Return the interface of `bridge(ether3)`."""
    port = _BRIDGE_PORT.fullmatch(text)
    return port[1] if port else text


def port_of(text: str) -> str | None:
    """Return the port of `bridge(ether3)`; None for an interface by itself."""
    port = _BRIDGE_PORT.fullmatch(text)
    return port[2] if port else None


def derive(scanned: Scanned) -> Derived:
    """Take prefix and chain, interface and port apart, and tell the direction."""
    columns = plain(scanned)
    head = scanned.texts["head"]
    prefixes = words_of(head, prefix_of)
    columns["rule"] = prefixes
    columns["action"] = words_of(prefixes, action_of)
    for way in ("in", "out"):
        interface = scanned.texts[f"{way}_interface"]
        columns[f"{way}_interface"] = words_of(interface, interface_of)
        columns[f"{way}_bridge_port"] = words_of(interface, port_of)
    columns["direction"] = first(words_of(head, direction_of_chain), _by_interfaces(scanned))
    columns["tcp_flags"] = words_of(scanned.texts["tcp_flags"], flag_names)
    columns["protocol"] = icmp_by_address(columns["protocol"], scanned.texts["source_ip"])
    return Derived(columns, invalid=bad_protocols(scanned))


def direction_of_chain(head: str) -> str | None:
    """Return the direction of the chains that have one."""
    return _CHAINS.get(head.rpartition(" ")[2])


def _by_interfaces(scanned: Scanned) -> pa.DictionaryArray:
    """Return the direction that the interfaces tell, for the other chains."""
    came, left = (
        scanned.texts[name].is_valid().to_numpy(zero_copy_only=False) for name in ("in_interface", "out_interface")
    )
    return chosen(_WAYS, np.where(came, np.where(left, 2, 0), np.where(left, 1, -1)).astype(np.int32))


_PACKET = (
    "{message_id} {head:text}: in:{in_interface:text} out:{out_interface:text},[[{}src-mac {source_mac},]]{}proto "
    "{protocol}[[ (type {icmp_type}, code {icmp_code})]][[ ({tcp_flags:text})]], "
    "{source:endpoint}->{destination:endpoint}"
)
_TRANSLATION = (
    "[[((, NAT ({}->{nat_source:endpoint})->({}->{nat_destination:endpoint})"
    "|, NAT ({}->{nat_source:endpoint}){}|, NAT {}->({}->{nat_destination:endpoint})))]]"
)

FORMAT = Format(
    shape=Template(patterns=(f"{_PACKET}{_TRANSLATION}[[,{{}}len {{packet_bytes}}]]",)),
    anchors=("firewall,",),
    anchor_words=1,
    nulls=("(unknown 0)", "(none)"),
    signature=re.compile(rb"firewall,[a-z,]+ .*in:.* out:.*, (?:.*,)? ?proto "),
    derive=derive,
)
