"""Amazon VPC flow logs, versions 2 to 5 and formats of one's own, as delivered to S3 or by CloudWatch Logs.

"Flow log records" of Amazon's VPC user guide explains the fields. In S3, the first line names them; CloudWatch has the
default format, version 2, without a header, and its exports put a time in front:

    2 123456789010 eni-1235b8ca123456789 203.0.113.9 198.51.100.7 51234 22 6 20 4249 1585887165 1585887225 ACCEPT OK

A record stands for all packets of a flow in one direction within its time: `observed_at` is the start, `packets` and
`packet_bytes` are the flow's. `REJECT` means that security groups or network ACLs let none of them through ('block').
The interface is `in_interface`, of a flow that leaves it `out_interface`. Where an intermediate layer (a NAT gateway, a
load balancer) stands between, `pkt-srcaddr` and `pkt-dstaddr` are the packet's own addresses: they are in the `nat_`
columns where they differ. Protocols without ports have port 0 in the record, and NULL here. Records of `NODATA` and
`SKIPDATA` are no flows and are ignored.
"""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.columns import chosen
from pipelines.format import Derived, Format, Scanned
from pipelines.meaning import bad_protocols, chosen_by, flag_bits, packet_counts, plain, real_ports, rows_where, until
from pipelines.shapes import Headed, Only

# Fields that say nothing of the packets; a header is known by knowing all of its names.
_OTHERS = (
    "version",
    "account-id",
    "vpc-id",
    "subnet-id",
    "instance-id",
    "type",
    "region",
    "az-id",
    "sublocation-type",
    "sublocation-id",
    "pkt-src-aws-service",
    "pkt-dst-aws-service",
    "traffic-path",
    "ecs-cluster-arn",
    "ecs-cluster-name",
    "ecs-container-instance-arn",
    "ecs-container-instance-id",
    "ecs-container-id",
    "ecs-second-container-id",
    "ecs-service-name",
    "ecs-task-definition-arn",
    "ecs-task-arn",
    "ecs-task-id",
    "resource-id",
    "encryption-status",
)
_FLAG_TEXTS = tuple(flag_bits(bits) for bits in range(256))


def derive(scanned: Scanned) -> Derived:
    """Give the interface its side, and leave out what a record has only for form's sake."""
    columns = plain(scanned)
    leaves = rows_where(scanned.texts["flow_direction"], "egress".__eq__)
    nobody = pa.nulls(scanned.rows, pa.string())
    interface = scanned.texts["interface"]
    columns["out_interface"] = chosen_by(leaves, interface, nobody)
    columns["in_interface"] = chosen_by(leaves, nobody, interface)
    columns |= real_ports(scanned, columns["protocol"])
    is_tcp = rows_where(columns["protocol"], "tcp".__eq__)
    flags = np.where(is_tcp, scanned.values("flags"), -1)  # of other protocols, a record has 0
    columns["tcp_flags"] = chosen(_FLAG_TEXTS, flags.astype(np.int32))
    columns["packets"] = packet_counts(scanned, "packets")
    columns["duration_ms"] = until(scanned, "end")
    for end in ("source", "destination"):
        columns[f"nat_{end}_ip"] = _own_address(scanned, end)
    return Derived(columns, invalid=bad_protocols(scanned))


def _own_address(scanned: Scanned, end: str) -> pa.Array:
    """Return the packet's own address where it is not that of the interface."""
    address, own = (scanned.texts[name].cast(pa.string()) for name in (f"{end}_ip", f"packet_{end}"))
    return pc.if_else(pc.not_equal(address, own), own, None)


FORMAT = Format(
    shape=Headed(
        header="",
        separator=" ",
        columns={
            **dict.fromkeys(_OTHERS, "-"),
            "interface-id": "interface",
            "srcaddr": "source_ip",
            "dstaddr": "destination_ip",
            "srcport": "source_port",
            "dstport": "destination_port",
            "protocol": "protocol",
            "packets": "packets",
            "bytes": "packet_bytes",
            "start": "observed_at",
            "end": "end:stamp",
            "action": "vendor_action",
            "log-status": "status",
            "tcp-flags": "flags:byte",
            "pkt-srcaddr": "packet_source:address",
            "pkt-dstaddr": "packet_destination:address",
            "flow-direction": "flow_direction",
            "reject-reason": "reason",
        },
        default="version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end "
        "action log-status",
        comment="",
        lead="[[{day:date}T{}Z ]]",
    ),
    syslog=False,
    only=(Only("status", ("OK",), ignored="no data", absent=True),),
    signature=re.compile(rb"^[^{<]*\beni-[0-9a-f]{8,17} .*\b(?:ACCEPT|REJECT|NODATA|SKIPDATA)\b"),
    words={
        "action": ("vendor_action", {"accept": "allow", "reject": "block"}),
        "direction": ("flow_direction", {"ingress": "inbound", "egress": "outbound"}),
    },
    derive=derive,
)
