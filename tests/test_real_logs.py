"""Real logs, read from a folder beside the checkout: nothing is lost, and every value is what a plain look finds."""

import re
import shutil
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from ipaddress import ip_address
from pathlib import Path

import geoip2.database
import pytest
from geoip2.errors import AddressNotFoundError

from pipelines.catalogue import unpublished
from pipelines.parse import Parsed
from pipelines.roll_up import roll_up
from pipelines.settings import BUNDLED_GEOIP_DB, SQL_FOLDER
from tests.raw_logs import Row, Site

REAL = Path(__file__).resolve().parents[2] / "shared" / "real"

pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason=f"{REAL}, the folder of real logs, is missing")

_STAMP = re.compile(r"([A-Z][a-z]{2}) +(\d+) (\d\d:\d\d:\d\d) ")


@dataclass(frozen=True)
class Loaded:
    """Real logs, loaded: the lines of each file, and the events of each by line number."""

    site: Site
    parsed: Parsed
    lines: dict[str, list[str]]
    days: list[date]

    def events(self, stage: str = "parsed") -> dict[tuple[str, int], Row]:
        return {(row["file"], row["line_number"]): row for day in self.days for row in self.site.rows(stage, day)}

    def line(self, file: str, number: int) -> str:
        return self.lines[file][number - 1]


def load(folder: Path, name: str, written: datetime) -> Loaded:
    """Load a folder of real logs, which were last written when said."""
    site = Site(folder)
    shutil.copytree(REAL / name, site.warehouse.raw / name, ignore=shutil.ignore_patterns("LICENSE"))
    lines = {}
    for path in sorted((site.warehouse.raw / name).iterdir()):
        content = path.read_bytes()
        site.drop(f"{name}/{path.name}", content, written)
        lines[f"{name}/{path.name}"] = content.decode().splitlines()
    days = sorted({observed(line, written.year).date() for part in lines.values() for line in part})
    parsed = site.parse(*days)
    return Loaded(site, parsed, lines, days)


def observed(line: str, year: int) -> datetime:
    """Return the stamp of a line, UTC, read by Python's own means."""
    if line[:4].isdigit():
        return datetime.fromisoformat(line.split(" ", 1)[0]).astimezone(UTC)
    stamp = _STAMP.search(line)
    assert stamp, line
    return datetime.strptime(f"{year} {' '.join(stamp.groups())} +0000", "%Y %b %d %H:%M:%S %z")


def without_brackets(line: str) -> str:
    """Return a line without its brackets, in which the kernel logs the packet that an ICMP error is about."""
    return re.sub(r"\[[^][]*\]", "", line)


def value(key: str, line: str) -> str | None:
    """Return the first value of a key that has one."""
    found = re.search(rf"(?<![A-Z]){key}=(\S+)", line)
    return found[1] if found else None


@pytest.fixture(scope="module")
def honeynet(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return load(tmp_path_factory.mktemp("honeynet"), "sotm30", datetime(2004, 2, 3, tzinfo=UTC))


@pytest.fixture(scope="module")
def psad(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return load(tmp_path_factory.mktemp("psad"), "psad", datetime(2015, 12, 31, tzinfo=UTC))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return load(tmp_path_factory.mktemp("server"), "iptables-server", datetime(2019, 2, 21, tzinfo=UTC))


@pytest.fixture(params=["honeynet", "psad", "server"])
def loaded(request: pytest.FixtureRequest) -> Loaded:
    loaded: Loaded = request.getfixturevalue(request.param)
    return loaded


def test_every_line_is_an_event(loaded: Loaded) -> None:
    assert loaded.parsed.problems == ()
    assert all(day.lines == day.events for day in loaded.parsed.days.values())
    expected = Counter({file: sum("PROTO=" in line for line in lines) for file, lines in loaded.lines.items()})
    assert expected == Counter({file: len(lines) for file, lines in loaded.lines.items()})
    assert Counter(file for file, _ in loaded.events()) == expected
    assert {file: row["lines"] for file, row in loaded.site.raw_files().items()} == expected


def test_stamps_are_those_of_the_lines(loaded: Loaded) -> None:
    year = max(loaded.days).year
    for place, row in loaded.events().items():
        assert row["observed_at"].replace(tzinfo=UTC) == observed(loaded.line(*place), year), place


def test_addresses_are_those_of_the_lines(loaded: Loaded) -> None:
    for place, row in loaded.events().items():
        line = without_brackets(loaded.line(*place))
        for column, key in (("source_ip", "SRC"), ("destination_ip", "DST")):
            address = value(key, line)
            assert address, place
            assert row[column] == str(ip_address(address)), place


def test_ports_are_those_of_the_logged_packet(loaded: Loaded) -> None:
    inner = 0
    for place, row in loaded.events().items():
        line = without_brackets(loaded.line(*place))
        inner += "SPT=" in loaded.line(*place) and "SPT=" not in line
        for column, key in (("source_port", "SPT"), ("destination_port", "DPT")):
            port = value(key, line)
            assert row[column] == (int(port) if port else None), place
        kind, code = value("TYPE", line), value("CODE", line)
        assert (row["icmp_type"], row["icmp_code"]) == (int(kind) if kind else None, int(code) if code else None), place
    assert inner == sum("SPT=" in bracket for bracket in brackets(loaded))


def brackets(loaded: Loaded) -> list[str]:
    """Return the packets that stand in brackets, but for those of lines that have ports of their own."""
    return [
        bracket
        for lines in loaded.lines.values()
        for line in lines
        for bracket in re.findall(r"\[SRC=[^][]*\]", line)
        if "PROTO=ICMP" in without_brackets(line)
    ]


def test_the_rest_of_a_packet_is_that_of_the_line(loaded: Loaded) -> None:
    keys = {"packet_bytes": "LEN", "in_interface": "IN", "out_interface": "OUT", "tcp_window": "WINDOW"}
    for place, row in loaded.events().items():
        line = without_brackets(loaded.line(*place))
        for column, key in keys.items():
            found = value(key, line)
            assert (None if row[column] is None else str(row[column])) == found, place
        assert str(row["ttl"]) == (value("TTL", line) or value("HOPLIMIT", line)), place
        flags = set(re.findall(r"\b(SYN|ACK|FIN|RST|PSH|URG)(?= )", line.partition("PROTO=TCP")[2]))
        assert set((row["tcp_flags"] or "").split()) == flags, place


def test_protocols_are_those_of_the_lines(loaded: Loaded) -> None:
    numbers = {"1": "icmp", "2": "igmp", "6": "tcp", "17": "udp", "41": "ipv6", "47": "gre", "58": "icmpv6"}
    numbers |= {"50": "esp", "51": "ah", "89": "ospf", "132": "sctp"}
    for place, row in loaded.events().items():
        logged = value("PROTO", without_brackets(loaded.line(*place)))
        assert logged, place
        if logged in numbers or not logged.isdigit():
            assert row["protocol"] == numbers.get(logged, logged.lower()), place


def test_countries_are_those_of_geoip2(loaded: Loaded) -> None:
    loaded.site.load(*loaded.days)
    rows = loaded.events("events").values()
    found = {(row["source_ip"], row["source_country"]) for row in rows if row["source_scope"] == "public"}
    with geoip2.database.Reader(BUNDLED_GEOIP_DB) as reader:
        for address, country in found:
            try:
                expected = reader.country(address).country.iso_code
            except AddressNotFoundError:
                expected = None
            assert country == expected, address
    assert len(found) == len({address for address, _ in found})
    assert all(ip_address(row["source_ip"]).is_global for row in rows if row["source_scope"] == "public")


def test_the_honeynet_log_has_the_sources_and_prefixes_that_are_known_of_it(honeynet: Loaded) -> None:
    [(file, lines)] = honeynet.lines.items()
    rows = honeynet.events().values()
    assert len(rows) == len(lines) == 10_000
    assert honeynet.days == [date(2004, 2, 1), date(2004, 2, 2)]
    assert [honeynet.parsed.days[day].events for day in honeynet.days] == [8301, 1699]
    assert len({row["source_ip"] for row in rows}) == 831
    assert len(set(re.findall(r"OUT=\S+ PHYSOUT=\S+ SRC=(\S+)", "\n".join(lines)))) == 831
    rules = Counter(row["rule"] for row in rows)
    assert rules == {
        "INBOUND TCP": 6235,
        "INBOUND ICMP": 1399,
        "Legal DNS": 1283,
        "INBOUND UDP": 679,
        "Legal Broadcast": 288,
        "OUTG CONN UDP": 59,
        "OUTG CONN TCP": 53,
        "Drop TCP after 13 attempts": 3,
        "Drop udp after 20 attempts": 1,
    }
    content = "\n".join(lines)
    assert rules == {rule: content.count(f" kernel: {rule}") for rule in rules}
    assert Counter(row["direction"] for row in rows if row["rule"].startswith(("INBOUND", "OUTG"))) == {
        "inbound": 6235 + 1399 + 679,
        "outbound": 53 + 59,
    }
    assert {(row["in_bridge_port"], row["out_bridge_port"]) for row in rows} == {
        (value("PHYSIN", line), value("PHYSOUT", line)) for line in lines
    }
    assert {row["file"] for row in rows} == {file}


def test_the_scans_are_of_both_versions(psad: Loaded) -> None:
    rows = psad.events().values()
    assert sum(":" in row["source_ip"] for row in rows) == 3118
    assert sum("FLOWLBL=" in line for lines in psad.lines.values() for line in lines) == 3118
    assert all((row["flow_label"] is None) == (":" not in row["source_ip"]) for row in rows)
    assert all((row["dont_fragment"] is None) == (":" in row["source_ip"]) for row in rows)


# The captures of scans, and the kind that each is found as; of the rest there is not enough for one.
SCANS = {
    "ack_scan_1000_1150": "vertical",
    "fin_scan_1000_1150": "vertical",
    "ipv6_tcp_connect_nmap_default_scan": "vertical",
    "null_scan_1000_1150": "vertical",
    "proto_scan": "protocols",
    "syn_scan_1000_1500": "vertical",
    "syn_scan_1000_1500_localhost": "vertical",
    "syn_scan_1000_1500_multi_dst": "vertical",
    "syn_scan_1000_1500_zeroip": "vertical",
    "syn_sweep": "horizontal",
    "topera_ipv6_syn_scan_no_ip_opts": "vertical",
    "topera_ipv6_syn_scan_with_ip_opts": "vertical",
    "udp_scan_1000_1150": "vertical",
    "xmas_scan_1000_1150": "vertical",
}


def ask_of_capture(folder: Path, name: str, query: str) -> list[tuple[object, ...]]:
    """Load one of psad's captures alone, and ask."""
    site = Site(folder)
    content = (REAL / "psad" / name).read_bytes()
    site.drop(f"psad/{name}", content, datetime(2015, 12, 31, tzinfo=UTC))
    site.load(*sorted({observed(line, 2015).date() for line in content.decode().splitlines()}))
    roll_up(site.settings())
    with unpublished(site.settings()) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.parametrize(("name", "kind"), SCANS.items())
def test_each_scan_is_found(tmp_path: Path, name: str, kind: str) -> None:
    found = ask_of_capture(tmp_path, name, "select kind, source_ip from scans")
    sources = Counter(value("SRC", line) for line in (REAL / "psad" / name).read_text().splitlines())
    [(scanner, _)] = sources.most_common(1)
    assert (kind, str(ip_address(scanner or ""))) in found
    assert len({source for _, source in found}) == 1


def test_the_capture_of_mirai_is_found_by_its_ports(tmp_path: Path) -> None:
    found = ask_of_capture(
        tmp_path, "mirai_default_credentials_scan", "select tool, mark, sources, events, main_ports from scan_tools"
    )
    assert found == [("mirai", "ports", 1, 11, ["23/tcp"])]


@pytest.mark.parametrize("name", ["ipv4_valid_ping", "fwknop_spa_pkt", "ms_sql_server_sig_match", "reputation_scan"])
def test_what_is_no_scan_is_not_taken_for_one(tmp_path: Path, name: str) -> None:
    assert ask_of_capture(tmp_path, name, "from scans union all by name from scan_tools") == []


def test_the_server_logs_both_directions(server: Loaded) -> None:
    [lines] = server.lines.values()
    rows = server.events().values()
    assert Counter(row["direction"] for row in rows) == {
        "inbound": sum(" OUT= " in line for line in lines),
        "outbound": sum(" IN= " in f" {line.partition(']')[2].partition(']')[2]}" for line in lines),
    }
    hardware = [line for line in lines if value("MAC", line)]
    assert sum(row["source_mac"] is not None for row in rows) == len(hardware) > 0
    assert {(row["destination_mac"], row["source_mac"]) for row in rows if row["source_mac"]} == {
        (mac[:17], mac[18:35]) for mac in (value("MAC", line) or "" for line in hardware)
    }


@dataclass(frozen=True)
class Accounts:
    """What became of the lines of all real logs: rows of `loads`, and the rejected lines."""

    loads: list[Row]
    rejected: list[Row]


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Accounts:
    site = Site(tmp_path_factory.mktemp("all"))
    for folder in filter(Path.is_dir, REAL.iterdir()):
        for path in folder.iterdir():
            if path.name != "LICENSE":
                site.drop(f"{folder.name}/{path.name}", path.read_bytes(), datetime(2025, 12, 31, tzinfo=UTC))
    site.parse(date(2025, 10, 10))
    days = sorted({held["day"] for row in site.raw_files().values() for held in row["days"]})
    parsed = site.parse(*days)
    assert parsed.problems == ()
    return Accounts(*([row for day in days for row in site.rows(stage, day)] for stage in ("accounts", "rejected")))


def test_every_line_of_all_logs_is_accounted_for(accounts: Accounts) -> None:
    lines = Counter[str]()
    for row in accounts.loads:
        assert row["lines"] == row["events"] + row["ignored"] + row["rejected"]
        assert row["ignored"] == sum(rule["lines"] for rule in row["ignored_by_rule"])
        lines[row["file"]] += row["lines"]
    assert lines == {
        f"{path.parent.name}/{path.name}": len(path.read_bytes().removesuffix(b"\n").split(b"\n"))
        for path in REAL.glob("*/*")
        if path.name != "LICENSE"
    }


def test_lines_that_are_no_records_are_ignored_by_these_rules(accounts: Accounts) -> None:
    found = Counter[tuple[str, str]]()
    for row in accounts.loads:
        found.update({(row["file"], rule["rule"]): rule["lines"] for rule in row["ignored_by_rule"]})
    assert found == {
        ("crowdsec/cef-logs.log", "event of no packet"): 1,  # somebody logged in
        ("crowdsec/mikrotik-logs.log", "no record"): 1,  # somebody could not log in
        ("crowdsec/pf-scan-multi-port.log", "blank line"): 1,
        ("crowdsec/pfsense-rfc5424-filterlog.log", "blank line"): 1,
        ("crowdsec/suricata-logs-evelog.log", "other event"): 2,  # statistics
        ("crowdsec/unifi-logs.log", "line of another program"): 1,  # sshd
    }


def test_rejects_are_those_that_are_explained(accounts: Accounts) -> None:
    text = (SQL_FOLDER / "README.md").read_text(encoding="utf-8").partition("\n## What real logs reject\n")[2]
    intro, _, table = text.partition("| file | reason | lines | what is broken |")
    assert f" {sum(row['lines'] for row in accounts.loads):,} lines " in intro
    assert f" {len(accounts.rejected)} are rejected" in intro
    rows = re.findall(r"^\| `(\S+)` \| (.+?) \| (\d+) \| .+? \|$", table.partition("\n\n")[0], re.MULTILINE)
    explained = {(file, reason): int(lines) for file, reason, lines in rows}
    assert Counter((row["file"], row["reason"]) for row in accounts.rejected) == explained


@pytest.mark.parametrize("name", ["opnsense-filterlog", "crowdsec"])
def test_no_line_of_other_logs_is_lost(tmp_path: Path, name: str) -> None:
    site = Site(tmp_path)
    shutil.copytree(REAL / name, site.warehouse.raw / name)
    parsed = site.parse(date(2020, 4, 3))
    assert parsed.problems == ()
    assert {file: row["lines"] for file, row in site.raw_files().items()} == {
        f"{name}/{path.name}": len(path.read_bytes().removesuffix(b"\n").split(b"\n"))
        for path in (REAL / name).iterdir()
    }
