"""nmap's files: read as a stream, hostile ones refused in a sentence, and what the views make of them."""

import shutil
import subprocess
import tracemalloc
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from pipelines.catalogue import publish
from pipelines.nmap_xml import MOST_BYTES, OpenPort, PortRange, RefusedScanError, read_scan
from pipelines.port_scans import store_port_scans
from pipelines.roll_up import roll_up
from tests.partitions import event, settings_for, write_partition
from tests.shells import Answer, ask_library, ask_shell

Ask = Callable[[str], Answer]

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE nmaprun>\n'
RUN = '<nmaprun scanner="nmap" args="nmap -oX -" start="1585699200" version="7.80" xmloutputversion="1.04">'

# Two hosts that were scanned, one that was down, one that was given up, and one known by its hardware address only.
FULL = f"""{HEAD}{RUN}
<scaninfo type="syn" protocol="tcp" numservices="1003" services="1-1000,3389,8080-8081"/>
<scaninfo type="udp" protocol="udp" numservices="1" services="5060"/>
<scaninfo type="ipproto" protocol="ip" numservices="1" services="47"/>
<verbose level="0"/>
<hosthint><status state="up" reason="arp-response" reason_ttl="0"/>
<address addr="203.0.113.99" addrtype="ipv4"/></hosthint>
<host starttime="1585699201" endtime="1585699260"><status state="up" reason="echo-reply" reason_ttl="57"/>
<address addr="203.0.113.7" addrtype="ipv4"/><address addr="02:00:00:00:00:07" addrtype="mac" vendor="Example"/>
<hostnames><hostname name="home.example" type="PTR"/></hostnames>
<ports><extraports state="filtered" count="999"><extrareasons reason="no-responses" count="999"/></extraports>
<port protocol="tcp" portid="22"><state state="open" reason="syn-ack" reason_ttl="57"/>
<service name="ssh" product="OpenSSH" version="8.2p1" method="probed" conf="10"><cpe>cpe:/a:x:y</cpe></service>
<script id="banner" output="SSH-2.0"><table key="a"><elem key="b">c</elem></table></script></port>
<port protocol="tcp" portid="25"><state state="closed" reason="reset" reason_ttl="57"/><service name="smtp"/></port>
<port protocol="udp" portid="5060"><state state="open|filtered" reason="no-response" reason_ttl="0"/></port>
<port protocol="ip" portid="47"><state state="open" reason="proto-response" reason_ttl="57"/></port>
</ports></host>
<host><status state="up" reason="nd-response" reason_ttl="0"/><address addr="2001:DB8:0::7" addrtype="ipv6"/>
<ports><port protocol="tcp" portid="8080"><state state="open"/><service name="http-proxy" method="table"/></port>
</ports></host>
<host><status state="down" reason="no-response" reason_ttl="0"/><address addr="203.0.113.8" addrtype="ipv4"/></host>
<host timedout="true"><status state="up"/><address addr="203.0.113.9" addrtype="ipv4"/>
<ports><port protocol="tcp" portid="80"><state state="open"/></port></ports></host>
<host><status state="up"/><address addr="02:00:00:00:00:0A" addrtype="mac"/></host>
<runstats><finished time="1585699300" exit="success"/><hosts up="2" down="1" total="3"/></runstats>
</nmaprun>
"""


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / "scans" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def small(start: int, hosts: dict[str, list[int]], services: str = "1-65535") -> str:
    """Return a scan of TCP ports in which these are open."""
    return (
        f'<nmaprun scanner="nmap" start="{start}"><scaninfo type="connect" protocol="tcp" services="{services}"/>'
        + "".join(
            f'<host><status state="up"/><address addr="{host}" addrtype="ipv4"/><ports>'
            + "".join(f'<port protocol="tcp" portid="{port}"><state state="open"/></port>' for port in ports)
            + "</ports></host>"
            for host, ports in hosts.items()
        )
        + "</nmaprun>"
    )


def test_hosts_ranges_and_open_ports_are_read(tmp_path: Path) -> None:
    scan = read_scan(write(tmp_path, "full.xml", FULL))

    assert (scan.scanned_at, scan.nmap_version, scan.arguments) == (datetime(2020, 4, 1), "7.80", "nmap -oX -")  # noqa: DTZ001 - UTC
    assert scan.ranges == (
        PortRange("tcp", 1, 1000),
        PortRange("tcp", 3389, 3389),
        PortRange("tcp", 8080, 8081),
        PortRange("udp", 5060, 5060),
    )
    assert scan.hosts == ("203.0.113.7", "2001:db8::7")
    assert scan.open_ports == (
        OpenPort("203.0.113.7", 22, "tcp", "open", "ssh", "OpenSSH", "8.2p1"),
        OpenPort("203.0.113.7", 5060, "udp", "open|filtered", None, None, None),
        OpenPort("2001:db8::7", 8080, "tcp", "open", "http-proxy", None, None),
    )


def test_a_scan_that_only_pinged_tried_no_ports(tmp_path: Path) -> None:
    text = RUN + '<host><status state="up"/><address addr="203.0.113.7" addrtype="ipv4"/></host></nmaprun>'
    scan = read_scan(write(tmp_path, "ping.xml", text))
    assert (scan.ranges, scan.hosts, scan.open_ports) == ((), ("203.0.113.7",), ())


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))

HOSTILE = {
    "laughs": (f'<!DOCTYPE nmaprun [<!ENTITY l0 "ha">{LAUGHS}]>{RUN}&l9;</nmaprun>', "declares entities"),
    "external": (f'<!DOCTYPE n [<!ENTITY x SYSTEM "file:///etc/hostname">]>{RUN}&x;</nmaprun>', "declares entities"),
    "parameter": ('<!DOCTYPE n [<!ENTITY % x SYSTEM "http://127.0.0.1/x"> %x;]><nmaprun/>', "declares entities"),
    "undeclared": (f"{RUN}&x;</nmaprun>", "is no whole XML file"),
    "truncated": (FULL[: len(FULL) // 2], "is no whole XML file"),
    "empty": ("", "is no whole XML file"),
    "text": ("# Nmap 7.80 scan initiated", "is no whole XML file"),
    "nul": (f"{RUN}\0</nmaprun>", "is no whole XML file"),
    "two": (f"{RUN}</nmaprun>{RUN}</nmaprun>", "is no whole XML file"),
    "encoding": ('<?xml version="1.0" encoding="x-unknown"?><nmaprun/>', "encoding"),
    "other": ("<html><nmaprun/></html>", "is no output of nmap -oX: it begins with <html>"),
    "deep": (RUN + "<table>" * 100_000, "has elements more than 64 deep"),
    "no start": ("<nmaprun/>", "does not tell when it was begun: start of <nmaprun> is None"),
    "far": ('<nmaprun start="99999999999999999999"/>', "does not tell when it was begun"),
    "port": (small(1585699200, {"203.0.113.7": [65536]}), "has a port whose number is '65536'"),
    "range": (small(1585699200, {}, services="1-x"), "has a port whose number is 'x'"),
    "address": (small(1585699200, {"203.0.113.300": []}), "has a host whose address is '203.0.113.300'"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_scan_is_refused(tmp_path: Path, name: str) -> None:
    text, message = HOSTILE[name]
    with pytest.raises(RefusedScanError, match=message):
        read_scan(write(tmp_path, f"{name}.xml", text))


def test_a_file_of_a_gigabyte_is_refused_unread(tmp_path: Path) -> None:
    path = write(tmp_path, "bomb.xml", RUN)
    with path.open("r+b") as file:
        file.truncate(1 << 30)
    with pytest.raises(RefusedScanError, match=r"has 1,073,741,824 bytes, and a scan may have at most 134,217,728"):
        read_scan(path)


def test_what_is_not_kept_takes_no_memory(tmp_path: Path) -> None:
    script = '<script id="x" output="y"><elem>z</elem></script>'
    path = write(tmp_path, "long.xml", f"{RUN}{script * 200_000}</nmaprun>")
    assert (1 << 23) < path.stat().st_size < MOST_BYTES

    tracemalloc.start()
    read_scan(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 1 << 23


def test_rows_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.nmap_xml.MOST_ROWS", 3)
    assert read_scan(write(tmp_path, "few.xml", small(0, {"203.0.113.7": [1]}))).hosts == ("203.0.113.7",)
    with pytest.raises(RefusedScanError, match="has more than 3 hosts, open ports and port ranges"):
        read_scan(write(tmp_path, "many.xml", small(0, {"203.0.113.7": [1, 2, 3]})))


def test_a_refused_file_keeps_its_reason_and_stops_nothing(tmp_path: Path) -> None:
    write(tmp_path, "a.xml", HOSTILE["laughs"][0])
    write(tmp_path, "b.xml", FULL)
    write(tmp_path, "c.xml", FULL[:500])
    write(tmp_path, "notes.txt", "no scan")
    (tmp_path / "scans" / "d.xml").mkdir()
    settings = settings_for(tmp_path)
    stored = store_port_scans(settings)
    published = publish(settings)

    assert (stored.scans, stored.hosts, stored.open_ports) == (1, 2, 3)
    assert [problem.split(" ")[0] for problem in stored.problems] == ["scans/a.xml", "scans/c.xml", "scans/d.xml"]
    assert stored.problems[0] == "scans/a.xml declares entities, which no output of nmap has"
    for ask in (ask_shell, ask_library):
        assert [row["problem"] for row in ask(published.path, "from port_scans where problem is not null")] == [
            *stored.problems
        ]
        assert ask(published.path, "select count(*) as rows_of_it from open_ports") == [{"rows_of_it": 3}]


def test_a_scan_that_is_taken_away_is_forgotten(tmp_path: Path) -> None:
    path = write(tmp_path, "a.xml", FULL)
    store_port_scans(settings_for(tmp_path))
    path.unlink()
    assert store_port_scans(settings_for(tmp_path)).open_ports == 0
    assert ask_library(publish(settings_for(tmp_path)).path, "from open_ports") == []


APRIL, MAY, JUNE = 1585699200, 1588291200, 1590969600


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three scans of one host and one of another; 22 closes, 80 opens, 443 stays, 3389 is tried once only."""
    folder = tmp_path_factory.mktemp("warehouse")
    write(folder, "april.xml", small(APRIL, {"203.0.113.7": [22, 443], "203.0.113.8": [22]}, services="1-1000"))
    write(folder, "may.xml", small(MAY, {"203.0.113.7": [80, 443, 3389]}))
    write(folder, "june.xml", small(JUNE, {"203.0.113.7": [80, 443]}, services="80,443"))
    tried = [(80, 1), (80, 1), (80, 2), (22, 1), (8080, 1), (23, 3)]
    write_partition(folder, "events", "2020-06-01", [
        event("2020-06-01 00:00:00", number, source_ip=f"192.0.2.{source}", destination_port=port, protocol="tcp")
        for number, (port, source) in enumerate(tried, 1)
    ])  # fmt: skip
    settings = settings_for(folder)
    roll_up(settings)
    store_port_scans(settings)
    publish(settings)
    return folder / "firewall.duckdb"


@pytest.fixture(params=[ask_shell, ask_library], ids=["shell", "library"])
def ask(request: pytest.FixtureRequest, catalogue: Path) -> Ask:
    return lambda sql: request.param(catalogue, sql)


def rows(answer: Answer) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in answer]


def test_history_has_every_scan_that_tried_the_port(ask: Ask) -> None:
    answer = rows(ask("select scanned_at, is_open, was_open, is_last from open_port_history where port = 80"))
    # Every host is tried, but 203.0.113.8 in April only, and it never had 80 open.
    assert answer == [
        ("2020-04-01 00:00:00", False, None, False),
        ("2020-05-01 00:00:00", True, False, False),
        ("2020-06-01 00:00:00", True, True, True),
    ]


def test_open_now_is_what_the_last_scan_that_tried_the_port_found(ask: Ask) -> None:
    assert rows(ask("select host, port, is_new, file from open_ports_now")) == [
        ("203.0.113.7", 80, False, "june.xml"),
        ("203.0.113.7", 443, False, "june.xml"),
        ("203.0.113.7", 3389, False, "may.xml"),
        ("203.0.113.8", 22, False, "april.xml"),
    ]


def test_newly_opened_were_tried_before_and_closed(tmp_path: Path) -> None:
    write(tmp_path, "april.xml", small(APRIL, {"203.0.113.7": [22]}, services="1-1000"))
    write(tmp_path, "may.xml", small(MAY, {"203.0.113.7": [22, 80, 3389]}))
    store_port_scans(settings_for(tmp_path))
    path = publish(settings_for(tmp_path)).path

    for ask in (ask_shell, ask_library):
        # No scan but the last one tried 3389.
        assert rows(ask(path, "select host, port, scanned_at from newly_opened")) == [
            ("203.0.113.7", 80, "2020-05-01 00:00:00"),
        ]


def test_exposed_and_attacked_shows_the_most_tried_first_and_why(ask: Ask) -> None:
    answer = ask("from exposed_and_attacked")

    assert [(row["host"], row["port"], row["events"], row["sources"], row["rank"]) for row in answer] == [
        ("203.0.113.7", 80, 3, 2, 1),
        ("203.0.113.8", 22, 1, 1, 2),
    ]
    assert answer[0]["attack_reason"].startswith("Every web flaw is tried here")
    assert ask("from exposed_and_attacked_between('2020-05-01', '2020-05-31')") == []


def test_attacked_but_closed_was_scanned_and_is_open_nowhere(ask: Ask) -> None:
    # 23 was tried in April and in May, 8080 in May only; 22 is open on one host still.
    assert rows(ask("select port, events, scanned_at from attacked_but_closed")) == [
        (23, 1, "2020-05-01 00:00:00"),
        (8080, 1, "2020-05-01 00:00:00"),
    ]
    assert ask("from attacked_but_closed_between('2020-05-01', '2020-05-31')") == []


def test_open_but_quiet_was_tried_by_nobody(ask: Ask) -> None:
    assert rows(ask("select host, port from open_but_quiet")) == [("203.0.113.7", 443), ("203.0.113.7", 3389)]
    assert len(ask("from open_but_quiet_between('2020-05-01', '2020-05-31')")) == 4


@pytest.mark.skipif(shutil.which("nmap") is None, reason="nmap is not installed")
def test_what_nmap_writes_of_this_machine_is_read(tmp_path: Path) -> None:
    (tmp_path / "scans").mkdir()
    for name, flags in (("four.xml", ("-sV", "127.0.0.1")), ("six.xml", ("-6", "::1"))):
        command = ["nmap", "-sT", "-p", "1-50,8080", "-oX", str(tmp_path / "scans" / name), *flags]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
    stored = store_port_scans(settings_for(tmp_path))

    assert stored.problems == ()
    assert stored.scans == 2
    scan = read_scan(tmp_path / "scans" / "four.xml")
    assert scan.hosts == ("127.0.0.1",)
    assert scan.ranges == (PortRange("tcp", 1, 50), PortRange("tcp", 8080, 8080))
