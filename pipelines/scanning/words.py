"""Machine words for the compiled scanner: eight bytes at a time instead of one, or a whole vector of them.

Numba's Python surface has no unaligned load, no count of trailing zeros, no vector and no product of 128 bits; each is
an LLVM instruction. The zero-byte test is the classic one of Mycroft (1987): exact for the lowest hit, which is the
only one used here.
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
# Bytes that are compared at once: LLVM makes one instruction of it where the processor has AVX-512, two with AVX2.
VECTOR = 64
# Bytes that can be read after the last line of a buffer.
PADDING = 2 * VECTOR


def _load8(typing_context: Any, buffer: Any, index: Any) -> Any:  # noqa: ARG001 - numba's signature
    """Return the eight bytes at `index` of a uint8 array as one little-endian uint64, aligned or not."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        address = builder.gep(array.data, [arguments[1]])
        pointer = builder.bitcast(address, ir.IntType(64).as_pointer())
        return builder.load(pointer, align=1)

    return types.uint64(buffer, types.intp), generate


def _byte_at(typing_context: Any, buffer: Any, index: Any) -> Any:  # noqa: ARG001 - numba's signature
    """Return the byte at `index` of a uint8 array as an int64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.zext(builder.load(builder.gep(array.data, [arguments[1]])), ir.IntType(64))

    return types.int64(buffer, types.intp), generate


def _item(typing_context: Any, array: Any, index: Any) -> Any:  # noqa: ARG001 - numba's signature
    """Return the element at `index` of an array of one dimension without gaps."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        held = context.make_array(signature.args[0])(context, builder, arguments[0])
        return context.unpack_value(builder, signature.args[0].dtype, builder.gep(held.data, [arguments[1]]))

    return array.dtype(array, types.intp), generate


def _put_item(typing_context: Any, array: Any, index: Any, value: Any) -> Any:  # noqa: ARG001 - numba's signature
    """Write the element at `index` of an array of one dimension without gaps."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        held = context.make_array(signature.args[0])(context, builder, arguments[0])
        place = builder.gep(held.data, [arguments[1]])
        context.pack_value(builder, signature.args[0].dtype, arguments[2], place)
        return context.get_dummy_value()

    return types.none(array, types.intp, array.dtype), generate


def _trailing_zeros(typing_context: Any, value: Any) -> Any:  # noqa: ARG001 - numba's signature
    """Return the number of zero bits below the lowest set bit of a uint64 (64 for zero)."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], cgutils.false_bit)

    return types.int64(types.uint64), generate


def _equal_bytes(typing_context: Any, buffer: Any, index: Any, byte: Any) -> Any:  # noqa: ARG001 - numba's signature
    """Return a uint64 whose bit n tells whether the byte n after `index` of a uint8 array is `byte`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        vector = ir.VectorType(ir.IntType(8), VECTOR)
        address = builder.gep(array.data, [arguments[1]])
        loaded = builder.load(builder.bitcast(address, vector.as_pointer()), align=1)
        first = builder.insert_element(ir.Constant(vector, ir.Undefined), arguments[2], ir.Constant(ir.IntType(32), 0))
        places = ir.Constant(ir.VectorType(ir.IntType(32), VECTOR), [0] * VECTOR)
        wanted = builder.shuffle_vector(first, ir.Constant(vector, ir.Undefined), places)
        return builder.bitcast(builder.icmp_unsigned("==", loaded, wanted), ir.IntType(64))

    return types.uint64(buffer, types.intp, types.uint8), generate


def _wide_product(typing_context: Any, one: Any, other: Any) -> Any:  # noqa: ARG001 - numba's signature
    """Return the exclusive or of both halves of the 128-bit product of two uint64."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        wide = ir.IntType(128)
        product = builder.mul(*(builder.zext(argument, wide) for argument in arguments))
        halves = product, builder.lshr(product, ir.Constant(wide, 64))
        return builder.xor(*(builder.trunc(half, ir.IntType(64)) for half in halves))

    return types.uint64(types.uint64, types.uint64), generate


# Compiled code calls them with the arguments of the Python signature less the first.
load8: Callable[[Any, Any], Any] = intrinsic(_load8)
# What `array[index]` does for an index that is not negative: an index that may be is tested, each time, for counting
# from the end, and the scanner reads a dozen elements for a word of a line.
byte_at: Callable[[Any, Any], Any] = intrinsic(_byte_at)
item: Callable[[Any, Any], Any] = intrinsic(_item)
put_item: Callable[[Any, Any, Any], None] = intrinsic(_put_item)
trailing_zeros: Callable[[Any], Any] = intrinsic(_trailing_zeros)
equal_bytes: Callable[[Any, Any, Any], Any] = intrinsic(_equal_bytes)
wide_product: Callable[[Any, Any], Any] = intrinsic(_wide_product)


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
    """Return the index of the first `byte` in buffer[start:end], or `end`. Reads up to VECTOR - 1 bytes past `end`."""
    position = start
    while position < end:
        hits = equal_bytes(buffer, position, byte)
        if hits != 0:
            return min(end, position + trailing_zeros(hits))
        position += VECTOR
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
    """Return a 64-bit hash of a run of bytes. Reads up to 7 bytes past its end.

    Words are folded by pairs into 128-bit products, in three lanes, as wyhash does (Wang Yi, public domain).
    """
    one = seed ^ np.uint64(length)
    two = one
    three = one
    offset = 0
    while offset + 48 <= length:
        one = fold_in(one, buffer, start + offset, np.uint64(0x9E3779B97F4A7C15))
        two = fold_in(two, buffer, start + offset + 16, np.uint64(0xC2B2AE3D27D4EB4F))
        three = fold_in(three, buffer, start + offset + 32, np.uint64(0x165667B19E3779F9))
        offset += 48
    one ^= two ^ three
    while offset + 16 <= length:
        one = fold_in(one, buffer, start + offset, np.uint64(0x9E3779B97F4A7C15))
        offset += 16
    last = np.uint64(0)
    if offset + 8 <= length:
        last = load8(buffer, start + offset)
        offset += 8
    if offset < length:
        tail = low_bytes(load8(buffer, start + offset), length - offset)
        one = wide_product(one ^ tail, np.uint64(0xC2B2AE3D27D4EB4F))
    return mix(one, last)


@kernel
def fold_in(state: np.uint64, buffer: np.ndarray, position: int, secret: np.uint64) -> np.uint64:
    """Return the state of a hash with the sixteen bytes at `position` folded in."""
    return wide_product(load8(buffer, position) ^ secret, load8(buffer, position + 8) ^ state)


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
