"""FortiGate traffic logs: `key=value`, texts in quotes; Fortinet's "FortiOS Log Message Reference", type traffic.

    date=2020-04-03 time=04:12:45 devname="gate" devid="FG100E0000000000" eventtime=1585887165123456789 tz="+0000" \
logid="0000000013" type="traffic" subtype="forward" level="notice" vd="root" srcip=203.0.113.9 srcport=51234 \
srcintf="wan1" srcintfrole="wan" dstip=198.51.100.7 dstport=445 dstintf="lan" dstintfrole="lan" policyid=0 proto=6 \
action="deny" sentbyte=0 rcvdbyte=0 duration=0 service="SMB"

`eventtime` is in nanoseconds from FortiOS 6.2 on, in seconds before; `date` and `time` are the unit's local time. What
a session ended by (`close`, `timeout`, `client-rst`, `server-rst`, `ip-conn`, `dns`) says that it was accepted.
`packets` and `packet_bytes` are those both ways. The direction is that of the roles of the interfaces. `transip` is the
source after translation, `tranip` the destination. Logs of other types (event, utm) are ignored.
"""

import re

import numpy as np
import pyarrow as pa

from pipelines.columns import constant
from pipelines.format import Derived, Format, Scanned
from pipelines.meaning import (
    bad_protocols,
    chosen_by,
    icmp_by_address,
    packet_counts,
    plain,
    real_ports,
    rows_where,
    total,
    translation,
)
from pipelines.shapes import KeyValues, Only

_INSIDE = frozenset({"lan", "dmz"})


def derive(scanned: Scanned) -> Derived:
    """Sum up both ways; tell the direction from the interfaces' roles."""
    columns = plain(scanned) | translation(scanned)
    columns["protocol"] = icmp_by_address(columns["protocol"], scanned.texts["source_ip"])
    columns |= real_ports(scanned, columns["protocol"])
    columns["packets"] = packet_counts(scanned, "packets_out", "packets_in")
    columns["packet_bytes"] = total(scanned, "bytes_out", "bytes_in")
    columns["direction"] = _direction(scanned)
    return Derived(columns, invalid=bad_protocols(scanned))


def _direction(scanned: Scanned) -> pa.Array:
    came, left = scanned.texts["in_role"], scanned.texts["out_role"]
    from_inside, from_outside = rows_where(came, _INSIDE.__contains__), rows_where(came, "wan".__eq__)
    to_inside, to_outside = rows_where(left, _INSIDE.__contains__), rows_where(left, "wan".__eq__)
    direction = pa.nulls(scanned.rows, pa.string())
    for rows, word in (
        (from_outside & to_inside, "inbound"),
        (from_inside & to_outside, "outbound"),
        (np.logical_and(from_inside, to_inside), "internal"),
    ):
        direction = chosen_by(rows, constant(word, scanned.rows), direction)
    return direction


FORMAT = Format(
    shape=KeyValues(
        {
            "date": "observed_date",
            "time": "observed_time",
            "tz": "observed_zone",
            "eventtime": "observed_at",
            "devname": "host",
            "logid": "message_id",
            "log_id": "message_id",
            "type": "type",
            "srcip": "source_ip",
            "srcport": "source_port",
            "srcintf": "in_interface",
            "srcintfrole": "in_role",
            "srcmac": "source_mac",
            "dstip": "destination_ip",
            "dstport": "destination_port",
            "dstintf": "out_interface",
            "dstintfrole": "out_role",
            "dstmac": "destination_mac",
            "policyid": "rule",
            "proto": "protocol",
            "action": "vendor_action",
            "app": "application",
            "attack": "signature",
            "transip": "nat_source_ip",
            "transport": "nat_source_port",
            "tranip": "nat_destination_ip",
            "tranport": "nat_destination_port",
            "sentbyte": "bytes_out:number",
            "rcvdbyte": "bytes_in:number",
            "sentpkt": "packets_out:number",
            "rcvdpkt": "packets_in:number",
            "duration": "duration_ms:seconds",
        }
    ),
    anchors=("date=", "logver=", "timestamp=", "devname="),
    only=(Only("type", ("traffic",), "log of another type"),),
    signature=re.compile(rb'\bdev(?:id|name)="?[^" ]+"? .*\btype="?traffic"?'),
    words={
        "action": (
            "vendor_action",
            {
                "accept": "allow",
                "pass": "allow",
                "start": "allow",
                "close": "allow",
                "timeout": "allow",
                "client-rst": "allow",
                "server-rst": "allow",
                "ip-conn": "allow",
                "dns": "allow",
                "deny": "block",
                "block": "block",
                "blocked": "block",
                "violation": "block",
            },
        )
    },
    derive=derive,
)
