"""Cisco Firepower Threat Defense: connections and intrusions, the security events 430001, 430002 and 430003.

Keys and values, as "Cisco Secure Firewall Threat Defense Syslog Messages" explains them under "Security Event Syslog
Messages"; the messages that FTD shares with the ASA are those of `cisco_asa`:

    2020-04-03T04:12:45Z ftd1 %FTD-1-430003: DeviceUUID: 854f1702, AccessControlRuleAction: Block, SrcIP: 203.0.113.9, \
DstIP: 198.51.100.7, SrcPort: 51234, DstPort: 445, Protocol: tcp, AccessControlRuleName: Default, ...

A connection is logged at its begin (430002) and at its end (430003, with duration, packets and bytes, both ways), and
both are events: count those of one `message_id`. 430001 is an intrusion. `ICMPType` and `ICMPCode` are those of ICMP.
Of a key that comes twice the first value counts: text that a client sends (`UserAgent`, `URL`) stands behind the
addresses. Events of files and malware (430004, 430005) are ignored.
"""

import re

from pipelines.format import Derived, Format, Scanned
from pipelines.meaning import bad_protocols, first, icmp_by_address, packet_counts, plain, real_ports, total, words_of
from pipelines.shapes import KeyValues, Only

_ACTIONS = {
    "allow": "allow",
    "trust": "allow",
    "fastpath": "allow",
    "monitor": "allow",
    "block": "block",
    "block with reset": "reject",
    "interactive block": "block",
    "interactive block with reset": "reject",
}
# Of an intrusion: what became of the packet.
_INLINE_RESULTS = {"dropped": "block", "blocked": "block", "block": "block", "rejected": "reject"}


def derive(scanned: Scanned) -> Derived:
    """Add what went both ways, and tell the action."""
    columns = plain(scanned)
    texts = scanned.texts
    columns["action"] = first(
        words_of(texts["inline_result"], _INLINE_RESULTS), words_of(texts["vendor_action"], _ACTIONS)
    )
    columns["vendor_action"] = first(texts["inline_result"], texts["vendor_action"])
    columns["application"] = first(texts["web_application"], texts["application"])
    columns["protocol"] = icmp_by_address(columns["protocol"], texts["source_ip"])
    columns |= real_ports(scanned, columns["protocol"])
    columns["packets"] = packet_counts(scanned, "packets_out", "packets_in")
    columns["packet_bytes"] = total(scanned, "bytes_out", "bytes_in")
    return Derived(columns, invalid=bad_protocols(scanned))


FORMAT = Format(
    shape=KeyValues(
        {
            "AccessControlRuleAction": "vendor_action",
            "InlineResult": "inline_result",
            "SrcIP": "source_ip",
            "DstIP": "destination_ip",
            "SrcPort": "source_port?",
            "DstPort": "destination_port?",
            "ICMPType": "icmp_type?",
            "ICMPCode": "icmp_code?",
            "Protocol": "protocol",
            "IngressInterface": "in_interface",
            "EgressInterface": "out_interface",
            "IngressZone": "in_zone",
            "EgressZone": "out_zone",
            "AccessControlRuleName": "rule",
            "AccessControlRuleReason": "reason",
            "ApplicationProtocol": "application",
            "WebApplication": "web_application",
            "Message": "signature",
            "ConnectionDuration": "duration_ms:seconds?",
            "InitiatorPackets": "packets_out:number?",
            "ResponderPackets": "packets_in:number?",
            "InitiatorBytes": "bytes_out:number?",
            "ResponderBytes": "bytes_in:number?",
            "NAT_InitiatorIP": "nat_source_ip?",
            "NAT_InitiatorPort": "nat_source_port?",
            "NAT_ResponderIP": "nat_destination_ip?",
            "NAT_ResponderPort": "nat_destination_port?",
        },
        separator=",",
        assign=":",
        quote="",
        escape="",
        lead="%{}-{}-{message_id}:[[ ]]",
    ),
    anchors=("%FTD-", "%NGIPS-"),
    own_stamp=True,
    nulls=("Unknown", "N/A"),
    only=(Only("message_id", ("430001", "430002", "430003"), ignored="other message"),),
    signature=re.compile(rb"%(?:FTD|NGIPS)-\d-43000[1-3]: "),
    derive=derive,
)
