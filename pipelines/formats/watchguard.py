"""WatchGuard Firebox (Fireware): allowed and denied traffic, positions first and then `key="value"`.

    Apr 3 04:12:45 gate firewall: msg_id="3000-0148" Deny 0-External Firebox 40 tcp 20 241 203.0.113.9 198.51.100.7 \
51234 445 offset 5 S 1234567890 win 1024 (Unhandled External Packet-00)

From the "Fireware Log Catalog" (message 3000-0148 to 3000-0151 and 3001-xxxx): what was done, the interfaces, the
packet's length, the protocol, the header's length, the time to live, the addresses and ports. In brackets stands the
policy.
"""

import re

from pipelines.format import Format
from pipelines.meaning import flag_letters, verdict
from pipelines.shapes import Ignored, Template

_HEAD = '[[msg_id="{message_id}" ]]{vendor_action} {in_interface} {out_interface} {packet_bytes} '
_TAIL = "[[ ({rule:text})]]"
_ADDRESSES = "{} {ttl} {source_ip} {destination_ip}"

FORMAT = Format(
    shape=Template(
        patterns=(
            f"{_HEAD}{{protocol=tcp}} {_ADDRESSES} {{source_port}} {{destination_port}}"
            f"[[ offset {{}} {{tcp_flags}} {{tcp_sequence}} win {{tcp_window}}]]{_TAIL}",
            f"{_HEAD}{{protocol=udp}} {_ADDRESSES} {{source_port}} {{destination_port}}{_TAIL}",
            f"{_HEAD}{{protocol=icmp}} {_ADDRESSES} {{icmp_type}} {{icmp_code}}{_TAIL}",
            f"{_HEAD}{{protocol}} {_ADDRESSES}{_TAIL}",
        ),
        otherwise=Ignored("other message"),
    ),
    programs=("firewall",),
    signature=re.compile(rb'firewall: msg_id="3\d{3}-\d{4}" (?:Allow|Deny|Drop)'),
    words={"action": ("vendor_action", verdict), "tcp_flags": ("tcp_flags", flag_letters)},
)
