"""A writer of small MaxMind DB files, by the specification (MaxMind DB File Format 2.0), to test readers with."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network

Network = IPv4Network | IPv6Network
Value = str | int | bool | list["Value"] | dict[str, "Value"]

METADATA_MARKER = b"\xab\xcd\xefMaxMind.com"
DATA_SEPARATOR = bytes(16)

_STRING, _UINT16, _UINT32, _MAP, _UINT64, _ARRAY, _BOOLEAN = 2, 5, 6, 7, 9, 11, 14


class Uint16(int):
    """A number that a file stores as uint16; other numbers are uint32."""


class Uint64(int):
    """A number that a file stores as uint64."""


class _Node:
    """A node: for each bit another node, the place of a record in the data section, or None for no data."""

    def __init__(self, inherited: "_Node | int | None" = None) -> None:
        self.children: list[_Node | int | None] = [inherited, inherited]


def mmdb(  # noqa: PLR0913 - the fields of the format
    networks: Iterable[tuple[Network, Value]],
    *,
    ip_version: int = 6,
    record_bits: int = 24,
    database_type: str = "Test-Country",
    build_epoch: int = 1_577_836_800,
    aliases: Iterable[IPv6Network] = (),
) -> bytes:
    """Return the bytes of a file.

    Args:
        networks: networks with their records; a later one replaces what an earlier one says of its addresses. In a tree
            of version 6, IPv4 networks are written below ::/96.
        ip_version: 4 for a tree of 32 bits, 6 for one of 128.
        record_bits: 24, 28 or 32.
        database_type: what the file says it is.
        build_epoch: when it says it was made, seconds since 1970.
        aliases: networks that are pointed to the subtree of ::/96, which must hold a network.
    """
    data = bytearray()
    root = _Node()
    for network, record in networks:
        _insert(root, _bits(network, ip_version), len(data))
        data += _encode(record)
    if aliases:
        subtree: _Node | int | None = root
        for _ in range(96):
            assert isinstance(subtree, _Node), "no network below ::/96"
            subtree = subtree.children[0]
        for alias in aliases:
            _insert(root, _bits(alias, ip_version), subtree)
    nodes = _numbered(root)
    metadata: dict[str, Value] = {
        "binary_format_major_version": Uint16(2),
        "binary_format_minor_version": Uint16(0),
        "build_epoch": Uint64(build_epoch),
        "database_type": database_type,
        "description": {"en": "test"},
        "ip_version": Uint16(ip_version),
        "languages": ["en"],
        "node_count": len(nodes),
        "record_size": Uint16(record_bits),
    }
    tree = b"".join(
        encode_node(_record(node.children[0], nodes), _record(node.children[1], nodes), record_bits)
        for _, node in nodes.values()
    )
    return tree + DATA_SEPARATOR + bytes(data) + METADATA_MARKER + _encode(metadata)


def _bits(network: Network, ip_version: int) -> str:
    text = f"{int(network.network_address):0{network.max_prefixlen}b}"[: network.prefixlen]
    return "0" * 96 + text if ip_version == 6 and network.version == 4 else text


def _insert(root: _Node, bits: str, content: "_Node | int | None") -> None:
    node = root
    for bit in map(int, bits[:-1]):
        child = node.children[bit]
        if not isinstance(child, _Node):
            child = node.children[bit] = _Node(child)
        node = child
    node.children[int(bits[-1])] = content


def _numbered(root: _Node) -> dict[int, tuple[int, _Node]]:
    """Return number and node by identity: a subtree that is pointed to from several places is written once."""
    nodes: dict[int, tuple[int, _Node]] = {}
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) not in nodes:
            nodes[id(node)] = (len(nodes), node)
            waiting.extend(child for child in node.children if isinstance(child, _Node))
    return nodes


def encode_node(left: int, right: int, record_bits: int) -> bytes:
    """Return the bytes of a node; of two records of 28 bits, the highest four bits share the byte in the middle."""
    if record_bits != 28:
        return left.to_bytes(record_bits // 8, "big") + right.to_bytes(record_bits // 8, "big")
    middle = bytes([left >> 24 << 4 | right >> 24])
    return (left & 0xFFFFFF).to_bytes(3, "big") + middle + (right & 0xFFFFFF).to_bytes(3, "big")


def _record(child: "_Node | int | None", nodes: dict[int, tuple[int, _Node]]) -> int:
    if child is None:
        return len(nodes)
    if isinstance(child, _Node):
        return nodes[id(child)][0]
    return len(nodes) + len(DATA_SEPARATOR) + child


def _encode(value: Value) -> bytes:
    if isinstance(value, bool):
        return _control(_BOOLEAN, int(value))
    if isinstance(value, str):
        text = value.encode()
        return _control(_STRING, len(text)) + text
    if isinstance(value, int):
        number = value.to_bytes((value.bit_length() + 7) // 8, "big")
        kind = _UINT16 if isinstance(value, Uint16) else _UINT64 if isinstance(value, Uint64) else _UINT32
        return _control(kind, len(number)) + number
    if isinstance(value, list):
        return _control(_ARRAY, len(value)) + b"".join(map(_encode, value))
    return _control(_MAP, len(value)) + b"".join(_encode(key) + _encode(item) for key, item in value.items())


def _control(kind: int, size: int) -> bytes:
    extended = bytes([kind - 7]) if kind > 7 else b""
    first = 0 if kind > 7 else kind << 5
    if size < 29:
        return bytes([first | size]) + extended
    assert size < 29 + 256, "the writer writes small values only"
    return bytes([first | 29]) + extended + bytes([size - 29])
