"""Juniper's NetScreen, SSG and ISG (ScreenOS): the traffic log, and attacks that a screen saw.

Juniper's "ScreenOS Message Log Reference Guide" gives the messages: 00257 for traffic, and those that name attacks:

    Apr  3 04:12:45 192.0.2.1 ns5gt: NetScreen device_id=ns5gt [Root]system-notification-00257(traffic): \
start_time="2020-04-03 04:12:45" duration=0 policy_id=120 service=https proto=6 src zone=Untrust dst zone=Trust \
action=Deny sent=0 rcvd=0 src=203.0.113.9 dst=198.51.100.7 src_port=51234 dst_port=443

`start_time` is when the session began; the event is when it was logged. `packet_bytes` are those sent and received,
`rule` is the policy's number, `application` the service. An attack may be logged once for many packets (`Occurred 3
times`); it has no action, since a screen may be set to raise an alarm only. Messages of other kinds are ignored.
"""

import re

from pipelines.format import Derived, Format
from pipelines.meaning import bad_protocols, plain, total
from pipelines.shapes import Template

_BEGIN = (
    'start_time="{}" duration={duration_ms:seconds} policy_id={rule} service={application:text} proto={protocol} src '
    "zone="
    "{in_zone:text} dst zone={out_zone:text} action={vendor_action} sent={bytes_out:number} rcvd={bytes_in:number} src="
    "{source_ip} dst={destination_ip}"
)
_END = (
    "[[ src-xlated ip={nat_source_ip} port={nat_source_port}]][[ dst-xlated ip={nat_destination_ip} "
    "port={nat_destination_port}]][[ session_id={}]][[ reason={reason:rest}]]"
)
_PORTS = (
    " src_port={source_port} dst_port={destination_port}",
    " icmp type={icmp_type} icmp code={icmp_code}",
    " icmp type={icmp_type}",
    "",
)
_ATTACK = (
    "{signature:text}! From {source_ip}[[:{source_port}]] to {destination_ip}[[:{destination_port}]], proto "
    "{protocol} (zone {in_zone:text}[[,]] int {in_interface:text}). Occurred {packets} times"
)
# Written out: a name in a message, which anybody may choose, has to be no place for another message's head.
_HEAD = (
    "NetScreen device_id={}[[ \\[{}]]]system-"
    "((emergency|alert|critical|error|warning|notification|information|debugging))-"
)

_CUT = f"{_HEAD}{{message_id=00257}}(traffic): {{cut:rest}}"  # rejected for what it lacks

FORMAT = Format(
    shape=Template(
        patterns=(
            *(f"{_HEAD}{{message_id=00257}}(traffic): {_BEGIN}{ports}{_END}" for ports in _PORTS),
            _CUT,
            f"{_HEAD}{{message_id}}: {_ATTACK}",
        ),
        ignored={"other message": (f"{_HEAD}{{message_id}}: ",)},
    ),
    anchors=("NetScreen",),
    signature=re.compile(rb"NetScreen device_id=\S* .*?system-\w+-\d{5}"),
    words={"action": ("vendor_action", {"permit": "allow", "tunnel": "allow", "deny": "block", "reject": "reject"})},
    derive=lambda scanned: Derived(
        plain(scanned) | {"packet_bytes": total(scanned, "bytes_out", "bytes_in")}, invalid=bad_protocols(scanned)
    ),
)
