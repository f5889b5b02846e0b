"""Palo Alto Networks PAN-OS: TRAFFIC and THREAT logs, values parted by commas.

    Apr  3 04:12:45 gate 1,2020/04/03 04:12:45,001801000000,TRAFFIC,drop,2049,2020/04/03 04:12:44,203.0.113.9,\
198.51.100.7,0.0.0.0,0.0.0.0,drop all,,,not-applicable,vsys1,untrust,trust,ethernet1/1,,default,2020/04/03 04:12:44,0,\
1,51234,445,0,0,0x0,tcp,deny,60,60,0,1,2020/04/03 04:12:44,0,any

The columns are those of "Syslog Field Descriptions" (PAN-OS Administrator's Guide), whose first 47 are the same from
PAN-OS 6 to 11. The event's time is the one at which it was generated, in the firewall's local time. A TRAFFIC line
stands for all packets and bytes of its session, both ways; a THREAT line for one packet. Logs of other types are
ignored.
"""

import re

import pyarrow.compute as pc

from pipelines.format import Derived, Format, Scanned
from pipelines.meaning import bad_protocols, first, plain, total, with_ports
from pipelines.shapes import Columns, Delimited, Ignored

_TRAFFIC = Columns(
    "packet_bytes - - session_packets:number - duration_ms:seconds category - - - - - - - - session_end "
    "- - - - - device_name:text"
)
_THREAT = Columns("- threat category severity -")
_COMMON = Columns(
    "message_subtype - observed_at source_ip destination_ip nat_source_ip nat_destination_ip rule source_user "
    "destination_user application - in_zone out_zone in_interface out_interface - - - repeats:number "
    "source_port destination_port nat_source_port nat_destination_port - protocol vendor_action",
    by="message_id",
    cases={"TRAFFIC": _TRAFFIC, "THREAT": _THREAT},
)
_ACTIONS = {
    "allow": "allow",
    "alert": "allow",
    "continue": "allow",
    "override": "allow",
    "deny": "block",
    "drop": "block",
    "drop-all-packets": "block",
    "drop-icmp": "block",
    "drop icmp": "block",
    "block": "block",
    "block-ip": "block",
    "block-url": "block",
    "block-continue": "block",
    "block-override": "block",
    "sinkhole": "block",
    "random-drop": "block",
    "syncookie-sent": "block",
    "reset-client": "reject",
    "reset-server": "reject",
    "reset-both": "reject",
    "reset client": "reject",
    "reset server": "reject",
    "reset both": "reject",
}


def derive(scanned: Scanned) -> Derived:
    """Turn scanned columns into the schema's."""
    columns = with_ports(plain(scanned))
    columns["host"] = first(scanned.texts["device_name"], scanned.texts["host"])
    columns["reason"] = scanned.texts["session_end"]
    columns["signature"] = scanned.texts["threat"]
    columns["packets"] = pc.fill_null(total(scanned, "session_packets"), 1)
    return Derived(columns, invalid=bad_protocols(scanned))


FORMAT = Format(
    shape=Delimited(
        Columns(
            "- - - message_id",
            by="message_id",
            cases={"TRAFFIC": _COMMON, "THREAT": _COMMON},
            otherwise=Ignored("log of another type"),
        ),
        quote='"',
        minimum=31,
    ),
    anchors=("1,2", "0,2", ",2"),
    signature=re.compile(rb"(?:^|[ >])[^, ]{0,64},\d{4}/\d\d/\d\d \d\d:\d\d:\d\d,\w*,(?:TRAFFIC|THREAT),"),
    nulls=("0.0.0.0", "not-applicable", "any", "::"),
    words={"action": ("vendor_action", _ACTIONS)},
    derive=derive,
)
