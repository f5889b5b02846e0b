"""Which formats a line may be of, by the literals that their lines hold, compiled: one pass over the bytes for all."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.compiled import kernel
from pipelines.scanning.words import item, load8, low_bytes, put_item

MOST_FORMATS = 63
LONGEST = 8
_PAIRS = 1 << 16


class Hints(NamedTuple):
    """Literals of formats.

    Attributes:
        first: int16[65536], the first literal that begins with two bytes, or -1.
        following: int16[n], the next one that begins with the same, or -1.
        words, lengths: the literals, two to eight bytes each.
        formats: int64[n], bit of the format.
    """

    first: npt.NDArray[np.int16]
    following: npt.NDArray[np.int16]
    words: npt.NDArray[np.uint64]
    lengths: npt.NDArray[np.int64]
    formats: npt.NDArray[np.int64]

    @classmethod
    def of(cls, literals: Sequence[tuple[bytes, int]]) -> "Hints":
        """Return the table of literals, each with the number of its format."""
        first = np.full(_PAIRS, -1, np.int16)
        following = np.full(len(literals), -1, np.int16)
        kept = [literal[:LONGEST] for literal, _ in literals]
        for place, literal in enumerate(kept):
            pair = int.from_bytes(literal[:2], "little")
            following[place], first[pair] = first[pair], place
        return cls(
            first,
            following,
            np.array([int.from_bytes(literal, "little") for literal in kept], np.uint64),
            np.array([len(literal) for literal in kept], np.int64),
            np.array([1 << number for _, number in literals], np.int64),
        )


@kernel
def find_hints(buffer: np.ndarray, starts: np.ndarray, lengths: np.ndarray, hints: Hints, out: np.ndarray) -> None:
    """Write for each line the bits of the formats whose literals it holds. Reads up to 7 bytes past a line."""
    for line in range(len(starts)):
        bits = 0
        start = item(starts, line)
        end = start + item(lengths, line)
        for position in range(start, end - 1):
            word = load8(buffer, position)
            literal = np.int64(item(hints.first, np.int64(word & np.uint64(0xFFFF))))
            while literal >= 0:
                length = item(hints.lengths, literal)
                if low_bytes(word, length) == item(hints.words, literal) and position + length <= end:
                    bits |= item(hints.formats, literal)
                literal = np.int64(item(hints.following, literal))
        put_item(out, line, bits)
