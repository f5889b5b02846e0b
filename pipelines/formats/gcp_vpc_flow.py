"""Google Cloud: VPC flow logs, and what firewall rules log, as JSON entries of Cloud Logging.

One entry a line, as a log sink writes them to Cloud Storage or Pub/Sub; Google's "VPC Flow Logs records" and "Firewall
rules logging" explain the fields:

    {"jsonPayload":{"bytes_sent":"756","connection":{"dest_ip":"198.51.100.7","dest_port":443,"protocol":6,"src_ip":\
"203.0.113.9","src_port":51234},"end_time":"2020-04-03T04:13:45Z","packets_sent":"8","reporter":"DEST","start_time":\
"2020-04-03T04:12:45Z",...},"logName":"projects/example/logs/compute.googleapis.com%2Fvpc_flows",...}

A flow record stands for the sampled packets of a flow in one direction: `observed_at` is its start, `packets` and
`packet_bytes` are the flow's, `action` is NULL. `direction` is as the machine sees it that reports the flow, whose name
is `host`. A firewall rule logs a connection when it lets it begin, or an attempt that it denied ('block').
"""

import re

from pipelines.format import Derived, Format, Scanned
from pipelines.meaning import bad_protocols, chosen_by, first, packet_counts, plain, rows_where, until, words_of
from pipelines.shapes import Json, Only

_WAYS = {"ingress": "inbound", "egress": "outbound"}


def log_of(name: str) -> str:
    """Return the last part of a log's name: `vpc_flows` of `projects/x/logs/compute.googleapis.com%2Fvpc_flows`."""
    return name.rpartition("%2F")[2]


def derive(scanned: Scanned) -> Derived:
    """Tell the machine that reports, and its side."""
    columns = plain(scanned)
    texts = scanned.texts
    sends = rows_where(texts["reporter"], lambda reporter: reporter.startswith("SRC"))
    columns["host"] = first(texts["machine"], chosen_by(sends, texts["source_machine"], texts["destination_machine"]))
    columns["direction"] = first(
        words_of(texts["rule_direction"], _WAYS),
        words_of(texts["reporter"], lambda reporter: "outbound" if reporter.startswith("SRC") else "inbound"),
    )
    columns["packets"] = packet_counts(scanned, "packets")
    columns["duration_ms"] = until(scanned, "end")
    return Derived(columns, invalid=bad_protocols(scanned))


FORMAT = Format(
    shape=Json(
        {
            "logName": "log",
            "resource.type": "resource",
            "timestamp": "observed_at",
            "jsonPayload.start_time": "observed_at",
            "jsonPayload.end_time": "end:stamp",
            "jsonPayload.connection.src_ip": "source_ip",
            "jsonPayload.connection.src_port": "source_port",
            "jsonPayload.connection.dest_ip": "destination_ip",
            "jsonPayload.connection.dest_port": "destination_port",
            "jsonPayload.connection.protocol": "protocol",
            "jsonPayload.bytes_sent": "packet_bytes",
            "jsonPayload.packets_sent": "packets",
            "jsonPayload.reporter": "reporter",
            "jsonPayload.src_instance.vm_name": "source_machine",
            "jsonPayload.dest_instance.vm_name": "destination_machine",
            "jsonPayload.instance.vm_name": "machine",
            "jsonPayload.disposition": "vendor_action",
            "jsonPayload.rule_details.reference": "rule",
            "jsonPayload.rule_details.direction": "rule_direction",
        }
    ),
    syslog=False,
    anchors=("{",),
    only=(Only("resource", ("gce_subnetwork", "vpc_flow_logs_config"), ignored="other log"),),
    signature=re.compile(rb'"logName":\s*"[^"]*%2F(?:vpc_flows|firewall)"'),
    words={"action": ("vendor_action", {"allowed": "allow", "denied": "block"}), "message_id": ("log", log_of)},
    derive=derive,
)
