"""Cisco IOS, IOS XE, IOS XR and NX-OS: packets that access lists and the zone firewall log.

    Apr  3 04:12:45 gate 123: Apr  3 04:12:44.123: %SEC-6-IPACCESSLOGP: list 101 denied tcp 203.0.113.9(51234) \
(GigabitEthernet0/0 0011.2233.4455) -> 198.51.100.7(445), 1 packet

From Cisco's System Message Guides (SEC, IPV6_ACL, FW; `ACL-IPV4_ACL` and `ACL-IPV6_ACL` of IOS XR; ACLLOG of NX-OS).
The router logs a first packet at once and those that follow every five minutes: the number of packets is what a line
stands for. In brackets after an ICMP address stand type and code. Lines that tell how many packets were not logged are
ignored.
"""

import re

import pyarrow.compute as pc

from pipelines.format import Derived, Format, Scanned
from pipelines.meaning import bad_protocols, plain, total
from pipelines.shapes import Ignored, Template

_LIST = "[[access-list ]][[list ]]{rule}[[ ({})]] {vendor_action} "
_FROM = "[[ ({in_interface} [[{source_mac}]])]] -> "
_PACKETS = ", {packets} packet"
_PORTS = f"{_LIST}{{protocol}} {{source_ip}}({{source_port}}){_FROM}{{destination_ip}}({{destination_port}}){_PACKETS}"
_TYPES = f"{_LIST}{{protocol}} {{source_ip}}{_FROM}{{destination_ip}} ({{icmp_type}}/{{icmp_code}}){_PACKETS}"
_BARE = f"{_LIST}{{protocol}} {{source_ip}}{_FROM}{{destination_ip}}[[ ({{}})]]{_PACKETS}"
_ANY = (_PORTS, _TYPES, _BARE)
_DROP = (
    "{vendor_action=Dropping} {protocol} ((session|packet|pkt)) {source_ip}:{source_port} "
    "{destination_ip}:{destination_port}[[ on zone-pair {} class {rule}]][[ due to {reason:rest}]]"
)

_ACTIONS = {
    "denied": "block",
    "deny": "block",
    "dropping": "block",
    "permitted": "allow",
    "permit": "allow",
}


def derive(scanned: Scanned) -> Derived:
    """Turn scanned columns into the schema's."""
    columns = plain(scanned)
    columns["packets"] = pc.fill_null(total(scanned, "packets"), 1)
    return Derived(columns, invalid=bad_protocols(scanned))


FORMAT = Format(
    shape=Template(
        lead="%((SEC|IPV6_ACL|ACL-IPV4_ACL|ACL-IPV6_ACL|FW|ACLLOG))-{severity}-{message_id}[[ ]]: ",
        by="message_id",
        cases={
            "IPACCESSLOGP": _ANY,
            "IPACCESSLOGDP": _ANY,
            "IPACCESSLOGNP": _ANY,
            "IPACCESSLOGRP": _ANY,
            "IPACCESSLOGSP": _ANY,
            "IPACCESSLOGS": ("list {rule} {vendor_action} {source_ip} {packets} packet",),
            "ACCESSLOGP": _ANY,
            "ACCESSLOGDP": _ANY,
            "ACCESSLOGNP": _ANY,
            "ACCESSLOGSP": _ANY,
            "DROP_PKT": (_DROP,),
            "ACLLOG_FLOW_INTERVAL": (
                "{}[[ACL Name: {rule}, ]][[ACE Action: {vendor_action}, ]]{}Src IP: {source_ip}, Dst IP: "
                '{destination_ip}, Src Port: {source_port}, Dst Port: {destination_port}, {}"{protocol}"({}), '
                "{}[[Hit-count = {packets}]]",
                "Src IP: {source_ip}, Dst IP: {destination_ip}, Src Port: {source_port}, Dst Port: {destination_port}, "
                'Src Intf: {in_interface}, Protocol: "{protocol}"({}), Hit-count = {packets}',
            ),
        },
        otherwise=Ignored("other message"),
    ),
    anchors=("%SEC-", "%IPV6_ACL-", "%ACL-IPV4_ACL-", "%ACL-IPV6_ACL-", "%FW-", "%ACLLOG-"),
    own_stamp=True,
    signature=re.compile(rb"%(?:SEC|IPV6_ACL|ACL-IPV[46]_ACL|FW|ACLLOG)-\d-[A-Z_]+ ?:"),
    words={"action": ("vendor_action", _ACTIONS)},
    derive=derive,
)
