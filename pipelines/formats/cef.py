"""Common Event Format of any vendor, UniFi's too: seven header fields, then `key=value`; ArcSight's "Implementing CEF".

    Apr  3 04:12:45 gate CEF:0|Ubiquiti|UniFi Network|9.4.19|201|Threat Detected and Blocked|7|proto=TCP \
src=203.0.113.9 spt=51234 dst=198.51.100.7 dpt=445 act=blocked deviceInboundInterface=Internet 1 \
UNIFIutcTime=2020-04-03T04:12:45.123Z

The event's class is `message_id`, its name `signature`. A custom string whose label is a rule's or a policy's, or a
zone's, is that. `in` and `out` are bytes; `cnt` is how often the event was seen. Without a word for the action, a name
that ends with one says it. Events that name no more than one address are none of a packet, and ignored.
"""

import re

import pyarrow as pa

from pipelines.format import Derived, Format, Scanned
from pipelines.meaning import (
    bad_protocols,
    chosen_by,
    first,
    icmp_by_address,
    plain,
    rows_where,
    total,
    translation,
    words_of,
)
from pipelines.shapes import KeyValues

_STRINGS = range(1, 7)
_LABELS = {
    "rule": frozenset({"rule", "rule name", "rulename", "policy", "policy name", "policyname", "acl", "rule id"}),
    "in_zone": frozenset({"source zone", "sourcezone", "src zone", "srczone", "from zone", "inzone", "in zone"}),
    "out_zone": frozenset({"destination zone", "destinationzone", "dst zone", "dstzone", "to zone", "outzone"}),
}
_ACTIONS = (
    dict.fromkeys(
        ("allow", "allowed", "accept", "accepted", "permit", "permitted", "pass", "passed", "forward"), "allow"
    )
    | dict.fromkeys(("alert", "detect", "detected", "monitor", "monitored", "start", "close", "timeout"), "allow")
    | dict.fromkeys(
        ("block", "blocked", "deny", "denied", "drop", "dropped", "discard", "prevent", "prevented"), "block"
    )
    | dict.fromkeys(("reject", "rejected", "reset", "reset-both", "reset-client", "reset-server"), "reject")
)


def action_in(name: str) -> str | None:
    """Return the action that the last word of an event's name says: `Threat Detected and Blocked`."""
    return _ACTIONS.get(name.rsplit(maxsplit=1)[-1].lower()) if name.split() else None


def _labelled(scanned: Scanned, name: str) -> pa.Array:
    found = scanned.texts[f"own_{name}"]
    for place in _STRINGS:
        rows = rows_where(scanned.texts[f"label{place}"], lambda label: label.lower() in _LABELS[name])
        found = first(found, chosen_by(rows, scanned.texts[f"string{place}"], pa.nulls(scanned.rows, pa.string())))
    return found


def derive(scanned: Scanned) -> Derived:
    """Find what stands in custom strings, by their labels; sum up bytes both ways."""
    texts = scanned.texts
    columns = plain(scanned) | translation(scanned)
    columns["protocol"] = icmp_by_address(columns["protocol"], texts["source_ip"])
    for name in _LABELS:
        columns[name] = _labelled(scanned, name)
    columns["signature"] = first(texts["threat"], texts["name"])
    columns["action"] = first(words_of(texts["vendor_action"], _ACTIONS), words_of(texts["name"], action_in))
    columns["packet_bytes"] = total(scanned, "bytes_out", "bytes_in")
    source, destination, protocol = (
        texts[name].is_valid().to_numpy(zero_copy_only=False) for name in ("source_ip", "destination_ip", "protocol")
    )
    packet = (source & destination) | ((source | destination) & protocol)
    return Derived(columns, bad_protocols(scanned), {"event of no packet": ~packet})


FORMAT = Format(
    shape=KeyValues(
        {
            "rt": "observed_at?",
            "UNIFIutcTime": "observed_at?",
            "dvchost": "host",
            "act": "vendor_action",
            "deviceAction": "vendor_action",
            "reason": "reason",
            "app": "application",
            "proto": "protocol",
            "src": "source_ip",
            "c6a2": "source_ip",
            "spt": "source_port",
            "smac": "source_mac",
            "dst": "destination_ip",
            "c6a3": "destination_ip",
            "dpt": "destination_port",
            "dmac": "destination_mac",
            "sourceTranslatedAddress": "nat_source_ip",
            "sourceTranslatedPort": "nat_source_port",
            "destinationTranslatedAddress": "nat_destination_ip",
            "destinationTranslatedPort": "nat_destination_port",
            "deviceInboundInterface": "in_interface",
            "deviceOutboundInterface": "out_interface",
            "deviceDirection": "way",
            "UNIFIdirection": "way",
            "in": "bytes_in:number",
            "out": "bytes_out:number",
            "UNIFItotalBytes": "bytes_in:number",
            "cnt": "packets",
            "UNIFItotalPackets": "packets",
            "UNIFIpolicyName": "own_rule",
            "UNIFIsrcZone": "own_in_zone",
            "UNIFIdstZone": "own_out_zone",
            "UNIFIipsSignature": "threat",
            "UNIFIdstClientMac": "destination_mac",
            "UNIFIsrcClientMac": "source_mac",
            **{f"cs{place}": f"string{place}" for place in _STRINGS},
            **{f"cs{place}Label": f"label{place}" for place in _STRINGS},
        },
        lead="[[CEF:]]{}|{}|{}|{}|{message_id}|{name:text}|{}|",
        values_with_blanks=True,
    ),
    anchors=("CEF:", "0|Ubiquiti|"),
    signature=re.compile(rb"CEF: ?[01]\||^0\|Ubiquiti\|"),
    words={
        "direction": (
            "way",
            {
                "0": "inbound",
                "1": "outbound",
                "incoming": "inbound",
                "outgoing": "outbound",
                "inbound": "inbound",
                "outbound": "outbound",
            },
        )
    },
    needs=(),
    derive=derive,
)
