"""Juniper SRX: sessions that were created, closed or denied, as sentences, Junos's `syslog` format.

Junos's "System Log Explorer" gives the sentences, to which releases added values, always behind what was there or at
known places (a tag of the connection, the types of the translations' rules):

    Apr  3 04:12:45 srx1 RT_FLOW: RT_FLOW_SESSION_DENY: session denied 203.0.113.9/51234->198.51.100.7/445 0x0 \
junos-smb 6(0) deny-all untrust trust UNKNOWN UNKNOWN N/A(N/A) ge-0/0/0.0 No Denied by policy

The meaning is that of `juniper_srx`, the same messages as structured data.
"""

import re

from pipelines.format import Derived, Format, Scanned
from pipelines.formats.juniper_srx import NOTHING, sessions
from pipelines.meaning import bad_protocols, words_of
from pipelines.shapes import Ignored, Template

_ENDS = "{source_ip}/{source_port}->{destination_ip}/{destination_port}[[ 0x{}]] {service}"
_SESSION = f"{_ENDS} {{nat_source_ip}}/{{nat_source_port}}->{{nat_destination_ip}}/{{nat_destination_port}}[[ 0x{{}}]]"
_TYPE = "((N/A|{} rule))"
# The rules of source and destination translation: with their types in newer releases.
_RULES = (f"{_TYPE} {{}} {_TYPE} {{}}", "{} {}")
_POLICY = "{rule} {in_zone} {out_zone}"
_COUNTS = "{packets_out:number}({bytes_out:number}) {packets_in:number}({bytes_in:number}) {duration_ms:seconds}"
_RECOGNISED = "[[ {application} {} {}({}) {in_interface}]][[ {}({}) {in_interface}]]"

_CREATED = tuple(
    f"session created {_SESSION} {rules} {{protocol}} {_POLICY} {{}}[[ {{}}({{}}) {{in_interface}}]]"
    "[[ {application} {} ]]"
    for rules in _RULES
)
_CLOSED = tuple(
    f"session closed {{reason:text}}: {_SESSION} {rules} {{protocol}} {_POLICY} {{}} {_COUNTS}{_RECOGNISED}"
    for rules in _RULES
)
_DENIED = (
    (
        f"session denied {_ENDS} {{protocol}}({{icmp_kind:byte?}}) {_POLICY}{_RECOGNISED}"
        "[[ {} {reason:text} by policy]]"
    ),
)


def reason_of(text: str) -> str:
    """Return a reason whole: of a denial, the first word of it is captured."""
    return f"{text} by policy" if text in {"Denied", "Rejected"} else text


def derive(scanned: Scanned) -> Derived:
    """Tell the columns of sessions."""
    columns = sessions(scanned)
    columns["reason"] = words_of(columns["reason"], reason_of)
    return Derived(columns, invalid=bad_protocols(scanned))


FORMAT = Format(
    shape=Template(
        lead="{message_id}: ",
        by="message_id",
        cases={
            f"RT_FLOW_SESSION_{word}{suffix}": patterns
            for word, patterns in (("CREATE", _CREATED), ("CLOSE", _CLOSED), ("DENY", _DENIED))
            for suffix in ("", "_LS")
        },
        otherwise=Ignored("other message"),
    ),
    anchors=("RT_FLOW_SESSION_",),
    nulls=NOTHING,
    signature=re.compile(rb"RT_FLOW_SESSION_(?:CREATE|CLOSE|DENY)(?:_LS)?: session "),
    derive=derive,
)
