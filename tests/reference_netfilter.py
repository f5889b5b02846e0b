"""A second reader of netfilter lines: slow, plain regular expressions, one line at a time.

It is written from the rules of the format and of syslog, and shares no code with the product, so that the two can be
compared line by line. Times are UTC; a line becomes what `tests/test_formats.py` says a fixture holds.
"""

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Any

SECOND = 1_000_000
DAY = 86_400 * SECOND
MONTHS = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()

NETWORK, TRANSPORT, ICMP = "network", "transport", "icmp"
WORD = 2**16 - 1
# By key: the column, the largest number, and the sections in which the key has this meaning.
NUMBERS: dict[bytes, list[tuple[str, int, tuple[str, ...]]]] = {
    b"LEN": [("packet_bytes", 2**32 - 1, (NETWORK,))],
    b"TC": [("tos", 255, (NETWORK,))],
    b"TTL": [("ttl", 255, (NETWORK,))],
    b"HOPLIMIT": [("ttl", 255, (NETWORK,))],
    b"FLOWLBL": [("flow_label", 2**20 - 1, (NETWORK,))],
    b"ID": [("ip_id", WORD, (NETWORK,)), ("icmp_id", WORD, (ICMP,))],
    b"SPT": [("source_port", WORD, (NETWORK, TRANSPORT))],
    b"DPT": [("destination_port", WORD, (NETWORK, TRANSPORT))],
    b"SEQ": [("tcp_sequence", 2**32 - 1, (TRANSPORT,)), ("icmp_sequence", WORD, (ICMP,))],
    b"ACK": [("tcp_acknowledgement", 2**32 - 1, (TRANSPORT,))],
    b"WINDOW": [("tcp_window", WORD, (TRANSPORT,))],
    b"TYPE": [("icmp_type", 255, (NETWORK, ICMP))],
    b"CODE": [("icmp_code", 255, (NETWORK, ICMP))],
}
HEXADECIMAL = {b"TOS": "type_of_service", b"PREC": "precedence"}
TEXTS = {
    b"IN": "in_interface",
    b"OUT": "out_interface",
    b"PHYSIN": "in_bridge_port",
    b"PHYSOUT": "out_bridge_port",
    b"MAC": "mac",
    b"MACSRC": "source_mac",
    b"MACDST": "destination_mac",
    b"SRC": "source_ip",
    b"DST": "destination_ip",
    b"PROTO": "protocol",
}
READ_PAST = (b"DESCR", b"MACPROTO")
LEADS_TO = {b"SPT": TRANSPORT, b"DPT": TRANSPORT, b"TYPE": ICMP, b"CODE": ICMP}
FLAGS = b"SYN ACK FIN RST PSH URG ECE CWR AE".split()
HEAD = (b"IN", b"OUT")
IDENTIFYING = (b"SRC", b"DST", b"PROTO", b"SPT", b"DPT")

PROTOCOLS = {
    1: "icmp", 2: "igmp", 4: "ipip", 6: "tcp", 17: "udp", 33: "dccp", 41: "ipv6", 46: "rsvp", 47: "gre", 50: "esp",
    51: "ah", 58: "icmpv6", 88: "eigrp", 89: "ospf", 94: "ipip", 103: "pim", 108: "ipcomp", 112: "vrrp", 115: "l2tp",
    132: "sctp", 136: "udplite",
}  # fmt: skip
SYNONYMS = {"ipv6-icmp": "icmpv6", "icmp6": "icmpv6", "ospfigp": "ospf", "carp": "vrrp", "ipencap": "ipip"}

CLOCK = rb"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?:\.(?P<fraction>\d*)|,(?P<fraction2>\d+))?"
ZONE = rb"(?:(?P<utc>[Zz])| ?(?P<sign>[+-])(?P<east>\d\d)(?::?(?P<east_minutes>\d\d))?)?"
ISO = re.compile(rb"(?P<year>\d{4})(?P<dash>[-/])(?P<month>\d\d)(?P=dash)(?P<day>\d\d)[Tt ]" + CLOCK + ZONE)
ACCESS_LOG = re.compile(rb"(?P<day>\d\d)/(?P<name>" + b"|".join(MONTHS) + rb")/(?P<year>\d{4}):" + CLOCK + ZONE)
SYSLOG = re.compile(
    rb"(?:[^\d\n][^\n]{2} )??(?P<name>" + b"|".join(MONTHS) + rb")  ?(?P<day>\d\d?) (?:(?P<year>\d{4}) )?" + CLOCK
)
YEAR_BEHIND = re.compile(rb" (?P<year>19[7-9]\d|20\d\d):?(?= |$)")
EPOCH = re.compile(rb"(?:(?P<seconds>\d{9,10})(?!\d)(?:\.(?P<fraction>\d*))?|(?P<units>\d{19}|\d{16}|\d{13})(?!\d))")

PRIORITY = re.compile(rb"(?:<\d{1,4}> *)?")
GREP = re.compile(rb"(?P<file>[^: ]{0,255}):(?! )(?=.{9})", re.DOTALL)
UPTIME = re.compile(rb"\[ *[\d.]+\] *")
PROXMOX = re.compile(rb"\d+ \d (?P<chain>[^ ]*) (?=[^\n]{2}/)", re.DOTALL)
FACILITY = re.compile(rb"[^.: ]+\.(?:eme|ale|cri|err|war|not|inf|deb)[^: ]{0,4}(?: +|$)", re.DOTALL)
PROGRAM = re.compile(rb"(?P<name>[^:\[ ]+)(?P<process>\[[^: ]*)?:", re.DOTALL)
FIELDS_5424 = re.compile(rb"(?:kernel|ulogd2?) +(?:-|\d+) +[^ ]+ +(?:\[|-(?: |\Z))", re.DOTALL)
STRUCTURED = re.compile(rb'(?:\[(?:[^\]"\\]|\\.|"(?:[^"\\]|\\.)*")*\])+', re.DOTALL)
TOKEN = re.compile(rb"(?P<key>[^ =]{1,8})(?P<equals>=|(?= )|$)", re.DOTALL)

REJECT = re.compile(r"REJECT", re.IGNORECASE)
BLOCK = re.compile(r"DROP|BLOCK|DENY|DENIED", re.IGNORECASE)
ALLOW = re.compile(r"ACCEPT|ALLOW|PASS\b|PERMIT", re.IGNORECASE)
VERDICT = re.compile(r"-([DRA])(?:-\d+)?\]")


class NoEvent(Exception):  # noqa: N818 - a line that is rejected is no error
    """A rejected line; with the reason."""


@dataclass
class Stamp:
    """A time stamp of `length` bytes: `micros` since 1970, or None where it is impossible."""

    micros: int | None
    length: int
    weekday: bool = False


@dataclass
class Header:
    """What stands before the message."""

    stamp: Stamp | None
    message: bytes
    host: bytes = b""
    chain: bytes = b""
    foreign: bool = False
    trusted: bool = False


@dataclass
class Record:
    """What the message says."""

    columns: dict[str, Any] = field(default_factory=dict)
    flags: set[bytes] = field(default_factory=set)
    seen: set[bytes] = field(default_factory=set)
    reason: str = ""


def outcomes(data: bytes, near: int) -> Iterator[dict[str, Any]]:
    """Yield what each line becomes; `near` is where the year of a first stamp without one is looked for."""
    for number, line in enumerate(data.split(b"\n")[: data.count(b"\n")], 1):
        found, stamp = outcome(line.rstrip(b" \r"), near)
        near = stamp if stamp is not None and usable(stamp) else near
        yield {"line_number": number, **found}


def outcome(line: bytes, near: int) -> tuple[dict[str, Any], int | None]:
    """Return what a line becomes, and its stamp in microseconds."""
    if not line:
        return {"ignored": True}, None
    if b"\0" in line:
        return {"rejected": "NUL byte in the line"}, None
    if len(line) > 65_536:
        return {"rejected": "longer than 65536 bytes"}, None
    header = read_header(line, near)
    stamp = header.stamp.micros if header.stamp else None
    try:
        event = read_event(header)
    except NoEvent as reason:
        return {"rejected": str(reason)}, stamp
    return (event or {"ignored": True}), stamp


def read_event(header: Header) -> dict[str, Any] | None:
    """Return the columns of an event; None for a line that is no firewall record."""
    if header.foreign:
        return None
    start = first_key(header.message, header.trusted)
    record = read_record(header.message[start:]) if start is not None else Record()
    identified = bool(record.seen & {b"SRC", b"DST", b"PROTO"} or record.seen >= {b"SPT", b"DPT"})
    if record.reason:
        raise NoEvent(record.reason)
    if not header.stamp and (identified or not record.seen):
        raise NoEvent("no time stamp at the start of the line")
    if not identified:
        if record.seen:
            raise NoEvent("record without an address or a protocol")
        return None
    assert header.stamp
    stamp = header.stamp.micros
    if stamp is None:
        raise NoEvent("impossible time stamp")
    columns = finished(record)
    if not usable(stamp):
        raise NoEvent("time stamp before 2000-01-01 or after 9999-12-31")
    check(record.columns)
    prefix = header.message[:start].rstrip(b" :")
    if not (b"IN" in record.seen or header.chain):
        prefix = b""
    columns["observed_at"] = (datetime(1970, 1, 1) + timedelta(microseconds=stamp)).isoformat()  # noqa: DTZ001
    columns["host"] = text(header.host)
    columns["rule"] = text(header.chain or prefix)
    columns["action"] = action(text(prefix) or "")
    columns["direction"] = direction(text(prefix) or "", columns)
    return {name: value for name, value in columns.items() if value is not None}


def usable(stamp: int) -> bool:
    """Return whether a stamp can be that of an event."""
    return days(2000, 1, 1) * DAY <= stamp < days(10_000, 1, 1) * DAY


def text(data: bytes) -> str | None:
    """Return bytes as text."""
    return data.decode("utf-8", "backslashreplace") or None


def read_header(line: bytes, near: int) -> Header:
    """Read stamp, host and program; those of the device, where a relay put its own, or its own name, before them."""
    header = read_head(line, near)
    if header.trusted or header.foreign or not header.stamp or not header.message:
        return header
    inner = read_head(header.message, near)
    if not inner.stamp or not inner.trusted:
        inner = header_3164(replace(header.stamp, weekday=False), header.message)
    return replace(inner, host=inner.host or (b"" if inner.chain else header.host)) if inner.trusted else header


def read_head(line: bytes, near: int) -> Header:
    """Read the first stamp, host and program."""
    start = PRIORITY.match(line).end()  # type: ignore[union-attr]
    rest = line[start:]
    if rest.startswith(b"1 ") and ISO.match(rest, 2) and (stamp := read_stamp(rest[2:], near)):
        return header_5424(stamp, rest[2 + stamp.length :].lstrip(b" "))
    if (proxmox := PROXMOX.match(rest)) and (stamp := read_stamp(rest[proxmox.end() :], near)):
        message = rest[proxmox.end() + stamp.length :].lstrip(b" ")
        return Header(stamp, message, chain=proxmox["chain"], trusted=True)
    stamp = read_stamp(rest, near)
    if not stamp and (grep := GREP.match(rest)):
        rest = PRIORITY.sub(b"", rest[grep.end() :], count=1)
        stamp = read_stamp(rest, near)
    return header_3164(stamp, rest[stamp.length :].lstrip(b" ")) if stamp else Header(None, line[start:])


def header_5424(stamp: Stamp, rest: bytes) -> Header:
    """Read `host program process message-id structured-data message`."""
    fields = re.match(rb"([^ ]*) *([^ ]*) *[^ ]* *[^ ]* *", rest, re.DOTALL)
    assert fields
    host, program = fields.groups()
    message = rest[fields.end() :]
    if message.startswith(b"["):
        data = STRUCTURED.match(message)
        message = message[data.end() :] if data else b"["
        message = b"" if message.startswith(b"[") else message  # it does not end
    elif message.split(b" ")[0] == b"-":
        message = message[1:]
    message = message.lstrip(b" ")
    if len(message) > 3:
        message = message.removeprefix(b"\xef\xbb\xbf")
    trusted = program in (b"kernel", b"ulogd", b"ulogd2")
    message = without(UPTIME, message)
    foreign = not trusted and program != b"-"
    return Header(stamp, message, host=b"" if host == b"-" else host, foreign=foreign, trusted=trusted)


def header_3164(stamp: Stamp, rest: bytes) -> Header:
    """Read `host facility.severity program[process]: message`, or the fields of RFC 5424 without its version."""
    if stamp.weekday:
        rest = without(UPTIME, rest)
    host = rest.split(b" ")[0]
    if host.endswith(b":") or host.startswith(b"[") or b"=" in host or (stamp.weekday and FACILITY.fullmatch(host)):
        host = b""
    if host and FIELDS_5424.match(rest[len(host) :].lstrip(b" ")):
        return header_5424(stamp, rest)
    rest = rest[len(host) :].lstrip(b" ")
    if host and rest.startswith(host + b" "):
        rest = rest[len(host) :].lstrip(b" ")
    rest = without(FACILITY, rest)
    program = PROGRAM.match(rest)
    if not program:
        return Header(stamp, rest, host=host)
    if program["name"] in (b"kernel", b"ulogd", b"ulogd2"):
        return Header(stamp, without(UPTIME, rest[program.end() :].lstrip(b" ")), host=host, trusted=True)
    foreign = False
    if program.end() == len(rest) or rest[program.end() : program.end() + 1] == b" ":
        message = without(UPTIME, rest[program.end() :].lstrip(b" "))
        if program["process"]:
            foreign = re.match(rb"\[\d", program["process"]) is not None
        elif re.search(rb"[a-z]", program["name"]):
            foreign = not message.startswith(b"IN=")
    return Header(stamp, rest, host=host, foreign=foreign)


def without(pattern: re.Pattern[bytes], data: bytes) -> bytes:
    """Return bytes without what the pattern finds at their start."""
    found = pattern.match(data)
    return data[found.end() :] if found else data


def read_stamp(data: bytes, near: int) -> Stamp | None:
    """Return the stamp that a line starts with, in any form."""
    if found := ISO.match(data) or ACCESS_LOG.match(data):
        return dated_stamp(found)
    if found := EPOCH.match(data):
        units = found["units"] or b""
        if not units:
            return Stamp(int(found["seconds"]) * SECOND + fraction(found["fraction"]), found.end())
        return Stamp(int(units) * 10**16 // 10 ** len(units), found.end())  # 13 digits are ms, 16 us and 19 ns
    found = SYSLOG.match(data)
    return month_stamp(found, data, near) if found else None


def dated_stamp(found: re.Match[bytes]) -> Stamp:
    """Return a stamp with its date in numbers, and a zone or none."""
    parts = found.groupdict()
    month = MONTHS.index(parts["name"]) + 1 if "name" in parts else int(parts["month"])
    civil = civil_time(int(parts["year"]), month, parts)
    if civil is None or not parts["sign"]:
        return Stamp(civil, found.end())
    hours, minutes = int(parts["east"]), int(parts["east_minutes"] or 0)
    if hours > 23 or minutes > 59:
        return Stamp(None, found.end())
    east = (hours * 60 + minutes) * 60 * SECOND
    return Stamp(civil - east if parts["sign"] == b"+" else civil + east, found.end())


def month_stamp(found: re.Match[bytes], data: bytes, near: int) -> Stamp:
    """Return a stamp that names its month, with a year or in the year that is nearest."""
    parts, end = found.groupdict(), found.end()
    year = parts["year"]
    if not year and (behind := YEAR_BEHIND.match(data, end)):
        year, end = behind["year"], behind.end()
    month = MONTHS.index(parts["name"]) + 1
    weekday = found.start("name") > 0
    if year:
        return Stamp(civil_time(int(year), month, parts), end, weekday)
    around = (datetime(1970, 1, 1) + timedelta(microseconds=near)).year  # noqa: DTZ001
    candidates = [civil_time(year, month, parts) for year in range(around - 9, around + 10)]
    possible = [stamp for stamp in candidates if stamp is not None]
    return Stamp(min(possible, key=lambda stamp: abs(stamp - near), default=None), end, weekday)


def days(year: int, month: int, day: int) -> int:
    """Return days since 1970, from the year 0 on: the calendar repeats itself every 400 years."""
    shift = 1 if year < 9600 else -1
    return date(year + 400 * shift, month, day).toordinal() - 146_097 * shift - date(1970, 1, 1).toordinal()


def civil_time(year: int, month: int, parts: dict[str, bytes]) -> int | None:
    """Return civil microseconds since 1970; None for a date or time that does not exist."""
    day, hour, minute, second = (int(parts[name]) for name in ("day", "hour", "minute", "second"))
    if not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(year % 400 + 2000, month)[1]:
        return None
    if hour > 23 or minute > 59 or second > 60:
        return None
    seconds = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second
    return seconds * SECOND + fraction(parts["fraction"] or parts["fraction2"])


def fraction(digits: bytes | None) -> int:
    """Return the microseconds that the digits after a decimal point are."""
    return int((digits or b"")[:6].ljust(6, b"0"))


def first_key(message: bytes, trusted: bool) -> int | None:  # noqa: FBT001
    """Return where the record starts in a message."""
    known = {*NUMBERS, *HEXADECIMAL, *TEXTS, *READ_PAST} - {b"SEQ", b"ACK", b"WINDOW"}  # these need a protocol before
    start = 0
    for equals in re.finditer(b"=", message):
        word = re.search(rb"[A-Za-z0-9_]*\Z", message[start : equals.start()])
        assert word
        if word[0] in known:
            return equals.start() - len(word[0])
        if word[0].endswith(b"IN") and re.match(rb"=[^ ]* +OUT=", message[equals.start() :], re.DOTALL):
            return equals.start() - 2
        if not trusted:
            return None
        start = equals.end()
    return None


def read_record(data: bytes) -> Record:
    """Read keys and values up to the end, or to what makes the line a reject."""
    record = Record()
    section = NETWORK
    position = 0
    while position < len(data):
        if data[position : position + 1] == b" ":
            position += 1
            continue
        token = TOKEN.match(data, position)
        key, has_value = (token["key"], bool(token["equals"])) if token else (b"", False)
        if not is_known(key, has_value, section):
            position = after_unknown(data, position)
            continue
        assert token
        position = token.end()
        if not has_value:
            record.flags.add(key)
            continue
        if key in HEAD and record.seen & set(IDENTIFYING):
            record.reason = second_record(key)
            return record
        section = LEADS_TO.get(key, section)
        value = data[position:].split(b" ")[0]
        if not value:
            record.seen |= {key} & set(HEAD)
            continue
        if key in READ_PAST and value.startswith(b'"'):
            quoted = re.compile(rb'"[^"]*"?', re.DOTALL).match(data, position)
            assert quoted
            position = quoted.end()
            continue
        position += len(value)
        record.reason = take(record, key, value, section)
        if record.reason:
            return record
        if key == b"PROTO":
            section = ICMP if value[:4].upper() == b"ICMP" or value in (b"1", b"58") else TRANSPORT
    return record


def is_known(key: bytes, has_value: bool, section: str) -> bool:  # noqa: FBT001
    """Return whether a key has a meaning in a section."""
    if not has_value:
        return (key == b"DF" and section == NETWORK) or (key in FLAGS and section == TRANSPORT)
    if key in NUMBERS:
        return any(section in sections for _, _, sections in NUMBERS[key])
    return key in TEXTS or key in READ_PAST or (key in HEXADECIMAL and section == NETWORK)


def after_unknown(data: bytes, position: int) -> int:
    """Return where the next token may start; a bracket is passed over with all that it holds."""
    pair = {b"[": b"[]", b"(": b"()"}.get(data[position : position + 1])
    if not pair:
        return position + len(data[position:].split(b" ")[0])
    depth = 0
    for found in re.finditer(b"[" + re.escape(pair) + b"]", data[position:]):
        depth += 1 if found[0] == pair[:1] else -1
        if depth == 0:
            return position + found.end()
    return len(data)


def second_record(key: bytes) -> str:
    """Return the reason of a line that holds two records."""
    return f"{key.decode()}= shows a second record in the line"


def take(record: Record, key: bytes, value: bytes, section: str) -> str:
    """Take a value into the record; return the reason where it is not valid, or an empty text."""
    repeated = key in record.seen and key in (*HEAD, *IDENTIFYING)
    if key in HEAD or key in IDENTIFYING:
        record.seen.add(key)
    if key in READ_PAST:
        return ""
    if key in TEXTS:
        return take_text(record, key, value, TEXTS[key])
    if key in HEXADECIMAL:
        column, top = HEXADECIMAL[key], 255
        number = int(value, 16) if re.fullmatch(rb"(?:0[xX](?=.))?[0-9A-Fa-f]{1,8}", value) else -1
    else:
        column, top, _ = next(meaning for meaning in NUMBERS[key] if section in meaning[2])
        number = int(value) if re.fullmatch(rb"[0-9]{1,18}", value) else -1
    if not 0 <= number <= top:
        name = {"type_of_service": "tos"}.get(column, {b"TC": "traffic_class"}.get(key, column))
        return f"{name} is no number from 0 to {top}: {value[:80].decode('utf-8', 'backslashreplace')!r}"
    if repeated and column in record.columns:
        return second_record(key)
    record.columns.setdefault(column, number)
    return ""


def take_text(record: Record, key: bytes, value: bytes, column: str) -> str:
    """Take a text into the record, like `take`."""
    if column in record.columns:
        return second_record(key) if key in (*HEAD, *IDENTIFYING) else ""
    if key in (b"SRC", b"DST"):
        address = canonical(value)
        if address is None:
            return f"{column} is no IP address: {value[:80].decode('utf-8', 'backslashreplace')!r}"
        record.columns[column] = address
    else:
        record.columns[column] = text(value)
    return ""


def canonical(value: bytes) -> str | None:
    """Return the canonical text of an address; None for what is none, or has a scope."""
    try:
        written = value.decode("ascii")
        if "%" in written or re.search(r"\s", written):
            return None
        return str(IPv6Address(written) if ":" in written else IPv4Address(written))
    except (UnicodeDecodeError, AddressValueError):
        return None


def protocol(value: str) -> str | None:
    """Return the name of a protocol, or its number where it has none; None for what is neither."""
    if re.fullmatch(r"[0-9]{1,3}", value):
        return PROTOCOLS.get(int(value), str(int(value))) if int(value) <= 255 else None
    name = SYNONYMS.get(value.lower(), value.lower())
    return name if name in PROTOCOLS.values() else None


def check(columns: dict[str, Any]) -> None:
    """Refuse a MAC or a protocol that is none."""
    mac = columns.get("mac")
    if mac and not re.fullmatch(r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2})*:?", mac):
        raise NoEvent(f"MAC is no hardware address: {mac[:80]!r}")
    name = columns.get("protocol")
    if name and protocol(name) is None:
        raise NoEvent(f"protocol is no name or number of an IP protocol: {name[:80]!r}")


def finished(record: Record) -> dict[str, Any]:
    """Return the columns that several keys make up, beside those that one does."""
    columns = dict(record.columns)
    octets = re.findall(r"[0-9A-Fa-f]{2}", columns.pop("mac", "") or "")
    if len(octets) >= 12:
        columns.setdefault("destination_mac", ":".join(octets[:6]).lower())
        columns.setdefault("source_mac", ":".join(octets[6:12]).lower())
    precedence = columns.pop("precedence", 0)
    if "type_of_service" in columns:
        columns["tos"] = columns.pop("type_of_service") | precedence
    if b"DF" in record.flags or "ip_id" in columns:
        columns["dont_fragment"] = b"DF" in record.flags
    flags = [flag.decode() for flag in FLAGS if flag in record.flags]
    if flags or "tcp_window" in columns:
        columns["tcp_flags"] = " ".join(flags)
    if "protocol" in columns:
        columns["protocol"] = protocol(columns["protocol"])
    return columns


def action(prefix: str) -> str | None:
    """Return what a log prefix says was done; EdgeOS writes it as the last letter in the brackets."""
    letters = VERDICT.findall(prefix)
    for letter, said in (("D", "block"), ("R", "reject"), ("A", "allow")):
        if letter in letters:
            return said
    for pattern, said in ((REJECT, "reject"), (BLOCK, "block"), (ALLOW, "allow")):
        if pattern.search(prefix):
            return said
    return None


def direction(prefix: str, columns: dict[str, Any]) -> str | None:
    """Return which way the packet went."""
    came, leaves = "in_interface" in columns, "out_interface" in columns
    if came and leaves:
        if re.search(r"\bINBOUND\b", prefix, re.IGNORECASE):
            return "inbound"
        return "outbound" if re.search(r"\bOUT(?:BOUND|G)\b", prefix, re.IGNORECASE) else "forward"
    return "inbound" if came else "outbound" if leaves else None
