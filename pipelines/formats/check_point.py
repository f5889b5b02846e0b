"""Check Point: what the Log Exporter writes as syslog, `key:"value"; `.

    <134>1 2020-04-03T04:12:45Z gate CheckPoint 4711 - [action:"Drop"; flags:"278528"; ifdir:"inbound"; \
ifname:"eth0"; origin:"198.51.100.1"; time:"1585887165"; dst:"198.51.100.7"; product:"VPN-1 & FireWall-1"; \
proto:"6"; rule:"7"; rule_name:"Cleanup"; s_port:"51234"; service:"445"; src:"203.0.113.9"]

From "Check Point Log Exporter" and "Check Point Logs Fields Description". `service` is the destination port. Logs
without an address, of other blades, are ignored.
"""

import re

import pyarrow.compute as pc

from pipelines.format import Derived, Format, Scanned
from pipelines.meaning import bad_protocols, first, plain, total, verdict, with_ports
from pipelines.shapes import KeyValues


def derive(scanned: Scanned) -> Derived:
    """Turn scanned columns into the schema's."""
    columns = with_ports(plain(scanned))
    texts = scanned.texts
    columns["rule"] = first(texts["rule_name"], texts["rule_number"])
    columns["signature"] = first(texts["attack"], texts["protection"])
    columns["packet_bytes"] = total(scanned, "bytes_both")
    columns["packets"] = pc.max_element_wise(pc.fill_null(total(scanned, "packets_both"), 1), 1)
    nowhere = pc.and_(pc.is_null(texts["source_ip"]), pc.is_null(texts["destination_ip"]))
    ignored = {"event without an address": nowhere.to_numpy(zero_copy_only=False)}
    return Derived(columns, invalid=bad_protocols(scanned), ignored=ignored)


FORMAT = Format(
    shape=KeyValues(
        {
            "time": "observed_at",
            "action": "vendor_action",
            "ifdir": "way",
            "ifname": "in_interface",
            "inzone": "in_zone",
            "outzone": "out_zone",
            "src": "source_ip",
            "s_port": "source_port",
            "dst": "destination_ip",
            "service": "destination_port?",
            "proto": "protocol",
            "rule": "rule_number",
            "rule_name": "rule_name",
            "product": "message_id",
            "xlatesrc": "nat_source_ip",
            "xlatesport": "nat_source_port",
            "xlatedst": "nat_destination_ip",
            "xlatedport": "nat_destination_port",
            "icmp_type": "icmp_type?",
            "icmp_code": "icmp_code?",
            "appi_name": "application",
            "attack": "attack",
            "protection_name": "protection",
            "message_info": "reason",
            "reason": "reason",
            "bytes": "bytes_both:number",
            "packets": "packets_both:number",
            "elapsed": "duration_ms:clock",
        },
        separator=";",
        assign=":",
        lead="{} [",
    ),
    programs=("CheckPoint",),
    structured=True,
    needs=(),
    signature=re.compile(rb'CheckPoint \d+ - \[?.*\b\w+:"'),
    nulls=("0.0.0.0",),
    words={
        "action": ("vendor_action", verdict),
        "direction": ("way", {"inbound": "inbound", "outbound": "outbound"}),
    },
    derive=derive,
)
