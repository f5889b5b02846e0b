"""Sophos UTM (Astaro): what its packet filter's `ulogd` and its intrusion prevention write, `key="value"`.

    2020:04:03-04:12:45 gate ulogd[4711]: id="2001" severity="info" sys="SecureNet" sub="packetfilter" \
name="Packet dropped" action="drop" fwrule="60001" initf="eth1" srcmac="02:00:5e:10:00:01" \
dstmac="02:00:5e:10:00:02" srcip="203.0.113.9" dstip="198.51.100.7" proto="6" length="40" tos="0x00" prec="0x00" \
ttl="241" srcport="51234" dstport="445" tcpflags="SYN"

The keys are those of the "Sophos UTM Administration Guide", packet filter log; `id` is Sophos's number of the message.
`name` tells the cause (`Packet dropped (GEOIP)`). Messages of other parts (`sub`) are ignored.
"""

import re

from pipelines.format import Derived, Format, Scanned
from pipelines.meaning import bad_protocols, first, flag_names, icmp_by_address, plain
from pipelines.shapes import KeyValues, Only


def derive(scanned: Scanned) -> Derived:
    """Tell ICMPv6 from ICMP; what intrusion prevention says of a packet is its reason and signature."""
    columns = plain(scanned)
    columns["protocol"] = icmp_by_address(columns["protocol"], scanned.texts["source_ip"])
    columns["reason"] = first(scanned.texts["cause"], scanned.texts["name"])
    columns["signature"] = scanned.texts["cause"]
    return Derived(columns, invalid=bad_protocols(scanned))


FORMAT = Format(
    shape=KeyValues(
        {
            "id": "message_id",
            "sub": "part",
            "name": "name",
            "reason": "cause",
            "action": "vendor_action",
            "fwrule": "rule",
            "sid": "rule",
            "initf": "in_interface",
            "outitf": "out_interface",
            "srcmac": "source_mac",
            "dstmac": "destination_mac",
            "srcip": "source_ip",
            "dstip": "destination_ip",
            "proto": "protocol",
            "length": "packet_bytes",
            "tos": "tos:hexadecimal",
            "ttl": "ttl",
            "hlim": "ttl",
            "srcport": "source_port",
            "dstport": "destination_port",
            "tcpflags": "tcp_flags",
            "type": "icmp_type",
            "code": "icmp_code",
        }
    ),
    programs=("ulogd", "snort", "afcd"),
    anchors=("id=",),
    only=(Only("part", ("packetfilter", "ips"), "message of another part"),),
    signature=re.compile(rb'id="\d+" severity="[^"]*" sys="Secure(?:Net|net)" sub="(?:packetfilter|ips)"'),
    words={
        "action": (
            "vendor_action",
            {
                "drop": "block",
                "accept": "allow",
                "alert": "allow",
                "reject": "reject",
                "syn flood": "block",
                "udp flood": "block",
                "icmp flood": "block",
                "portscan": "block",
            },
        ),
        "tcp_flags": ("tcp_flags", flag_names),
    },
    derive=derive,
)
