"""Juniper SRX, structured: sessions that were created, closed and denied, in RFC 5424's structured data.

    <14>1 2020-04-03T04:12:45.123Z gate RT_FLOW - RT_FLOW_SESSION_DENY [junos@2636.1.1.1.2.129 \
source-address="203.0.113.9" source-port="51234" destination-address="198.51.100.7" destination-port="445" \
service-name="junos-smb" protocol-id="6" icmp-type="0" policy-name="default-deny" source-zone-name="untrust" \
destination-zone-name="trust" packet-incoming-interface="ge-0/0/0.0" reason="Denied by policy"]

From Juniper's System Log Explorer (RT_FLOW). A session's close tells its packets, bytes and seconds, both ways; where
IDP, screens and secure web proxies log the same keys they are read too (RT_IDS, RT_IDP, RT_UTM). A close is no second
connection: its action is that of the session, allow. The screens of RT_IDS tell an attack's name and their action.
"""

import re

import pyarrow.compute as pc

from pipelines.format import Derived, Format, Scanned
from pipelines.meaning import bad_protocols, first, plain, total, with_ports, words_of
from pipelines.shapes import KeyValues, Only

EVENTS = {
    "RT_FLOW_SESSION_CREATE": "allow",
    "RT_FLOW_SESSION_CREATE_LS": "allow",
    "RT_FLOW_SESSION_CLOSE": "allow",
    "RT_FLOW_SESSION_CLOSE_LS": "allow",
    "RT_FLOW_SESSION_DENY": "block",
    "RT_FLOW_SESSION_DENY_LS": "block",
}
_ATTACKS = (
    "RT_SCREEN_ICMP",
    "RT_SCREEN_ICMP_LS",
    "RT_SCREEN_IP",
    "RT_SCREEN_IP_LS",
    "RT_SCREEN_TCP",
    "RT_SCREEN_TCP_LS",
    "RT_SCREEN_UDP",
    "RT_SCREEN_UDP_LS",
    "IDP_ATTACK_LOG_EVENT",
    "IDP_ATTACK_LOG_EVENT_LS",
)
_SCREENS = {f"RT_SCREEN_{name}{end}": name.lower() for name in ("TCP", "UDP", "ICMP") for end in ("", "_LS")}
_ACTIONS = {
    "drop": "block",
    "drop packet": "block",
    "drop_packet": "block",
    "close": "reject",
    "reset": "reject",
    "alarm-without-drop": "allow",
    "none": "allow",
    "ignore": "allow",
}


def derive(scanned: Scanned) -> Derived:
    """Turn scanned columns into the schema's."""
    columns = with_ports(plain(scanned))
    texts = scanned.texts
    columns["action"] = first(words_of(texts["message_id"], EVENTS), words_of(texts["vendor_action"], _ACTIONS))
    columns["protocol"] = first(columns["protocol"], words_of(texts["message_id"], _SCREENS))
    columns["packets"] = pc.fill_null(total(scanned, "packets_out", "packets_in"), 1)
    columns["packet_bytes"] = total(scanned, "bytes_out", "bytes_in")
    return Derived(columns, invalid=bad_protocols(scanned))


FORMAT = Format(
    shape=KeyValues(
        {
            "source-address": "source_ip",
            "source-port": "source_port",
            "destination-address": "destination_ip",
            "destination-port": "destination_port",
            "nat-source-address": "nat_source_ip",
            "nat-source-port": "nat_source_port",
            "nat-destination-address": "nat_destination_ip",
            "nat-destination-port": "nat_destination_port",
            "protocol-id": "protocol",
            "protocol-name": "protocol",
            "policy-name": "rule",
            "source-zone-name": "in_zone",
            "source-zone": "in_zone",
            "destination-zone-name": "out_zone",
            "destination-zone": "out_zone",
            "packet-incoming-interface": "in_interface",
            "interface-name": "in_interface",
            "source-interface-name": "in_interface",
            "destination-interface-name": "out_interface",
            "application": "application",
            "attack-name": "signature",
            "action": "vendor_action",
            "reason": "reason",
            "packets-from-client": "packets_out:number",
            "packets-from-server": "packets_in:number",
            "bytes-from-client": "bytes_out:number",
            "bytes-from-server": "bytes_in:number",
            "elapsed-time": "duration_ms:seconds",
        },
        lead="{message_id} [{} ",
    ),
    programs=("RT_FLOW", "RT_IDS", "RT_IDP", "RT_UTM"),
    structured=True,
    only=(Only("message_id", (*EVENTS, *_ATTACKS), "other message"),),
    signature=re.compile(rb" RT_(?:FLOW|IDS|IDP|UTM) \S+ [A-Z_]+ \[junos@"),
    nulls=("N/A", "UNKNOWN", "unknown", "0.0.0.0"),
    derive=derive,
)
