"""Juniper SRX: sessions that were created, closed or denied, and attacks that a screen saw, as structured data.

Junos's "Information Provided in Session Log Entries" names the keys, which stand in RFC 5424's structured data:

    <14>1 2020-04-03T04:12:45.184Z srx1 RT_FLOW - RT_FLOW_SESSION_DENY [junos@2636.1.1.1.2.129 \
source-address="203.0.113.9" source-port="51234" destination-address="198.51.100.7" destination-port="445" \
service-name="junos-smb" protocol-id="6" policy-name="deny-all" source-zone-name="untrust" ...]

A session is an event when it is created and when it is closed (with duration, packets and bytes, both ways): count
those of one `message_id`. The words are those of the message: CREATE, CLOSE and DENY, which is a rejection if the
reason says so; of an attack (`RT_SCREEN_TCP`) what the screen did. `application` is the one recognised, else that of
the policy (`junos-https`). Ports of ICMP are no ports, and are left out. What AppTrack logs of the same sessions
(`APPTRACK_SESSION_CLOSE`) is ignored, as are other messages. Lines that are not structured: see `juniper_srx_text`.
"""

import re

import numpy as np
import pyarrow as pa

from pipelines.columns import constant, number_column
from pipelines.format import Derived, Format, Scanned
from pipelines.meaning import (
    bad_protocols,
    chosen_by,
    first,
    icmp_by_address,
    packet_counts,
    plain,
    real_ports,
    rows_where,
    total,
    words_of,
)
from pipelines.shapes import KeyValues, Only

_ACTIONS = {"create": "allow", "close": "allow", "deny": "block"}
_SCREEN_ACTIONS = {"drop": "block", "dropped": "block"}
_SCREEN_PROTOCOLS = {"rt_screen_tcp": "tcp", "rt_screen_udp": "udp", "rt_screen_icmp": "icmp"}
SESSIONS = tuple(f"RT_FLOW_SESSION_{word}{suffix}" for word in ("CREATE", "CLOSE", "DENY") for suffix in ("", "_LS"))
_SCREENS = tuple(f"RT_SCREEN_{word}{suffix}" for word in ("TCP", "UDP", "ICMP", "IP") for suffix in ("", "_LS"))
NOTHING = ("None", "N/A", "UNKNOWN", "unset")


def verb_of(message: str) -> str | None:
    """Return what happened to a session by the id of its message: `RT_FLOW_SESSION_CREATE` is CREATE."""
    head, _, verb = message.removesuffix("_LS").rpartition("_")
    return verb if head == "RT_FLOW_SESSION" else None


def sessions(scanned: Scanned) -> dict[str, pa.Array]:
    """Return the columns of sessions, however they are written: the action, and what went both ways."""
    columns = plain(scanned)
    texts = scanned.texts
    verbs = words_of(texts["message_id"], verb_of)
    rejected = rows_where(texts["reason"], lambda text: text.lower().startswith("reject"))
    columns["action"] = chosen_by(rejected, constant("reject", scanned.rows), words_of(verbs, _ACTIONS))
    columns["vendor_action"] = verbs
    columns["application"] = first(texts["application"], texts["service"])
    protocol = first(columns["protocol"], words_of(texts["message_id"], _SCREEN_PROTOCOLS))
    protocol = protocol if pa.types.is_dictionary(protocol.type) else protocol.dictionary_encode()
    columns["protocol"] = icmp_by_address(protocol, texts["source_ip"])
    columns |= real_ports(scanned, protocol)
    # Of ICMP, its identifier and sequence number stand where ports do.
    is_icmp = rows_where(protocol, lambda name: name in {"icmp", "icmpv6"})
    for name in ("nat_source_port", "nat_destination_port"):
        columns[name] = number_column(np.where(is_icmp, -1, scanned.values(name)), pa.int32())
    of_icmp = rows_where(protocol, "icmp".__eq__) & rows_where(texts["message_id"], lambda text: "_DENY" in text)
    columns["icmp_type"] = number_column(np.where(of_icmp, scanned.values("icmp_kind"), -1), pa.int16())
    columns["packets"] = packet_counts(scanned, "packets_out", "packets_in")
    columns["packet_bytes"] = total(scanned, "bytes_out", "bytes_in")
    return columns


def derive(scanned: Scanned) -> Derived:
    """Add to the sessions what a screen did to an attack."""
    columns = sessions(scanned)
    screened = scanned.texts["screen_action"]
    columns["vendor_action"] = first(columns["vendor_action"], screened)
    columns["action"] = first(columns["action"], words_of(screened, _SCREEN_ACTIONS))
    return Derived(columns, invalid=bad_protocols(scanned))


FORMAT = Format(
    shape=KeyValues(
        {
            "source-address": "source_ip",
            "source-port": "source_port",
            "destination-address": "destination_ip",
            "destination-port": "destination_port",
            "service-name": "service",
            "application": "application",
            "nat-source-address": "nat_source_ip",
            "nat-source-port": "nat_source_port",
            "nat-destination-address": "nat_destination_ip",
            "nat-destination-port": "nat_destination_port",
            "protocol-id": "protocol",
            "icmp-type": "icmp_kind:byte?",
            "policy-name": "rule",
            "source-zone-name": "in_zone",
            "source-zone": "in_zone",
            "destination-zone-name": "out_zone",
            "packet-incoming-interface": "in_interface",
            "interface-name": "in_interface",
            "destination-interface-name": "out_interface",
            "reason": "reason",
            "attack-name": "signature",
            "action": "screen_action",
            "packets-from-client": "packets_out:number",
            "packets-from-server": "packets_in:number",
            "bytes-from-client": "bytes_out:number",
            "bytes-from-server": "bytes_in:number",
            "elapsed-time": "duration_ms:seconds",
        },
        lead="{message_id} \\[junos@{} ",
    ),
    programs=("RT_FLOW", "RT_IDS"),
    structured=True,
    nulls=NOTHING,
    only=(Only("message_id", (*SESSIONS, *_SCREENS), ignored="other message"),),
    signature=re.compile(rb"(?:RT_FLOW_SESSION_(?:CREATE|CLOSE|DENY)|RT_SCREEN_(?:TCP|UDP|ICMP|IP))(?:_LS)? \[junos@"),
    derive=derive,
)
