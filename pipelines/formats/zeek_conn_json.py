"""Zeek (once Bro): `conn.log` as JSON, one connection a line; see `zeek_conn` for what the fields mean.

    {"ts":1585887165.123456,"uid":"CMdzit1AMNsmfAIiQc","id.orig_h":"203.0.113.9","id.orig_p":51234,\
"id.resp_h":"198.51.100.7","id.resp_p":445,"proto":"tcp","conn_state":"S0",...}

Lines of Zeek's other logs, which its `json-streaming-logs` may write into one file, are ignored.
"""

import re

from pipelines.format import Format
from pipelines.formats.zeek_conn import CONNECTION_STATES, FIELDS, derive
from pipelines.shapes import Json, Only

FORMAT = Format(
    name="zeek_conn_json",
    shape=Json(FIELDS),
    syslog=False,
    anchors=("{",),
    only=(Only("reason", CONNECTION_STATES, ignored="other log"),),
    signature=re.compile(
        rb'"id\.orig_h": ?"[\da-f.:]+".*"conn_state": ?"[A-Z0-9]+"'
        rb'|"conn_state": ?"[A-Z0-9]+".*"id\.orig_h": ?"[\da-f.:]+"'
    ),
    derive=derive,
)
