"""Sophos Firewall (XG, SFOS): `key=value`, texts in quotes.

    Apr 3 04:12:45 gate device="SFW" date=2020-04-03 time=04:12:45 timezone="UTC" device_name="XG125" \
device_id=C00000000000000 log_id=010102600002 log_type="Firewall" log_component="Firewall Rule" \
log_subtype="Denied" status="Deny" priority=Information duration=0 fw_rule_id=0 in_interface="Port2" \
out_interface="" src_ip=203.0.113.9 dst_ip=198.51.100.7 protocol="TCP" src_port=51234 dst_port=445 sent_pkts=0 \
recv_pkts=0 sent_bytes=0 recv_bytes=0

From the "Sophos Firewall Syslog Guide". Lines of log type Firewall and IDP are read, also in the newer standard format,
which names the time `timestamp` with its zone; others are ignored. A line stands for its connection's packets and
bytes.
"""

import re

import pyarrow.compute as pc

from pipelines.format import Derived, Format, Scanned
from pipelines.meaning import bad_protocols, first, plain, total, verdict, with_ports
from pipelines.shapes import KeyValues, Only


def derive(scanned: Scanned) -> Derived:
    """Turn scanned columns into the schema's."""
    columns = with_ports(plain(scanned))
    texts = scanned.texts
    columns["vendor_action"] = first(texts["log_subtype"], texts["status"])
    columns["rule"] = first(texts["rule_name"], texts["rule_id"])
    columns["packet_bytes"] = total(scanned, "bytes_in", "bytes_out")
    columns["packets"] = pc.max_element_wise(pc.fill_null(total(scanned, "packets_in", "packets_out"), 1), 1)
    return Derived(columns, invalid=bad_protocols(scanned))


FORMAT = Format(
    shape=KeyValues(
        {
            "timestamp": "observed_at",
            "date": "observed_date",
            "time": "observed_time",
            "device_name": "host",
            "log_id": "message_id",
            "log_type": "log_type",
            "log_subtype": "log_subtype",
            "status": "status",
            "fw_rule_id": "rule_id",
            "fw_rule_name": "rule_name",
            "in_interface": "in_interface",
            "out_interface": "out_interface",
            "src_zone": "in_zone",
            "srczone": "in_zone",
            "dst_zone": "out_zone",
            "dstzone": "out_zone",
            "src_mac": "source_mac",
            "dst_mac": "destination_mac",
            "src_ip": "source_ip",
            "src_port": "source_port",
            "dst_ip": "destination_ip",
            "dst_port": "destination_port",
            "protocol": "protocol",
            "tran_src_ip": "nat_source_ip",
            "tran_src_port": "nat_source_port",
            "tran_dst_ip": "nat_destination_ip",
            "tran_dst_port": "nat_destination_port",
            "icmp_type": "icmp_type?",
            "icmp_code": "icmp_code?",
            "application": "application",
            "application_name": "application",
            "app_name": "application",
            "signature_msg": "signature",
            "message": "reason",
            "sent_pkts": "packets_out:number",
            "packets_sent": "packets_out:number",
            "recv_pkts": "packets_in:number",
            "packets_received": "packets_in:number",
            "sent_bytes": "bytes_out:number",
            "bytes_sent": "bytes_out:number",
            "recv_bytes": "bytes_in:number",
            "bytes_received": "bytes_in:number",
            "duration": "duration_ms:seconds",
        },
    ),
    anchors=("device=", "device_name="),
    only=(Only("log_type", ("Firewall", "IDP", "IDS"), "log of another type"),),
    signature=re.compile(rb"\bdevice_name=.* log_id=.* log_type="),
    words={"action": ("log_subtype", verdict)},
    derive=derive,
)
