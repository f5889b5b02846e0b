"""Cisco's routers and switches (IOS, IOS XE, IOS XR, NX-OS): packets that an access list permitted or denied.

"Cisco IOS System Messages" gives the texts under SEC and IPV6_ACL, the NX-OS manuals those of ACLLOG:

    Apr  3 04:12:46 192.0.2.1 585917: *Apr  3 04:12:45.272: %SEC-6-IPACCESSLOGP: list outside-in denied tcp \
203.0.113.9(51234) -> 198.51.100.7(445), 1 packet

The router's own stamp is the event's. The first packet of a flow is logged at once, those that follow every five
minutes, so that a line stands for as many packets as it says; how many more `IPACCESSLOGRL` says were missed is not
counted: that line is ignored, as are all other messages. `rule` is the access list, with the number of its entry where
that is logged; the interface and the hardware address come with `log-input`. A standard list logs protocol 0 and NX-OS
253, an IPv6 list `ipv6`, for any protocol: NULL.
"""

import re

from pipelines.format import Derived, Format, Scanned
from pipelines.meaning import first, icmp_by_address, plain, real_ports, rows_where, words_of
from pipelines.protocols import protocol_name
from pipelines.shapes import Ignored, Template

_LIST = "{}list {rule} [[({}) ]]{vendor_action}"
_INPUT = "[[ ({in_interface}[[ {source_mac}]])]]"
_COUNT = ", {packets} packet"
_WITH_PORTS = (
    (
        f"{_LIST} {{protocol:text}} {{source_ip}}({{source_port}}){_INPUT} -> "
        f"{{destination_ip}}({{destination_port}}){_COUNT}"
    ),
    (
        f"{_LIST} {{protocol:text}} {{source_mac}} {{source_ip}}({{source_port}}) {{in_interface}}-> {{destination_ip}}"
        f"({{destination_port}}){_COUNT}"
    ),
)
_HOSTS = f"{_LIST} {{protocol:text}} {{source_ip}}{_INPUT} -> {{destination_ip}}"
_ICMP = (f"{_HOSTS} ({{icmp_type}}/{{icmp_code}}){_COUNT}",)
_PLAIN = (f"{_HOSTS}[[ ({{}})]]{_COUNT}",)
_STANDARD = (f"{_LIST} {{source_ip}}[[,]] {{packets}} packet",)
_FLOW = (
    (
        "Src IP: {source_ip}, Dst IP: {destination_ip}, Src Port: {source_port}, Dst Port: {destination_port}, "
        "Src Intf: "
        '{in_interface}, Protocol: "{}"({protocol:text})[[, ACL Name: {rule:text}, ACE Action: {vendor_action}]]'
        "[[, Appl Intf: {}]], Hit-count((: | = )){packets}"
    ),
)
_PACKET = (
    (
        "{}SMac:{}, SIP: {source_ip}, DIP: {destination_ip}, SPort: {source_port}, "
        "DPort: {destination_port}, Src Intf: {in_interface}, Proto[[col]]: {protocol:text}, PktLen: {packet_bytes}"
    ),
)
# Any protocol, and not the one of that name or number.
_ANY = frozenset({"0", "253", "ip", "ipv6"})
_ACTIONS = {"permitted": "allow", "permit": "allow", "denied": "block", "deny": "block"}
_ACTIONS_OF_MESSAGES = {"acllog_pktlog_permit": "allow", "acllog_pktlog_deny": "block"}


def protocol_of(text: str) -> str | None:
    """Return the name of a protocol; None where it is any."""
    return None if text.lower() in _ANY else protocol_name(text)


def derive(scanned: Scanned) -> Derived:
    """Tell protocols, and the ports of those that have some."""
    columns = plain(scanned)
    protocol = scanned.texts["protocol"]
    bad = rows_where(protocol, lambda text: text.lower() not in _ANY and protocol_name(text) is None)
    names = words_of(protocol, protocol_of)
    columns["protocol"] = icmp_by_address(names, scanned.texts["source_ip"])
    columns |= real_ports(scanned, names)
    columns["action"] = first(
        words_of(scanned.texts["vendor_action"], _ACTIONS), words_of(scanned.texts["message_id"], _ACTIONS_OF_MESSAGES)
    )
    return Derived(columns, invalid={"protocol": (bad, protocol)})


FORMAT = Format(
    shape=Template(
        lead="%{}((-6-|-5-|-4-|-3-)){message_id}[[ ]]: ",
        by="message_id",
        cases={
            "IPACCESSLOGP": _WITH_PORTS,
            "IPV6ACCESSLOGP": _WITH_PORTS,
            "ACCESSLOGP": _WITH_PORTS,
            "IPACCESSLOGDP": _ICMP,
            "IPV6ACCESSLOGDP": _ICMP,
            "ACCESSLOGDP": _ICMP,
            "IPACCESSLOGRP": _PLAIN,
            "IPACCESSLOGSP": _PLAIN,
            "IPV6ACCESSLOGSP": _PLAIN,
            "ACCESSLOGSP": _PLAIN,
            "IPACCESSLOGNP": _PLAIN,
            "IPV6ACCESSLOGNP": _PLAIN,
            "ACCESSLOGNP": _PLAIN,
            "IPACCESSLOGS": _STANDARD,
            "ACLLOG_FLOW_INTERVAL": _FLOW,
            "ACLLOG_NEW_FLOW": _FLOW,
            "ACLLOG_PKTLOG": _PACKET,
            "ACLLOG_PKTLOG_PERMIT": _PACKET,
            "ACLLOG_PKTLOG_DENY": _PACKET,
        },
        otherwise=Ignored("other message"),
    ),
    programs=("ipv4_acl_mgr", "ipv6_acl_mgr"),
    anchors=("%",),
    own_stamp=True,
    signature=re.compile(
        rb"%(?:[A-Z0-9_]+-)+[3-6]-(?:IP(?:V6)?ACCESSLOG[A-Z]{1,2}|ACCESSLOG[A-Z]{1,2}|ACLLOG_[A-Z_]+) ?: "
    ),
    derive=derive,
)
