"""Suricata: alerts, dropped packets and flows of its event log, `eve.json`.

One JSON object a line, in a file or sent by syslog; "EVE JSON Format" of Suricata's user guide explains the keys:

    {"timestamp":"2020-04-03T04:12:45.533101+0000","event_type":"alert","src_ip":"203.0.113.9","src_port":52812,\
"dest_ip":"198.51.100.7","dest_port":80,"proto":"TCP","alert":{"action":"allowed","signature_id":2024468,"signature":\
"ET WEB_SPECIFIC_APPS ...","category":"Attempted User Privilege Gain"},...}

An alert is `allowed` (Suricata only watches, or the rule does) or `blocked`; a `drop` is a packet that was dropped; a
`flow` has no action unless Suricata dropped or passed it as a whole. `rule` is the signature's number, `reason` its
category, of a drop why it was dropped, of a flow how it ended. A flow is written some time after its end: `observed_at`
is when, `duration_ms` is how long it lasted, and its counts are those both ways; those that an alert carries are of the
flow up to then, while the alert is one packet. The other events (http, dns, tls, stats ...) are ignored.
"""

import re

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.columns import chosen, number_column
from pipelines.format import Derived, Format, Scanned
from pipelines.meaning import (
    bad_protocols,
    chosen_by,
    elapsed,
    first,
    flag_bits,
    packet_counts,
    plain,
    rows_where,
    words_of,
)
from pipelines.shapes import Json, Only

# Bits of the TCP header's flags, and the keys of a dropped packet that name them.
_FLAGS = {"fin": 1, "syn": 2, "rst": 4, "psh": 8, "ack": 16, "urg": 32}
_FLAG_TEXTS = tuple(flag_bits(bits) for bits in range(256))
_ACTIONS = {"allowed": "allow", "pass": "allow", "blocked": "block", "drop": "block"}


def derive(scanned: Scanned) -> Derived:
    """Give flows their counts and their time, and dropped packets their flags."""
    columns = plain(scanned)
    texts = scanned.texts
    kind = texts["message_id"]
    one = pa.array(np.ones(scanned.rows, np.int64))
    columns["action"] = first(words_of(texts["vendor_action"], _ACTIONS), words_of(kind, {"drop": "block"}))
    is_flow = rows_where(kind, "flow".__eq__)
    columns["packets"] = chosen_by(is_flow, packet_counts(scanned, "packets_out", "packets_in"), one)
    both_ways = np.maximum(scanned.values("bytes_out"), 0) + np.maximum(scanned.values("bytes_in"), 0)
    columns["packet_bytes"] = number_column(np.where(is_flow, both_ways, scanned.values("packet_bytes")), pa.int64())
    columns["duration_ms"] = elapsed(scanned, "start", "end")
    columns["reason"] = first(first(texts["drop_reason"], texts["end_reason"]), texts["category"])
    columns["tcp_flags"] = chosen(_FLAG_TEXTS, _flags(scanned))
    return Derived(columns, invalid=bad_protocols(scanned))


def _flags(scanned: Scanned) -> npt.NDArray[np.int32]:
    """Return the TCP flags of a dropped packet, or all those of a flow; -1 for none."""
    bits = scanned.values("flags").copy()
    for name, bit in _FLAGS.items():
        is_set = scanned.texts[name]
        known = is_set.is_valid().to_numpy(zero_copy_only=False)
        bits = np.where(known, np.maximum(bits, 0), bits)
        bits = np.where(rows_where(is_set, "true".__eq__), bits | bit, bits)
    return bits.astype(np.int32)


FORMAT = Format(
    shape=Json(
        {
            "timestamp": "observed_at",
            "host": "host",
            "in_iface": "in_interface",
            "event_type": "message_id",
            "src_ip": "source_ip",
            "src_port": "source_port",
            "dest_ip": "destination_ip",
            "dest_port": "destination_port",
            "proto": "protocol",
            "icmp_type": "icmp_type",
            "icmp_code": "icmp_code",
            "app_proto": "application",
            "alert.action": "vendor_action",
            "alert.signature_id": "rule",
            "alert.signature": "signature",
            "alert.category": "category",
            "drop.reason": "drop_reason",
            "drop.len": "packet_bytes",
            "drop.tos": "tos",
            "drop.tc": "tos",
            "drop.ttl": "ttl",
            "drop.hoplimit": "ttl",
            "drop.ipid": "ip_id",
            "drop.flowlbl": "flow_label",
            "drop.tcpseq": "tcp_sequence:number32",
            "drop.tcpack": "tcp_acknowledgement:number32",
            "drop.tcpwin": "tcp_window",
            "drop.icmp_id": "icmp_id",
            "drop.icmp_seq": "icmp_sequence",
            **{f"drop.{name}": name for name in _FLAGS},
            "flow.action": "vendor_action",
            "flow.start": "start:stamp",
            "flow.end": "end:stamp",
            "flow.reason": "end_reason",
            "flow.pkts_toserver": "packets_out:number",
            "flow.pkts_toclient": "packets_in:number",
            "flow.bytes_toserver": "bytes_out:number",
            "flow.bytes_toclient": "bytes_in:number",
            "tcp.tcp_flags": "flags:hexadecimal",
        }
    ),
    programs=("suricata",),
    anchors=("{",),
    only=(Only("message_id", ("alert", "drop", "flow"), ignored="other event"),),
    signature=re.compile(rb'"event_type": ?"(?:alert|drop|flow)"'),
    derive=derive,
)
