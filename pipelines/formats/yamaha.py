"""YAMAHA RTX and NVR routers: packets that a filter rejected or passed, and sessions of the dynamic filters.

Sent to a syslog server, or read with `show log`; YAMAHA's command reference ("ip filter", "ip filter dynamic",
"ethernet filter") says when a line is written, its support pages show some:

    Apr  3 04:12:45 192.0.2.1 PP[01] Rejected at IN(2000) filter: TCP 203.0.113.9:51234 > 198.51.100.7:445
    Apr  3 18:54:52 192.0.2.1 [INSPECT] LAN2[out][31] TCP 192.0.2.73:54791 > 203.0.113.13:443 (2020/04/03 18:52:57)

`Rejected` is a filter of a `reject` type: the packet is discarded and nobody is told, so `action` is 'block'. `rule` is
the number of the filter; a static and a dynamic filter of one number are not told apart. A line of `[INSPECT]` is a
session that a dynamic filter let through, written when it ends; the time in brackets is its start, by the router's own
clock. `observed_at` is the time of the line, `duration_ms` the time between; NULL if the line's stamp names a zone,
which the bracket does not. The port of an IPv6 endpoint stands after a dot. A filter of hardware addresses writes no
others. Lines can be cut after the source.
"""

import re

import numpy as np
import pyarrow as pa

from pipelines.columns import number_column
from pipelines.format import Derived, Format, Scanned
from pipelines.meaning import bad_protocols, first, plain, rows_where, words_of
from pipelines.shapes import Ignored, Template

_VERB = "(({vendor_action=Rejected}|{vendor_action=Passed}|{vendor_action=Restricted}))"
_FILTER = (
    "[[({rule})]][[ filter: (({source_mac} > {destination_mac} "
    "|{protocol} {source:endpoint}[[ > {destination:endpoint}]]))]]"
)
_SESSION = "{protocol} {source:endpoint} > {destination:endpoint}[[ ({started:stamp?})]]"
_MAC = re.compile(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}")
_ACTIONS = {"rejected": "block", "restricted": "block", "passed": "allow"}


def derive(scanned: Scanned) -> Derived:
    """Give sessions their action, and how long they lasted."""
    columns = plain(scanned)
    texts = scanned.texts
    columns["action"] = first(
        words_of(texts["vendor_action"], _ACTIONS), words_of(texts["message_id"], {"inspect": "allow"})
    )
    columns["duration_ms"] = _durations(scanned)
    columns["direction"] = words_of(texts["way"], {"in": "inbound", "out": "outbound"})
    no_address = rows_where(texts["source_mac"], lambda mac: _MAC.fullmatch(mac) is None)
    return Derived(columns, invalid={**bad_protocols(scanned), "source_mac": (no_address, texts["source_mac"])})


def _durations(scanned: Scanned) -> pa.Array:
    """Return how long sessions lasted, where the line's stamp is of the router's clock, as the start is."""
    started = scanned.values("started")
    known = (started >= 0) & (started <= scanned.stamps) & ~scanned.zoned
    return number_column(np.where(known, (scanned.stamps - started) // 1_000, -1), pa.int64())


FORMAT = Format(
    shape=Template(
        patterns=(
            f"{{in_interface}}[[({{in_bridge_port}})]] {_VERB} at {{way=IN}}{_FILTER}",
            f"{{out_interface}}[[({{out_bridge_port}})]] {_VERB} at {{way=OUT}}{_FILTER}",
            f"[{{message_id=INSPECT}}] {{in_interface}}[{{way=in}}][{{rule}}] {_SESSION}",
            f"[{{message_id=INSPECT}}] {{out_interface}}[{{way=out}}][{{rule}}] {_SESSION}",
        ),
        otherwise=Ignored("other message"),
    ),
    anchors=("[INSPECT] ", "PP[", "LAN", "TUNNEL[", "WAN", "VLAN", "BRIDGE", "ONU"),
    anchor_words=1,
    needs=("source_ip", "destination_ip", "protocol", "source_mac"),
    signature=re.compile(
        rb"(?:Rejected|Passed) at (?:IN|OUT)\([^)]*\) filter: |\[INSPECT\] [A-Z]+[^ ]*\[(?:in|out)\]\[\d+\] "
    ),
    derive=derive,
)
