"""Cisco's ASA, PIX and FWSM, and the same messages of Firepower (FTD): connections, and packets that were denied.

Cisco's "ASA Series Syslog Messages" gives each message's text, by its number:

    Apr  3 04:12:45 asa1 %ASA-4-106023: Deny tcp src outside:203.0.113.9/51234 dst inside:198.51.100.7/445 by \
access-group "outside_in" [0x0, 0x0]

A connection is logged when it is built and when it is torn down, and both are events that allow it: count those of one
`message_id`. `Built` names who began it: of an outbound connection the second host, which is why that is the source.
`Teardown` does not, and its hosts stand in the message's order; it has the duration, the bytes and how it ended. Of an
ICMP connection, `faddr` is the foreign host, `laddr` the local one and `gaddr` the local one's translated address.
A line of 106100 stands for as many packets as its `hit-cnt`. Threat detection (7331nn) names no packet: `signature` is
what it counts, and there is no action. Hosts that the configuration gives names (`name`) have no address here.
Translations being built (305011) and the other messages are ignored.
"""

import re

from pipelines.format import Derived, Format, Scanned
from pipelines.meaning import bad_protocols, first, flag_names, icmp_by_address, plain, words_of
from pipelines.shapes import Ignored, Template

# The user of a host, and its security group.
_USER = "[[({})]][[({})]]"
_SOURCE = f"{{in_interface}}:[[ ]]{{source_ip?}}[[/{{source_port?}}]]{_USER}"
_DESTINATION = f"{{out_interface}}:[[ ]]{{destination_ip?}}[[/{{destination_port?}}]]{_USER}"
_NAT_SOURCE = "({nat_source_ip?}[[/{nat_source_port?}]])"
_NAT_DESTINATION = "({nat_destination_ip?}[[/{nat_destination_port?}]])"
_TO_SOURCE = f"{{in_interface}}:{{source_ip?}}[[/{{source_port?}}]]{_USER}"
_ICMP = "(type {icmp_type}, code {icmp_code})"

_BUILT = (
    (
        f"{{vendor_action=Built}} {{direction=inbound}} {{protocol}} connection {{}} ((for|from)) {_SOURCE} "
        f"{_NAT_SOURCE}{_USER}"
        f" to {_DESTINATION} {_NAT_DESTINATION}"
    ),
    (
        f"{{vendor_action=Built}} {{direction=outbound}} {{protocol}} connection {{}} ((for|from)) {_DESTINATION} "
        f"{_NAT_DESTINATION}{_USER} to {_SOURCE} {_NAT_SOURCE}"
    ),
)
_END = "duration {duration_ms:clock} bytes {packet_bytes}[[ {reason:rest}]]"
_TEARDOWN = (
    f"{{vendor_action=Teardown}} {{protocol}} connection {{}} ((for|from)) {_SOURCE} to {_DESTINATION} {_END}",
)
_GRE = (
    (
        f"{{vendor_action=Built}} {{direction=inbound}} {{protocol}} connection {{}} ((from|for)) "
        f"{{in_interface}}:{{source_ip?}}"
        f"[[/{{}}]] ({{nat_source_ip?}}[[/{{}}]]){_USER} to {{out_interface}}:{{destination_ip?}}[[/{{}}]] "
        "({nat_destination_ip?}[[/{}]])"
    ),
    (
        f"{{vendor_action=Built}} {{direction=outbound}} {{protocol}} connection {{}} ((from|for)) "
        f"{{out_interface}}:"
        f"{{destination_ip?}}[[/{{}}]] ({{nat_destination_ip?}}[[/{{}}]]){_USER} to "
        f"{{in_interface}}:{{source_ip?}}[[/{{}}]] "
        "({nat_source_ip?}[[/{}]])"
    ),
)
_GRE_TEARDOWN = (
    (
        "{vendor_action=Teardown} {protocol} connection {} ((from|for)) "
        "{in_interface}:{source_ip?}[[/{}]][[ ({}[[/{}]])]] to "
        f"{{out_interface}}:{{destination_ip?}}[[/{{}}]][[ ({{}}[[/{{}}]])]] {_END}"
    ),
)
_ICMP_END = "[[ type {icmp_type} code {icmp_code}]]"
_ICMP_BUILT = (
    (
        "{vendor_action=Built} {direction=inbound} {protocol} connection for faddr {source_ip?}/{} gaddr "
        f"{{nat_destination_ip?}}/{{}} laddr {{destination_ip?}}/{{}}{_ICMP_END}"
    ),
    (
        "{vendor_action=Built} {direction=outbound} {protocol} connection for faddr {destination_ip?}/{} gaddr "
        f"{{nat_source_ip?}}/{{}} laddr {{source_ip?}}/{{}}{_ICMP_END}"
    ),
    (
        "{vendor_action=Built} {protocol} connection for faddr {source_ip?}/{} gaddr {nat_destination_ip?}/{} laddr "
        f"{{destination_ip?}}/{{}}{_ICMP_END}"
    ),
)
_ICMP_TEARDOWN = (
    (
        "{vendor_action=Teardown} {protocol} connection for faddr {source_ip?}/{} gaddr {nat_destination_ip?}/{} laddr "
        f"{{destination_ip?}}/{{}}{_ICMP_END}"
    ),
)
_PORTS = "{source_ip?}/{source_port?} to {destination_ip?}/{destination_port?}"
_HOSTS = "{source_ip?} to {destination_ip?}"
_INTO = "{source_ip?}/{source_port?} to {out_interface}:{destination_ip?}/{destination_port?}"
_PACKET = f"{_SOURCE}[[ ({{}})]] dst {_DESTINATION}"
_ICMP_PACKET = (
    f"{_SOURCE}[[ ({{}})]] dst {{out_interface}}:[[ ]]{{destination_ip?}}[[ ]]{_ICMP}",
    f"{_SOURCE}[[ ({{}})]] dst {{out_interface}}:[[ ]]{{destination_ip?}}[[ ]]({{}})[[({{}})]][[ ]]{_ICMP}",
)
_HITS = "hit-cnt {packets}"
_LIST = "access-list {rule} {vendor_action}"

_CASES: dict[str, tuple[str, ...]] = {
    "106001": (
        "Inbound {protocol} connection {vendor_action} from " + _PORTS + " flags {tcp_flags:text} on interface "
        "{in_interface}",
    ),
    "106002": (
        "{protocol} Connection {vendor_action} by outbound list {rule} src {source_ip?} dest {destination_ip?}",
    ),
    "106006": (f"{{vendor_action=Deny}} inbound {{protocol}} from {_PORTS} on interface {{in_interface}}",),
    "106007": (f"{{vendor_action=Deny}} inbound {{protocol}} from {_PORTS} due to {{reason:rest}}",),
    "106010": tuple(
        f"{{vendor_action=Deny}} inbound [[protocol ]]{{protocol}} src {packet}" for packet in (*_ICMP_PACKET, _PACKET)
    ),
    "106011": tuple(
        f"{{vendor_action=Deny}} inbound ({{reason:text}}) [[protocol ]]{{protocol}} src {packet}"
        for packet in (*_ICMP_PACKET, _PACKET)
    ),
    "106012": ("{vendor_action=Deny} IP from " + _HOSTS + ", {reason:rest}",),
    "106014": tuple(f"{{vendor_action=Deny}} inbound {{protocol}} src {packet}" for packet in _ICMP_PACKET),
    "106015": (
        "{vendor_action=Deny} {protocol} ({reason:text}) from " + _PORTS + " flags {tcp_flags:text} on interface "
        "{in_interface}",
    ),
    "106016": ("{vendor_action=Deny} IP spoof from ({source_ip?}) to {destination_ip?} on interface {in_interface}",),
    "106017": ("{vendor_action=Deny} IP due to {reason:text} from " + _HOSTS,),
    "106018": (
        (
            "{protocol} packet type {icmp_type} {vendor_action} by outbound list {rule} src {source_ip?} "
            "dest {destination_ip?}"
        ),
    ),
    "106020": ("{vendor_action=Deny} IP {reason:text} (size = {}, offset = {}) from " + _HOSTS,),
    "106021": ("{vendor_action=Deny} {protocol} reverse path check from " + _HOSTS + " on interface {in_interface}",),
    "106022": ("{vendor_action=Deny} {protocol} connection spoof from " + _HOSTS + " on interface {in_interface}",),
    "106023": tuple(
        f"{{vendor_action=Deny}} [[protocol ]]{{protocol}} src {packet} by access-group {rule}"
        for rule in ('"{rule:text}"', "{rule}")
        for packet in (*_ICMP_PACKET, _PACKET)
    ),
    "106100": tuple(
        f"{_LIST} {protocol} {{in_interface}}/{{source_ip?}}({source}){_USER}[[ ]]->[[ ]]{{out_interface}}/"
        f"{{destination_ip?}}({destination}){_USER} {_HITS}"
        for protocol, source, destination in (
            ("{protocol=icmp}", "{icmp_type?}", "{icmp_code?}"),
            ("{protocol=icmp6}", "{icmp_type?}", "{icmp_code?}"),
            ("{protocol}", "{source_port?}", "{destination_port?}"),
        )
    ),
    "106102": (
        (
            f"{_LIST} {{protocol}} for user {{}} {{in_interface}}/{{source_ip?}}[[ ]]({{source_port?}}){_USER} -> "
            f"{{out_interface}}/{{destination_ip?}}[[ ]]({{destination_port?}}){_USER} {_HITS}"
        ),
    ),
    "302013": _BUILT,
    "302014": _TEARDOWN,
    "302015": _BUILT,
    "302016": _TEARDOWN,
    "302017": _GRE,
    "302018": _GRE_TEARDOWN,
    "302020": _ICMP_BUILT,
    "302021": _ICMP_TEARDOWN,
    "302303": (
        (
            f"{{vendor_action=Built}} {{protocol}} state-bypass connection {{}} from {_SOURCE}[[ ]]{_NAT_SOURCE}"
            f"{_USER} to "
            f"{_DESTINATION}[[ ]]{_NAT_DESTINATION}"
        ),
    ),
    "302304": (
        f"{{vendor_action=Teardown}} {{protocol}} state-bypass connection {{}} from {_SOURCE} to {_DESTINATION} {_END}",
    ),
    "313001": (
        (
            "{vendor_action=Denied} {protocol} type={icmp_type}, code={icmp_code} from {source_ip?} on interface "
            "{in_interface}"
        ),
    ),
    "313004": (
        (
            "{vendor_action=Denied} {protocol} type={icmp_type}, from [[laddr ]]{source_ip?} on interface "
            "{in_interface} to "
            "{destination_ip?}:{reason:rest}"
        ),
    ),
    "313005": tuple(
        f"{{reason:text}} for ICMP error message: {{protocol}} src {packet} on {{}} interface"
        for packet in _ICMP_PACKET
    ),
    "401004": ("{vendor_action=Shunned} packet: {source_ip?} ==> {destination_ip?} on interface {in_interface}",),
    "710001": (f"{{protocol}} access {{vendor_action}} from {_INTO}",),
    "710002": (f"{{protocol}} access {{vendor_action}} from {_INTO}",),
    "710003": (f"{{protocol}} access {{vendor_action}} by {{reason}} from {_INTO}",),
    "710005": (f"{{protocol}} request {{vendor_action}} from {_INTO}",),
    "710006": ("{protocol} request {vendor_action} from {source_ip?} to {out_interface}:{destination_ip?}",),
    "733100": ("\\[[[ ]]{signature:text}] drop {reason} exceeded",),
    "733101": ("{} {source_ip?} is {signature=attacking}",),
}
_CASES["106103"] = _CASES["106102"]
_CASES["313008"] = _CASES["313001"]
_CASES |= {
    f"4000{number:02}": ("IPS:{} {signature:text} from {source_ip?} to {destination_ip?} on interface {in_interface}",)
    for number in range(52)
}

_ACTIONS = {
    "built": "allow",
    "teardown": "allow",
    "permitted": "allow",
    "est-allowed": "allow",
    "deny": "block",
    "denied": "block",
    "discarded": "block",
    "shunned": "block",
}
# Messages whose text has no word for what was done.
_ACTIONS_OF_MESSAGES = {"313005": "block"}
_DIRECTIONS = {"inbound": "inbound", "outbound": "outbound"}
_INBOUND = dict.fromkeys(("106001", "106006", "106007", "106010", "106011", "106014"), "inbound")
_REASONS = {"106016": "IP spoof", "106021": "reverse path check", "106022": "connection spoof"}
_LAST_USER = re.compile(r"(?:^|\s*)\([^()]*\)$")


def reason_of(text: str) -> str | None:
    """Return how a connection ended, without the user that may be named behind it."""
    return _LAST_USER.sub("", text).strip() or None


def derive(scanned: Scanned) -> Derived:
    """Tell action, direction and reason, which words of the message give, or its number."""
    columns = plain(scanned)
    texts = scanned.texts
    message = texts["message_id"]
    columns["action"] = first(words_of(texts["vendor_action"], _ACTIONS), words_of(message, _ACTIONS_OF_MESSAGES))
    columns["direction"] = first(words_of(texts["direction"], _DIRECTIONS), words_of(message, _INBOUND))
    columns["reason"] = first(words_of(texts["reason"], reason_of), words_of(message, _REASONS))
    columns["protocol"] = icmp_by_address(columns["protocol"], texts["source_ip"])
    return Derived(columns, invalid=bad_protocols(scanned))


FORMAT = Format(
    shape=Template(
        lead="%{}-{}-{message_id}: ",
        by="message_id",
        cases=_CASES,
        otherwise=Ignored("other message"),
    ),
    anchors=("%ASA-", "%FTD-", "%PIX-", "%FWSM-"),
    own_stamp=True,
    needs=(),
    signature=re.compile(rb"%(?:ASA|FTD|PIX|FWSM)-\d-(?!43000\d)\d{6}: "),
    words={"tcp_flags": ("tcp_flags", flag_names)},
    derive=derive,
)
