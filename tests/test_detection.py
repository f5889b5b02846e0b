"""Which format a file is of: that of its fixtures, of real logs, and of none where it is noise."""

import random
import re
from pathlib import Path

import pytest

from pipelines.detection import UNKNOWN, by_precedence, detect, literals
from pipelines.format import all_formats

FIXTURES = Path(__file__).parent / "fixtures" / "formats"
REAL = Path(__file__).resolve().parents[2] / "shared" / "real"
CASES = sorted(path.relative_to(FIXTURES) for path in FIXTURES.glob("*/*.log"))
# Fixtures of lines that are no records, or hardly any: a file of nothing else is of no format, or of that of the few.
WITHOUT_RECORDS = {"hostile", "noise", "cut"}
REAL_FORMATS = {
    "sotm30/*.log": "netfilter",
    "psad/*_*": "netfilter",
    "iptables-server/*.log": "netfilter",
    "crowdsec/iptables*": "netfilter",
    "crowdsec/proxmox*": "netfilter",
    "crowdsec/unifi*": "netfilter",
    "crowdsec/mikrotik*": "mikrotik",
    "crowdsec/suricata*": "suricata",
    "crowdsec/pf*": "filterlog",
    "opnsense-filterlog/*.log": "filterlog",
}

# What daemons write that hold addresses, keys and words of firewalls, and are no firewall records.
NOISE = (
    "{stamp} {host} sshd[{n}]: Failed password for invalid user admin from 192.0.2.{b} port {n} ssh2",
    "{stamp} {host} CRON[{n}]: (root) CMD (/usr/lib/sa/sa1 1 1)",
    "{stamp} {host} systemd[1]: Started Daily apt download activities.",
    "{stamp} {host} dhclient[{n}]: DHCPREQUEST on eth0 to 192.0.2.{b} port 67 (xid=0x{n:x})",
    "{stamp} {host} named[{n}]: client @0x7f{n:x} 192.0.2.{b}#53 (example.org): query: example.org IN A +E(0)K",
    "{stamp} {host} postfix/smtpd[{n}]: connect from unknown[192.0.2.{b}]",
    "{stamp} {host} kernel: [{n}.123456] usb 1-1: new high-speed USB device number {b} using xhci_hcd",
    "{stamp} {host} kernel: device eth0 entered promiscuous mode",
    "{stamp} {host} ntpd[{n}]: synchronized to 192.0.2.{b}, stratum 2",
    "{stamp} {host} dnsmasq-dhcp[{n}]: DHCPACK(br0) 192.0.2.{b} 02:00:5e:10:00:01 phone",
    "{stamp} {host} openvpn[{n}]: 192.0.2.{b}:{n} TLS: Initial packet from [AF_INET]192.0.2.{b}:{n}",
    "{stamp} {host} sudo: alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/usr/sbin/iptables -L",
    "{stamp} {host} dropbear[{n}]: Child connection from 192.0.2.{b}:{n}",
    '{stamp} {host} nginx: 192.0.2.{b} - - [03/Apr/2020:04:12:45 +0000] "GET /?action=drop&src=1 HTTP/1.1" 404 {n}',
    "{stamp} {host} mysqld[{n}]: Aborted connection {n} to db: 'x' user: 'y' host: '192.0.2.{b}'",
    "{stamp} {host} last message repeated {b} times",
    '{stamp} {host} rsyslogd: [origin software="rsyslogd" swVersion="8.2001.0" x-pid="{n}"] rsyslogd was HUPed',
    "{stamp} {host} wpa_supplicant[{n}]: wlan0: CTRL-EVENT-CONNECTED - Connection to 02:00:5e:10:00:{b:02x} completed",
    "{stamp} {host} NetworkManager[{n}]: <info>  [1585887165.1234] dhcp4 (eth0): address 192.0.2.{b}",
    '{stamp} {host} zabbix_agentd[{n}]: failed to accept an incoming connection: from "192.0.2.{b}" rejected',
    '{{"time":"2020-04-03T04:12:45Z","level":"info","msg":"request","method":"GET","remote":"192.0.2.{b}","n":{n}}}',
    '192.0.2.{b} - - [03/Apr/2020:04:12:45 +0000] "GET /index.html HTTP/1.1" 200 {n}',
    "{stamp} {host} audit[{n}]: USER_LOGIN pid={n} uid=0 msg='op=login acct=\"root\" addr=192.0.2.{b} res=failed'",
    "",
)


def noise(seed: int) -> bytes:
    """Return a file of what several daemons write."""
    rng = random.Random(seed)  # noqa: S311 - repeatable, for a test
    kinds = rng.sample(NOISE, rng.randint(3, len(NOISE)))
    lines = []
    for second in range(rng.randint(20, 400)):
        stamp = rng.choice((f"Apr  3 04:{second // 60:02d}:{second % 60:02d}", f"2020-04-03T04:00:{second % 60:02d}Z"))
        host, number, byte = rng.choice(("gate", "192.0.2.1")), rng.randrange(1, 60_000), rng.randrange(1, 250)
        lines.append(rng.choice(kinds).format(stamp=stamp, host=host, n=number, b=byte))
    return "\n".join(lines).encode()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_fixtures_are_of_their_format(case: Path) -> None:
    found = detect((FIXTURES / case).read_bytes())
    names = {case.parent.name, UNKNOWN.name} if case.stem in WITHOUT_RECORDS else {case.parent.name}
    assert found.form.name in names


@pytest.mark.parametrize("pattern", REAL_FORMATS)
def test_real_logs_are_of_their_format(pattern: str) -> None:
    if not REAL.is_dir():
        pytest.skip("the real logs are not beside the checkout: ../shared/real is missing")
    if REAL_FORMATS[pattern] not in all_formats():
        pytest.skip(f"there is no format {REAL_FORMATS[pattern]}")
    paths = sorted(REAL.glob(pattern))
    assert paths
    for path in paths:
        found = detect(path.read_bytes())
        assert (found.form.name, found.confidence) == (REAL_FORMATS[pattern], 1.0), path


@pytest.mark.parametrize("seed", range(50))
def test_noise_is_of_no_format(seed: int) -> None:
    found = detect(noise(seed))
    assert (found.form.name, found.confidence) == (UNKNOWN.name, 0.0)


def test_a_few_records_among_noise_are_enough() -> None:
    record = (FIXTURES / "netfilter" / "ufw.log").read_bytes().splitlines()[0]
    for size in (100, 5_000):
        lines = [line for seed in range(size // 20) for line in noise(seed).splitlines()][:size]
        found = detect(b"\n".join([*lines, record]))
        assert (found.form.name, found.confidence) == ("netfilter", 1.0)


def test_confidence_is_the_share_of_the_lines_that_are_of_any_format() -> None:
    one, other = (
        (FIXTURES / name).read_bytes().splitlines()[0] for name in ("netfilter/ufw.log", "suricata/alert.log")
    )
    found = detect(b"\n".join([one, b"noise", other, one, b"", one]))
    assert (found.form.name, found.confidence) == ("netfilter", 0.75)


def test_an_empty_file_is_of_no_format() -> None:
    assert detect(b"").form is UNKNOWN


@pytest.mark.parametrize("name", sorted(all_formats()))
def test_a_signature_holds_one_of_its_literals(name: str) -> None:
    signature = all_formats()[name].signature
    found = literals(signature)
    for path in sorted((FIXTURES / name).glob("*.log")):
        for line in path.read_bytes().splitlines():
            if signature.search(line):
                assert any(literal in line for literal in found), line


def test_signatures_without_literals_are_refused() -> None:
    for pattern, flags in ((rb"\d+", 0), (rb"a|bcd", 0), (rb"bcd", re.IGNORECASE)):
        with pytest.raises(ValueError, match="spells"):
            literals(re.compile(pattern, flags))
    assert literals(re.compile(rb"(?:ab|cd)+x")) == [b"ab", b"cd"]
    assert literals(re.compile(rb"a?bcd\s*ef(?:gh)?")) == [b"bcd"]


def test_each_format_has_a_place_of_its_own() -> None:
    assert {form.name for form in by_precedence()} == set(all_formats())
    assert len(by_precedence()) < 64
