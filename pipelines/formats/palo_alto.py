"""Palo Alto Networks PAN-OS: traffic and threat logs, values parted by commas, some in quotes.

    Apr  3 04:12:45 gate 1,2020/04/03 04:12:45,001801000000,TRAFFIC,drop,2305,2020/04/03 04:12:44,203.0.113.9,\
198.51.100.7,0.0.0.0,0.0.0.0,block-all,,,not-applicable,vsys1,untrust,trust,ethernet1/1,,default,\
2020/04/03 04:12:44,0,1,51234,445,0,0,0x0,tcp,deny,60,60,0,1,2020/04/03 04:12:44,0,any,0,1,0x0,...

The columns are those of "Traffic Log Fields" and "Threat Log Fields" in the PAN-OS administrator's guide; versions only
add some at the end. The event's stamp is the generated time, the firewall's local time. `packets` and `packet_bytes` of
a traffic log are those both ways; those of a threat log are its repeat count, the times it was seen within five
seconds. The reason is why a session ended. Addresses after translation are 0.0.0.0 where there was none. The action of
a threat log that only alerts is allow. Logs of other types are ignored.
"""

import re

from pipelines.format import Derived, Format, Scanned
from pipelines.meaning import bad_protocols, icmp_by_address, packet_counts, plain, real_ports, translation
from pipelines.shapes import Columns, Delimited, Ignored

_SESSION = (
    "- - observed_at source_ip destination_ip nat_source_ip nat_destination_ip rule - - application - in_zone "
    "out_zone in_interface out_interface - - - {repeats} source_port destination_port nat_source_port "
    "nat_destination_port - protocol vendor_action "
)
_TRAFFIC = Columns(
    _SESSION.format(repeats="-")
    + "packet_bytes? - - session_packets:number? - duration_ms:seconds? - - - - - - - - - reason - - - - - host"
)
_THREAT = Columns(
    _SESSION.format(repeats="repeats:number?") + "- signature - - - - - - - - - - - - - - - - - - - - - - - - - - host"
)


def derive(scanned: Scanned) -> Derived:
    """Count a session's packets, or a threat's repeats."""
    columns = plain(scanned) | translation(scanned)
    columns["protocol"] = icmp_by_address(columns["protocol"], scanned.texts["source_ip"])
    columns |= real_ports(scanned, columns["protocol"])
    columns["packets"] = packet_counts(scanned, "session_packets", "repeats")
    return Derived(columns, invalid=bad_protocols(scanned))


FORMAT = Format(
    shape=Delimited(
        Columns(
            "- - - message_id",
            by="message_id",
            cases={"TRAFFIC": _TRAFFIC, "THREAT": _THREAT},
            otherwise=Ignored("log of another type"),
        ),
        quote='"',
        minimum=31,
    ),
    anchors=("1,2", "0,2", ",2"),
    signature=re.compile(rb",\d{4}/\d\d/\d\d \d\d:\d\d:\d\d,[^,]*,(?:TRAFFIC|THREAT),"),
    nulls=("any",),
    words={
        "action": (
            "vendor_action",
            {
                "allow": "allow",
                "alert": "allow",
                "continue": "allow",
                "override": "allow",
                "wildfire-upload-success": "allow",
                "wildfire-upload-skip": "allow",
                "forward": "allow",
                "deny": "block",
                "drop": "block",
                "drop-icmp": "block",
                "drop icmp": "block",
                "drop-packet": "block",
                "drop-all-packets": "block",
                "random-drop": "block",
                "syncookie-sent": "block",
                "sinkhole": "block",
                "block": "block",
                "block-ip": "block",
                "block-url": "block",
                "block-continue": "block",
                "block-override": "block",
                "override-lockout": "block",
                "reset-client": "reject",
                "reset-server": "reject",
                "reset-both": "reject",
                "reset client": "reject",
                "reset server": "reject",
                "reset both": "reject",
            },
        )
    },
    derive=derive,
)
