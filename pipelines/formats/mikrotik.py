"""MikroTik RouterOS: what the `log` option of a rule under `/ip firewall` and `/ipv6 firewall` writes.

Written to a syslog server, or to the router's own log file, as topics, the rule's log prefix, its chain, the
interfaces, the connection and the packet; MikroTik's manual shows the lines ("Logging", "Firewall", "VRF"), and the
published tests of other parsers the rest of the forms:

    2020-04-03T04:12:45+02:00 gw firewall,info drop-in input: in:ether1 out:(unknown 0), connection-state:new \
src-mac 02:00:5e:10:00:fe, proto TCP (SYN), 203.0.113.9:51234->198.51.100.7:445, len 40

Messages come with topics (`firewall,info`), or without where the router is told to write as BSD's syslog does.
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
from pipelines.meaning import bad_protocols, first, flag_names, icmp_by_address, plain, rows_where, words_of
from pipelines.shapes import Ignored, Template

# Before the chain stand the topics, but for RouterOS's `bsd-syslog`, which leaves them out, and the log prefix.
_TOPICS = re.compile(r"([a-z][a-z-]*(?:,!?[a-z][a-z-]*)+) (.*)")
_LONGEST_PREFIX = 4
_BRIDGE_PORT = re.compile(r"(.+)\(([^()]*)\)")
_FIXED_CHAINS = ("input:", "forward:", "output:", "prerouting:", "postrouting:", "srcnat:", "dstnat:")
_CHAINS = {"input": "inbound", "output": "outbound", "forward": "forward"}
_WAYS = ("inbound", "outbound", "forward")


def topics_of(head: str) -> str | None:
    """Return the topics of a message: `firewall,info`; None for none."""
    topics = _TOPICS.fullmatch(head)
    return topics[1] if topics else None


def prefix_of(head: str) -> str | None:
    """Return the log prefix that stands before the chain, without a colon at its end; None for none."""
    topics = _TOPICS.fullmatch(head)
    prefix = (topics[2] if topics else head).rpartition(" ")[0].rstrip(" :")
    return prefix or None


def is_firewalls(head: str) -> bool:
    """Return whether a message is the firewall's, and not one of another topic that holds what looks like one.

    Without topics, that is a matter of length: a user's or a computer's name in a message stands behind other words.
    """
    topics = _TOPICS.fullmatch(head)
    return topics[1].startswith("firewall,") if topics else head.count(" ") <= _LONGEST_PREFIX


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
    bare = rows_where(head, lambda text: topics_of(text) is None)
    columns["rule"] = prefixes
    columns["message_id"] = words_of(head, topics_of)
    columns["action"] = words_of(prefixes, action_of)
    for way in ("in", "out"):
        interface = scanned.texts[f"{way}_interface"]
        columns[f"{way}_interface"] = words_of(interface, interface_of)
        columns[f"{way}_bridge_port"] = words_of(interface, port_of)
    columns["direction"] = first(words_of(head, direction_of_chain), _by_interfaces(scanned))
    columns["tcp_flags"] = words_of(scanned.texts["tcp_flags"], flag_names)
    columns["protocol"] = icmp_by_address(columns["protocol"], scanned.texts["source_ip"])
    # A record ends with its length; behind a name that somebody tried to log in with, more follows.
    named = ~rows_where(head, is_firewalls) | (scanned.texts["tail"].is_valid().to_numpy(zero_copy_only=False) & bare)
    return Derived(columns, invalid=bad_protocols(scanned), ignored={"other topic": named})


def direction_of_chain(head: str) -> str | None:
    """Return the direction of the chains that have one."""
    return _CHAINS.get(head.rpartition(" ")[2])


def _by_interfaces(scanned: Scanned) -> pa.DictionaryArray:
    """Return the direction that the interfaces tell, for the other chains."""
    came, left = (
        scanned.texts[name].is_valid().to_numpy(zero_copy_only=False) for name in ("in_interface", "out_interface")
    )
    return chosen(_WAYS, np.where(came, np.where(left, 2, 0), np.where(left, 1, -1)).astype(np.int32))


_BEGIN = "{head:text}: in:{in_interface:text} out:{out_interface:text},"
_PACKET = (
    "[[{}src-mac {source_mac},]]{}proto {protocol}[[ (type {icmp_type}, code {icmp_code})]][[ ({tcp_flags:text})]], "
    "{source:endpoint}->{destination:endpoint}"
)
_TRANSLATION = (
    "[[((, NAT ({}->{nat_source:endpoint})->({}->{nat_destination:endpoint})"
    "|, NAT ({}->{nat_source:endpoint}){}|, NAT {}->({}->{nat_destination:endpoint})))]]"
)

FORMAT = Format(
    shape=Template(
        patterns=(f"{_BEGIN}{_PACKET}{_TRANSLATION}[[,{{}}len {{packet_bytes}}]][[ {{tail:rest}}]]", _BEGIN),
        otherwise=Ignored("other topic"),
    ),
    anchors=("firewall,", *_FIXED_CHAINS, "in:"),
    anchor_words=_LONGEST_PREFIX + 2,
    from_header=True,
    nulls=("(unknown 0)", "(none)"),
    signature=re.compile(rb": in:\S.* out:\S.*, (?:.*[, ])?proto (?:[A-Z]|\d)"),
    derive=derive,
)
