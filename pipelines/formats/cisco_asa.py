"""Cisco ASA, FTD and PIX: messages by number, as sentences; "Cisco Secure Firewall ASA Series Syslog Messages".

    Apr  3 04:12:45 gate %ASA-4-106023: Deny tcp src outside:203.0.113.9/51234 dst inside:198.51.100.7/445 \
by access-group "outside_in" [0x0, 0x0]

Read are packets and connections that were denied or dropped (106001 to 106023, 106100, 201010, 209003 to 209005,
305005, 305006, 313001 to 313008, 400000 to 400051, 410001, 419002, 500004, 710001 to 710006), connections built and
torn down (302013 to 302021, 302303 to 302306) and FTD's connection events (430002, 430003). Other messages, the threat
rates of 733100 among them, tell of no packet and are ignored.

The source is who began: of a connection built outbound, the side after `to`. A teardown does not tell the direction:
the source is the side named first. Addresses in brackets are those after translation. `hit-cnt` is how many packets one
line stands for; of ICMP, the numbers in brackets of 106100 are type and code.
"""

import re

import pyarrow.compute as pc

from pipelines.format import Derived, Format, Scanned
from pipelines.meaning import bad_protocols, first, flag_names, plain, total, words_of
from pipelines.shapes import Ignored, Template

_PROTOCOL = "[[protocol ]]{protocol}"
_SOURCE = "{in_interface}:{source_ip}[[/{source_port}]][[({in_user:text})]]"
_DESTINATION = "{out_interface}:{destination_ip}[[/{destination_port}]][[({out_user:text})]]"
_ICMP = "[[ (type {icmp_type}, code {icmp_code})]]"
_FROM_TO = "from {source_ip}/{source_port} to {destination_ip}/{destination_port}"
_HOSTS = "from {source_ip} to {destination_ip}"
_ON = "on interface {in_interface}"
_FRAGMENT = "src = {source_ip}, dest = {destination_ip}, proto = {protocol}, id = {ip_id:word?}"
_INBOUND = (
    "for {in_interface}:{source_ip}/{source_port} ({nat_source_ip}/{nat_source_port})[[({in_user:text})]] "
    "to {out_interface}:{destination_ip}/{destination_port} ({nat_destination_ip}/{nat_destination_port})"
)
_OUTBOUND = (
    "for {out_interface}:{destination_ip}/{destination_port} ({nat_destination_ip}/{nat_destination_port})"
    "[[({out_user:text})]] to {in_interface}:{source_ip}/{source_port} ({nat_source_ip}/{nat_source_port})"
)
_BUILT = (
    f"{{vendor_action=Built}} {{direction=inbound}} {{protocol}} connection {{}} {_INBOUND}",
    f"{{vendor_action=Built}} {{direction=outbound}} {{protocol}} connection {{}} {_OUTBOUND}",
)
_TEARDOWN = (
    f"{{vendor_action=Teardown}} {{protocol}} connection {{}} for {_SOURCE} to {_DESTINATION} "
    "duration {duration_ms:clock} bytes {packet_bytes}[[ {reason:rest}]]",
)
_GRE = (
    "{in_interface}:{source_ip}[[/{}]] ({nat_source_ip}[[/{}]])[[({in_user:text})]] "
    "to {out_interface}:{destination_ip}[[/{}]] ({nat_destination_ip}[[/{}]])"
)
_FOREIGN = (
    "for faddr {source_ip}[[/{}]][[({in_user:text})]] gaddr {nat_destination_ip}[[/{}]] laddr {destination_ip}[[/{}]]"
)
_LOCAL = "for faddr {destination_ip}[[/{}]][[({out_user:text})]] gaddr {nat_source_ip}[[/{}]] laddr {source_ip}[[/{}]]"
_TYPE = "[[({in_user:text})]][[ type {icmp_type} code {icmp_code}]]"
_HITS = "hit-cnt {packets}"
_ACCESS_LIST = "access-list {rule} {vendor_action} "
_CONNECTION_EVENT = (
    "{}AccessControlRuleAction: {vendor_action:text}, [[AccessControlRuleReason: {reason:text}, ]]SrcIP: {source_ip}, "
    "DstIP: {destination_ip}, [[ICMPType: {}, ICMPCode: {}, ]]"
    "[[SrcPort: {source_port}, DstPort: {destination_port}, ]]Protocol: {protocol}, "
    "[[IngressInterface: {in_interface}, ]][[EgressInterface: {out_interface}, ]]"
    "[[IngressZone: {in_zone:text}, ]][[EgressZone: {out_zone:text}, ]]"
    "{}AccessControlRuleName: {rule:text}, {}[[ApplicationProtocol: {application:text}, ]]"
    "{}InitiatorPackets: {packets_out:number}, ResponderPackets: {packets_in:number}, "
    "InitiatorBytes: {bytes_out:number}, ResponderBytes: {bytes_in:number}[[,]]",
    "{}AccessControlRuleAction: {vendor_action:text}, {}SrcIP: {source_ip}, DstIP: {destination_ip}, "
    "[[ICMPType: {}, ICMPCode: {}, ]][[SrcPort: {source_port}, DstPort: {destination_port}, ]]Protocol: {protocol}",
)

_CASES: dict[str, tuple[str, ...]] = {
    "106001": (f"{{direction=Inbound}} {{protocol=TCP}} connection {{vendor_action=denied}} {_FROM_TO} "
               f"flags {{tcp_flags:text}} {_ON}",),
    "106002": ("{protocol} Connection {vendor_action=denied} by {direction=outbound} list {rule} src {source_ip} "
               "dest {destination_ip}",),
    "106006": (f"{{vendor_action=Deny}} {{direction=inbound}} {{protocol=UDP}} {_FROM_TO}[[ {_ON}]]",),
    "106007": (f"{{vendor_action=Deny}} {{direction=inbound}} {{protocol=UDP}} {_FROM_TO} due to {{reason:rest}}",),
    "106010": (f"{{vendor_action=Deny}} {{direction=inbound}} {_PROTOCOL} src {_SOURCE} dst {_DESTINATION}{_ICMP}",),
    "106011": (f"{{vendor_action=Deny}} {{direction=inbound}} (No xlate) {_PROTOCOL} src {_SOURCE} "
               f"dst {_DESTINATION}{_ICMP}",),
    "106012": (f"{{vendor_action=Deny}} IP {_HOSTS}, {{reason:rest}}",),
    "106013": ("{vendor_action=Dropping} echo request from {source_ip} to PAT address {destination_ip}",),
    "106014": (f"{{vendor_action=Deny}} {{direction=inbound}} {{protocol}} src {_SOURCE} dst {_DESTINATION}{_ICMP}",),
    "106015": (f"{{vendor_action=Deny}} {{protocol=TCP}} (no connection) {_FROM_TO} "
               f"flags {{tcp_flags:text}} {_ON}",),
    "106016": ("{vendor_action=Deny} IP spoof from ({source_ip}) to {destination_ip} "
               f"{_ON}",),
    "106017": (f"{{vendor_action=Deny}} IP due to Land Attack {_HOSTS}",),
    "106018": ("{protocol=ICMP} packet type {icmp_type} {vendor_action=denied} by {direction=outbound} list {rule} "
               "src {source_ip} dest {destination_ip}",),
    "106020": (f"{{vendor_action=Deny}} IP teardrop fragment ({{}}) {_HOSTS}",),
    "106021": (f"{{vendor_action=Deny}} {_PROTOCOL} reverse path check {_HOSTS} {_ON}",),
    "106022": (f"{{vendor_action=Deny}} {_PROTOCOL} connection spoof {_HOSTS} {_ON}",),
    "106023": (f"{{vendor_action=Deny}} {_PROTOCOL} src {_SOURCE} dst {_DESTINATION}{_ICMP} "
               'by ((access-group|access_group)) (("{rule:text}"|{rule}))',),
    "106100": (
        f"{_ACCESS_LIST}{{protocol=icmp}} {{in_interface}}/{{source_ip}}({{icmp_type}})[[({{in_user:text}})]] -> "
        f"{{out_interface}}/{{destination_ip}}({{icmp_code}})[[({{out_user:text}})]] {_HITS}",
        f"{_ACCESS_LIST}{{protocol}} {{in_interface}}/{{source_ip}}({{source_port}})[[({{in_user:text}})]] -> "
        f"{{out_interface}}/{{destination_ip}}({{destination_port}})[[({{out_user:text}})]] {_HITS}",
    ),
    "106102": (
        f"{_ACCESS_LIST}{{protocol}} for user {{in_user:text}} {{in_interface}}/{{source_ip}}((({{source_port}})| "
        f"{{source_port}})) [[-> ]]{{out_interface}}/{{destination_ip}}((({{destination_port}})|"
        f" {{destination_port}})) {_HITS}",
    ),
    "201010": (f"Embryonic connection limit exceeded {{}} for {{direction}} packet {_FROM_TO} {_ON}",),
    "209003": (f"Fragment database limit of {{}} {{vendor_action=exceeded}}: {_FRAGMENT}",),
    "209004": (f"{{vendor_action=Invalid}} IP fragment, {{}}: {_FRAGMENT}",),
    "209005": (f"{{vendor_action=Discard}} IP fragment set with more than {{}} elements: {_FRAGMENT}",),
    "302013": _BUILT,
    "302014": _TEARDOWN,
    "302015": _BUILT,
    "302016": _TEARDOWN,
    "302017": tuple(f"{{vendor_action=Built}} {{direction={way}}} {{protocol=GRE}} connection {{}} from {_GRE}"
                    for way in ("inbound", "outbound")),
    "302018": ("{vendor_action=Teardown} {protocol=GRE} connection {} from {in_interface}:{source_ip}[[/{}]]"
               "[[ ({nat_source_ip}[[/{}]])]] to {out_interface}:{destination_ip}[[/{}]]"
               "[[ ({nat_destination_ip}[[/{}]])]] duration {duration_ms:clock} bytes {packet_bytes}",),
    "302020": (
        f"{{vendor_action=Built}} {{direction=inbound}} {{protocol}} connection {_FOREIGN}{_TYPE}",
        f"{{vendor_action=Built}} {{direction=outbound}} {{protocol}} connection {_LOCAL}{_TYPE}",
    ),
    "302021": (f"{{vendor_action=Teardown}} {{protocol}} connection {_FOREIGN}{_TYPE}",),
    "302303": _BUILT,
    "302304": _TEARDOWN,
    "302305": _BUILT,
    "302306": _TEARDOWN,
    "305005": (f"No translation group found for {_PROTOCOL} src {_SOURCE} dst {_DESTINATION}{_ICMP}",),
    "305006": (f"{{}}translation creation failed for {_PROTOCOL} src {_SOURCE} "
               f"dst {_DESTINATION}{_ICMP}",),
    "313001": ("{vendor_action=Denied} {protocol=ICMP} type={icmp_type}, code={icmp_code} from {source_ip} "
               f"{_ON}",),
    "313004": (f"{{vendor_action=Denied}} {{protocol=ICMP}} type={{icmp_type}}, from [[laddr ]]{{source_ip}} {_ON} "
               "to {destination_ip}:{reason:rest}",),
    "313005": ("No matching connection for ICMP error message: {protocol} src {in_interface}:{source_ip} "
               "dst {out_interface}:{destination_ip} (type {icmp_type}, code {icmp_code})",),
    "313008": ("{vendor_action=Denied} {protocol=ICMPv6} type={icmp_type}, code={icmp_code} from {source_ip} "
               f"{_ON}",),
    "410001": ("{vendor_action=Dropped} {protocol} {application} {} from {in_interface}:{source_ip}/{source_port} "
               "to {out_interface}:{destination_ip}/{destination_port};[[ {reason:rest}]]",),
    "419002": ("Duplicate TCP SYN from {in_interface}:{source_ip}/{source_port} "
               "to {out_interface}:{destination_ip}/{destination_port}",),
    "430002": _CONNECTION_EVENT,
    "430003": _CONNECTION_EVENT,
    "500004": (f"{{vendor_action=Invalid}} transport field for protocol={{protocol}}, {_FROM_TO}",),
    "710001": ("{protocol} access {vendor_action=requested} from {source_ip}/{source_port} "
               "to {in_interface}:{destination_ip}/{destination_port}",),
    "710002": ("{protocol} access {vendor_action=permitted} from {source_ip}/{source_port} "
               "to {in_interface}:{destination_ip}/{destination_port}",),
    "710003": ("{protocol} access {vendor_action=denied} by ACL from {source_ip}/{source_port} "
               "to {in_interface}:{destination_ip}/{destination_port}",),
    "710005": ("{protocol} request {vendor_action=discarded} from {source_ip}/{source_port} "
               "to {in_interface}:{destination_ip}/{destination_port}",),
    "710006": ("{protocol} request {vendor_action=discarded} from {source_ip} to {in_interface}:{destination_ip}",),
    **dict.fromkeys(
        (str(400_000 + number) for number in range(52)),
        (f"IPS:{{}} {{signature:text}} {_HOSTS} {_ON}",),
    ),
}  # fmt: skip

_ACTIONS = {
    "deny": "block", "denied": "block", "dropped": "block", "dropping": "block", "discard": "block",
    "discarded": "block", "exceeded": "block", "invalid": "block", "built": "allow",
    "teardown": "allow", "permitted": "allow", "est-allowed": "allow",
    "allow": "allow", "trust": "allow", "monitor": "allow", "fastpath": "allow", "block": "block",
    "block with reset": "reject", "interactive block": "block", "interactive block with reset": "reject",
}  # fmt: skip
# Messages that say so in more than a word.
_BLOCKED = ("201010", "305005", "305006", "313005", "419002")
_REASONS = {
    "106015": "no connection",
    "106016": "IP spoof",
    "106017": "Land Attack",
    "106020": "IP teardrop fragment",
    "106021": "reverse path check",
    "106022": "connection spoof",
    "201010": "embryonic connection limit exceeded",
    "305005": "no translation group found",
    "305006": "translation creation failed",
    "313005": "no matching connection",
    "419002": "duplicate TCP SYN",
}


def derive(scanned: Scanned) -> Derived:
    """Turn scanned columns into the schema's."""
    columns = plain(scanned)
    texts = scanned.texts
    columns["action"] = first(
        words_of(texts["vendor_action"], _ACTIONS), words_of(texts["message_id"], dict.fromkeys(_BLOCKED, "block"))
    )
    columns["reason"] = first(texts["reason"], words_of(texts["message_id"], _REASONS))
    columns["packets"] = pc.fill_null(total(scanned, "packets", "packets_out", "packets_in"), 1)
    if "bytes_out" in scanned.numbers:
        columns["packet_bytes"] = total(scanned, "packet_bytes", "bytes_out", "bytes_in")
    return Derived(columns, invalid=bad_protocols(scanned))


FORMAT = Format(
    shape=Template(
        lead="%{product}-{severity}-{message_id}: ",
        by="message_id",
        cases=_CASES,
        otherwise=Ignored("other message"),
    ),
    anchors=("%ASA-", "%FTD-", "%PIX-"),
    own_stamp=True,
    signature=re.compile(rb"%(?:ASA|FTD|PIX)-(?:\w+-)?\d-\d{6}:"),
    words={
        "direction": (
            "direction",
            {"inbound": "inbound", "outbound": "outbound", "input": "inbound", "output": "outbound"},
        ),
        "in_interface": ("in_interface", lambda name: name.rstrip(".")),
        "tcp_flags": ("tcp_flags", flag_names),
    },
    derive=derive,
)
