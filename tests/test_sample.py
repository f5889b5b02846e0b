"""The generator of the sample: what it promises of its bytes, of its form, of its account and of the story in it.

The lines are read here by a grammar of their own, written from the kernel's net/netfilter/nf_log_syslog.c.
"""

import gzip
import hashlib
import random
import re
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from ipaddress import ip_address
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import geoip2.database
import pytest

from pipelines import sample
from pipelines.sample import Tally, write_sample
from pipelines.settings import BUNDLED_GEOIP_DB, SettingError

DAYS = [date(2020, 1, 1) + timedelta(days=number) for number in range(182)]
Q1 = (date(2020, 1, 1), date(2020, 3, 31))
Q2 = (date(2020, 4, 1), date(2020, 6, 30))

# From the oldest to the newest.
NAMES = [*(f"ufw.log.{age}.gz" for age in range(26, 1, -1)), "ufw.log.1", "ufw.log"]
SUNDAYS = [datetime(2020, 1, 5, 6, 25, tzinfo=UTC) + timedelta(weeks=number) for number in range(26)]

MONTHS = {"Jan": 1, "Feb": 2, "Mar": 3, "Apr": 4, "May": 5, "Jun": 6}

# SHA-256 of all lines of seed 2020, from the oldest file to the newest. It changes with the story and with the bundled
# database, never with the machine, the Python or the NumPy.
DIGEST_2020 = "5de58fa0e283abfab5622da0dfbba8e609640209ffe1daa1c9f34a02c7ec5a1c"


class Packets(NamedTuple):
    """What packets are counted by."""

    day: date
    source_ip: str | None
    port: str | None
    country: str | None


@dataclass
class Written:
    """What a call left behind."""

    folder: Path
    tally: Tally
    contents: dict[str, bytes]
    modified: dict[str, int]

    @cached_property
    def lines(self) -> list[str]:
        return [line for name in NAMES for line in self.contents[name].decode("ascii").splitlines()]

    def column(self, name: str) -> list[Any]:
        values: list[Any] = self.tally.events.column(name).to_pylist()
        return values

    @cached_property
    def seconds(self) -> list[int]:
        return [microseconds // 1_000_000 for microseconds in self.integers("observed_at", "int64")]

    def integers(self, name: str, kind: str) -> list[int]:
        values: list[int] = self.tally.events.column(name).cast(kind).to_pylist()
        return values

    @cached_property
    def packets(self) -> Counter[Packets]:
        first = (DAYS[0] - date(1970, 1, 1)).days
        days = [DAYS[number - first] for number in self.integers("day", "int32")]
        ports = [
            None if port is None else f"{port}/{protocol}"
            for port, protocol in zip(self.column("destination_port"), self.column("protocol"), strict=True)
        ]
        return Counter(map(Packets, days, self.column("source_ip"), ports, self.column("country")))

    def count(self, by: str, port: str | None = None, quarter: tuple[date, date] = (DAYS[0], DAYS[-1])) -> Counter[Any]:
        """Count packets by a field, those of a port and of a quarter."""
        found: Counter[Any] = Counter()
        for key, number in self.packets.items():
            if quarter[0] <= key.day <= quarter[1] and port in {None, key.port}:
                found[getattr(key, by)] += number
        return found

    def top_ports(self, quarter: tuple[date, date]) -> list[str]:
        found = self.count("port", quarter=quarter)
        del found[None]
        return [port for port, _ in found.most_common(10)]

    def top_countries(self, port: str) -> list[str]:
        return [country for country, _ in self.count("country", port).most_common() if country]


class Event(NamedTuple):
    observed_at: int
    source_ip: str | None
    destination_ip: str | None
    source_port: int | None
    destination_port: int | None
    protocol: str
    ipv6: bool
    truncated: bool


def write(folder: Path, seed: int = 2020) -> Written:
    tally = write_sample(folder, seed)
    contents = {}
    for name in NAMES:
        content = (folder / name).read_bytes()
        contents[name] = gzip.decompress(content) if name.endswith(".gz") else content
    return Written(folder, tally, contents, {name: int((folder / name).stat().st_mtime) for name in NAMES})


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return write(tmp_path_factory.mktemp("sample") / "new" / "folder")


@pytest.fixture
def tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("tokyo")
def test_the_same_seed_writes_the_same_files_again_in_another_time_zone_and_over_old_ones(
    written: Written, tmp_path: Path
) -> None:
    for name in (*NAMES, "other.log"):
        (tmp_path / name).write_text("what was there before\n")

    again = write(tmp_path)

    assert again.contents == written.contents
    assert again.modified == written.modified
    assert again.tally.events.equals(written.tally.events)
    assert (tmp_path / "other.log").read_text() == "what was there before\n"


def test_the_bytes_are_those_of_every_other_machine(written: Written) -> None:
    assert hashlib.sha256(b"".join(written.contents[name] for name in NAMES)).hexdigest() == DIGEST_2020


def test_another_seed_writes_other_lines(written: Written) -> None:
    other = sample._all_lines(7, sample.AddressBook(BUNDLED_GEOIP_DB))
    texts = {line.text for line in other if line.source_ip and line.country}
    assert len(texts) > 200_000
    assert not texts & {line[len("Apr  3 04:12:45 home ") :] for line in written.lines}


def test_files_are_named_and_dated_as_logrotate_leaves_them(written: Written) -> None:
    assert {path.name for path in written.folder.iterdir()} == set(NAMES)
    last = stamp(written.lines[-1])
    assert list(written.modified.values()) == [int(sunday.timestamp()) for sunday in SUNDAYS] + [last]
    assert last > datetime(2020, 6, 30, 23, tzinfo=UTC).timestamp()


def test_gzip_headers_hold_the_time_of_the_rotation_and_no_name(written: Written) -> None:
    for name in NAMES[:-2]:
        header = (written.folder / name).read_bytes()[:10]
        assert header[:4] == b"\x1f\x8b\x08\x00", "deflate, no flags"
        assert int.from_bytes(header[4:8], "little") == written.modified[name]


def test_every_file_holds_its_week(written: Written) -> None:
    borders = [int(sunday.timestamp()) for sunday in SUNDAYS]
    for number, name in enumerate(NAMES):
        stamps = [stamp(line) for line in written.contents[name].decode().splitlines()]
        assert stamps == sorted(stamps)
        assert {bisect_right(borders, at) for at in (stamps[0], stamps[-1])} == {number}


def test_lines_are_as_many_as_the_tally_says(written: Written) -> None:
    tally = written.tally
    assert tally.lines_per_file == {name: content.count(b"\n") for name, content in written.contents.items()}
    per_day = Counter(map(day_of, written.lines))
    assert tally.lines_per_day == {day: per_day[day] for day in DAYS}


def test_about_1500_lines_a_day(written: Written) -> None:
    per_day = sorted(written.tally.lines_per_day.values())
    assert 1_350 < sum(per_day) / len(per_day) < 1_650
    assert all(1_100 < lines < 2_800 for lines in per_day[1:])
    assert per_day[0] < 150, "the line is down for most of one day"


MAC = r"(?:[0-9a-f]{2}:){12}"
NUMBER = r"(?:0|[1-9][0-9]*)"
IPV4 = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}"
IPV6 = r"[0-9a-f]{4}(?::[0-9a-f]{4}){7}"
KERNEL = r"kernel: \[[ 0-9]{4}[0-9]\.[0-9]{6}\] |kernel: \[[1-9][0-9]{5,}\.[0-9]{6}\] "
HEADER = (
    rf"LEN={NUMBER} TOS=0x[0-9A-F]{{2}} PREC=0x[02468ACE]0 TTL={NUMBER} ID={NUMBER} (?:CE )?(?:DF )?(?:MF )?"
    rf"(?:FRAG:{NUMBER} )?"
)
TCP = (
    rf"PROTO=TCP SPT={NUMBER} DPT={NUMBER} WINDOW={NUMBER} RES=0x00 "
    r"(?:CWR )?(?:ECE )?(?:URG )?(?:ACK )?(?:PSH )?(?:RST )?(?:SYN )?(?:FIN )?URGP=0 "
)
UDP = rf"PROTO=UDP SPT={NUMBER} DPT={NUMBER} LEN={NUMBER} "
ECHO = rf"TYPE={{}} CODE=0 ID={NUMBER} SEQ={NUMBER} "
INNER = rf"\[SRC={IPV4} DST={IPV4} {HEADER}(?:{TCP}|{UDP}|PROTO=TCP INCOMPLETE \[8 bytes\] )\] "
ICMP = rf"PROTO=ICMP (?:{ECHO.format(8)}|TYPE=(?:3|11) CODE={NUMBER} {INNER})"
PACKET_IPV4 = rf"SRC={IPV4} DST={IPV4} {HEADER}(?:{TCP}|{UDP}|{ICMP}|PROTO=47 |PROTO=2 )"
PACKET_IPV6 = (
    rf"SRC={IPV6} DST={IPV6} LEN={NUMBER} TC={NUMBER} HOPLIMIT={NUMBER} FLOWLBL={NUMBER} "
    rf"(?:{TCP}|{UDP}|PROTO=ICMPv6 {ECHO.format(128)})"
)
WHOLE = re.compile(
    rf"(?:{KERNEL})\[UFW BLOCK\] "
    rf"(?:(?:IN=eth0 OUT= MAC={MAC}08:00|IN= OUT=eth0) {PACKET_IPV4}|IN=eth0 OUT= MAC={MAC}86:dd {PACKET_IPV6})"
)
HEADLESS = re.compile(rf"kernel: (?:[^\[ ][^\[]*? )?(?:{TCP}|{UDP})")
TAILLESS = re.compile(rf"(?:{KERNEL})\[UFW BLOCK\] IN=eth0 OUT= MAC={MAC}08:00 SRC={IPV4} DST=([0-9.]+)")
OTHER = re.compile(rf"(?:{KERNEL}|systemd\[1\]: |CRON\[{NUMBER}\]: |dhclient\[{NUMBER}\]: |rsyslogd: ).+")
VALUES = r".*?PROTO=(\w+)(?: SPT=([0-9]+) DPT=([0-9]+))?"
WHOLE_VALUES = re.compile(f".*?SRC=(\\S+) DST=(\\S+) {VALUES}")
HEADLESS_VALUES = re.compile(f"kernel: ()(?:DST=(\\S+) )?{VALUES}")
PROTOCOLS = {"TCP": "tcp", "UDP": "udp", "ICMP": "icmp", "ICMPv6": "icmpv6", "47": "gre", "2": "igmp"}


def stamp(line: str) -> int:
    month, day, clock = MONTHS[line[:3]], int(line[4:6]), line[7:15].split(":")
    midnight = (date(2020, month, day) - date(1970, 1, 1)).days * 86_400
    return midnight + int(clock[0]) * 3600 + int(clock[1]) * 60 + int(clock[2])


def day_of(line: str) -> date:
    return date(2020, MONTHS[line[:3]], int(line[4:6]))


def read_line(line: str) -> Event | str:
    """Return the event that a line is, or "ignored" or "rejected"; fail if it has no form that the kernel writes."""
    assert re.match(r"[A-Z][a-z]{2} [ 1-3][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2} home ", line), line
    text = line[len("Apr  3 04:12:45 home ") :]
    whole = WHOLE.fullmatch(text)
    if whole or HEADLESS.fullmatch(text):
        match = (WHOLE_VALUES if whole else HEADLESS_VALUES).match(text)
        assert match
        source, destination, protocol, source_port, destination_port = match.groups()
        ipv6 = ":" in source
        return Event(
            stamp(line),
            str(ip_address(source)) if ipv6 else source or None,
            str(ip_address(destination)) if ipv6 else destination,
            int(source_port) if source_port else None,
            int(destination_port) if destination_port else None,
            PROTOCOLS[protocol],
            ipv6,
            whole is None,
        )
    if cut := TAILLESS.fullmatch(text):
        with pytest.raises(ValueError, match="does not appear to be an IPv4 or IPv6 address"):
            ip_address(cut[1])
        return "rejected"
    assert OTHER.fullmatch(text), line
    assert not re.search(r"\b(?:SRC|DST|PROTO|SPT|DPT)=", text), line
    return "ignored"


def test_every_line_has_the_kernels_form_and_says_what_the_tally_says(written: Written) -> None:
    tally = written.tally
    found = [read_line(line) for line in written.lines]
    columns = [written.seconds if name == "observed_at" else written.column(name) for name in Event._fields]
    assert [event for event in found if isinstance(event, Event)] == [*map(Event, *columns)]
    for kind, expected in (("ignored", tally.ignored_per_day), ("rejected", tally.rejected_per_day)):
        days = Counter(day_of(line) for line, reading in zip(written.lines, found, strict=True) if reading == kind)
        assert expected == {day: days[day] for day in DAYS}


def test_addresses_are_canonical(written: Written) -> None:
    for address in {*written.column("source_ip"), *written.column("destination_ip")} - {None}:
        assert address == str(ip_address(address))


def test_days_are_those_of_the_stamps(written: Written) -> None:
    assert written.integers("day", "int32") == [second // 86_400 for second in written.seconds]


def test_lengths_fit_together(written: Written) -> None:
    for line in written.lines:
        if "PROTO=UDP" in line and "[SRC=" not in line and (lengths := re.findall(r" LEN=([0-9]+)", line))[1:]:
            assert int(lengths[0]) - int(lengths[1]) == (40 if "HOPLIMIT=" in line else 20), line


def test_a_few_lines_are_of_each_rare_kind(written: Written) -> None:
    tally = written.tally
    assert 100 < sum(tally.rejected_per_day.values()) < 600
    assert 600 < sum(tally.ignored_per_day.values()) < 2_000
    cut = [
        pair
        for *pair, truncated in zip(*map(written.column, ("source_ip", "destination_ip", "truncated")), strict=True)
        if truncated
    ]
    assert 100 < len(cut) < 600
    assert {source for source, _ in cut} == {None}
    assert {destination for _, destination in cut} == {None, "198.51.100.7"}
    protocols = Counter(written.column("protocol"))
    assert set(protocols) == {"tcp", "udp", "icmp", "icmpv6", "gre", "igmp"}
    assert min(protocols.values()) > 90
    assert sum(written.column("ipv6")) > 1_500
    outbound = [key for key in written.packets if key.source_ip == "198.51.100.7"]
    assert len(outbound) > 150
    assert {key.country for key in outbound} == {None}


def test_a_few_packets_are_logged_twice_to_the_byte_in_one_file(written: Written) -> None:
    twins = [
        line
        for content in written.contents.values()
        for line, following in pairwise(content.decode().splitlines())
        if line == following
    ]
    assert 5 <= len(twins) <= 20
    assert len(written.lines) - len(set(written.lines)) == len(twins), "no line stands in two files"


def test_windows_tries_three_times_with_ids_in_order(written: Written) -> None:
    form = re.compile(
        r" SRC=(\S+) .* TTL=(1[0-2][0-9]) ID=([0-9]+) DF PROTO=TCP SPT=([0-9]+) DPT=445 WINDOW=(8192|64240|65535) "
    )
    tries = sorted(
        (match[1], int(match[4]), stamp(line), int(match[3]), int(match[2]))
        for line in written.lines
        if (match := form.search(line))
    )
    series = [list(group) for _, group in groupby(tries, key=lambda it: it[:2])]
    whole = [group for group in series if len(group) == 3]
    assert len(whole) > 1_000
    for first, second, third in whole[:1_000]:
        assert 110 <= first[4] <= 120
        if third[2] - first[2] < 60:
            assert second[2] - first[2] in {3, 4}
            assert third[2] - first[2] in {9, 10}
            assert [second[3], third[3]] == [(first[3] + step) % 65_536 for step in (1, 2)]


def test_scanners_show_their_tools(written: Written) -> None:
    text = "\n".join(written.lines)
    assert len(re.findall(r" TTL=2[34][0-9] ID=54321 PROTO=TCP .* WINDOW=65535 RES=0x00 SYN ", text)) > 10_000
    assert len(re.findall(r" LEN=40 .* ID=256 PROTO=TCP SPT=6000 DPT=1433 WINDOW=16384 ", text)) > 5_000


def test_bursts_and_silent_hours(written: Written) -> None:
    hours = Counter(stamp(line) // 3600 for line in written.lines)
    everything = range(stamp("Jan  1 00:00:00") // 3600, stamp("Jun 30 23:59:59") // 3600 + 1)
    silent = [hour for hour in everything if not hours[hour]]
    assert 20 < len(silent) < 60
    probed = {
        (second // 3600, source, port)
        for second, source, port in zip(
            written.seconds, written.column("source_ip"), written.column("destination_port"), strict=True
        )
        if source and port is not None
    }
    scans = Counter((hour, source) for hour, source, _ in probed)
    assert sum(ports >= 150 for ports in scans.values()) >= 8


def test_nights_and_weekends_are_quieter(written: Written) -> None:
    hours = Counter(stamp(line) // 3600 % 24 for line in written.lines)
    assert max(hours[hour] for hour in (18, 19, 20)) < 0.8 * min(hours[hour] for hour in (2, 5, 8))
    weekdays = Counter(day.isoweekday() for day in written.count("day").elements())
    assert max(weekdays[6], weekdays[7]) < 0.97 * min(weekdays[day] for day in range(1, 6))


def test_sources_are_many_and_of_heavy_tailed_activity(written: Written) -> None:
    sources = written.count("source_ip")
    assert len(sources) > 40_000
    counts = sorted(sources.values(), reverse=True)
    assert sum(counts[: len(counts) // 100]) > 0.2 * sum(counts)
    assert counts[len(counts) // 2] <= 3


def test_445_leads_and_china_and_vietnam_send_most_of_it(written: Written) -> None:
    for quarter in (Q1, Q2):
        assert written.top_ports(quarter)[:3] == ["445/tcp", "23/tcp", "1433/tcp"]
    assert written.top_countries("445/tcp")[:2] == ["CN", "VN"]
    assert {"IN", "ID", "RU", "BR", "TW", "TH"} <= set(written.top_countries("445/tcp")[2:10])
    assert written.top_countries("23/tcp")[:3] == ["CN", "TW", "KR"]


def test_1433_comes_from_china(written: Written) -> None:
    found = written.count("country", "1433/tcp")
    assert found["CN"] >= 0.9 * found.total()


def test_53413_is_steady_and_fades_from_the_end_of_may_on(written: Written) -> None:
    per_day = written.count("day", "53413/udp")
    may = sum(per_day[day] for day in DAYS if date(2020, 5, 1) <= day <= date(2020, 5, 30)) / 30
    june = sum(per_day[day] for day in DAYS if day > date(2020, 6, 5)) / 25
    weeks = [sum(per_day[day] for day in DAYS[start : start + 7]) / 7 for start in range(0, 149, 7)]
    assert june < 0.45 * may
    assert max(weeks) < 1.35 * sum(weeks) / len(weeks)
    assert sum(per_day[day] for day in DAYS[-7:]) < sum(per_day[day] for day in DAYS[-21:-14])
    assert set(written.top_countries("53413/udp")[:2]) == {"US", "CN"}


def test_5060_is_new_in_the_second_quarter(written: Written) -> None:
    assert "5060/udp" not in written.top_ports(Q1)
    assert "5060/udp" in written.top_ports(Q2)[3:6]
    assert 0 < written.count("port", "5060/udp", Q1).total() < 0.1 * written.count("port", "5060/udp", Q2).total()
    assert set(written.top_countries("5060/udp")[:4]) == {"US", "NL", "FR", "EE"}


def test_389_comes_from_the_us_the_netherlands_and_romania(written: Written) -> None:
    assert "389/udp" in written.top_ports(Q2)[3:7]
    assert written.top_countries("389/udp")[:3] == ["US", "NL", "RO"]


def test_anguilla_sends_one_packet_and_other_rare_visitors_up_to_three(written: Written) -> None:
    found = written.count("country")
    assert found["AI"] == 1
    assert [key.day for key in written.packets if key.country == "AI"] == [date(2020, 5, 17)]
    assert all(1 <= found[country] <= 3 for country in ("GL", "FO", "SM", "VU", "WS", "BT", "TL", "KI", "CK", "TO"))
    assert sum(packets <= 3 for packets in found.values()) == 19
    assert len(found) > 120


def test_the_database_gives_the_countries_back(written: Written) -> None:
    drawn = sorted({(key.source_ip, key.country) for key in written.packets if key.source_ip and key.country})
    picked = random.Random(1).sample(drawn, 2_000) + [pair for pair in drawn if ":" in pair[0]]  # noqa: S311
    with geoip2.database.Reader(BUNDLED_GEOIP_DB) as reader:
        wrong = [pair for pair in picked if reader.country(pair[0]).country.iso_code != pair[1]]
    assert wrong == []
    assert all(ip_address(address).is_global for address, _ in picked)
    nowhere = {key.source_ip for key in written.packets if key.country is None}
    assert nowhere == {None, "198.51.100.7", "192.168.100.1"}


def test_draws_are_even_and_within_their_bounds() -> None:
    drawn = sample.Draws(1, "test").below(10, 100_000)
    counts = Counter(drawn.tolist())
    assert sorted(counts) == list(range(10))
    assert all(9_500 < count < 10_500 for count in counts.values())
    picked = Counter(sample.Draws(1, "test").pick([0, 3, 0, 1], 100_000).tolist())
    assert sorted(picked) == [1, 3]
    assert 2.8 < picked[1] / picked[3] < 3.2


@pytest.mark.parametrize(
    ("seed", "database", "message"),
    [
        (-1, None, "seed is -1: it must be 0 or more"),
        (2020, Path("missing.mmdb"), "database is 'missing.mmdb': it must be a MaxMind DB file"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_sentence(
    tmp_path: Path, seed: int, database: Path | None, message: str
) -> None:
    with pytest.raises((ValueError, SettingError), match=f"^{re.escape(message)}"):
        write_sample(tmp_path / "folder", seed, database)
    assert not (tmp_path / "folder").exists()


def test_a_database_without_a_country_of_the_story_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "_countries", lambda: ("AI", "QX", "QY"))
    with pytest.raises(ValueError, match=r"has no public IPv4 addresses of QX, QY: the sample needs them$"):
        write_sample(tmp_path / "folder")
    assert list(tmp_path.iterdir()) == []
