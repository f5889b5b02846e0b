"""The search for what a report must not name: found in each notation, and nothing found where nothing is."""

import base64
import gzip
import json
import zlib
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_network
from urllib.parse import quote

import pytest

from pipelines.report.leaks import LeakError, Own, leaks, refuse_leaks, searched_names

OWN = Own(
    addresses=frozenset({IPv4Address("198.51.100.7"), IPv6Address("2001:db8:5::7")}),
    networks=(ip_network("203.0.113.0/24"),),
    hardware_addresses=frozenset({0x02005E1000FE}),
    names=frozenset({"gate.example", "eth0", "ufw block"}),
)
REVERSED_IPV6 = ".".join(reversed("20010db8000500000000000000000007"))

WRITTEN = [
    "198.51.100.7",
    "198.051.100.007",
    "7.100.51.198.in-addr.arpa",
    "198-51-100-7.example.net",
    "ip_198_51_100_7",
    "0306.063.0144.07",
    "0xc6.0x33.0x64.0x07",
    "c6336407",
    "0xC6336407",
    "c6:33:64:07",
    "076433c6",
    str(int(IPv4Address("198.51.100.7"))),
    str(int.from_bytes(IPv4Address("198.51.100.7").packed, "little")),
    "::ffff:198.51.100.7",
    "::ffff:c633:6407",
    "[::FFFF:C633:6407]",
    "0:0:0:0:0:ffff:c633:6407",
    "64:ff9b::c633:6407",
    "2002:c633:6407::1",
    "00000000000000000000ffffc6336407",
    "198&#46;51&#x2e;100.7",
    "198%2E51%2E100%2E7",
    "198\\u002e51.100.7",
    "2001:db8:5::7",
    "2001:DB8:5:0:0:0:0:7",
    "2001:0db8:0005:0000:0000:0000:0000:0007",
    f"{REVERSED_IPV6}.ip6.arpa",
    "20010db8000500000000000000000007",
    str(int(IPv6Address("2001:db8:5::7"))),
    "203.0.113.99",
    "02:00:5e:10:00:fe",
    "02-00-5E-10-00-FE",
    "0200.5e10.00fe",
    "02005e1000fe",
    "at gate.example today",
    "IN=eth0",
    "[UFW BLOCK]",
]


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("around", ["{}", "<td>{}</td>", '{{"x":"{}"}}', "見た{}です", 'd="M0 1L{}"'])
def test_what_is_the_sites_own_is_found_however_it_is_written(written: str, around: str) -> None:
    assert list(leaks(around.format(written), OWN))


def packed_raw(text: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(text) + packer.flush()


@pytest.mark.parametrize("pack", [bytes, zlib.compress, gzip.compress, packed_raw])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_what_is_encoded_is_decoded_and_searched(
    pack: Callable[[bytes], bytes], encode: Callable[[bytes], bytes]
) -> None:
    hidden = encode(pack(b'{"to":"198.51.100.7"}')).decode()
    assert list(leaks(f'<img src="data:application/json;base64,{hidden}">', OWN))
    assert list(leaks(json.dumps({"data": quote(hidden)}), OWN))


@pytest.mark.parametrize(
    "text",
    [
        "198.51.100.70",
        "1198.51.100.7",
        "198.51.100.0/24 and 198.51.100.8",
        "3325256712",
        "33252567110",
        "::ffff:c633:6408",
        "2001:db8:5::8",
        "02:00:5e:10:00:ff",
        "version 1.2.3.4, 12:30:00, 2020-04-01",
        "sha256-yj0WO6sFU4GCciYUBWjzvvfqrBh869doeOC2Pp5EI1Y=",
    ],
)
def test_what_is_not_the_sites_own_is_not_found(text: str) -> None:
    assert list(leaks(text, OWN)) == []


def test_a_report_that_names_an_address_is_refused_in_one_sentence() -> None:
    with pytest.raises(LeakError) as said:
        refuse_leaks([("good.md", "nothing"), ("bad.html", "<p>198.51.100.7</p>")], OWN)
    assert "'bad.html'" in str(said.value)
    assert "\n" not in str(said.value)
    refuse_leaks([("good.md", "nothing")], OWN)


def test_names_that_are_words_of_the_report_are_not_searched_for() -> None:
    names = ["home", "gate", "[UFW BLOCK] ", "1", "12345", "1000000103", "wg"]
    assert searched_names(names, "a Home router") == {"gate", "ufw block", "1000000103"}
