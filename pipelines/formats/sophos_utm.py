"""Sophos UTM (Astaro): what its packet filter's ulogd writes, `key="value"`.

    2020:04:03-04:12:45 gate ulogd[4711]: id="2001" severity="info" sys="SecureNet" sub="packetfilter" name="Packet \
dropped" action="drop" fwrule="60001" initf="eth1" srcmac="02:00:5e:10:00:fe" dstmac="02:00:5e:10:00:01" \
srcip="203.0.113.9" dstip="198.51.100.7" proto="6" length="40" tos="0x00" prec="0x00" ttl="241" srcport="51234" \
dstport="445" tcpflags="SYN"

From the UTM's log files and their documentation ("Sophos UTM Log Files": packet filter). IPS alerts of snort
(sub="ips") have the same keys, and are read too.
"""

import re

from pipelines.format import Format
from pipelines.meaning import flag_names, verdict
from pipelines.shapes import KeyValues, Only

FORMAT = Format(
    shape=KeyValues(
        {
            "id": "message_id",
            "sub": "sub",
            "name": "reason",
            "action": "vendor_action",
            "fwrule": "rule",
            "initf": "in_interface",
            "outitf": "out_interface",
            "srcmac": "source_mac",
            "dstmac": "destination_mac",
            "srcip": "source_ip",
            "dstip": "destination_ip",
            "proto": "protocol",
            "length": "packet_bytes",
            "tos": "tos:hexadecimal?",
            "ttl": "ttl",
            "srcport": "source_port",
            "dstport": "destination_port",
            "tcpflags": "tcp_flags",
            "type": "icmp_type?",
            "code": "icmp_code?",
            "msg": "signature",
        },
    ),
    programs=("ulogd", "snort"),
    only=(Only("sub", ("packetfilter", "ips"), "log of another part"),),
    signature=re.compile(rb'id="\d{4}" severity="\w+" sys="SecureNet" sub="(?:packetfilter|ips)"'),
    words={"action": ("vendor_action", verdict), "tcp_flags": ("tcp_flags", flag_names)},
)
