"""Check Point's Log Exporter, syslog format: `key:"value"; ` in brackets; sk122323 and sk144192 name the fields.

    <134>1 2020-04-03T04:12:45Z gate CheckPoint 4711 - [action:"Drop"; flags:"278528"; ifdir:"inbound"; ifname:"eth0"; \
loguid:"{0x5e869f3d,0x0,0x0,0x0}"; origin:"198.51.100.1"; time:"1585887165"; version:"5"; dst:"198.51.100.7"; \
product:"VPN-1 & FireWall-1"; proto:"6"; rule:"12"; s_port:"51234"; service:"445"; src:"203.0.113.9"]

`time` is in seconds since 1970. The interface is where the packet came in or, `ifdir` being outbound, left by. Of the
layers' rules the first one's name is the rule, or its number. What the gateway encrypts, decrypts, detects or monitors
passes. Logs without a source and a destination are of the products themselves, and ignored.
"""

import re

import numpy as np
import pyarrow as pa

from pipelines.format import Derived, Format, Scanned
from pipelines.meaning import (
    bad_protocols,
    chosen_by,
    first,
    flag_names,
    icmp_by_address,
    plain,
    real_ports,
    rows_where,
    total,
    translation,
)
from pipelines.shapes import KeyValues


def derive(scanned: Scanned) -> Derived:
    """Tell which interface is meant, and the rule from its name and its number."""
    columns = plain(scanned) | translation(scanned)
    columns["protocol"] = icmp_by_address(columns["protocol"], scanned.texts["source_ip"])
    columns |= real_ports(scanned, columns["protocol"])
    columns["rule"] = first(scanned.texts["rule_name"], scanned.texts["rule_number"])
    leaves = rows_where(scanned.texts["way"], "outbound".__eq__)
    interface, none = scanned.texts["interface"], pa.nulls(scanned.rows, pa.string())
    columns["in_interface"] = chosen_by(leaves, none, interface)
    columns["out_interface"] = chosen_by(leaves, interface, none)
    columns["packet_bytes"] = total(scanned, "bytes_out", "bytes_in")
    known = [scanned.texts[f"{end}_ip"].is_valid().to_numpy(zero_copy_only=False) for end in ("source", "destination")]
    return Derived(columns, bad_protocols(scanned), {"log of the product itself": ~np.logical_or(*known)})


FORMAT = Format(
    shape=KeyValues(
        {
            "time": "observed_at",
            "action": "vendor_action",
            "product": "message_id",
            "ifdir": "way",
            "ifname": "interface",
            "inzone": "in_zone",
            "outzone": "out_zone",
            "src": "source_ip",
            "dst": "destination_ip",
            "proto": "protocol",
            "s_port": "source_port",
            "service": "destination_port",
            "rule_name": "rule_name",
            "rule": "rule_number",
            "appi_name": "application",
            "protection_name": "signature",
            "attack": "signature",
            "reason": "reason",
            "action_reason": "reason",
            "drop_reason": "reason",
            "message_info": "reason",
            "tcp_packet_out_of_state": "reason",
            "tcp_flags": "flags",
            "icmp_type": "icmp_type",
            "icmp_code": "icmp_code",
            "xlatesrc": "nat_source_ip",
            "xlatesport": "nat_source_port",
            "xlatedst": "nat_destination_ip",
            "xlatedport": "nat_destination_port",
            "sent_bytes": "bytes_out:number",
            "received_bytes": "bytes_in:number",
            "packets": "packets",
            "elapsed": "duration_ms:clock",
            "mac_source_address": "source_mac",
            "mac_destination_address": "destination_mac",
        },
        separator=";",
        assign=":",
        lead="[[[]]",
    ),
    programs=("CheckPoint",),
    structured=True,
    anchors=("[action:", "[flags:", "[ifdir:", "[time:", "[logid:", "[loguid:", "[origin:"),
    signature=re.compile(rb'\bloguid:"|\bproduct:"(?:VPN-1 & FireWall-1|VPN & FireWall|Firewall)"'),
    words={
        "action": (
            "vendor_action",
            {
                "Accept": "allow",
                "Allow": "allow",
                "Bypass": "allow",
                "Encrypt": "allow",
                "Decrypt": "allow",
                "Detect": "allow",
                "Monitor": "allow",
                "Drop": "block",
                "Block": "block",
                "Prevent": "block",
                "Deny": "block",
                "Reject": "reject",
            },
        ),
        "direction": ("way", {"inbound": "inbound", "outbound": "outbound"}),
        "tcp_flags": ("flags", flag_names),
    },
    needs=(),
    derive=derive,
)
