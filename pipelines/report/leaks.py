"""The last look at a finished report: whether it names the site's own addresses, machines or rules, however written.

What looks like an address is read from the text in every notation and looked up among the site's own, so the time does
not depend on how many there are. Text that is encoded is decoded and searched as well.
"""

import base64
import binascii
import html
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import unquote

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Encodings within encodings that are looked into.
_DEEPEST = 4
# A name this short, or a number, stands in every text.
SHORTEST_NAME = 3
SHORTEST_NUMBER = 6
# Below 1.0.0.0 an address as a number is no different from a count.
_LEAST_NUMBER = 1 << 24
_IPV4_BYTES = 4

# Looked for from each place on: of five numbers in a row the last four may be an address.
_QUAD = re.compile(r"(?<!\d)(?=(\d{1,4}([.\-_:])(?:\d{1,4}\2){2}\d{1,4})(?!\d))")
_HEX_QUAD = re.compile(
    r"(?<![\da-f])(?=((?:0x)?[\da-f]{1,2}([.\-_:])(?:(?:0x)?[\da-f]{1,2}\2){2}(?:0x)?[\da-f]{1,2})(?![\da-f]))",
    re.IGNORECASE,
)
# Not the digits behind a point: a share is no address.
_NUMBER = re.compile(r"(?<!\d)(?<!\d[.,])\d{8,39}(?!\d)")
_HEX = re.compile(r"(?<![\da-f])(?:0x)?((?:[\da-f]{8}){1,4})(?![\da-f])", re.IGNORECASE)
_COLONS = re.compile(r"(?<![\da-f:])[\da-f]{0,4}:[\da-f:]*:[\da-f:.]*", re.IGNORECASE)
_REVERSED = re.compile(r"(?:[\da-f]\.){31}[\da-f]", re.IGNORECASE)
_MAC = re.compile(r"(?<![\da-f])[\da-f]{2}(?:[:.\-]?[\da-f]{2}){5}(?![\da-f])", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
_JSON_ESCAPE = re.compile(r"\\u([\da-fA-F]{4})")


class LeakError(ValueError):
    """A report that names what it must not, told in one sentence."""


@dataclass(frozen=True)
class Own:
    """What a report must not name.

    Attributes:
        addresses: addresses of the site.
        networks: networks of the site, any address of which is its own.
        hardware_addresses: MAC addresses as numbers.
        names: names of machines, interfaces and rules, in lower case.
    """

    addresses: frozenset[Address]
    networks: tuple[Network, ...] = ()
    hardware_addresses: frozenset[int] = frozenset()
    names: frozenset[str] = frozenset()


def refuse_leaks(files: Iterable[tuple[str, str]], own: Own) -> None:
    """Search files, each given by name and text.

    Raises:
        LeakError: one of them names what is the site's own.
    """
    for name, text in files:
        found = sorted(set(leaks(text, own)))
        if found:
            raise LeakError(
                f"report file {name!r} is not published: it holds {len(found)} of the site's own identifiers, "
                f"the first of them written as {found[0]!r}"
            )


def leaks(text: str, own: Own) -> Iterator[str]:
    """Yield what in a text names something of the site's own, as it is written there."""
    for layer in _layers(text, _DEEPEST):
        for written, address in _addresses(layer):
            if address in own.addresses or any(address in network for network in own.networks):
                yield written
        for found in _MAC.finditer(layer):
            if int(re.sub(r"[:.\-]", "", found[0]), 16) in own.hardware_addresses:
                yield found[0]
        lowered = layer.casefold()
        yield from (name for name in own.names if name in lowered)


def searched_names(names: Iterable[str], vocabulary: str) -> frozenset[str]:
    """Return the names that can be searched for: not those that are words of the report itself, nor short numbers."""
    own_words = vocabulary.casefold()
    return frozenset(
        name
        for name in {name.strip("[] ").casefold() for name in names}
        if len(name) >= (SHORTEST_NUMBER if name.isdigit() else SHORTEST_NAME) and name not in own_words
    )


def _layers(text: str, depth: int) -> Iterator[str]:
    """Yield the text, and what it says when it is unescaped, decoded and unpacked."""
    yield text
    plain = _unescaped(text)
    if plain != text:
        yield plain
    if depth:
        for found in _BASE64.finditer(plain):
            for content in _decoded(found[0]):
                yield from _layers(content, depth - 1)


def _unescaped(text: str) -> str:
    """Return what a text says without the escapes of HTML, URLs and JSON, each maybe within another."""
    for _ in range(_DEEPEST):
        plain = _JSON_ESCAPE.sub(lambda found: chr(int(found[1], 16)), unquote(html.unescape(text)))
        if plain == text:
            break
        text = plain
    return text


def _decoded(text: str) -> Iterator[str]:
    """Yield what base64 stands for, if that is text, unpacked where it is packed."""
    padded = text.rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        content = base64.b64decode(padded + "=" * (-len(padded) % 4), validate=True)
    except (binascii.Error, ValueError):
        return
    for window in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS):
        try:
            yield zlib.decompress(content, window).decode("latin-1")
        except zlib.error:
            continue
    if content.isascii():
        yield content.decode("ascii")


def _addresses(text: str) -> Iterator[tuple[str, Address]]:
    """Yield what in a text can be read as an address, and the address, in every way that it can be read."""
    for written, address in _readings(text):
        yield written, address
        if isinstance(address, IPv6Address):
            yield from ((written, inside) for inside in _embedded(address))


def _readings(text: str) -> Iterator[tuple[str, Address]]:
    for quads, bases in ((_QUAD, (10, 8)), (_HEX_QUAD, (16,))):
        for found in quads.finditer(text):
            yield from ((found[1], address) for address in _quad(found[1], found[2], bases))
    for pattern, read in ((_NUMBER, _number), (_HEX, _hex), (_COLONS, _with_colons), (_REVERSED, _reversed)):
        for found in pattern.finditer(text):
            yield from ((found[0], address) for address in read(found[0]))


def _number(written: str) -> Iterator[Address]:
    """Yield what a whole number can stand for."""
    number = int(written)
    if _LEAST_NUMBER <= number < 1 << 32:
        yield from _both_orders(number.to_bytes(_IPV4_BYTES))
    elif 1 << 32 <= number < 1 << 128:
        yield IPv6Address(number)


def _hex(written: str) -> Iterator[Address]:
    """Yield what 8, 16, 24 or 32 hexadecimal digits can stand for: IPv4 addresses in a row, or one of IPv6."""
    packed = bytes.fromhex(written.lower().removeprefix("0x"))
    for start in range(0, len(packed), _IPV4_BYTES):
        yield from _both_orders(packed[start : start + _IPV4_BYTES])
    if len(packed) == IPv6Address(0).max_prefixlen // 8:
        yield IPv6Address(packed)


def _reversed(written: str) -> Iterator[Address]:
    """Yield what the digits of ip6.arpa stand for."""
    digits = written.replace(".", "")
    yield from (IPv6Address(int(order, 16)) for order in (digits, digits[::-1]))


def _quad(written: str, separator: str, bases: tuple[int, ...]) -> Iterator[Address]:
    """Yield what four parted numbers can stand for, to each base, and reversed as DNS has them."""
    parts = written.split(separator)
    for base in bases:
        try:
            octets = bytes(int(part, base) for part in parts)
        except ValueError:
            continue
        yield from _both_orders(octets)


def _both_orders(octets: bytes) -> tuple[IPv4Address, IPv4Address]:
    return IPv4Address(octets), IPv4Address(octets[::-1])


def _with_colons(written: str) -> Iterator[Address]:
    """Yield what stands among colons, of which the first may belong to what is before it: `to:2001:db8::1`."""
    for text in {written.rstrip("."), written.strip(":.")}:
        try:
            yield ip_address(text)
        except ValueError:
            continue


def _embedded(address: IPv6Address) -> Iterator[IPv4Address]:
    """Yield the IPv4 addresses that an IPv6 address carries: mapped, NAT64 and compatible ones at its end, 6to4."""
    yield IPv4Address(int(address) & 0xFFFF_FFFF)
    if address.sixtofour:
        yield address.sixtofour
