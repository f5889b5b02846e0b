"""Sample logs: half a year of a home firewall's UFW log, drawn from a seed, with an account of every packet in it.

What is written is a story with known answers, so that reports and views can be checked against something that never
read a log line: 445/tcp leads, 53413/udp fades from 31 May 2020 on, 5060/udp is new in the second quarter, one packet
comes from Anguilla. Addresses are drawn from the bundled country database, so a look-up gives the story back.

The same seed gives the same bytes on every machine: all draws are integer arithmetic on the raw words of PCG64, which
NumPy promises to keep, and no floating point takes part, which processors round differently.

The lines follow the kernel's net/netfilter/nf_log_syslog.c (key order, the blank after each value) behind the prefix
of UFW and the stamp of rsyslog's traditional file format, which has no year:

    Apr  3 04:12:45 home kernel: [123456.789012] [UFW BLOCK] IN=eth0 OUT= MAC=02:00:5e:10:00:01:02:00:5e:10:00:fe:08:00
    SRC=1.2.3.4 DST=198.51.100.7 LEN=40 TOS=0x00 PREC=0x00 TTL=241 ID=54321 PROTO=TCP SPT=51234 DPT=445 WINDOW=1024
    RES=0x00 SYN URGP=0
"""

import calendar
import gzip
import ipaddress
import os
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from functools import cache
from io import BytesIO
from itertools import pairwise
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numpy.random import PCG64, SeedSequence

from pipelines.address_scope import SCOPES, scope_ranges
from pipelines.addresses import IPV4, IPV6, Addresses
from pipelines.geoip import CountryDatabase
from pipelines.settings import BUNDLED_GEOIP_DB

Ints = npt.NDArray[np.int64]

FIRST_DAY = date(2020, 1, 1)
LAST_DAY = date(2020, 6, 30)
DAYS = tuple(FIRST_DAY + timedelta(days=number) for number in range((LAST_DAY - FIRST_DAY).days + 1))

# Syslog's names of the months, whatever the locale.
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAY_STAMPS = tuple(f"{MONTHS[day.month - 1]} {day.day:2d}" for day in DAYS)

HOST = "home"
OWN_IPV4 = "198.51.100.7"
OWN_IPV6 = "2001:db8:5::7"
# Its modem, in front of the firewall: it asks for multicast groups from a private address.
MODEM = "192.168.100.1"
ALL_HOSTS = "224.0.0.1"

# Shares of a hundred, Monday to Sunday: fewer office machines are on at the weekend.
WEEKDAYS = (105, 104, 104, 103, 102, 92, 90)
# Weight of each hour, UTC. Infected machines sleep with their owners, most of them in East Asia; scanners do not.
PEOPLE = (9, 10, 10, 10, 10, 10, 10, 10, 10, 10, 9, 9, 9, 9, 8, 7, 5, 4, 3, 3, 3, 4, 6, 8)
MACHINES = (4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 3, 3, 3, 3, 3, 4, 4)


@dataclass(frozen=True)
class Family:
    """Machines that do the same work. Each country has its own pool of them, of heavy-tailed activity.

    Attributes:
        size: sources alive at once in a country; the n-th is 1/n as busy as the first.
        days: how long a source lives before another takes its place.
        hours: weight of each hour of the day, UTC.
    """

    size: int
    days: int
    hours: tuple[int, ...]


FAMILIES = {
    "desktops": Family(2_500, 18, PEOPLE),
    "devices": Family(1_500, 7, PEOPLE),
    "servers": Family(300, 30, MACHINES),
    "scanners": Family(60, 60, MACHINES),
    "sql": Family(400, 25, PEOPLE),
    "netis": Family(35, 40, MACHINES),
    "sip": Family(30, 12, MACHINES),
    "reflection": Family(40, 45, MACHINES),
    "victims": Family(200, 2, MACHINES),
}

COUNTING_ID = -1
RANDOM_ID = -2
ZMAP_ID = 54321
RANDOM_WINDOW = -1
# Weight of the busiest source of a pool: large enough for whole-number weights of the thousandth.
TAIL_SCALE = 1_000_000
# Values of a field of 16 bits.
WORD = 1 << 16


@dataclass(frozen=True)
class Habit:
    """How the packets of a tool or an operating system look.

    Attributes:
        family: who has the habit: a key of `FAMILIES`.
        protocol: tcp or udp.
        ttl: what the sender sets; the log shows it less the hops between.
        shapes: packet length and TCP window; a source keeps one of them.
        source_ports: first and last; a try and its repetitions share one.
        ip_id: a fixed number, `COUNTING_ID` or `RANDOM_ID`.
        dont_fragment: whether the DF flag is set.
        flags: TCP flags in the kernel's order.
        ecn: ECN bits of the TOS byte.
        retries: seconds after the first packet at which a machine that got no answer tries again.
        patience: how many of a hundred stop after each try.
    """

    family: str
    protocol: str
    ttl: int
    shapes: tuple[tuple[int, int], ...]
    source_ports: tuple[int, int] = (32768, 61000)
    ip_id: int = RANDOM_ID
    dont_fragment: bool = False
    flags: str = "SYN"
    ecn: int = 0
    retries: tuple[int, ...] = ()
    patience: tuple[int, ...] = (100,)

    @property
    def mean_packets(self) -> int:
        """Packets of a visit, in hundredths."""
        return sum(tries * share for tries, share in enumerate(self.patience, start=1))


def _windows(*shapes: tuple[int, int], flags: str = "SYN", ecn: int = 0) -> Habit:
    return Habit(
        "desktops",
        "tcp",
        128,
        shapes,
        (1024, 65535),
        COUNTING_ID,
        dont_fragment=True,
        flags=flags,
        ecn=ecn,
        retries=(3, 9),
        patience=(30, 25, 45),
    )


def _probe(family: str, *lengths: int, ip_id: int = ZMAP_ID) -> Habit:
    return Habit(family, "udp", 255, tuple((length, 0) for length in lengths), ip_id=ip_id)


HABITS = {
    "windows": _windows((52, 8192), (52, 64240), (52, 65535), (52, 8192)),
    "xp": _windows((48, 65535), (48, 64240), (48, 16384)),
    "ecn": _windows((52, 8192), (52, 64240), flags="CWR ECE SYN", ecn=2),
    "linux": Habit(
        "servers",
        "tcp",
        64,
        ((60, 29200), (60, 64240), (60, 14600), (60, 5840), (60, 26883)),
        (32768, 60999),
        COUNTING_ID,
        dont_fragment=True,
        retries=(1, 3),
        patience=(60, 20, 20),
    ),
    "bot": Habit("devices", "tcp", 64, ((40, RANDOM_WINDOW), (40, RANDOM_WINDOW), (44, RANDOM_WINDOW)), (1024, 65535)),
    "zmap": Habit("scanners", "tcp", 255, ((40, 65535),), ip_id=ZMAP_ID),
    "masscan": Habit("scanners", "tcp", 255, ((40, 1024),), (40000, 60000)),
    "sql": Habit("sql", "tcp", 128, ((40, 16384),), (6000, 6000), 256),
    "netis": Habit("netis", "udp", 64, ((57, 0), (113, 0), (146, 0)), (1024, 65535)),
    "sip": Habit(
        "sip",
        "udp",
        64,
        ((434, 0), (439, 0), (441, 0), (443, 0), (445, 0)),
        (5060, 5170),
        RANDOM_ID,
        dont_fragment=True,
    ),
    "ldap": _probe("reflection", 67, 68, 80),
    "ntp": _probe("reflection", 36, 220, ip_id=RANDOM_ID),
    "ssdp": _probe("reflection", 118, 122, 129),
    "dns": _probe("reflection", 57, 59, 64, 70),
    "snmp": _probe("reflection", 68, 71, 113),
    "memcached": _probe("reflection", 43),
    "udp": _probe("scanners", 28, 32, 58, 64, ip_id=RANDOM_ID),
    # Answers of machines under attack, whose attacker forged the firewall's address.
    "accepted": Habit(
        "victims", "tcp", 64, ((44, 29200), (44, 14600), (52, 64240)), (80, 80), 0, dont_fragment=True, flags="ACK SYN"
    ),
    "refused": Habit("victims", "tcp", 64, ((40, 0),), (443, 443), 0, dont_fragment=True, flags="ACK RST"),
}


@dataclass(frozen=True)
class Campaign:
    """What is sent to one port, or to the ports of one kind, through the half year.

    Attributes:
        name: port and protocol, or a name and protocol; also names the stream of its draws.
        packets: packets a day at a month-day; in between they change evenly.
        habits: key of `HABITS`, weight, ...
        countries: ISO code, weight, ...; `*` is `REST_OF_WORLD`.
        ports: destination ports, drawn evenly; none: the one in the name.
        any_port: how many of a hundred go to a port drawn from all.
    """

    name: str
    packets: str
    habits: str
    countries: str
    ports: tuple[int, ...] = ()
    any_port: int = 0


SCANNED_PORTS = (
    *(21, 110, 111, 139, 143, 179, 502, 587, 993, 1080, 1883, 2222, 2375, 3128, 3306, 4444, 5000, 5432, 5601, 5984),
    *(6666, 7001, 8000, 8081, 8088, 8089, 8443, 8888, 9000, 9200, 9999, 10000, 27017, 33890, 50070, 60001),
)

CAMPAIGNS = (
    Campaign(
        "445/tcp",
        "01-01 340 03-31 325 06-30 300",
        "windows 56 xp 16 ecn 4 masscan 12 zmap 12",
        "CN 31 VN 23 IN 9 ID 7 RU 6 BR 5 TW 5 TH 4 * 10",
    ),
    Campaign(
        "23/tcp",
        "01-01 175 04-20 165 04-21 720 04-22 260 04-23 160 06-30 150",
        "bot 100",
        "CN 27 TW 18 KR 15 BR 8 US 6 RU 4 VN 4 TR 3 IR 2 * 13",
    ),
    Campaign("1433/tcp", "01-01 86 06-30 80", "sql 70 masscan 20 xp 10", "CN 970 KR 8 US 8 IN 7 BR 7"),
    Campaign(
        "53413/udp", "01-01 71 05-30 70 05-31 38 06-02 26 06-05 22 06-30 12", "netis 100", "US 54 CN 43 NL 2 RU 1"
    ),
    Campaign(
        "5060/udp", "01-01 1 03-31 2 04-09 5 04-10 40 04-13 55 06-30 53", "sip 100", "US 34 NL 25 FR 21 EE 13 DE 4 GB 3"
    ),
    Campaign("389/udp", "01-01 42 06-30 46", "ldap 100", "US 50 NL 27 RO 15 DE 4 RU 4"),
    Campaign(
        "22/tcp", "01-01 36", "linux 70 masscan 15 zmap 15", "CN 34 US 16 FR 6 VN 5 BR 5 IN 5 KR 4 SG 4 RU 3 * 18"
    ),
    Campaign(
        "3389/tcp", "01-01 33 06-30 37", "ecn 20 windows 25 masscan 40 zmap 15", "RU 26 CN 19 US 15 NL 12 DE 5 * 23"
    ),
    Campaign("80/tcp", "01-01 34", "bot 40 zmap 25 masscan 20 linux 15", "US 24 CN 21 BR 7 IN 6 GB 4 TW 4 * 34"),
    Campaign("8080/tcp", "01-01 32", "bot 60 zmap 20 masscan 20", "CN 20 US 15 BR 9 TW 7 IR 5 KR 5 IT 4 MX 3 * 32"),
    Campaign("81/tcp", "01-01 27", "bot 90 masscan 10", "KR 17 CN 15 TW 12 BR 9 IT 6 TH 5 VN 5 * 31"),
    Campaign("5555/tcp", "01-01 26", "bot 100", "KR 38 CN 20 TW 14 HK 8 US 4 RU 4 * 12"),
    Campaign("8545/tcp", "01-01 24 06-30 18", "masscan 60 zmap 40", "NL 38 US 23 RU 12 FR 8 CN 8 DE 6 SC 5"),
    Campaign("6379/tcp", "01-01 20 06-30 23", "linux 70 masscan 30", "CN 67 US 10 SG 6 HK 5 KR 3 DE 3 * 6"),
    Campaign("123/udp", "01-01 20", "ntp 100", "US 55 NL 15 CN 9 DE 7 RU 6 GB 4 FR 4"),
    Campaign("1900/udp", "01-01 17", "ssdp 100", "US 48 CN 18 NL 13 RO 8 DE 7 RU 6"),
    Campaign("443/tcp", "01-01 17", "zmap 45 masscan 35 linux 20", "US 41 CN 12 NL 8 DE 7 GB 6 FR 5 * 21"),
    Campaign("2323/tcp", "01-01 15", "bot 100", "CN 26 TW 18 KR 12 BR 9 US 6 TR 4 * 25"),
    Campaign("37215/tcp", "01-01 14", "bot 100", "EG 34 CN 13 IQ 7 KE 6 TN 6 BR 6 * 28"),
    Campaign("161/udp", "01-01 12", "snmp 100", "US 57 NL 14 CN 9 DE 8 RU 7 BR 5"),
    Campaign("53/udp", "01-01 12", "dns 100", "US 42 CN 19 NL 12 RU 9 DE 9 FR 9"),
    Campaign("25/tcp", "01-01 11", "linux 60 masscan 40", "US 29 CN 15 RU 8 NL 7 TW 7 LV 5 * 29"),
    Campaign("11211/udp", "01-01 10", "memcached 100", "US 61 NL 15 CN 10 DE 8 RU 6"),
    Campaign("5900/tcp", "01-01 10", "masscan 70 linux 30", "RU 25 US 18 NL 15 CN 13 FR 8 * 21"),
    Campaign("8291/tcp", "01-01 9", "bot 70 masscan 30", "BR 19 ID 12 RU 11 IR 8 UA 7 BD 6 * 37"),
    Campaign("52869/tcp", "01-01 9", "bot 100", "TW 20 CN 15 KR 9 BR 8 AR 7 * 41"),
    Campaign("7547/tcp", "01-01 8", "bot 100", "BR 14 TR 12 IT 9 MX 8 DE 7 * 50"),
    Campaign(
        "scanned/tcp",
        "01-01 265 06-30 285",
        "masscan 62 zmap 30 linux 8",
        "RU 25 NL 22 US 21 CN 10 BG 4 GB 4 UA 3 FR 2 DE 2 * 7",
        SCANNED_PORTS,
        62,
    ),
    Campaign(
        "scanned/udp",
        "01-01 24",
        "udp 100",
        "US 40 NL 16 CN 14 RU 9 DE 8 FR 6 * 7",
        (17, 19, 69, 111, 137, 500, 623, 1434, 3283, 3702, 4500, 5353, 5683, 10001, 27015),
        30,
    ),
    Campaign("answered/tcp", "01-01 20", "accepted 75 refused 25", "US 35 CN 22 FR 12 DE 10 NL 6 SG 5 * 10", (), 100),
)

# Countries that turn up in every mix now and then, with their weights.
REST_OF_WORLD = (
    "UA 60 TR 58 IR 52 KR 50 MX 46 PK 44 AR 42 IT 40 EG 38 CO 36 PH 36 MY 34 RO 32 PL 30 BG 28 HK 28 JP 26 BD 26 "
    "VE 24 ES 24 GB 24 FR 22 DE 22 TH 22 SG 20 CA 20 KZ 18 CL 18 ZA 18 NG 17 GR 16 SA 16 MA 16 DZ 15 EC 15 PE 15 "
    "HU 14 CZ 14 RS 14 AU 13 TN 13 LK 12 KE 12 IL 12 PT 11 NP 11 SE 11 IQ 10 KH 10 AE 10 DO 10 BY 9 GE 9 LT 9 "
    "LV 9 MD 9 NL 9 PA 8 JO 8 AM 8 AZ 8 UZ 8 BO 8 PY 8 GT 8 CR 8 CH 7 BE 7 AT 7 SK 7 HR 7 MN 7 LB 7 MM 6 AL 6 "
    "BA 6 MK 6 NO 6 FI 6 DK 6 NZ 6 HN 6 SV 6 IE 5 UY 5 SI 5 EE 5 KG 5 KW 5 OM 5 GH 5 CI 5 SN 5 MU 5 UG 4 TZ 4 "
    "LA 4 QA 4 BH 4 CY 4 SY 4 YE 4 CM 4 ZM 4 AO 4 PS 4 JM 4 TT 4 NI 4 PR 4 MT 3 LU 3 IS 3 ME 3 MO 3 ET 3 MZ 3 "
    "SD 3 LY 3 AF 3 TJ 3 RE 3 MG 3 CD 3 RW 2 MV 2 BW 2 NA 2 BN 2 FJ 2 GA 2"
)

# Every packet from a country that hardly ever sends one: country, day, port. None of them is in any mix.
RARE_VISITS = (
    ("AI", date(2020, 5, 17), 23),
    ("GL", date(2020, 1, 14), 445),
    ("GL", date(2020, 6, 9), 23),
    ("FO", date(2020, 2, 3), 23),
    ("SM", date(2020, 4, 18), 8080),
    ("VU", date(2020, 1, 29), 445),
    ("VU", date(2020, 3, 11), 445),
    ("WS", date(2020, 6, 2), 23),
    ("BT", date(2020, 1, 8), 23),
    ("BT", date(2020, 4, 12), 80),
    ("BT", date(2020, 5, 28), 23),
    ("TL", date(2020, 2, 25), 445),
    ("KI", date(2020, 4, 27), 23),
    ("CK", date(2020, 3, 2), 8291),
    ("TO", date(2020, 5, 4), 7547),
    ("AD", date(2020, 4, 7), 80),
    ("AD", date(2020, 6, 20), 5555),
    ("LI", date(2020, 2, 17), 22),
    ("MC", date(2020, 6, 13), 443),
    ("GI", date(2020, 3, 26), 3389),
    ("ST", date(2020, 1, 21), 23),
    ("KM", date(2020, 5, 11), 23),
    ("FM", date(2020, 3, 6), 445),
    ("PW", date(2020, 6, 25), 8080),
)


class Interval(NamedTuple):
    """From `first` until before `last`, UTC, microseconds since the epoch."""

    first: int
    last: int


def _moment(text: str) -> int:
    """Return an ISO stamp, read as UTC, in microseconds since the epoch."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
PERIOD = Interval(_moment(f"{FIRST_DAY}"), _moment(f"{LAST_DAY + timedelta(days=1)}"))

# When the line was down: nothing at all is logged. One of them takes nearly a whole day.
OUTAGES = tuple(
    Interval(_moment(first), _moment(last))
    for first, last in (
        ("2020-01-23 16:40", "2020-01-23 19:05"),
        ("2020-02-19 17:52", "2020-02-19 20:10"),
        ("2020-03-17 00:40", "2020-03-17 23:20"),
        ("2020-05-07 17:00", "2020-05-07 20:00"),
        ("2020-06-18 19:45", "2020-06-18 22:05"),
    )
)
# From the last line before a restart to the kernel's first; the kernel's clock starts anew.
RESTARTS = tuple(
    Interval(_moment(first), _moment(last))
    for first, last in (
        ("2019-11-29 07:12:48", "2019-11-29 07:14:33"),
        ("2020-02-13 04:11:20", "2020-02-13 04:13:05"),
        ("2020-05-02 22:40:02", "2020-05-02 22:41:40"),
    )
)
# The kernel's first moment is this long before the first line that syslog can write.
BOOTS = tuple(restart.last - 15 * SECOND for restart in RESTARTS)
# Logrotate's weekly run, as Debian's cron.daily starts it: Sundays at 06:25.
ROTATIONS = tuple(_moment(f"{day} 06:25") for day in DAYS if day.weekday() == calendar.SUNDAY)

# Hours in which one machine tries hundreds of ports.
PORT_SCANS = 16
# Packets that are logged twice to the byte, lines that lose their head, and lines that end inside an address.
TWINS = 14
CUT_HEADS = 2 * len(DAYS)
CUT_ADDRESSES = len(DAYS) * 3 // 2


@dataclass(frozen=True)
class Tally:
    """What was written, counted where it was drawn and never read back from a line.

    Attributes:
        events: one row per line that is an event, in the order of the files from the oldest to the newest: observed_at
            (UTC, whole seconds), day, source_ip and destination_ip (canonical text; null where the line lost them),
            source_port, destination_port (null for protocols without), protocol, country (that the source was drawn
            from; null for own and private addresses and where the line lost the source), ipv6, truncated. Two lines
            that are the same to the byte are two rows.
        lines_per_file: lines by file name.
        lines_per_day: lines by UTC day; every day of the half year has an entry, here and below.
        ignored_per_day: lines that are no firewall records.
        rejected_per_day: lines that end inside an address.
    """

    events: pa.Table
    lines_per_file: dict[str, int]
    lines_per_day: dict[date, int]
    ignored_per_day: dict[date, int]
    rejected_per_day: dict[date, int]


EVENT_COLUMNS = pa.schema(
    [
        ("observed_at", pa.timestamp("us")),
        ("day", pa.date32()),
        ("source_ip", pa.string()),
        ("destination_ip", pa.string()),
        ("source_port", pa.int32()),
        ("destination_port", pa.int32()),
        ("protocol", pa.string()),
        ("country", pa.string()),
        ("ipv6", pa.bool_()),
        ("truncated", pa.bool_()),
    ]
)


def write_sample(folder: Path, seed: int = 2020, database: Path | None = None) -> Tally:
    """Write `ufw.log`, `ufw.log.1`, `ufw.log.2.gz` ... `ufw.log.26.gz` into `folder` and return their account.

    Content and modification times depend on the seed and the database alone; files of these names are overwritten.

    Args:
        folder: where to; created if it does not exist.
        seed: of all draws, 0 or more.
        database: MaxMind DB file of countries to draw the addresses from; the bundled one by default.

    Raises:
        SettingError: the database cannot be used.
        ValueError: the seed is negative, or the database lacks a country that the story needs.
    """
    if seed < 0:
        raise ValueError(f"seed is {seed}: it must be 0 or more")
    lines = _all_lines(seed, AddressBook(database or BUNDLED_GEOIP_DB))
    folder.mkdir(parents=True, exist_ok=True)
    return _tally(lines, _write_files(folder, lines))


class Draws:
    """Random integers of one named stream: what one part of the story draws does not shift another's."""

    def __init__(self, seed: int, name: str) -> None:
        self._bits = PCG64(SeedSequence((seed, crc32(name.encode()))))

    def below(self, bound: int | Ints, count: int) -> Ints:
        """Return `count` integers from 0 to `bound` - 1, for a bound or one bound each, at most 2**32.

        The upper half of a raw word times the bound, shifted back: its bias is below 2**-32 times the bound.
        """
        words = np.asarray(self._bits.random_raw(count), np.uint64) >> np.uint64(32)
        return (words * np.asarray(bound, np.uint64) >> np.uint64(32)).astype(np.int64)

    def between(self, first: int, last: int, count: int) -> Ints:
        """Return `count` integers from `first` to `last`, both included."""
        return first + self.below(last - first + 1, count)

    def pick(self, weights: Sequence[int] | Ints, count: int) -> Ints:
        """Return `count` indexes into `weights`, each as often as its weight says."""
        ends = np.cumsum(np.asarray(weights, np.int64))
        return np.searchsorted(ends, self.below(int(ends[-1]), count), side="right").astype(np.int64)

    def rows(self, count: int, *bounds: int) -> list[list[int]]:
        """Return `count` rows of one integer below each bound."""
        return [list(row) for row in zip(*(self.below(bound, count).tolist() for bound in bounds), strict=True)]

    def moments(self, count: int) -> Ints:
        """Return `count` moments of the half year, evenly spread."""
        days = self.below(len(DAYS), count)
        return PERIOD.first + days * DAY + self.below(24 * 3600, count) * SECOND + self.below(SECOND, count)


def _weights(text: str) -> dict[str, int]:
    """Return the pairs of a text such as "CN 31 VN 23 * 10"."""
    words = text.split()
    return {name: int(weight) for name, weight in zip(words[::2], words[1::2], strict=True)}


@cache
def _countries() -> tuple[str, ...]:
    """Return the ISO codes of every country in the story, sorted; a country's index stands for it in arrays."""
    named = {country for campaign in CAMPAIGNS for country in _weights(campaign.countries)}
    return tuple(sorted((named | _weights(REST_OF_WORLD).keys() | {visit[0] for visit in RARE_VISITS}) - {"*"}))


def _heavy_tail(size: int) -> Ints:
    """Return weights of which the n-th is 1/n of the first."""
    return TAIL_SCALE // np.arange(1, size + 1)


def _country_weights(text: str) -> list[int]:
    """Return a weight for each of `_countries()`, with the weight of `*` spread over the rest of the world."""
    named = _weights(text)
    rest = _weights(REST_OF_WORLD)
    share = named.get("*", 0)
    return [named.get(code, 0) * sum(rest.values()) + share * rest.get(code, 0) for code in _countries()]


class Holdings(NamedTuple):
    """Public ranges of addresses, sorted by country, and where the ranges of each country begin."""

    first: Ints
    size: Ints
    borders: Ints


class AddressBook:
    """Public addresses of each country of the story, to draw sources from."""

    def __init__(self, database: Path) -> None:
        """Read the ranges of a MaxMind DB file of countries.

        Raises:
            SettingError: the file cannot be used.
            ValueError: a country of the story has no addresses in it.
        """
        self._database = CountryDatabase.open(database, "database")
        self._scopes = scope_ranges()
        countries, scopes = self._database.ranges, self._scopes
        starts = np.union1d(countries.ipv4_starts, scopes.ipv4_starts).astype(np.uint64)
        ends = np.append(starts[1:].astype(np.int64), 1 << 32)
        size = ends - starts.astype(np.int64)
        self._ipv4 = self._holdings(Addresses(np.full(len(starts), IPV4, np.int8), np.zeros_like(starts), starts), size)
        # IPv6 is counted in networks of 64 bits, and those that a border divides are left out. The last range is
        # multicast.
        divided = np.concatenate([table.ipv6_high[table.ipv6_low != 0] for table in (countries, scopes)])
        high = np.unique(np.concatenate((countries.ipv6_high, scopes.ipv6_high, divided, divided + np.uint64(1))))
        size = np.where(np.isin(high[:-1], divided), 0, (high[1:] - high[:-1]).astype(np.int64))
        starts = high[:-1]
        self._ipv6 = self._holdings(Addresses(np.full(len(starts), IPV6, np.int8), starts, np.zeros_like(starts)), size)
        self._ends = np.cumsum(self._ipv4.size)

    def _holdings(self, starts: Addresses, size: Ints) -> Holdings:
        codes = {code: number for number, code in enumerate(_countries())}
        # The last is for addresses of no country, -1.
        numbers = np.array([*(codes.get(code, -1) for code in self._database.countries), -1])
        country = numbers[self._database.country(*starts)]
        public = self._scopes.find(*starts) == SCOPES.index("public")
        kept = np.flatnonzero((country >= 0) & public & (size > 0))
        kept = kept[np.argsort(country[kept], kind="stable")]
        borders = np.searchsorted(country[kept], np.arange(len(codes) + 1))
        if missing := [code for code, number in zip(codes, np.diff(borders), strict=True) if number == 0]:
            path, version = self._database.path, starts.version[0]
            raise ValueError(
                f"{path} has no public IPv{version} addresses of {', '.join(missing)}: the sample needs them"
            )
        return Holdings((starts.high | starts.low)[kept].astype(np.int64), size[kept], borders)

    def ipv4(self, country: Ints, draws: Draws) -> list[str]:
        """Return an address for each country: every address of the country is as likely."""
        borders = np.append(0, self._ends)[self._ipv4.borders]
        place = borders[country] + draws.below(np.diff(borders)[country], len(country))
        found = np.searchsorted(self._ends, place, side="right")
        numbers = self._ipv4.first[found] + self._ipv4.size[found] - (self._ends[found] - place)
        return [f"{n >> 24}.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}" for n in numbers.tolist()]

    def ipv6(self, country: Ints, draws: Draws) -> list[ipaddress.IPv6Address]:
        """Return an address for each country, in a network of one of its ranges: every range is as likely."""
        count = len(country)
        borders = self._ipv6.borders
        found = borders[country] + draws.below(np.diff(borders)[country], count)
        # Ranges may be larger than a draw reaches; then only their first 2**32 networks are drawn from.
        network = self._ipv6.first[found] + draws.below(np.minimum(self._ipv6.size[found], 1 << 32), count)
        # Half of them servers numbered by hand, the others machines that number themselves.
        hosts = (
            low % 4096 + 1 if by_hand else high << 32 | low
            for by_hand, high, low in draws.rows(count, 2, 1 << 32, 1 << 32)
        )
        return [ipaddress.IPv6Address(n << 64 | host) for n, host in zip(network.tolist(), hosts, strict=True)]


class Visits(NamedTuple):
    """Packets with their retries, one entry each; arrays of the same length.

    Attributes:
        at: when, microseconds since the epoch.
        country: index into `_countries()`.
        habit: index into `HABITS`.
        slot: which machine of its family's pool in that country.
        port: destination port.
    """

    at: Ints
    country: Ints
    habit: Ints
    slot: Ints
    port: Ints


class Sources(NamedTuple):
    """What machines keep from packet to packet, by the machine's number.

    Attributes:
        address: dotted quad.
        country: ISO code.
        hops: routers between it and the firewall.
        tos: TOS byte.
        shape: which of a habit's shapes is its own, modulo their number.
        window: TCP window of habits with `RANDOM_WINDOW`.
    """

    address: list[str]
    country: list[str]
    hops: Ints
    tos: Ints
    shape: Ints
    window: Ints


class Kind(Enum):
    """What a reader must make of a line."""

    EVENT = "event"
    IGNORED = "ignored"
    REJECTED = "rejected"


class Line(NamedTuple):
    """One line: when, what follows the host name, and what is true of the packet behind it.

    `ordinary` packets are the inbound TCP and UDP packets of frequent countries: only they may be repeated or cut.
    """

    at: int
    text: str
    source_ip: str | None = None
    destination_ip: str | None = None
    protocol: str | None = None
    country: str | None = None
    source_port: int | None = None
    destination_port: int | None = None
    kind: Kind = Kind.EVENT
    ordinary: bool = False
    ipv6: bool = False
    truncated: bool = False


INBOUND = "IN=eth0 OUT= MAC=02:00:5e:10:00:01:02:00:5e:10:00:fe:08:00 "
INBOUND_IPV6 = "IN=eth0 OUT= MAC=02:00:5e:10:00:01:02:00:5e:10:00:fe:86:dd "
MULTICAST = "IN=eth0 OUT= MAC=01:00:5e:00:00:01:02:00:5e:10:00:fe:08:00 "
OUTBOUND = "IN= OUT=eth0 "
# Bytes of the headers, without options.
IPV4_HEADER, IPV6_HEADER = 20, 40

# TOS bytes as they arrive, with their weights: most networks clear them, some mark what they take for bulk traffic.
TOS_BYTES = (0x00, 0x28, 0x48, 0x20, 0x68, 0x08)
TOS_WEIGHTS = (80, 6, 5, 4, 3, 2)
# Windows gives up its TCP options at the last try, which makes the packet four bytes shorter.
WINDOWS_LENGTH, LAST_TRY = 52, 2

# Machines outside the pools of frequent ones.
SCAN_SLOT, RARE_SLOT, SLOTS = 10_000, 20_000, 1 << 15


def _campaign_packets(campaign: Campaign, draws: Draws) -> Ints:
    """Return the packets that a campaign sends on each day, in thousandths."""
    levels = _weights(campaign.packets)
    points = [((date.fromisoformat(f"{FIRST_DAY.year}-{day}") - FIRST_DAY).days, levels[day]) for day in levels]
    packets: list[int] = []
    for (start, level), (end, following) in pairwise([*points, (len(DAYS), points[-1][1])]):
        change = 1000 * (following - level)
        packets += [1000 * level + change * day // (end - start) for day in range(end - start)]
    weekdays = np.array([WEEKDAYS[day.weekday()] for day in DAYS])
    noise = draws.between(85, 115, len(DAYS))
    return np.asarray(np.array(packets) * weekdays * noise // 10_000, np.int64)


def _campaign_visits(campaign: Campaign, draws: Draws) -> Visits:
    habits, weights = list(HABITS), _weights(campaign.habits)
    mean = sum(weight * HABITS[habit].mean_packets for habit, weight in weights.items()) // sum(weights.values())
    thousandths = _campaign_packets(campaign, draws) * 100 // mean
    day = np.repeat(np.arange(len(DAYS)), (thousandths + draws.below(1000, len(DAYS))) // 1000)
    habit = draws.pick([weights.get(name, 0) for name in habits], len(day))
    country = draws.pick(_country_weights(campaign.countries), len(day))
    slot, hour = np.empty_like(day), np.empty_like(day)
    for name in weights:
        family = FAMILIES[HABITS[name].family]
        mine = np.flatnonzero(habit == habits.index(name))
        slot[mine] = draws.pick(_heavy_tail(family.size), len(mine))
        hour[mine] = draws.pick(family.hours, len(mine))
    at = PERIOD.first + day * DAY + hour * HOUR + draws.below(HOUR, len(day))
    return Visits(at, country, habit, slot, _campaign_ports(campaign, draws, len(day)))


def _campaign_ports(campaign: Campaign, draws: Draws, count: int) -> Ints:
    if campaign.ports or campaign.any_port:
        listed = np.array(campaign.ports or (0,))[draws.below(max(len(campaign.ports), 1), count)]
        return np.where(draws.below(100, count) < campaign.any_port, draws.between(1, 65535, count), listed)
    return np.full(count, int(campaign.name.partition("/")[0]))


def _port_scans(draws: Draws) -> Visits:
    """Return hours in which one machine tries hundreds of ports."""
    scans = []
    masscan = list(HABITS).index("masscan")
    countries = draws.pick(_country_weights("RU 5 NL 4 US 4 CN 3 FR 1 BG 1 UA 1 DE 1"), PORT_SCANS)
    hours = draws.below(len(DAYS) * 24, PORT_SCANS)
    for number, (country, hour) in enumerate(zip(countries.tolist(), hours.tolist(), strict=True)):
        ports = np.unique(draws.between(1, 65535, 180 + 20 * number))
        at = np.sort(PERIOD.first + hour * HOUR + draws.below(HOUR, len(ports)))
        order = np.argsort(draws.below(1 << 32, len(ports)), kind="stable")
        same = np.ones_like(ports)
        scans.append(Visits(at, same * country, same * masscan, same * (SCAN_SLOT + number), ports[order]))
    return Visits(*map(np.concatenate, zip(*scans, strict=True)))


def _rare_visits(draws: Draws) -> Visits:
    count = len(RARE_VISITS)
    days = np.array([(day - FIRST_DAY).days for _, day, _ in RARE_VISITS])
    return Visits(
        at=PERIOD.first + days * DAY + draws.below(24 * 3600, count) * SECOND + draws.below(SECOND, count),
        country=np.array([_countries().index(country) for country, _, _ in RARE_VISITS]),
        habit=np.full(count, list(HABITS).index("bot")),
        slot=RARE_SLOT + np.arange(count),
        port=np.array([port for _, _, port in RARE_VISITS]),
    )


def _sources(visits: Visits, book: AddressBook, draws: Draws) -> tuple[Sources, Ints]:
    """Return the machines behind the visits, and the number of the machine of each visit."""
    families = list(FAMILIES)
    family = np.array([families.index(habit.family) for habit in HABITS.values()])[visits.habit]
    lifetime = np.array([FAMILIES[name].days for name in families])[family]
    # Slots begin their lives on different days, or all of a pool would change at once.
    generation = ((visits.at - PERIOD.first) // DAY + 5 * visits.slot % lifetime) // lifetime
    machine = ((visits.country * len(families) + family) * SLOTS + visits.slot) * len(DAYS) + generation
    machines, number = np.unique(machine, return_inverse=True)
    country = machines // (len(DAYS) * SLOTS * len(families))
    codes = _countries()
    sources = Sources(
        address=book.ipv4(country, draws),
        country=[codes[index] for index in country.tolist()],
        hops=draws.between(8, 18, len(machines)),
        tos=np.array(TOS_BYTES)[draws.pick(TOS_WEIGHTS, len(machines))],
        shape=draws.below(60, len(machines)),
        window=draws.between(1024, 65535, len(machines)),
    )
    return sources, number


def _habit_packets(habit: Habit, visits: Visits, sources: Sources, machine: Ints, draws: Draws) -> Iterator[Line]:
    """Yield the packets, retries included, of visits that all have one habit."""
    tries = draws.pick(habit.patience, len(visits.at)) + 1
    visit = np.repeat(np.arange(len(tries)), tries)
    nth = np.arange(len(visit)) - np.repeat(np.cumsum(tries) - tries, tries)
    lateness = np.where(nth > 0, draws.below(40_000, len(nth)), 0)
    at = visits.at[visit] + np.array((0, *habit.retries))[nth] * SECOND + lateness
    ip_id = {
        COUNTING_ID: (draws.below(WORD, len(tries))[visit] + nth) % WORD,
        RANDOM_ID: draws.below(WORD, len(nth)),
    }.get(habit.ip_id, np.full(len(nth), habit.ip_id))
    source_port = draws.between(*habit.source_ports, len(tries))[visit]
    sender = machine[visit]
    length, window = np.array(habit.shapes)[sources.shape[sender] % len(habit.shapes)].T
    length = np.where((nth == LAST_TRY) & (length == WINDOWS_LENGTH), length - 4, length)
    window = np.where(window == RANDOM_WINDOW, sources.window[sender], window)
    ttl = habit.ttl - sources.hops[sender]
    tos = sources.tos[sender] | habit.ecn
    columns = (at, sender, length, ttl, ip_id, tos, source_port, visits.port[visit], window)
    rare = {country for country, _, _ in RARE_VISITS}
    for when, who, size, life, number, service, spt, dpt, free in zip(*(c.tolist() for c in columns), strict=True):
        address, country = sources.address[who], sources.country[who]
        head = Ipv4(address, OWN_IPV4, size, life, number, service, habit.dont_fragment)
        body = _tcp(spt, dpt, free, habit.flags) if habit.protocol == "tcp" else _udp(spt, dpt, size - IPV4_HEADER)
        yield Line(
            when,
            _blocked(when, f"{INBOUND}{head}{body}"),
            address,
            OWN_IPV4,
            habit.protocol,
            country,
            spt,
            dpt,
            ordinary=country not in rare,
        )


class Ipv4(NamedTuple):
    """What the kernel prints of an IPv4 header."""

    source: str
    destination: str
    length: int
    ttl: int
    ip_id: int
    tos: int = 0
    dont_fragment: bool = False

    def __str__(self) -> str:
        return (
            f"SRC={self.source} DST={self.destination} LEN={self.length} TOS=0x{self.tos & 0x1E:02X} "
            f"PREC=0x{self.tos & 0xE0:02X} TTL={self.ttl} ID={self.ip_id} {'DF ' if self.dont_fragment else ''}"
        )


def _blocked(at: int, packet: str) -> str:
    return f"kernel: [{_uptime(at)}] [UFW BLOCK] {packet}"


def _uptime(at: int) -> str:
    """Return the kernel's clock, which starts anew at each restart."""
    running = at - BOOTS[bisect_right(BOOTS, at) - 1]
    return f"{running // SECOND:5d}.{running % SECOND:06d}"


def _tcp(source_port: int, destination_port: int, window: int, flags: str) -> str:
    return f"PROTO=TCP SPT={source_port} DPT={destination_port} WINDOW={window} RES=0x00 {flags} URGP=0 "


def _udp(source_port: int, destination_port: int, length: int) -> str:
    return f"PROTO=UDP SPT={source_port} DPT={destination_port} LEN={length} "


class Stranger(NamedTuple):
    """A moment, an address and its country."""

    at: int
    address: str
    country: str


def _strangers(a_day: int, countries: str, book: AddressBook, draws: Draws) -> list[Stranger]:
    """Return that many a day, evenly spread: their addresses differ, unlike those of a pool."""
    count = a_day * len(DAYS)
    country = draws.pick(_country_weights(countries), count)
    codes = [_countries()[index] for index in country.tolist()]
    return list(map(Stranger, draws.moments(count).tolist(), book.ipv4(country, draws), codes))


# Length and TTL of an echo request as nmap, Windows and Linux send it; only Linux forbids fragments.
ECHO_REQUESTS = ((28, 255, False), (60, 128, False), (84, 64, True))


def _echo_requests(book: AddressBook, draws: Draws) -> Iterator[Line]:
    strangers = _strangers(12, "US 32 CN 18 NL 8 DE 6 JP 5 * 31", book, draws)
    rows = draws.rows(len(strangers), len(ECHO_REQUESTS), 11, WORD, WORD, 200)
    for sender, (kind, hops, ip_id, echo_id, sequence) in zip(strangers, rows, strict=True):
        length, ttl, dont_fragment = ECHO_REQUESTS[kind]
        head = Ipv4(sender.address, OWN_IPV4, length, ttl - 8 - hops, ip_id, dont_fragment=dont_fragment)
        text = _blocked(sender.at, f"{INBOUND}{head}PROTO=ICMP TYPE=8 CODE=0 ID={echo_id} SEQ={sequence} ")
        yield Line(sender.at, text, sender.address, OWN_IPV4, "icmp", sender.country)


# Types and codes of ICMP errors: host and port unreachable, two kinds of prohibition, time exceeded; with the TTL that
# the packet in the bracket had left.
ICMP_ERRORS = ((3, 1, 47), (3, 3, 51), (3, 10, 44), (3, 13, 53), (11, 0, 1))


def _icmp_errors(book: AddressBook, draws: Draws) -> Iterator[Line]:
    """Yield errors about packets that somebody sent in the firewall's name; the bracket holds that packet."""
    strangers = _strangers(6, "US 30 CN 14 BR 9 RU 7 IN 6 * 34", book, draws)
    targets = _strangers(6, "US 30 CN 14 BR 9 RU 7 IN 6 * 34", book, draws)
    rows = draws.rows(len(strangers), len(ICMP_ERRORS), 3, 11, WORD, WORD, WORD)
    for sender, target, (error, kind, hops, ip_id, inner_id, port) in zip(strangers, targets, rows, strict=True):
        icmp_type, code, ttl = ICMP_ERRORS[error]
        length, returned, inner = (
            (36 + port % 64, 36 + port % 64, _udp(53, port, 16 + port % 64)),
            (40, 40, _tcp(80, port, 14600, "ACK SYN")),
            # Old routers return the header and eight bytes more, which hold no whole TCP header.
            (40, 28, "PROTO=TCP INCOMPLETE [8 bytes] "),
        )[kind]
        head = Ipv4(sender.address, OWN_IPV4, IPV4_HEADER + 8 + returned, 255 - 8 - hops, ip_id, tos=0xC0)
        bracket = f"{Ipv4(OWN_IPV4, target.address, length, ttl, inner_id)}{inner}"
        text = _blocked(sender.at, f"{INBOUND}{head}PROTO=ICMP TYPE={icmp_type} CODE={code} [{bracket}] ")
        yield Line(sender.at, text, sender.address, OWN_IPV4, "icmp", sender.country)


IPV6_POOL = 240
# Protocol, destination port and packet length: scans of a few ports, DNS questions, and echo requests.
IPV6_PROBES = (
    *(("tcp", port, 80) for port in (22, 23, 80, 443, 445, 3389, 5900, 8080, 8443)),
    ("udp", 53, 72),
    ("icmpv6", None, 64),
)


def _ipv6_packets(book: AddressBook, draws: Draws) -> Iterator[Line]:
    count = 16 * len(DAYS)
    country = draws.pick(_country_weights("US 46 CN 14 DE 12 NL 9 GB 6 JP 5 FR 5 SG 3"), IPV6_POOL)
    pool = book.ipv6(country, draws)
    senders = draws.pick(_heavy_tail(IPV6_POOL), count).tolist()
    rows = draws.rows(count, len(IPV6_PROBES), 1 << 20, 28_000)
    destination = ipaddress.IPv6Address(OWN_IPV6).exploded
    for at, sender, (kind, flow, number) in zip(draws.moments(count).tolist(), senders, rows, strict=True):
        protocol, port, length = IPV6_PROBES[kind]
        source_port = None if port is None else 32768 + number
        if port is None or source_port is None:
            body = f"PROTO=ICMPv6 TYPE=128 CODE=0 ID={number} SEQ={flow % 10} "
        elif protocol == "udp":
            body = _udp(source_port, port, length - IPV6_HEADER)
        else:
            body = _tcp(source_port, port, 64800, "SYN")
        head = f"SRC={pool[sender].exploded} DST={destination} LEN={length} TC=0 HOPLIMIT={40 + sender % 20} "
        text = _blocked(at, f"{INBOUND_IPV6}{head}FLOWLBL={flow} {body}")
        code = _countries()[int(country[sender])]
        yield Line(at, text, str(pool[sender]), OWN_IPV6, protocol, code, source_port, port, ipv6=True)


def _tunnels(book: AddressBook, draws: Draws) -> Iterator[Line]:
    strangers = _strangers(1, "CN 60 US 40", book, draws)
    for sender, (length, hops, ip_id) in zip(strangers, draws.rows(len(strangers), 60, 11, WORD), strict=True):
        head = Ipv4(sender.address, OWN_IPV4, 48 + length, 255 - 8 - hops, ip_id)
        text = _blocked(sender.at, f"{INBOUND}{head}PROTO=47 ")
        yield Line(sender.at, text, sender.address, OWN_IPV4, "gre", sender.country)


def _group_reports(draws: Draws) -> Iterator[Line]:
    head = Ipv4(MODEM, ALL_HOSTS, 32, 1, 0, tos=0xC0, dont_fragment=True)
    for at in draws.moments(4 * len(DAYS)).tolist():
        yield Line(at, _blocked(at, f"{MULTICAST}{head}PROTO=2 "), MODEM, ALL_HOSTS, "igmp", None)


# What the firewall keeps in: a machine that would send mail, a camera that calls home, a clock.
KEPT_IN = (("tcp", 25, 60), ("udp", 32100, 72), ("udp", 123, 76))


def _outbound_packets(book: AddressBook, draws: Draws) -> Iterator[Line]:
    receivers = _strangers(3, "CN 45 US 35 DE 10 JP 10", book, draws)
    rows = draws.rows(len(receivers), len(KEPT_IN), 28_000, WORD)
    for receiver, (kind, number, ip_id) in zip(receivers, rows, strict=True):
        protocol, port, length = KEPT_IN[kind]
        source_port = 32768 + number
        head = Ipv4(OWN_IPV4, receiver.address, length, 64, ip_id, dont_fragment=True)
        body = (
            _tcp(source_port, port, 64240, "SYN")
            if protocol == "tcp"
            else _udp(source_port, port, length - IPV4_HEADER)
        )
        text = _blocked(receiver.at, f"{OUTBOUND}{head}{body}")
        yield Line(receiver.at, text, OWN_IPV4, receiver.address, protocol, None, source_port, port)


def _packets(seed: int, book: AddressBook) -> list[Line]:
    """Return the whole line of every packet that reaches the log, in no order."""
    parts = [_campaign_visits(campaign, Draws(seed, campaign.name)) for campaign in CAMPAIGNS]
    parts += [_port_scans(Draws(seed, "port scans")), _rare_visits(Draws(seed, "rare visits"))]
    visits = Visits(*map(np.concatenate, zip(*parts, strict=True)))
    sources, machine = _sources(visits, book, Draws(seed, "sources"))
    packets: list[Line] = []
    for number, (name, habit) in enumerate(HABITS.items()):
        mine = np.flatnonzero(visits.habit == number)
        own_visits = Visits(*(column[mine] for column in visits))
        packets += _habit_packets(habit, own_visits, sources, machine[mine], Draws(seed, f"habit {name}"))
    packets += _echo_requests(book, Draws(seed, "echo requests"))
    packets += _icmp_errors(book, Draws(seed, "ICMP errors"))
    packets += _ipv6_packets(book, Draws(seed, "IPv6"))
    packets += _tunnels(book, Draws(seed, "tunnels"))
    packets += _group_reports(Draws(seed, "group reports"))
    packets += _outbound_packets(book, Draws(seed, "outbound"))
    return packets


def _damage(packets: list[Line], draws: Draws) -> None:
    """Log a few packets twice to the byte, let a few lose their head, and end a few inside an address."""
    ordinary = [number for number, packet in enumerate(packets) if packet.ordinary]
    chosen = [*dict.fromkeys(draws.below(len(ordinary), TWINS + CUT_HEADS + CUT_ADDRESSES).tolist())]
    cuts = draws.below(WORD, len(chosen)).tolist()
    for order, (index, cut) in enumerate(zip(chosen, cuts, strict=True)):
        packet = packets[ordinary[index]]
        if order < TWINS:
            packets.append(packet)
        elif order < TWINS + CUT_HEADS:
            packets[ordinary[index]] = _without_head(packet, cut)
        else:
            packets[ordinary[index]] = _without_tail(packet, cut)


def _without_head(packet: Line, cut: int) -> Line:
    """Return what is left of a line whose head the kernel's full ring buffer wrote over.

    The cut is between the source address and PROTO=; one in four leaves the destination whole.
    """
    first, last = packet.text.index("DST="), packet.text.index("PROTO=")
    start = first if cut % 4 == 0 else first + 1 + cut % (last - first)
    return packet._replace(
        text=f"kernel: {packet.text[start:].lstrip()}",
        source_ip=None,
        destination_ip=packet.destination_ip if start == first else None,
        country=None,
        truncated=True,
    )


def _without_tail(packet: Line, cut: int) -> Line:
    """Return a line that ends inside the destination: no part of 198.51.100.7 but the whole is an address."""
    end = packet.text.index("DST=") + len("DST=") + 1 + cut % (len(OWN_IPV4) - 1)
    return Line(packet.at, packet.text[:end], kind=Kind.REJECTED)


# What else writes into the file, a few times a day. Kernel lines get the kernel's clock; {} is a process number.
NOISE = (
    "CRON[{}]: (root) CMD (   cd / && run-parts --report /etc/cron.hourly)",
    "systemd[1]: Starting Daily apt download activities...",
    "systemd[1]: Started Daily apt download activities.",
    "systemd[1]: apt-daily.service: Succeeded.",
    "systemd[1]: Starting Cleanup of Temporary Directories...",
    "dhclient[{}]: DHCPREQUEST for 198.51.100.7 on eth0 to 198.51.100.1 port 67",
    "dhclient[{}]: bound to 198.51.100.7 -- renewal in 19342 seconds.",
    "kernel: perf: interrupt took too long (2514 > 2500), lowering kernel.perf_event_max_sample_rate to 79500",
    "kernel: nf_conntrack: nf_conntrack: table full, dropping packet",
    "kernel: TCP: request_sock_TCP: Possible SYN flooding on port 8443. Sending cookies.  Check SNMP counters.",
    "rsyslogd: imuxsock[pid {}]: begin to drop messages due to rate-limiting",
)
LINK_DOWN = "kernel: e1000e: eth0 NIC Link is Down"
LINK_UP = "kernel: e1000e: eth0 NIC Link is Up 1000 Mbps Full Duplex, Flow Control: Rx/Tx"
RSYSLOG = 'rsyslogd:  [origin software="rsyslogd" swVersion="8.1901.0" x-pid="478" x-info="https://www.rsyslog.com"] '
BOOT = (
    f"{RSYSLOG}start",
    "kernel: [    0.000000] Linux version 4.19.0-8-amd64 (debian-kernel@lists.debian.org) #1 SMP Debian 4.19.98-1",
    "kernel: [    0.000000] Command line: BOOT_IMAGE=/boot/vmlinuz-4.19.0-8-amd64 root=/dev/sda1 ro quiet",
    "kernel: [    1.904512] e1000e 0000:00:19.0 eth0: (PCI Express:2.5GT/s:Width x1) 02:00:5e:10:00:01",
    "kernel: [    9.318840] IPv6: ADDRCONF(NETDEV_UP): eth0: link is not ready",
    "kernel: [   12.560219] e1000e: eth0 NIC Link is Up 1000 Mbps Full Duplex, Flow Control: Rx/Tx",
    "systemd[1]: Started Uncomplicated firewall.",
)


def _noise_lines(draws: Draws) -> Iterator[Line]:
    """Yield the lines that are no firewall records."""
    moments = draws.moments(6 * len(DAYS)).tolist()
    rows = draws.rows(len(moments), len(NOISE), 32_000)
    yield from (
        _ignored(at, NOISE[kind].format(300 + process)) for at, (kind, process) in zip(moments, rows, strict=True)
    )
    for outage in OUTAGES:
        yield _ignored(outage.first - 3 * SECOND, LINK_DOWN)
        yield _ignored(outage.last + SECOND, LINK_UP)
    for restart in RESTARTS:
        yield from (Line(restart.last + number, text, kind=Kind.IGNORED) for number, text in enumerate(BOOT))
    yield from (_ignored(at + 2 * SECOND, f"{RSYSLOG}rsyslogd was HUPed") for at in ROTATIONS)


def _ignored(at: int, text: str) -> Line:
    return Line(at, text.replace("kernel: ", f"kernel: [{_uptime(at)}] ", 1), kind=Kind.IGNORED)


def _all_lines(seed: int, book: AddressBook) -> list[Line]:
    """Return every line of the half year in order of time; none falls into an outage or a restart."""
    lines = _packets(seed, book)
    _damage(lines, Draws(seed, "damage"))
    lines += _noise_lines(Draws(seed, "noise"))
    lines.sort(key=attrgetter("at"))
    gaps = (Interval(0, PERIOD.first), *RESTARTS, *OUTAGES, Interval(PERIOD.last, PERIOD.last + DAY))
    for gap in gaps:
        first, last = (bisect_left(lines, moment, key=attrgetter("at")) for moment in gap)
        del lines[first:last]
    return lines


def _write_files(folder: Path, lines: Sequence[Line]) -> dict[str, int]:
    """Write the lines as logrotate leaves them and return the number of lines of each file.

    A rotated file keeps the time of its rotation as its modification time, inside gzip's header too; the newest has
    that of its last line. `delaycompress` leaves the first rotated file as it is.
    """
    borders = [0, *(bisect_left(lines, at, key=attrgetter("at")) for at in ROTATIONS), len(lines)]
    modified = [at // SECOND for at in (*ROTATIONS, lines[-1].at)]
    counts = {}
    for age, ((first, last), time) in enumerate(zip(reversed([*pairwise(borders)]), reversed(modified), strict=True)):
        content = "".join(f"{_stamp(line.at)} {HOST} {line.text}\n" for line in lines[first:last]).encode("ascii")
        path = folder / ("ufw.log" if age == 0 else f"ufw.log.{age}" if age == 1 else f"ufw.log.{age}.gz")
        path.write_bytes(_gzipped(content, time) if path.suffix == ".gz" else content)
        os.utime(path, (time, time))
        counts[path.name] = last - first
    return counts


def _stamp(at: int) -> str:
    day, second = divmod((at - PERIOD.first) // SECOND, DAY // SECOND)
    return f"{DAY_STAMPS[day]} {second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"


def _gzipped(content: bytes, modified: int) -> bytes:
    """Return what gzip writes when logrotate pipes a file through it: level 6, no file name."""
    packed = BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=packed, mtime=modified) as file:
        file.write(content)
    return packed.getvalue()


def _tally(lines: Sequence[Line], lines_per_file: dict[str, int]) -> Tally:
    events = [line for line in lines if line.kind is Kind.EVENT]
    second = np.array([line.at for line in events]) // SECOND
    derived = {"observed_at": second * SECOND, "day": (second // (DAY // SECOND)).astype(np.int32)}
    columns = [
        pa.array(derived[name] if name in derived else [getattr(line, name) for line in events], kind)
        for name, kind in zip(EVENT_COLUMNS.names, EVENT_COLUMNS.types, strict=True)
    ]
    return Tally(
        events=pa.table(columns, schema=EVENT_COLUMNS),
        lines_per_file=lines_per_file,
        lines_per_day=_per_day(lines),
        ignored_per_day=_per_day(line for line in lines if line.kind is Kind.IGNORED),
        rejected_per_day=_per_day(line for line in lines if line.kind is Kind.REJECTED),
    )


def _per_day(lines: Iterable[Line]) -> dict[date, int]:
    counted = Counter((line.at - PERIOD.first) // DAY for line in lines)
    return {day: counted[number] for number, day in enumerate(DAYS)}
