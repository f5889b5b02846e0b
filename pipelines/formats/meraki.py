"""Cisco Meraki MX: flows, firewall and IDS events.

    Apr 3 04:12:45 gate 1 1585887165.123456789 MX84 flows src=10.1.2.3 dst=203.0.113.80 mac=02:00:5E:10:00:01 \
protocol=tcp sport=51000 dport=443 pattern: deny all

From Meraki's "Syslog Event Types and Log Samples": `flows`, and since MX 18.101 `firewall`, `vpn_firewall`,
`cellular_firewall` and `bridge_anyconnect_client_vpn_firewall`; `ids-alerts` and `security_event ids_alerted`. The
pattern begins with `allow` or `deny`, older ones with 0 or 1: 0 is allow, 1 deny. The time is in epoch seconds. Other
event types are ignored.
"""

import re

from pipelines.format import Format
from pipelines.shapes import Ignored, Template

_FLOW = (
    "src={source_ip} dst={destination_ip}[[ mac={source_mac}]] protocol={protocol}"
    "[[ sport={source_port} dport={destination_port}]][[ type={icmp_type}]][[ pattern: {vendor_action}]]"
    "[[ {rule:rest}]]"
)
_SOURCES = ("flows", "firewall", "vpn_firewall", "cellular_firewall", "bridge_anyconnect_client_vpn_firewall")
_IDS = (
    "{observed_at:stamp} {host} {message_id=ids-alerts} signature={signature} {}direction={direction} "
    "protocol={protocol}[[/ip]] src={source:endpoint} dst={destination:endpoint}",
    "{observed_at:stamp} {host} security_event {message_id=ids_alerted} signature={signature} {}direction={direction} "
    "protocol={protocol}[[/ip]] src={source:endpoint} dst={destination:endpoint}[[ decision={vendor_action}]]",
)

FORMAT = Format(
    shape=Template(
        patterns=(
            *(f"{{observed_at:stamp}} {{host}} {{message_id={name}}} {verb}{_FLOW}"
              for name in _SOURCES for verb in ("", "{vendor_action=allow} ", "{vendor_action=deny} ")),
            *_IDS,
        ),
        otherwise=Ignored("other event"),
    ),
    anchors=("15", "16", "17", "18", "19"),
    anchor_words=3,
    signature=re.compile(rb"\b\d{10}\.\d+ \S+ (?:flows|\w*firewall|ids-alerts|security_event|urls|events) "),
    words={
        "action": ("vendor_action", {"allow": "allow", "0": "allow", "deny": "block", "1": "block", "blocked": "block",
                                     "allowed": "allow"}),
        "direction": ("direction", {"ingress": "inbound", "egress": "outbound", "ingress/outbound": "inbound"}),
    },
)  # fmt: skip
