"""Allied Telesis AlliedWare Plus (AR series): connections that the firewall let begin, and those that ended.

Written where `connection-log events` is set; "Advanced Network Protection Feature Overview and Configuration Guide"
gives the form and its keys:

    Apr  3 04:12:45 awplus ulogd[812]: END proto=tcp orig_src=192.0.2.66 orig_dst=203.0.113.13 orig_sport=54791 \
orig_dport=443 orig_pkts=12 orig_bytes=1480 reply_src=203.0.113.13 reply_dst=198.51.100.7 reply_sport=443 \
reply_dport=1024 reply_pkts=10 reply_bytes=8520

What answers come from and go to is what the connection was translated to, where it differs. `packets` and
`packet_bytes` of an `END` are those both ways; a `NEW` stands for the packet that began it. What the firewall's rules
log (`Firewall rule 10: DENY IN=eth1 ...`) are netfilter's lines, which that format reads.
"""

import re

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.columns import number_column
from pipelines.format import Derived, Format, Scanned
from pipelines.meaning import bad_protocols, packet_counts, plain, total
from pipelines.shapes import KeyValues


def derive(scanned: Scanned) -> Derived:
    """Sum up both ways, and tell the translation from the addresses of the answers."""
    columns = plain(scanned)
    columns["packets"] = packet_counts(scanned, "packets_out", "packets_in")
    columns["packet_bytes"] = total(scanned, "bytes_out", "bytes_in")
    for end, answer in (("source", "reply_destination"), ("destination", "reply_source")):
        address, port = f"{end}_ip", f"{end}_port"
        changed = _differ(scanned, address, answer) | (
            (scanned.values(f"{answer}_port") >= 0) & (scanned.values(port) != scanned.values(f"{answer}_port"))
        )
        columns[f"nat_{address}"] = pc.if_else(pa.array(changed), scanned.texts[answer].cast(pa.string()), None)
        ports = np.where(changed, scanned.values(f"{answer}_port"), -1)
        columns[f"nat_{port}"] = number_column(ports, pa.int32())
    return Derived(columns, invalid=bad_protocols(scanned))


def _differ(scanned: Scanned, one: str, other: str) -> npt.NDArray[np.bool_]:
    """Return in which rows two columns have different texts; not where one has none."""
    texts = (scanned.texts[name].cast(pa.string()) for name in (one, other))
    different: npt.NDArray[np.bool_] = pc.fill_null(pc.not_equal(*texts), False).to_numpy(zero_copy_only=False)  # noqa: FBT003
    return different


FORMAT = Format(
    shape=KeyValues(
        {
            "proto": "protocol",
            "orig_src": "source_ip",
            "orig_dst": "destination_ip",
            "orig_sport": "source_port",
            "orig_dport": "destination_port",
            "orig_pkts": "packets_out:number",
            "orig_bytes": "bytes_out:number",
            "reply_src": "reply_source:address",
            "reply_dst": "reply_destination:address",
            "reply_sport": "reply_source_port:word",
            "reply_dport": "reply_destination_port:word",
            "reply_pkts": "packets_in:number",
            "reply_bytes": "bytes_in:number",
        },
        lead="{message_id} ",
    ),
    programs=("kernel", "ulogd", "firewall"),
    anchors=("NEW proto=", "END proto="),
    anchor_words=1,
    signature=re.compile(rb"(?:NEW|END) proto=\S+ orig_src="),
    constants={"action": "allow"},
    derive=derive,
)
