"""SonicWall SonicOS: `key=value` after `id=firewall`, addresses with port and interface in one value.

    Apr 3 04:12:45 gate id=firewall sn=18B169000000 time="2020-04-03 04:12:45 UTC" fw=198.51.100.1 pri=6 c=1024 m=36 \
msg="TCP connection dropped" n=1 src=203.0.113.9:51234:X1 dst=198.51.100.7:445:X0 proto=tcp/445

From the "SonicOS Log Events Reference Guide". What was done, `fw_action` tells; where it is missing, the text or the
message's number `m` does: 537 is a connection that was closed and 98 one that was opened. `sent` and `rcvd` are bytes.
Records without an address tell of no packet, and are ignored.
"""

import re

import pyarrow.compute as pc

from pipelines.format import Derived, Format, Scanned
from pipelines.meaning import bad_protocols, first, plain, total, verdict, with_ports, words_of
from pipelines.shapes import KeyValues

# Messages whose text does not say: connection opened, closed; TCP, UDP and ICMP packet dropped, as by a rule.
_MESSAGES = {
    "36": "block",
    "37": "block",
    "38": "block",
    "41": "block",
    "98": "allow",
    "522": "block",
    "524": "block",
    "526": "block",
    "537": "allow",
}


def derive(scanned: Scanned) -> Derived:
    """Turn scanned columns into the schema's."""
    columns = with_ports(plain(scanned))
    texts = scanned.texts
    said = first(words_of(texts["reason"], verdict), words_of(texts["message_id"], _MESSAGES))
    columns["action"] = first(words_of(texts["vendor_action"], verdict), said)
    columns["packet_bytes"] = total(scanned, "bytes_in", "bytes_out")
    columns["packets"] = pc.max_element_wise(pc.fill_null(total(scanned, "packets_in", "packets_out"), 1), 1)
    nowhere = pc.and_(pc.is_null(texts["source_ip"]), pc.is_null(texts["destination_ip"]))
    ignored = {"event without an address": nowhere.to_numpy(zero_copy_only=False)}
    return Derived(columns, invalid=bad_protocols(scanned), ignored=ignored)


_SOURCE = "{source_ip}[[:{source_port}]][[:{in_interface}]]"
_DESTINATION = "{destination_ip}[[:{destination_port}]][[:{out_interface}]]"

FORMAT = Format(
    shape=KeyValues(
        {
            "time": "observed_at",
            "m": "message_id",
            "msg": "reason",
            "src": _SOURCE,
            "srcV6": "source_ip",
            "dst": _DESTINATION,
            "dstV6": "destination_ip",
            "srcMac": "source_mac",
            "dstMac": "destination_mac",
            "proto": "{protocol}[[/{}]]",
            "sent": "bytes_out:number",
            "rcvd": "bytes_in:number",
            "spkt": "packets_out:number",
            "rpkt": "packets_in:number",
            "cdur": "duration_ms:number",
            "natSrc": "{nat_source_ip}[[:{nat_source_port}]]",
            "natDst": "{nat_destination_ip}[[:{nat_destination_port}]]",
            "rule": "rule",
            "srcZone": "in_zone",
            "dstZone": "out_zone",
            "appName": "application",
            "fw_action": "vendor_action",
        },
    ),
    anchors=("id=",),
    needs=(),
    signature=re.compile(rb"\bid=\S+ sn=\w+ .*\btime=\""),
    nulls=("NA",),
    # A host's name may follow.
    words={name: (name, lambda value: value.split(":")[0]) for name in ("in_interface", "out_interface")},
    derive=derive,
)
