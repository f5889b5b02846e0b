"""NEC UNIVERGE IX: packets that a filter blocked or passed, the messages `FLT` of its event log.

Written to a syslog server or read with `show logging`, once `logging subsystem flt` is set; NEC's "Setting examples"
and reference ("Event messages") give the form:

    2020/04/03 04:12:45 FLT.008: BLOCK tcp 203.0.113.9:51234 > 198.51.100.7:445, not match any filters, \
GigaEthernet0.0 in

A blocked packet is discarded and nobody is told. What stands between addresses and interface is why, in `reason`.
"""

import re

from pipelines.format import Format
from pipelines.shapes import Ignored, Template

_PACKET = "{protocol} {source:endpoint} > {destination:endpoint}"
_FORMS = (
    f"{_PACKET}, {{reason:text}}, {{in_interface}} {{way=in}}",
    f"{_PACKET}, {{reason:text}}, {{out_interface}} {{way=out}}",
    f"{_PACKET}[[, {{reason:rest}}]]",  # cut
)

FORMAT = Format(
    shape=Template(
        lead="{message_id}: {vendor_action} ",
        by="vendor_action",
        cases={"BLOCK": _FORMS, "PASS": _FORMS},
        otherwise=Ignored("other message"),
    ),
    anchors=("FLT.",),
    anchor_words=1,
    signature=re.compile(rb"FLT\.\d+: (?:BLOCK|PASS) "),
    words={
        "action": ("vendor_action", {"block": "block", "pass": "allow"}),
        "direction": ("way", {"in": "inbound", "out": "outbound"}),
    },
)
