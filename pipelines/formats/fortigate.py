"""Fortinet FortiGate: traffic logs, `key=value`, texts in quotes.

    Apr  3 04:12:45 gate date=2020-04-03 time=04:12:45 devname="gate" devid="FG100E0000000000" \
eventtime=1585887165123456789 tz="+0000" logid="0000000013" type="traffic" subtype="forward" level="notice" vd="root" \
srcip=203.0.113.9 srcport=51234 srcintf="wan1" srcintfrole="wan" dstip=198.51.100.7 dstport=445 dstintf="lan" \
policyid=0 proto=6 action="deny" sentbyte=0 rcvdbyte=0 duration=0 service="SMB"

From the FortiOS Log Message Reference (Log Type: Traffic); IPS and anomaly logs (type utm or ips) have the same keys,
and are read too. `eventtime` is in nanoseconds from FortiOS 6.2 on, in seconds before; without it `date` and `time` are
the unit's local time, whose zone `tz` tells. A line stands for the packets and bytes of its session, both ways. Logs of
other types are ignored.
"""

import re

import pyarrow.compute as pc

from pipelines.format import Derived, Format, Scanned
from pipelines.meaning import bad_protocols, first, plain, total, with_ports
from pipelines.shapes import KeyValues, Only

_ACTIONS = {
    "accept": "allow",
    "close": "allow",
    "start": "allow",
    "timeout": "allow",
    "client-rst": "allow",
    "server-rst": "allow",
    "ip-conn": "allow",
    "dns": "allow",
    "pass": "allow",
    "detected": "allow",
    "passthrough": "allow",
    "deny": "block",
    "block": "block",
    "blocked": "block",
    "dropped": "block",
    "clear_session": "block",
    "reset": "reject",
    "reset_client": "reject",
    "reset_server": "reject",
}


def derive(scanned: Scanned) -> Derived:
    """Turn scanned columns into the schema's."""
    columns = with_ports(plain(scanned))
    texts = scanned.texts
    columns["rule"] = first(texts["policy_name"], texts["policy"])
    columns["signature"] = texts["attack"]
    columns["packet_bytes"] = total(scanned, "bytes_out", "bytes_in")
    # Of a packet that was denied, none is counted as sent.
    packets = total(scanned, "packets_out", "packets_in")
    columns["packets"] = pc.max_element_wise(pc.fill_null(packets, 1), 1)
    return Derived(columns, invalid=bad_protocols(scanned))


FORMAT = Format(
    shape=KeyValues(
        {
            "date": "observed_date",
            "time": "observed_time",
            "tz": "observed_zone",
            "eventtime": "observed_at",
            "devname": "host",
            "logid": "message_id",
            "type": "type",
            "srcip": "source_ip",
            "srcport": "source_port",
            "srcintf": "in_interface",
            "srcintfrole": "in_zone",
            "srcmac": "source_mac",
            "dstip": "destination_ip",
            "dstport": "destination_port",
            "dstintf": "out_interface",
            "dstintfrole": "out_zone",
            "dstmac": "destination_mac",
            "policyid": "policy",
            "policyname": "policy_name",
            "proto": "protocol",
            "action": "vendor_action",
            "app": "application",
            "attack": "attack",
            "tranip": "nat_destination_ip",
            "tranport": "nat_destination_port",
            "transip": "nat_source_ip",
            "transport": "nat_source_port",
            "sentbyte": "bytes_out:number",
            "rcvdbyte": "bytes_in:number",
            "sentpkt": "packets_out:number",
            "rcvdpkt": "packets_in:number",
            "duration": "duration_ms:seconds",
            "direction": "way",
        }
    ),
    anchors=("date=", "logver=", "timestamp=", "devname="),
    only=(Only("type", ("traffic", "utm", "ips", "anomaly"), "log of another type"),),
    signature=re.compile(rb'\bdev(?:id|name)="?[^" ]+"? .*\btype="?(?:traffic|event|utm|ips|anomaly)"?'),
    nulls=("0.0.0.0", "N/A", "undefined", "unscanned"),
    words={
        "action": ("vendor_action", _ACTIONS),
        "direction": ("way", {"incoming": "inbound", "outgoing": "outbound"}),
    },
    derive=derive,
)
