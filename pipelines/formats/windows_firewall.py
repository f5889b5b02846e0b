"""Windows Defender Firewall: `pfirewall.log`, and that of the Internet Connection Firewall of Windows XP.

A W3C extended log file whose `#Fields:` line names the columns; Microsoft's "Configure Windows Firewall logging" and
"Interpreting the Windows Firewall Log" explain them:

    #Fields: date time action protocol src-ip dst-ip src-port dst-port size tcpflags tcpsyn tcpack tcpwin icmptype \
icmpcode info path
    2020-04-03 04:12:45 DROP TCP 203.0.113.9 198.51.100.7 51234 445 52 S 1234567890 0 64240 - - - RECEIVE

Times are local. `OPEN` and `OPEN-INBOUND` are connections that were let through; `CLOSE` is the end of one, and says
nothing of what was done, so `action` is NULL. Lines of `INFO-EVENTS-LOST` are no packets and are ignored.
"""

import re

from pipelines.format import Derived, Format, Scanned
from pipelines.meaning import bad_protocols, first, flag_letters, icmp_by_address, plain, words_of
from pipelines.shapes import Headed, Only

_ACTIONS = {"allow": "allow", "open": "allow", "open-inbound": "allow", "drop": "block"}
_WAYS = {"send": "outbound", "receive": "inbound", "forward": "forward"}


def derive(scanned: Scanned) -> Derived:
    """Tell the direction of connections that Windows XP let in, and ICMP from ICMPv6."""
    columns = plain(scanned)
    texts = scanned.texts
    columns["direction"] = first(
        words_of(texts["path"], _WAYS), words_of(texts["vendor_action"], {"open-inbound": "inbound"})
    )
    columns["tcp_flags"] = words_of(texts["tcp_flags"], flag_letters)
    columns["protocol"] = icmp_by_address(columns["protocol"], texts["source_ip"])
    return Derived(columns, invalid=bad_protocols(scanned))


FORMAT = Format(
    shape=Headed(
        header="#Fields:",
        separator=" ",
        columns={
            "date": "observed_date",
            "time": "observed_time",
            "action": "vendor_action",
            "protocol": "protocol",
            "src-ip": "source_ip",
            "dst-ip": "destination_ip",
            "src-port": "source_port",
            "dst-port": "destination_port",
            "size": "packet_bytes",
            "tcpflags": "tcp_flags",
            "tcpsyn": "tcp_sequence:number32",
            "tcpack": "tcp_acknowledgement:number32",
            "tcpwin": "tcp_window",
            "icmptype": "icmp_type",
            "icmpcode": "icmp_code",
            "info": "reason",
            "path": "path",
        },
        default="date time action protocol src-ip dst-ip src-port dst-port size tcpflags tcpsyn tcpack tcpwin icmptype "
        "icmpcode info path",
        comment="#",
    ),
    syslog=False,
    only=(Only("vendor_action", ("ALLOW", "DROP", "OPEN", "OPEN-INBOUND", "CLOSE"), ignored="no packet"),),
    signature=re.compile(
        rb"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (?:ALLOW|DROP|OPEN|OPEN-INBOUND|CLOSE) \w+ [\da-f.:]+ [\da-f.:]+ [\d-]+ "
    ),
    words={"action": ("vendor_action", _ACTIONS)},
    derive=derive,
)
