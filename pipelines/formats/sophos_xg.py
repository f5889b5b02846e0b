"""Sophos Firewall (XG, XGS; SFOS): `key="value"`; Sophos's "Syslog guide", log types Firewall and IDP.

    device="SFW" date=2020-04-03 time=04:12:45 timezone="UTC" device_name="XG210" device_id=C01001AAAAAAAAA \
log_id=010102600002 log_type="Firewall" log_component="Firewall Rule" log_subtype="Denied" status="Deny" \
priority=Information duration=0 fw_rule_id=0 in_interface="Port2" src_ip=203.0.113.9 dst_ip=198.51.100.7 \
protocol="TCP" src_port=51234 dst_port=445 sent_pkts=0 recv_pkts=0 sent_bytes=0 recv_bytes=0

From version 18 on, the same is told with other keys (`timestamp`, `src_zone`, `bytes_sent`, ...). The vendor's word is
`log_subtype`. `date` and `time` are the unit's local time, whose zone is only told by its abbreviation. The reason is
`message` or, without one, the component that decided. `packets` and `packet_bytes` are those both ways. Logs of other
types are ignored.
"""

import re

from pipelines.format import Derived, Format, Scanned
from pipelines.meaning import (
    bad_protocols,
    first,
    icmp_by_address,
    packet_counts,
    plain,
    real_ports,
    total,
    translation,
)
from pipelines.shapes import KeyValues, Only


def derive(scanned: Scanned) -> Derived:
    """Sum up both ways; a component stands for a reason that is not told."""
    columns = plain(scanned) | translation(scanned)
    columns["protocol"] = icmp_by_address(columns["protocol"], scanned.texts["source_ip"])
    columns |= real_ports(scanned, columns["protocol"])
    columns["reason"] = first(scanned.texts["message"], scanned.texts["component"])
    columns["packets"] = packet_counts(scanned, "packets_out", "packets_in")
    columns["packet_bytes"] = total(scanned, "bytes_out", "bytes_in")
    return Derived(columns, invalid=bad_protocols(scanned))


FORMAT = Format(
    shape=KeyValues(
        {
            "timestamp": "observed_at",
            "date": "observed_date",
            "time": "observed_time",
            "log_id": "message_id",
            "log_type": "type",
            "log_component": "component",
            "log_subtype": "vendor_action",
            "message": "message",
            "duration": "duration_ms:seconds",
            "fw_rule_id": "rule",
            "application": "application",
            "app_name": "application",
            "signature_msg": "signature",
            "in_interface": "in_interface",
            "out_interface": "out_interface",
            "src_mac": "source_mac",
            "dst_mac": "destination_mac",
            "src_ip": "source_ip",
            "dst_ip": "destination_ip",
            "protocol": "protocol",
            "src_port": "source_port",
            "dst_port": "destination_port",
            "icmp_type": "icmp_type",
            "icmp_code": "icmp_code",
            "sent_pkts": "packets_out:number",
            "packets_sent": "packets_out:number",
            "recv_pkts": "packets_in:number",
            "packets_received": "packets_in:number",
            "sent_bytes": "bytes_out:number",
            "bytes_sent": "bytes_out:number",
            "recv_bytes": "bytes_in:number",
            "bytes_received": "bytes_in:number",
            "tran_src_ip": "nat_source_ip",
            "src_trans_ip": "nat_source_ip",
            "tran_src_port": "nat_source_port",
            "src_trans_port": "nat_source_port",
            "tran_dst_ip": "nat_destination_ip",
            "dst_trans_ip": "nat_destination_ip",
            "tran_dst_port": "nat_destination_port",
            "dst_trans_port": "nat_destination_port",
            "srczone": "in_zone",
            "src_zone": "in_zone",
            "dstzone": "out_zone",
            "dst_zone": "out_zone",
        }
    ),
    anchors=("device=", "device_name=", "timestamp=", "date="),
    only=(Only("type", ("Firewall", "IDP"), "log of another type"),),
    signature=re.compile(rb'log_type="?(?:Firewall|IDP)"? log_component='),
    words={
        "action": (
            "vendor_action",
            {
                "allowed": "allow",
                "allow": "allow",
                "detect": "allow",
                "denied": "block",
                "deny": "block",
                "drop": "block",
                "dropped": "block",
                "reject": "reject",
            },
        )
    },
    derive=derive,
)
