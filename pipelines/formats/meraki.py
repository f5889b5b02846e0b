"""Cisco Meraki: what the firewall of an MX, an MR or a Z allowed or denied, the `flows` of its syslog.

Meraki's "Syslog Event Types and Log Samples" shows the lines; the firmware MX18.101 split `flows` into `firewall`,
`vpn_firewall`, `cellular_firewall` and `bridge_anyconnect_client_vpn_firewall`, access points write the action first:

    <134>1 1585887165.289402144 MX84 flows src=203.0.113.9 dst=198.51.100.7 protocol=tcp sport=51234 dport=445 \
pattern: 1 all

`rule` is the pattern, whose first word is the action: `allow` or `deny` or, of inbound rules, 0 for allowed and 1 for
denied. `ip_flow_start` and `ip_flow_end` are connections that were let through, with the addresses that they were
translated to: count those of one `message_id`. URLs, events, security and air marshal lines are ignored.
"""

import re

from pipelines.format import Derived, Format, Scanned
from pipelines.meaning import bad_protocols, first, icmp_by_address, plain, words_of
from pipelines.shapes import Template

_OTHERS = ("urls", "events", "security_event", "ids-alerts", "airmarshal")
_ACTIONS = {"allow": "allow", "0": "allow", "deny": "block", "1": "block"}
_INBOUND = {"0": "inbound", "1": "inbound"}
_FLOWS = {"ip_flow_start": "allow", "ip_flow_end": "allow"}


def word_of(pattern: str) -> str | None:
    """Return the word of a pattern that says what was done: `allow all`, `1 all`, `Group Policy Allow`."""
    words = pattern.split()
    return next((word for word in (words[:1] + words[-1:]) if word.lower() in _ACTIONS), None)


def derive(scanned: Scanned) -> Derived:
    """Tell the action and the direction from the pattern."""
    columns = plain(scanned)
    texts = scanned.texts
    word = first(texts["vendor_action"], words_of(texts["rule"], word_of))
    columns["vendor_action"] = word
    columns["action"] = first(
        first(words_of(texts["vendor_action"], _ACTIONS), words_of(texts["rule"], action_of)),
        words_of(texts["message_id"], _FLOWS),
    )
    columns["direction"] = words_of(texts["rule"], direction_of)
    columns["protocol"] = icmp_by_address(columns["protocol"], texts["source_ip"])
    return Derived(columns, invalid=bad_protocols(scanned))


def action_of(pattern: str) -> str | None:
    """Return what was done by a pattern."""
    return _ACTIONS.get((word_of(pattern) or "").lower())


def direction_of(pattern: str) -> str | None:
    """Return the direction of a pattern: only inbound rules have numbers."""
    return _INBOUND.get(word_of(pattern) or "")


_FLOW = (
    "{message_id} ((src|{vendor_action=allow} src|{vendor_action=deny} src))={source_ip} dst={destination_ip}"
    "[[ mac={source_mac}]] protocol={protocol}[[ sport={source_port} dport={destination_port}]]"
    "[[ type={icmp_type}]][[ translated_src_ip={nat_source_ip} translated_port={nat_source_port}]]"
    "[[ translated_dst_ip={nat_destination_ip} translated_port={nat_destination_port}]]"
    "[[ pattern: {rule:rest}]]"
)
# The device's own head: the version of the syslog protocol, the stamp, its name. A relay may have read them.
_HEADS = ("1 {} {host} ", "")

FORMAT = Format(
    shape=Template(
        patterns=tuple(f"{head}{_FLOW}" for head in _HEADS),
        ignored={"other message": tuple(f"{head}{kind}" for head in _HEADS for kind in _OTHERS)},
    ),
    anchors=("flows", "firewall", "vpn_firewall", "cellular_firewal", "bridge_anyconnec", "ip_flow_", *_OTHERS),
    anchor_words=4,
    from_header=True,
    own_stamp=True,
    signature=re.compile(
        rb" (?:flows|\w*firewall|ip_flow_(?:start|end)) (?:(?:allow|deny) )?src=\S* dst=\S* .*?protocol="
    ),
    derive=derive,
)
