"""pf's `filterlog`, the firewall log of pfSense and OPNsense: values parted by commas.

The columns are those of Netgate's "Raw Filter Log Format" and of OPNsense's `filterlog` documentation: nine for every
packet, then those of the IP version, then those of the protocol.

    Apr  3 04:12:45 gate filterlog[4711]: 5,,,1000000103,igb0,match,block,in,4,0x0,,241,54321,0,none,6,tcp,40,\
203.0.113.9,198.51.100.7,51234,445,0,S,1234567890,,1024,,

OPNsense writes a rule's UUID in place of the tracker. The columns of ICMP are not documented: the type is a word
(`request`, `unreachport`), what follows depends on it. `INVALIDOPT` stands where TCP options cannot be read.
"""

import re

import numpy as np
import pyarrow as pa

from pipelines.columns import flag_column, number_column
from pipelines.format import Derived, Format, Scanned
from pipelines.meaning import bad_protocols, chosen_by, first, flag_letters, plain, rows_where
from pipelines.shapes import Columns, Delimited

_TCP = Columns(
    "source_port:word? destination_port:word? data_length:number? tcp_flags tcp_sequence:number32? "
    "tcp_acknowledgement:number32? tcp_window? - -"
)
_UDP = Columns("source_port:word? destination_port:word? data_length:number?")
_ECHO = Columns("icmp_id? icmp_sequence?")
_ICMP = Columns("icmp_word", by="icmp_word", cases={"request": _ECHO, "reply": _ECHO})
_CASES = {"6": _TCP, "17": _UDP, "136": _UDP, "1": _ICMP, "tcp": _TCP, "udp": _UDP, "icmp": _ICMP}
_IPV4 = Columns(
    "tos:hexadecimal? - ttl? ip_id? - fragment_flags protocol_number protocol packet_bytes? source_ip destination_ip",
    by="protocol_number",
    cases=_CASES,
)
# The name and the number of the protocol stand the other way about than for IPv4, in some versions.
_IPV6 = Columns(
    "tos:hexadecimal? flow_label:hexadecimal? ttl? protocol protocol_number packet_bytes? source_ip destination_ip",
    by="protocol_number",
    cases=_CASES,
)
# Types and codes of the words that filterlog.c writes for IPv4; -1 where the word does not tell.
_ICMP_WORDS = {
    "request": (8, 0),
    "reply": (0, 0),
    "unreach": (3, -1),
    "unreachproto": (3, 2),
    "unreachport": (3, 3),
    "needfrag": (3, 4),
    "redirect": (5, -1),
    "timexceed": (11, -1),
    "paramprob": (12, -1),
    "tstamp": (13, 0),
    "tstampreply": (14, 0),
    "maskreply": (18, 0),
}


def derive(scanned: Scanned) -> Derived:
    """Turn scanned columns into the schema's."""
    columns = plain(scanned)
    texts = scanned.texts
    columns["rule"] = first(texts["tracker"], texts["rule_number"])
    forbids = texts["fragment_flags"]
    if forbids.null_count < len(forbids):
        names = ["DF" in value for value in forbids.dictionary.to_pylist()]
        codes = np.array([*names, False])[forbids.indices.fill_null(len(names)).to_numpy(zero_copy_only=False)]
        columns["dont_fragment"] = flag_column(codes, forbids.is_valid().to_numpy(zero_copy_only=False))
    else:
        columns["dont_fragment"] = pa.nulls(scanned.rows, pa.bool_())
    leaves = rows_where(texts["way"], lambda way: way == "out")
    nothing = pa.nulls(scanned.rows, pa.string())
    columns["out_interface"] = chosen_by(leaves, texts["in_interface"], nothing)
    columns["in_interface"] = chosen_by(leaves, nothing, texts["in_interface"])
    words = texts["icmp_word"]
    known = [_ICMP_WORDS.get(word, (-1, -1)) for word in words.dictionary.to_pylist()]
    places = words.indices.fill_null(len(known)).to_numpy(zero_copy_only=False)
    kinds = np.array([*known, (-1, -1)], np.int64)[places]
    columns["icmp_type"], columns["icmp_code"] = (number_column(kind, pa.int16()) for kind in kinds.T)
    return Derived(columns, invalid=bad_protocols(scanned))


FORMAT = Format(
    shape=Delimited(
        Columns(
            "rule_number - - tracker in_interface reason vendor_action way version",
            by="version",
            cases={"4": _IPV4, "6": _IPV6},
        ),
        minimum=9,
    ),
    programs=("filterlog", "pf"),
    signature=re.compile(
        rb"filterlog\S* (?:\S+ )*?[^,\s]*,[^,\s]*,[^,]*,[^,]*,[^,]+,[^,]*,(?:pass|block|reject|rdr|nat),"
    ),
    words={
        "action": (
            "vendor_action",
            {"pass": "allow", "block": "block", "reject": "reject", "rdr": "allow", "nat": "allow", "binat": "allow"},
        ),
        "direction": ("way", {"in": "inbound", "out": "outbound"}),
        "tcp_flags": ("tcp_flags", flag_letters),
    },
    derive=derive,
)
