"""Digests of events that depend neither on their order nor on the files that they came in.

An event's key is made of its line's hash and its stamp; the digest of some events is the sum of their keys modulo
2^64. So digests of parts can be added, and those of what is left out taken away, and a file that was renamed, packed,
split or shuffled has the digest that it had. The stamp is in it because a line without a year or a zone does not tell
when it was logged.
"""

import numpy as np
import numpy.typing as npt

from pipelines.compiled import kernel
from pipelines.scanning.words import mix

_WORD = 1 << 64
_SIGN = 1 << 63


@kernel
def event_keys(hashes: np.ndarray, stamps: np.ndarray, keys: np.ndarray) -> None:
    """Write the key of each event."""
    for row in range(len(keys)):
        keys[row] = mix(hashes[row], np.uint64(stamps[row]))


def keys_of(hashes: npt.NDArray[np.uint64], stamps: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    """Return the keys of events.

    Args:
        hashes: hashes of their lines.
        stamps: UTC microseconds.
    """
    keys = np.empty(len(hashes), np.uint64)
    event_keys(hashes, stamps, keys)
    return keys


def digest_of(keys: npt.NDArray[np.uint64]) -> int:
    """Return the digest of events with these keys, from 0 to 2^64 - 1."""
    return int(np.add.reduce(keys, dtype=np.uint64))


def stored_digest(digest: int) -> int:
    """Return a digest, or a sum or difference of some, as it is stored: a signed number of 64 bits."""
    return (digest + _SIGN) % _WORD - _SIGN
