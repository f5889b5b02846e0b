r"""Zeek (once Bro): `conn.log`, the connections that its sensor saw, in its own tab-separated form.

The `#fields` line names the columns; Zeek's documentation ("conn.log") explains them:

    #fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\t...
    1585887165.123456\tCMdzit1AMNsmfAIiQc\t203.0.113.9\t51234\t198.51.100.7\t445\ttcp\t-\t...

A sensor watches and does nothing: `action` is NULL. `reason` is how the connection ended, Zeek's `conn_state`: S0 is an
attempt without an answer, REJ one that the other end refused, SF one that ended well. `observed_at` is its start;
`packets` and `packet_bytes` (of the IP packets) are those both ways. `direction` is given where Zeek knows which
addresses are local. Of ICMP, Zeek writes type and code in the place of the ports.
"""

import re
from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from pipelines.columns import chosen, number_column
from pipelines.format import Derived, Format, Scanned
from pipelines.meaning import bad_protocols, icmp_by_address, packet_counts, plain, real_ports, rows_where, total
from pipelines.shapes import Headed, Only

# Zeek's names and ours; the same in its JSON.
FIELDS: Mapping[str, str] = {
    "ts": "observed_at",
    "id.orig_h": "source_ip",
    "id.orig_p": "source_port",
    "id.resp_h": "destination_ip",
    "id.resp_p": "destination_port",
    "proto": "protocol",
    "service": "application",
    "duration": "duration_ms:seconds?",
    "conn_state": "reason",
    "local_orig": "from_local",
    "local_resp": "to_local",
    "orig_pkts": "packets_out:number",
    "orig_ip_bytes": "bytes_out:number",
    "resp_pkts": "packets_in:number",
    "resp_ip_bytes": "bytes_in:number",
    "orig_l2_addr": "source_mac",
    "resp_l2_addr": "destination_mac",
    "_system_name": "host",
}
# Only connections have a state, whatever other logs of Zeek's stand in the file.
CONNECTION_STATES = ("S0", "S1", "SF", "REJ", "S2", "S3", "RSTO", "RSTR", "RSTOS0", "RSTRH", "SH", "SHR", "OTH")
_TRUE = frozenset({"T", "true"})


def derive(scanned: Scanned) -> Derived:
    """Sum up both ways, and give ICMP its type and code."""
    columns = plain(scanned)
    columns["packets"] = packet_counts(scanned, "packets_out", "packets_in")
    columns["packet_bytes"] = total(scanned, "bytes_out", "bytes_in")
    from_local, to_local = (rows_where(scanned.texts[name], _TRUE.__contains__) for name in ("from_local", "to_local"))
    ways = np.where(from_local, np.where(to_local, 2, 1), np.where(to_local, 0, -1)).astype(np.int32)
    columns["direction"] = chosen(("inbound", "outbound", "internal"), ways)
    columns |= real_ports(scanned, columns["protocol"])
    is_icmp = rows_where(columns["protocol"], "icmp".__eq__)
    for port, part in (("source_port", "icmp_type"), ("destination_port", "icmp_code")):
        columns[part] = number_column(np.where(is_icmp, scanned.values(port), -1), pa.int16())
    columns["protocol"] = icmp_by_address(columns["protocol"], scanned.texts["source_ip"])
    return Derived(columns, invalid=bad_protocols(scanned))


FORMAT = Format(
    shape=Headed(header="#fields", separator="\t", columns=FIELDS, comment="#"),
    syslog=False,
    only=(Only("reason", CONNECTION_STATES, ignored="other log", absent=True),),
    nulls=("(empty)", "unknown_transport"),
    signature=re.compile(
        rb"^#path\tconn$|^#fields\t.*\tid\.orig_h\t.*\tconn_state\t"
        rb"|^\d{9,10}\.\d+\t\S+\t[\da-f.:]+\t\d+\t[\da-f.:]+\t\d+\t(?:tcp|udp|icmp|unknown_transport)\t.*\t[A-Z][A-Z0-9]+\t"
    ),
    derive=derive,
)
