"""The reference table of services: well-formed, in order, and right where a reader would notice."""

import csv
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest

CHECKOUT = Path(__file__).parents[1]
TABLE = CHECKOUT / "sql" / "reference" / "services.csv"

HEADER = "port,protocol,service,description,attack_reason"

# Port, protocol, name: from IANA's registry where its name is the one in use, else from the maker or the advisory.
FACTS = [
    (19, "udp", "chargen"),
    (21, "tcp", "ftp"),
    (22, "tcp", "ssh"),
    (23, "tcp", "telnet"),
    (25, "tcp", "smtp"),
    (53, "udp", "dns"),
    (69, "udp", "tftp"),
    (80, "tcp", "http"),
    (102, "tcp", "s7comm"),
    (123, "udp", "ntp"),
    (161, "udp", "snmp"),
    (389, "tcp", "ldap"),
    (389, "udp", "cldap"),
    (443, "tcp", "https"),
    (443, "udp", "quic"),
    (445, "tcp", "smb"),
    (502, "tcp", "modbus"),
    (623, "udp", "ipmi"),
    (1433, "tcp", "mssql"),
    (1900, "udp", "ssdp"),
    (2375, "tcp", "docker"),
    (3306, "tcp", "mysql"),
    (3389, "tcp", "rdp"),
    (3702, "udp", "ws-discovery"),
    (5060, "udp", "sip"),
    (5432, "tcp", "postgresql"),
    (5555, "tcp", "adb"),
    (5683, "udp", "coap"),
    (5900, "tcp", "vnc"),
    (6379, "tcp", "redis"),
    (7547, "tcp", "cwmp"),
    (8333, "tcp", "bitcoin"),
    (9200, "tcp", "elasticsearch"),
    (11211, "udp", "memcached"),
    (20000, "tcp", "dnp3"),
    (27017, "tcp", "mongodb"),
    (37215, "tcp", "huawei-hg532"),
    (47808, "udp", "bacnet"),
    (51820, "udp", "wireguard"),
    (52869, "tcp", "realtek-upnp-sdk"),
    (53413, "udp", "netis-backdoor"),
]

# What the reason must name, from the National Vulnerability Database and the published analyses.
REASONS = [
    (23, "tcp", ("Mirai", "2016")),
    (123, "udp", ("CVE-2013-5211",)),
    (389, "udp", ("2020",)),
    (445, "tcp", ("CVE-2017-0144", "WannaCry", "2017")),
    (1434, "udp", ("Slammer", "CVE-2002-0649", "2003")),
    (3389, "tcp", ("CVE-2019-0708",)),
    (5060, "udp", ("toll fraud",)),
    (11211, "udp", ("2018",)),
    (37215, "tcp", ("CVE-2017-17215",)),
    (52869, "tcp", ("CVE-2014-8361",)),
    (53413, "udp", ("2014",)),
]

LOAD = """
select
    count(*) as rows_read,
    count(distinct (port, protocol)) as pairs,
    count(attack_reason) as reasons,
    max(description) filter (where port = 37215) as huawei,
    max(attack_reason) filter (where port = 5060 and protocol = 'udp') as sip
from read_csv(
    'sql/reference/services.csv',
    header = true,
    auto_detect = false,
    columns = {
        'port': 'usmallint', 'protocol': 'varchar', 'service': 'varchar', 'description': 'varchar',
        'attack_reason': 'varchar'
    }
)
"""


class Service(NamedTuple):
    """One row of the table."""

    port: int
    protocol: str
    service: str
    description: str
    attack_reason: str


@pytest.fixture(scope="module")
def table() -> list[Service]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, strict=True))
    return [Service(int(row.pop("port")), **row) for row in rows]


@pytest.fixture(scope="module")
def by_port(table: list[Service]) -> dict[tuple[int, str], Service]:
    return {(row.port, row.protocol): row for row in table}


@pytest.fixture(scope="module")
def loaded(table: list[Service], by_port: dict[tuple[int, str], Service]) -> tuple[int, int, int, str, str]:
    """What DuckDB must answer to LOAD, counted by Python's own CSV reader. An empty reason is NULL."""
    reasons = sum(1 for row in table if row.attack_reason)
    return len(table), len(table), reasons, by_port[37215, "tcp"].description, by_port[5060, "udp"].attack_reason


def test_file_is_plain_ascii_without_stray_blanks() -> None:
    lines = TABLE.read_bytes().decode("ascii").split("\n")
    assert lines[0] == HEADER
    assert lines.pop() == ""
    rows = list(csv.reader(lines, strict=True))
    assert len(rows) == len(lines)
    assert {len(row) for row in rows} == {5}
    fields = [field for row in rows for field in row if field]
    assert [field for field in fields if field != " ".join(field.split()) or not field.isprintable()] == []


def test_ports_are_written_as_plain_numbers() -> None:
    with TABLE.open(encoding="ascii", newline="") as file:
        written = [row["port"] for row in csv.DictReader(file, strict=True)]
    assert [port for port in written if not re.fullmatch("0|[1-9][0-9]{0,4}", port)] == []


def test_the_table_is_large_enough(table: list[Service]) -> None:
    assert len(table) >= 300
    assert sum(1 for row in table if row.attack_reason) >= 60


def test_one_row_for_each_port_and_protocol(table: list[Service]) -> None:
    counts = Counter((row.port, row.protocol) for row in table)
    assert [pair for pair, count in counts.items() if count > 1] == []


def test_rows_are_sorted_by_port_then_protocol(table: list[Service]) -> None:
    pairs = [(row.port, row.protocol) for row in table]
    assert pairs == sorted(pairs)


def test_values_are_in_range(table: list[Service]) -> None:
    assert [row for row in table if not 0 <= row.port <= 65535] == []
    assert {row.protocol for row in table} == {"tcp", "udp"}
    assert [row for row in table if not 1 <= len(row.description) <= 120] == []
    assert [row for row in table if len(row.attack_reason) > 300] == []


def test_names_are_short_and_lower_case(table: list[Service]) -> None:
    assert [row.service for row in table if not re.fullmatch("[a-z0-9][a-z0-9-]*", row.service)] == []
    assert [row.service for row in table if len(row.service) > 25] == []


def test_reasons_are_sentences(table: list[Service]) -> None:
    reasons = [row.attack_reason for row in table if row.attack_reason]
    assert [reason for reason in reasons if not (reason[0].isupper() and reason.endswith("."))] == []


def test_vulnerabilities_are_cited_in_full(table: list[Service]) -> None:
    cited = [word for row in table for word in re.findall(r"CVE\S*", row.attack_reason)]
    assert cited
    assert [word for word in cited if not re.fullmatch(r"CVE-(1999|20[0-2][0-9])-[0-9]{4,7}[),.;:]*", word)] == []


@pytest.mark.parametrize("fact", FACTS, ids=[f"{port}-{protocol}" for port, protocol, _ in FACTS])
def test_known_service(by_port: dict[tuple[int, str], Service], fact: tuple[int, str, str]) -> None:
    port, protocol, service = fact
    assert by_port[port, protocol].service == service


@pytest.mark.parametrize(
    ("port", "protocol", "named"),
    REASONS,
    ids=[f"{port}-{protocol}" for port, protocol, _ in REASONS],
)
def test_known_reason(
    by_port: dict[tuple[int, str], Service], port: int, protocol: str, named: tuple[str, ...]
) -> None:
    reason = by_port[port, protocol].attack_reason
    assert [name for name in named if name.lower() not in reason.lower()] == []


def test_duckdb_reads_it(monkeypatch: pytest.MonkeyPatch, loaded: tuple[int, int, int, str, str]) -> None:
    monkeypatch.chdir(CHECKOUT)
    with duckdb.connect() as connection:
        assert connection.execute(LOAD).fetchall() == [loaded]


def test_duckdb_shell_reads_it(loaded: tuple[int, int, int, str, str]) -> None:
    shell = shutil.which("duckdb", path=str(Path(sys.executable).parent)) or shutil.which("duckdb")
    assert shell, "the DuckDB shell is missing: pip install duckdb-cli"
    answer = subprocess.run(
        [shell, "-no-init", "-csv", "-noheader", "-c", LOAD],
        cwd=CHECKOUT,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert answer.stderr == ""
    assert list(csv.reader(answer.stdout.splitlines())) == [[str(value) for value in loaded]]
