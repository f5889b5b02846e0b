"""Juniper NetScreen (ScreenOS): traffic logs, message 00257.

    Apr 3 04:12:45 gate gate: NetScreen device_id=gate [Root]system-notification-00257(traffic): \
start_time="2020-04-03 04:12:44" duration=0 policy_id=320001 service=tcp/port:445 proto=6 src zone=Untrust dst \
zone=Trust action=Deny sent=0 rcvd=40 src=203.0.113.9 dst=198.51.100.7 src_port=51234 dst_port=445 session_id=0

From the "ScreenOS Message Log Reference Guide" (Traffic, 00257). The event's time is the session's start, in the
device's local time.
"""

import re

from pipelines.format import Derived, Format, Scanned
from pipelines.meaning import bad_protocols, plain, total, verdict, with_ports
from pipelines.shapes import Ignored, Template


def derive(scanned: Scanned) -> Derived:
    """Turn scanned columns into the schema's."""
    columns = with_ports(plain(scanned))
    columns["packet_bytes"] = total(scanned, "bytes_out", "bytes_in")
    return Derived(columns, invalid=bad_protocols(scanned))


FORMAT = Format(
    shape=Template(
        lead="NetScreen device_id={} {}system-{}-{message_id}[[({})]]: ",
        by="message_id",
        cases={
            "00257": (
                'start_time="{observed_at:stamp}" duration={duration_ms:seconds} policy_id={rule} service={} '
                "proto={protocol} src zone={in_zone:text} dst zone={out_zone:text} action={vendor_action} "
                "sent={bytes_out:number} rcvd={bytes_in:number} src={source_ip} dst={destination_ip}"
                "[[ src_port={source_port} dst_port={destination_port}]][[ icmp type={icmp_type}]]"
                "[[ src-xlated ip={nat_source_ip} port={nat_source_port}]]"
                "[[ dst-xlated ip={nat_destination_ip} port={nat_destination_port}]]",
            ),
        },
        otherwise=Ignored("other message"),
    ),
    anchors=("NetScreen",),
    signature=re.compile(rb"NetScreen device_id=\S+ .*system-\w+-\d{5}"),
    words={"action": ("vendor_action", verdict)},
    derive=derive,
)
