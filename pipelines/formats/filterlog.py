"""pf's `filterlog`, the firewall log of pfSense, OPNsense and FreeBSD: values parted by commas.

The columns are those of Netgate's "Raw Filter Log Format" and of `filterlog`'s source: nine for every packet, then
those of the IP version, then those of the protocol.

    Apr  3 04:12:45 gate filterlog[4711]: 5,,,1000000103,igb0,match,block,in,4,0x0,,241,54321,0,none,6,tcp,40,\
203.0.113.9,198.51.100.7,51234,445,0,S,1234567890,,1024,,

`rule` is the tracker, which stays the same when rules are moved, and on OPNsense is a rule's UUID; the rule's number
where there is none. The interface is the one that the packet came in by or, going out, would leave by. `packet_bytes`
is the length as logged, which for IPv6 is that of what follows the header. ICMP is logged by a word (`request`,
`unreachport`), from which type and code follow. The columns before the protocol's have to be there; those after may be
cut or senseless (`INVALIDOPT`), and are NULL then. A packet that is translated (`nat`, `rdr`, `binat`) passes.
"""

import re
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.columns import flag_column, number_column, text_column
from pipelines.format import Derived, Format, Scanned
from pipelines.meaning import first, flag_letters, plain, rows_where, words_of
from pipelines.protocols import protocol_name
from pipelines.shapes import Columns, Delimited

# Types and codes of ICMP by filterlog's word for them.
_ICMP_WORDS = {
    "reply": (0, 0),
    "unreach": (3, None),
    "unreachproto": (3, 2),
    "unreachport": (3, 3),
    "needfrag": (3, 4),
    "redirect": (5, None),
    "request": (8, 0),
    "timexceed": (11, None),
    "paramprob": (12, None),
    "tstamp": (13, 0),
    "tstampreply": (14, 0),
    "maskreq": (17, 0),
    "maskreply": (18, 0),
}
# Of a segment with data, the sequence number is that of its first and of its last byte.
_TCP = Columns(
    "source_port? destination_port? - tcp_flags {tcp_sequence:number32?}[[:{}]] tcp_acknowledgement:number32? "
    "tcp_window?"
)
_UDP = Columns("source_port? destination_port?")
_ECHO = Columns("icmp_id? icmp_sequence?")
_ICMP = Columns("icmp_word", by="icmp_word", cases=dict.fromkeys(("request", "reply", "tstamp", "tstampreply"), _ECHO))
_BY_NUMBER = {"6": _TCP, "17": _UDP, "136": _UDP, "132": _UDP, "1": _ICMP}
_IPV4 = Columns(
    "tos:hexadecimal? - ttl? ip_id? - fragment_flags protocol_number protocol:text packet_bytes? source_ip "
    "destination_ip",
    by="protocol_number",
    cases=_BY_NUMBER,
)
# Some versions write the protocol's number before its name.
_IPV6 = Columns(
    "tos:hexadecimal? flow_label:hexadecimal? ttl? protocol:text protocol_number packet_bytes? source_ip "
    "destination_ip",
    by="protocol_number",
    cases=_BY_NUMBER | {"tcp": _TCP, "TCP": _TCP, "udp": _UDP, "UDP": _UDP},
)


def icmp_type_of(word: str) -> int:
    """Return the type that a word stands for; -1 for a word that is none."""
    return _ICMP_WORDS.get(word, (-1, None))[0]


def icmp_code_of(word: str) -> int:
    """Return the code that a word stands for; -1 where it says only the type."""
    code = _ICMP_WORDS.get(word, (-1, None))[1]
    return -1 if code is None else code


def derive(scanned: Scanned) -> Derived:
    """Choose rule, interface and protocol among the columns that name them, and tell ICMP's words."""
    columns = plain(scanned)
    texts = scanned.texts
    columns["rule"] = first(
        words_of(texts["tracker"], lambda text: text if text != "0" else None), texts["rule_number"]
    )
    leaves = rows_where(texts["way"], "out".__eq__)
    columns["in_interface"] = _where(texts["interface"], ~leaves)
    columns["out_interface"] = _where(texts["interface"], leaves)
    names, numbers = (words_of(texts[name], protocol_name) for name in ("protocol", "protocol_number"))
    columns["protocol"] = first(names, numbers)
    unknown = columns["protocol"].is_null().to_numpy(zero_copy_only=False)
    named = texts["protocol"].is_valid().to_numpy(zero_copy_only=False)
    columns["dont_fragment"] = flag_column(
        rows_where(texts["fragment_flags"], lambda flags: "DF" in flags),
        texts["fragment_flags"].is_valid().to_numpy(zero_copy_only=False),
    )
    for name, meaning in (("icmp_type", icmp_type_of), ("icmp_code", icmp_code_of)):
        columns[name] = _numbers(texts["icmp_word"], meaning)
    return Derived(columns, invalid={"protocol": (unknown & named, texts["protocol"])})


def _where(column: pa.DictionaryArray, wanted: npt.NDArray[np.bool_]) -> pa.DictionaryArray:
    """Return a column that is NULL but in some rows."""
    return text_column(pc.if_else(pa.array(wanted), column.indices, None), column.dictionary)


def _numbers(column: pa.DictionaryArray, meaning: Callable[[str], int]) -> pa.Array:
    """Return the numbers that a function gives for the texts of a column; NULL where it gives -1."""
    numbers = np.array([*map(meaning, column.dictionary.to_pylist()), -1], np.int64)
    places = column.indices.fill_null(len(numbers) - 1).to_numpy(zero_copy_only=False)
    return number_column(numbers[places], pa.int16())


FORMAT = Format(
    shape=Delimited(
        Columns(
            "rule_number - - tracker interface reason vendor_action way version",
            by="version",
            cases={"4": _IPV4, "6": _IPV6},
        ),
        minimum=9,
    ),
    programs=("filterlog",),
    signature=re.compile(rb"filterlog(?:\[\d*\]?)?:? (?:\S+ ){0,4}?[^,\s]*,[^,\s]*,[^,\s]*,[^,\s]*,[^,\s]+,"),
    words={
        "action": (
            "vendor_action",
            {
                "pass": "allow",
                "nat": "allow",
                "rdr": "allow",
                "binat": "allow",
                "block": "block",
                "synproxy-drop": "block",
                "reject": "reject",
            },
        ),
        "direction": ("way", {"in": "inbound", "out": "outbound"}),
        "tcp_flags": ("tcp_flags", flag_letters),
    },
    derive=derive,
)
