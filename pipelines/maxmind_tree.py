"""The search tree of a MaxMind DB file, walked once into ranges.

Format: MaxMind DB File Format Specification 2.0. A node is a pair of records, left for a bit 0 and right for a bit 1 of
the address, highest bit first; a record below the number of nodes names the next node, one equal to it means "no data",
one above it says where the data lie. IPv4 addresses stand in an IPv6 tree below ::/96, and a writer may point other
prefixes (::ffff:0:0/96, 2001::/32, 2002::/16) to that same subtree. These are not walked again.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.address_ranges import EMBEDDED_IPV4, LAST_EMBEDDED_BIT, NOTHING
from pipelines.addresses import IPV4, IPV6, Bytes
from pipelines.compiled import kernel
from pipelines.geoip_kinds import DamagedTreeError

# How many nodes and leaves a walk may visit. The largest databases have some ten million; only a malicious or damaged
# file, whose nodes share their subtrees, gets here, and it could otherwise keep a walk busy for ever.
VISIT_LIMIT = 1 << 27

_ADDRESS_BITS = 128
_SHARED_BYTE_BITS = 28  # records whose highest four bits share a byte, between the two
_WHOLE_WORD_BITS = 32
_HALF = 64
_ONE = np.uint64(1)


class Tree(NamedTuple):
    """A search tree as it stands in the file.

    Attributes:
        nodes: uint8, the bytes of all nodes.
        node_count: number of nodes.
        record_bits: size of a record, 24, 28 or 32 bits.
    """

    nodes: Bytes
    node_count: int
    record_bits: int


class Leaves(NamedTuple):
    """The ranges of a tree, in the order of their addresses; equal neighbours are joined.

    Attributes:
        high: uint64, upper half of the first address of each range (IPv4: 0).
        low: uint64, its lower half.
        value: int64, the record: above the number of nodes; or `NOTHING`; or `EMBEDDED_IPV4 - bit`.
    """

    high: npt.NDArray[np.uint64]
    low: npt.NDArray[np.uint64]
    value: npt.NDArray[np.int64]


class _Stack(NamedTuple):
    """The nodes that a walk has yet to visit, and where they are: their depth and the first address below them."""

    node: npt.NDArray[np.int64]
    depth: npt.NDArray[np.int64]
    high: npt.NDArray[np.uint64]
    low: npt.NDArray[np.uint64]


def walk(tree: Tree, ip_version: int) -> tuple[Leaves, Leaves]:
    """Return the ranges of IPv4 and of IPv6 addresses.

    Args:
        tree: the search tree.
        ip_version: 4 for a tree of IPv4 addresses alone, whose IPv6 ranges are one without data, or 6.

    Raises:
        DamagedTreeError: an address leads to no record, or the nodes form no tree.
    """
    if ip_version not in (IPV4, IPV6):
        raise DamagedTreeError(f"there is no IP version {ip_version}")
    if ip_version == IPV4:
        nowhere = Leaves(np.zeros(1, np.uint64), np.zeros(1, np.uint64), np.array([NOTHING]))
        return _leaves(tree, 0, LAST_EMBEDDED_BIT, NOTHING), nowhere
    ipv4_root = 0
    for _ in range(LAST_EMBEDDED_BIT):
        if ipv4_root < tree.node_count:
            ipv4_root = _record(tree, ipv4_root, 0)
    shared = ipv4_root if ipv4_root < tree.node_count else NOTHING
    return _leaves(tree, ipv4_root, LAST_EMBEDDED_BIT, NOTHING), _leaves(tree, 0, 0, shared)


def _leaves(tree: Tree, root: int, depth: int, ipv4_root: int) -> Leaves:
    """Walk twice: compiled code that allocates nothing is told how much room there must be, and a walk takes 10 ms."""
    rows = _ADDRESS_BITS + 1
    stack = _Stack(
        np.empty(rows, np.int64), np.empty(rows, np.int64), np.empty(rows, np.uint64), np.empty(rows, np.uint64)
    )
    leaves = Leaves(np.empty(0, np.uint64), np.empty(0, np.uint64), np.empty(0, np.int64))
    for _ in range(2):
        stack.node[0], stack.depth[0], stack.high[0], stack.low[0] = root, depth, 0, 0
        size = _walk(tree, ipv4_root, stack, leaves)
        if size < 0:
            raise DamagedTreeError("the search tree is damaged")
        if len(leaves.value) == 0:
            leaves = Leaves(np.empty(size, np.uint64), np.empty(size, np.uint64), np.empty(size, np.int64))
    return leaves


@kernel
def _record(tree: Tree, node: int, side: int) -> int:
    """Return the left (0) or right (1) record of a node."""
    first = node * (tree.record_bits // 4) + side * (tree.record_bits // 8)
    if tree.record_bits == _SHARED_BYTE_BITS:
        middle = int(tree.nodes[node * 7 + 3])
        record = middle // 16 if side == 0 else middle % 16
        first += side
    elif tree.record_bits == _WHOLE_WORD_BITS:
        record = int(tree.nodes[first])
        first += 1
    else:
        record = 0
    # Multiplied, not shifted: numba takes a shifted byte for unsigned, and that with a signed number for a float.
    for position in range(first, first + 3):
        record = record * 256 + int(tree.nodes[position])
    return record


@kernel
def _branch(tree: Tree, stack: _Stack, row: int) -> None:
    """Replace the node at `row` by its right child, and put its left child, which is next, above."""
    node, depth, high, low = stack.node[row], stack.depth[row], stack.high[row], stack.low[row]
    stack.node[row + 1], stack.depth[row + 1] = _record(tree, node, 0), depth + 1
    stack.high[row + 1], stack.low[row + 1] = high, low
    bit = _ONE << np.uint64(_HALF - 1 - depth % _HALF)
    stack.node[row], stack.depth[row] = _record(tree, node, 1), depth + 1
    if depth < _HALF:
        stack.high[row] = high | bit
    else:
        stack.low[row] = low | bit


@kernel
def _walk(tree: Tree, ipv4_root: int, stack: _Stack, leaves: Leaves) -> int:
    """Visit what lies below the node in the first row of the stack.

    Returns:
        The number of ranges, as many of which are written as `leaves` has room for; -1 for a damaged tree.
    """
    size = 0
    last = tree.node_count
    visits = 0
    rows = 1
    while rows > 0:
        rows -= 1
        node, depth = stack.node[rows], stack.depth[rows]
        visits += 1
        if visits > VISIT_LIMIT:
            return -1
        if node == ipv4_root and depth <= LAST_EMBEDDED_BIT:
            value = EMBEDDED_IPV4 - depth
        elif node >= tree.node_count:
            value = node if node > tree.node_count else NOTHING
        elif depth == _ADDRESS_BITS:
            return -1
        else:
            _branch(tree, stack, rows)
            rows += 2
            continue
        if value != last:
            if size < len(leaves.value):
                leaves.high[size], leaves.low[size] = stack.high[rows], stack.low[rows]
                leaves.value[size] = value
            last = value
            size += 1
    return size
