"""Juniper SRX, not structured: sessions that were created, closed and denied, as sentences.

    Apr  3 04:12:45 gate RT_FLOW: RT_FLOW_SESSION_DENY: session denied 203.0.113.9/51234->198.51.100.7/445 junos-smb \
6(0) default-deny untrust trust UNKNOWN UNKNOWN N/A(N/A) ge-0/0/0.0 UNKNOWN policy deny

From Juniper's System Log Explorer (RT_FLOW), whose messages have had more parts with every version of Junos; read is
what all of them have. A session's close tells its packets and bytes, both ways, and its seconds.
"""

import re

import pyarrow.compute as pc

from pipelines.format import Derived, Format, Scanned
from pipelines.formats.juniper_srx import EVENTS
from pipelines.meaning import bad_protocols, plain, total, with_ports
from pipelines.shapes import Ignored, Template

_ENDS = "{source_ip}/{source_port}->{destination_ip}/{destination_port}"
_TRANSLATED = "{nat_source_ip}/{nat_source_port}->{nat_destination_ip}/{nat_destination_port}"
_TAG = "[[0x{} ]]"
_RULE = "((N/A N/A|source rule {}|static rule {}|destination rule {}))"
_RULES = f"(({_RULE} {_RULE}|{{}} {{}}))"
_ZONES = "{rule:text} {in_zone} {out_zone}"

_CREATED = (
    f"session created {_ENDS} {_TAG}{{}} {_TRANSLATED} {_TAG}{_RULES} {{protocol}} {_ZONES} {{}}"
    "[[ {}({}) {in_interface}]]"
)
_CLOSED = (
    f"session closed {{reason:text}}: {_ENDS} {_TAG}{{}} {_TRANSLATED} {_TAG}{_RULES} {{protocol}} {_ZONES} {{}} "
    "{packets_out:number}({bytes_out:number}) {packets_in:number}({bytes_in:number}) {duration_ms:seconds}"
    "[[ {} {} {}({}) {in_interface}]]"
)
_DENIED = (
    f"session denied {_ENDS} {_TAG}{{}} {{protocol}}({{}}) {_ZONES}[[ {{}} {{}} {{}}({{}}) {{in_interface}}]]"
    "[[ {} {reason:rest}]]"
)


def derive(scanned: Scanned) -> Derived:
    """Turn scanned columns into the schema's."""
    columns = with_ports(plain(scanned))
    columns["packets"] = pc.fill_null(total(scanned, "packets_out", "packets_in"), 1)
    columns["packet_bytes"] = total(scanned, "bytes_out", "bytes_in")
    return Derived(columns, invalid=bad_protocols(scanned))


FORMAT = Format(
    shape=Template(
        lead="{message_id}: ",
        by="message_id",
        cases={name: (_CREATED if "CREATE" in name else _CLOSED if "CLOSE" in name else _DENIED,) for name in EVENTS},
        otherwise=Ignored("other message"),
    ),
    anchors=("RT_FLOW_SESSION_",),
    signature=re.compile(rb"RT_FLOW: RT_FLOW_SESSION_(?:CREATE|CLOSE|DENY)(?:_LS)?: "),
    nulls=("N/A", "UNKNOWN", "unknown"),
    words={"action": ("message_id", EVENTS)},
    derive=derive,
)
