"""Machine words for the compiled scanner: eight bytes at a time instead of one.

Numba has no unaligned load and no count of trailing zeros in its Python surface; both are one LLVM instruction. The
zero-byte test is the classic one of Mycroft (1987): exact for the lowest hit, which is the only one used here.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from pipelines.compiled import kernel

ONES = np.uint64(0x0101010101010101)
HIGHS = np.uint64(0x8080808080808080)


def _load8(typing_context: Any, buffer: Any, index: Any) -> Any:  # noqa: ARG001 - numba's signature
    """Return the eight bytes at `index` of a uint8 array as one little-endian uint64, aligned or not."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        address = builder.gep(array.data, [arguments[1]])
        pointer = builder.bitcast(address, ir.IntType(64).as_pointer())
        return builder.load(pointer, align=1)

    return types.uint64(buffer, types.intp), generate


def _trailing_zeros(typing_context: Any, value: Any) -> Any:  # noqa: ARG001 - numba's signature
    """Return the number of zero bits below the lowest set bit of a uint64 (64 for zero)."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], cgutils.false_bit)

    return types.int64(types.uint64), generate


# Compiled code calls them with the arguments of the Python signature less the first.
load8: Callable[[Any, Any], Any] = intrinsic(_load8)
trailing_zeros: Callable[[Any], Any] = intrinsic(_trailing_zeros)


@kernel
def repeat(byte: int) -> np.uint64:
    """Return a word whose eight bytes are all `byte`."""
    return np.uint64(byte) * ONES


@kernel
def zero_bytes(word: np.uint64) -> np.uint64:
    """Return a word whose lowest set bit marks the lowest zero byte of `word`; 0 when it has none."""
    return (word - ONES) & ~word & HIGHS


@kernel
def low_bytes(word: np.uint64, count: int) -> np.uint64:
    """Return `word` with only its lowest `count` bytes (0 to 8) kept."""
    if count >= 8:
        return word
    return word & ((np.uint64(1) << np.uint64(8 * count)) - np.uint64(1))


@kernel
def find_byte(buffer: np.ndarray, start: int, end: int, byte: int) -> int:
    """Return the index of the first `byte` in buffer[start:end], or `end`. Reads up to 7 bytes past `end`."""
    pattern = repeat(byte)
    position = start
    while position < end:
        hits = zero_bytes(load8(buffer, position) ^ pattern)
        if hits != 0:
            return min(end, position + (trailing_zeros(hits) >> 3))
        position += 8
    return end


@kernel
def same_bytes(buffer: np.ndarray, one: int, other: int, length: int) -> bool:
    """Return whether two runs of `length` bytes in the buffer are equal. Reads up to 7 bytes past each."""
    offset = 0
    while offset + 8 <= length:
        if load8(buffer, one + offset) != load8(buffer, other + offset):
            return False
        offset += 8
    left = length - offset
    return left == 0 or low_bytes(load8(buffer, one + offset) ^ load8(buffer, other + offset), left) == 0


@kernel
def hash_bytes(buffer: np.ndarray, start: int, length: int, seed: np.uint64) -> np.uint64:
    """Return a 64-bit hash of a run of bytes (multiply and fold per word). Reads up to 7 bytes past its end."""
    one = seed ^ np.uint64(length)
    other = ~seed
    offset = 0
    while offset + 16 <= length:
        one = fold((one ^ load8(buffer, start + offset)) * np.uint64(0x9E3779B97F4A7C15))
        other = fold((other ^ load8(buffer, start + offset + 8)) * np.uint64(0xC2B2AE3D27D4EB4F))
        offset += 16
    if offset + 8 <= length:
        one = fold((one ^ load8(buffer, start + offset)) * np.uint64(0x9E3779B97F4A7C15))
        offset += 8
    if offset < length:
        tail = low_bytes(load8(buffer, start + offset), length - offset)
        other = fold((other ^ tail) * np.uint64(0xC2B2AE3D27D4EB4F))
    return mix(one, other)


@kernel
def fold(word: np.uint64) -> np.uint64:
    """Return `word` with its high half mixed into its low half."""
    return word ^ (word >> np.uint64(32))


@kernel
def mix(one: np.uint64, other: np.uint64) -> np.uint64:
    """Return one well-mixed word of two (the finaliser of MurmurHash3)."""
    word = one ^ (other * np.uint64(0xFF51AFD7ED558CCD))
    word = (word ^ (word >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return word ^ (word >> np.uint64(33))
