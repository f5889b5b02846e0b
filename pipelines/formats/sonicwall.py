"""SonicWall SonicOS: `key=value` in the Enhanced or default syslog format; "SonicOS Log Events Reference Guide".

    <134>id=firewall sn=0017C5000000 time="2020-04-03 04:12:45 UTC" fw=198.51.100.1 pri=6 c=262144 m=36 \
msg="TCP connection dropped" n=7 src=203.0.113.9:51234:X1 dst=198.51.100.7:445:X0 proto=tcp/445 rule="5 (WAN->LAN)" \
fw_action="drop"

An endpoint is `address:port:interface[:name]`; `proto` holds a service's name or number too. `fw_action` is the word
of newer versions; without it the number of the message (`m`) tells what was done. `cdur` is in milliseconds. `packets`
and `packet_bytes` are those both ways. Messages of the device itself, without
both endpoints or with neither a protocol nor a port, are ignored.
"""

import re

import numpy as np

from pipelines.format import Derived, Format, Scanned
from pipelines.meaning import (
    bad_protocols,
    chosen_by,
    first,
    icmp_by_address,
    packet_counts,
    plain,
    real_ports,
    total,
    translation,
    words_of,
)
from pipelines.shapes import KeyValues

_WORDS = {
    "drop": "block",
    "dropped": "block",
    "deny": "block",
    "block": "block",
    "forward": "allow",
    "allow": "allow",
    "mgmt": "allow",
    "reset": "reject",
}
# Of the messages about traffic, by number: connections opened and closed, web sites visited, and what is dropped.
_ALLOWED = "16 97 98 537 701 1153 1154"
_BLOCKED = (
    "14 22 23 25 27 28 36 37 38 39 40 41 82 83 173 174 175 522 524 526 527 528 579 580 583 588 609 646 647 712 713 760 "
    "898 1235"
)
_MESSAGES = dict.fromkeys(_ALLOWED.split(), "allow") | dict.fromkeys(_BLOCKED.split(), "block")


def derive(scanned: Scanned) -> Derived:
    """Sum up both ways; tell what was done by the word or, without one, by the message's number."""
    columns = plain(scanned) | translation(scanned)
    columns["protocol"] = icmp_by_address(columns["protocol"], scanned.texts["source_ip"])
    no_protocol = scanned.texts["protocol"].is_null().to_numpy(zero_copy_only=False)
    for name, real in real_ports(scanned, columns["protocol"]).items():
        columns[name] = chosen_by(no_protocol, columns.get(name, real), real)
    columns["action"] = first(
        words_of(scanned.texts["vendor_action"], _WORDS), words_of(scanned.texts["message_id"], _MESSAGES)
    )
    columns["packets"] = packet_counts(scanned, "packets_out", "packets_in")
    columns["packet_bytes"] = total(scanned, "bytes_out", "bytes_in")
    known = [scanned.texts[f"{end}_ip"].is_valid().to_numpy(zero_copy_only=False) for end in ("source", "destination")]
    no_ports = (scanned.values("source_port") <= 0) & (scanned.values("destination_port") <= 0)
    of_device = ~np.logical_and(*known) | (no_protocol & no_ports)
    return Derived(columns, invalid=bad_protocols(scanned), ignored={"message of the device": of_device})


FORMAT = Format(
    shape=KeyValues(
        {
            "time": "observed_at",
            "m": "message_id",
            "msg": "reason",
            "src": "{source_ip}[[:{source_port?}[[:{in_interface}[[:{}]]]]]]",
            "dst": "{destination_ip}[[:{destination_port?}[[:{out_interface}[[:{}]]]]]]",
            "srcV6": "source_ip",
            "dstV6": "destination_ip",
            "natSrc": "{nat_source_ip}[[:{nat_source_port?}]]",
            "natDst": "{nat_destination_ip}[[:{nat_destination_port?}]]",
            "srcMac": "source_mac",
            "dstMac": "destination_mac",
            "srcZone": "in_zone",
            "dstZone": "out_zone",
            "proto": "{protocol}[[/{}]]",
            "type": "icmp_type?",
            "code": "icmp_code?",
            "icmpCode": "icmp_code?",
            "rule": "rule",
            "sent": "bytes_out:number?",
            "rcvd": "bytes_in:number?",
            "spkt": "packets_out:number?",
            "rpkt": "packets_in:number?",
            "cdur": "duration_ms?",
            "appName": "application",
            "sigName": "signature",
            "fw_action": "vendor_action",
        }
    ),
    anchors=("id=",),
    signature=re.compile(rb"\bid=\S+ sn=[0-9A-Fa-f]+ .*\bfw=\S+ pri=\d"),
    nulls=("NA", '"NA"'),
    needs=(),
    derive=derive,
)
