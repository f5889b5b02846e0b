"""ArcSight's Common Event Format, as firewalls of many vendors write it; UniFi's newest logs among them.

    Apr 3 04:12:45 gate CEF:0|Ubiquiti|UniFi Network|9.4.19|201|Threat Detected and Blocked|7|proto=TCP \
src=203.0.113.9 spt=51234 dst=198.51.100.7 dpt=445 act=blocked UNIFIpolicyName=Block all msg=A network intrusion \
attempt was blocked.

From "Implementing ArcSight Common Event Format (CEF)", version 26, and UniFi's help pages. The event's time is `rt`,
else `end` or `start`, else the line's. `cnt` is how many events were aggregated: the packets. `in` and `out` are bytes.
Where `act` is missing, the event's name may say what was done. Records without any address are no packets, and are
ignored.
"""

import re

import pyarrow.compute as pc

from pipelines.format import Derived, Format, Scanned
from pipelines.meaning import bad_protocols, first, plain, total, verdict, with_ports, words_of
from pipelines.shapes import KeyValues


def derive(scanned: Scanned) -> Derived:
    """Turn scanned columns into the schema's."""
    columns = with_ports(plain(scanned))
    texts = scanned.texts
    columns["action"] = first(words_of(texts["vendor_action"], verdict), words_of(texts["signature"], verdict))
    columns["rule"] = first(texts["policy"], texts["rule"])
    columns["packet_bytes"] = total(scanned, "bytes_in", "bytes_out")
    columns["packets"] = pc.max_element_wise(pc.fill_null(total(scanned, "events"), 1), 1)
    addresses = [pc.is_null(texts[name]) for name in ("source_ip", "destination_ip")]
    nowhere = pc.and_(*addresses).to_numpy(zero_copy_only=False)
    return Derived(columns, invalid=bad_protocols(scanned), ignored={"event without an address": nowhere})


FORMAT = Format(
    shape=KeyValues(
        {
            "rt": "observed_at",
            "end": "observed_at",
            "start": "observed_at",
            "UNIFIutcTime": "observed_at",
            "dvchost": "host",
            "src": "source_ip",
            "c6a2": "source_ip",
            "spt": "source_port",
            "dst": "destination_ip",
            "c6a3": "destination_ip",
            "dpt": "destination_port",
            "smac": "source_mac",
            "dmac": "destination_mac",
            "proto": "protocol",
            "act": "vendor_action",
            "app": "application",
            "cnt": "events:number",
            "in": "bytes_in:number",
            "out": "bytes_out:number",
            "reason": "reason",
            "deviceDirection": "way",
            "deviceInboundInterface": "in_interface",
            "deviceOutboundInterface": "out_interface",
            "sourceTranslatedAddress": "nat_source_ip",
            "sourceTranslatedPort": "nat_source_port",
            "destinationTranslatedAddress": "nat_destination_ip",
            "destinationTranslatedPort": "nat_destination_port",
            "sourceZone": "in_zone",
            "destinationZone": "out_zone",
            "UNIFIpolicyName": "policy",
            "rule": "rule",
        },
        lead="CEF:{}|{}|{}|{}|{message_id:text}|{signature:text}|{}|",
        values_with_blanks=True,
    ),
    anchors=("CEF:",),
    own_stamp=True,
    needs=(),
    signature=re.compile(rb"CEF: ?\d\|"),
    words={"direction": ("way", {"0": "inbound", "1": "outbound"})},
    derive=derive,
)
