"""Azure: flow logs of network security groups, versions 1 and 2, and of virtual networks.

Azure writes JSON documents, in them of each minute, network card and rule a list of flows; `pipelines.flow_tuples`
takes them apart, so that each flow is a line. Microsoft's "Flow logging for network security groups" and "Virtual
network flow logs" explain the tuples:

    {"records":[{"time":"...","category":"NetworkSecurityGroupFlowEvent","properties":{"Version":2,"flows":[{"rule":\
"UserRule_deny-rdp","flows":[{"mac":"000D3AF87856","flowTuples":["1585887165,203.0.113.9,198.51.100.7,51234,3389,T,I,D,\
B,,,,"]}]}]}}]}

`vendor_action` is the letter of the decision (A, D), of virtual networks the state D. The state is `message_id`: B, C
and E (a flow begins, goes on, ends) say in virtual networks that it was let through. `packets` and `packet_bytes` are
those both ways since the record before; a record that counts none stands for one attempt. The network card's address is
that of the side it is on. ICMP has port 0 in the tuple, and NULL here.
"""

import re

import pyarrow as pa

from pipelines.flow_tuples import LINE, MARK
from pipelines.format import Derived, Format, Scanned
from pipelines.meaning import (
    bad_protocols,
    chosen_by,
    first,
    packet_counts,
    plain,
    real_ports,
    rows_where,
    total,
    words_of,
)
from pipelines.shapes import Columns, Delimited, Ignored

_STATES = {"b": "allow", "c": "allow", "e": "allow", "d": "block"}
_DECISIONS = {"a": "allow", "d": "block"}
_COLUMNS = {
    "time": "observed_at",
    "source": "source_ip",
    "destination": "destination_ip",
    "direction": "way",
    "state": "message_id",
    "packets_out": "packets_out:number",
    "bytes_out": "bytes_out:number",
    "packets_in": "packets_in:number",
    "bytes_in": "bytes_in:number",
    "encryption": "-",
    "mac": "card:mac",
}
_FLOW = Columns(" ".join(_COLUMNS.get(name, name) for name in LINE))


def derive(scanned: Scanned) -> Derived:
    """Tell decision and side, and sum up both ways."""
    columns = plain(scanned)
    texts = scanned.texts
    decision, state, card = texts["decision"], texts["message_id"], texts["card"]
    columns["vendor_action"] = first(decision, words_of(state, {"d": "D"}))
    columns["action"] = first(words_of(decision, _DECISIONS), words_of(state, _STATES))
    columns["direction"] = words_of(texts["way"], {"i": "inbound", "o": "outbound"})
    comes = rows_where(texts["way"], "I".__eq__)
    nobody = pa.nulls(scanned.rows, pa.string())
    columns["destination_mac"] = chosen_by(comes, card, nobody)
    columns["source_mac"] = chosen_by(comes, nobody, card)
    columns |= real_ports(scanned, columns["protocol"])
    columns["packets"] = packet_counts(scanned, "packets_out", "packets_in")
    columns["packet_bytes"] = total(scanned, "bytes_out", "bytes_in")
    return Derived(columns, invalid=bad_protocols(scanned))


FORMAT = Format(
    shape=Delimited(columns=Columns("kind", by="kind", cases={MARK: _FLOW}, otherwise=Ignored("other record"))),
    syslog=False,
    signature=re.compile(rb'"category"\s*:\s*"(?:NetworkSecurityGroupFlowEvent|FlowLogFlowEvent)"|^azure_flow,'),
    derive=derive,
)
