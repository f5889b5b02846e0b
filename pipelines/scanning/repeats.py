"""Lines that stand for lines before them, or for several of their own, as syslog daemons and routers write them."""

import numpy as np

from pipelines.compiled import kernel
from pipelines.scanning.stamps import digit
from pipelines.scanning.syslog_header import skip_blanks
from pipelines.scanning.words import byte_at, load8

_MESSAGE = np.uint64(int.from_bytes(b"message ", "little"))
_REPEATED = np.uint64(int.from_bytes(b"repeated", "little"))
_TIMES = np.uint64(int.from_bytes(b" times: ", "little"))
_LAST_MES = np.uint64(int.from_bytes(b"last mes", "little"))
_SAME_MES = np.uint64(int.from_bytes(b"same mes", "little"))
_SAGE_REP = np.uint64(int.from_bytes(b"sage rep", "little"))
_OPEN = 91
_MOST_DIGITS = 9


@kernel
def is_repeat(buffer: np.ndarray, position: int, end: int) -> bool:
    """Return whether `last message repeated 2 times` stands at `position`, or `same message repeated ...`."""
    word = load8(buffer, position)
    return (
        (word == _LAST_MES or word == _SAME_MES) and position + 16 <= end and load8(buffer, position + 8) == _SAGE_REP
    )


@kernel
def repeated(buffer: np.ndarray, position: int, end: int) -> tuple[int, int]:
    """Read `message repeated 3 times: [ `: (where the message begins, how often it was sent), or (`position`, 1)."""
    if load8(buffer, position) != _MESSAGE or position + 28 > end or load8(buffer, position + 8) != _REPEATED:
        return position, 1
    at = skip_blanks(buffer, position + 16, end)
    count = 0
    first = at
    while at < end and at - first < _MOST_DIGITS and digit(byte_at(buffer, at)) >= 0:
        count = count * 10 + digit(byte_at(buffer, at))
        at += 1
    if count < 1 or load8(buffer, at) != _TIMES or at + 9 >= end or byte_at(buffer, at + 8) != _OPEN:
        return position, 1
    return skip_blanks(buffer, at + 9, end), count
