"""Lines in which loggers and kernels say that something is missing from the log, or that they have just begun.

They are ignored as records, but tell how far a day's counts can be trusted. A compiled look finds the few lines that
have a word of one; what a line says is then read by a regular expression. Written by:

    kernel: net_ratelimit: 12 callbacks suppressed                            (Linux, net/core/utils.c)
    rsyslogd: imuxsock lost 23 messages from pid 123 due to rate-limiting     (rsyslog, imuxsock)
    systemd-journald[123]: Suppressed 45 messages from kernel                 (systemd, journald-rate-limit)
    last message repeated 3 times                                             (sysklogd, FreeBSD, rsyslog)
    kernel: Linux version 6.1.0-18-amd64 ...                                  (Linux, at boot)
    rsyslogd: [origin software="rsyslogd" ...] start                          (rsyslog); syslogd 1.5: restart.
"""

import re
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.compiled import kernel
from pipelines.scanning.words import byte_at

RATE_LIMIT, LOST, REPEATED, RESTART = "rate limit", "lost", "repeated", "restart"

_SAYS = (
    (RATE_LIMIT, re.compile(rb"(\d+) callbacks suppressed")),
    (RATE_LIMIT, re.compile(rb"Suppressed (\d+) messages from")),
    (LOST, re.compile(rb"\blost (\d+) messages from pid")),
    (REPEATED, re.compile(rb"message repeated (\d+) times")),
    (RESTART, re.compile(rb"kernel: (?:\[[ .\d]*\] )?Linux version \d()")),
    (RESTART, re.compile(rb"syslogd[^:]*: (?:\[origin [^]]*\] start|.*\brestart\.?)()$")),
    (RESTART, re.compile(rb"syslog-ng\[\d+\]: syslog-ng starting up()")),
)
# The eight bytes that each of them has, as big-endian words.
_SUPPRESSED, _LOST, _REPEATED, _VERSION, _ORIGIN, _AGAIN, _STARTING = (
    int.from_bytes(word, "big")
    for word in (b"uppresse", b" message", b" repeate", b"Linux ve", b'"] start', b" restart", b" startin")
)
_MESSAGES_AFTER = int.from_bytes(b"lost ", "big")
# Notices of a batch that are taken; a daemon writes one in some seconds.
_MOST = 4_096
_LONGEST = 512


class Notice(NamedTuple):
    """What a line says.

    Attributes:
        place: the line's place among those that were looked at.
        kind: RATE_LIMIT, LOST, REPEATED or RESTART.
        number: how many messages or packets it says so of; 1 for a restart.
    """

    place: int
    kind: str
    number: int


@kernel
def has_word(buffer: np.ndarray, start: int, end: int) -> bool:
    """Return whether a line has a word that notices have."""
    word = np.uint64(0)
    for position in range(start, end):
        word = (word << np.uint64(8)) | np.uint64(byte_at(buffer, position))
        if (
            word == np.uint64(_SUPPRESSED)
            or word == np.uint64(_REPEATED)
            or word == np.uint64(_VERSION)
            or word == np.uint64(_ORIGIN)
            or word == np.uint64(_AGAIN)
            or word == np.uint64(_STARTING)
            or (word & np.uint64(0xFFFFFFFFFF)) == np.uint64(_MESSAGES_AFTER)
        ):
            return True
    return False


@kernel
def lines_with_words(buffer: np.ndarray, spans: np.ndarray, rows: np.ndarray, found: np.ndarray) -> int:
    """Write the places in `rows`, numbers of spans, of the lines that have a word of a notice; return how many."""
    count = 0
    for place in range(len(rows)):
        start = spans[rows[place], 0]
        if count < len(found) and has_word(buffer, start, start + spans[rows[place], 1]):
            found[count] = place
            count += 1
    return count


def find_notices(
    buffer: npt.NDArray[np.uint8], spans: npt.NDArray[np.int64], rows: npt.NDArray[np.int64]
) -> list[Notice]:
    """Return the notices among some lines.

    Args:
        buffer: the bytes.
        spans: int64[n, 2], start and length of lines.
        rows: which of them are looked at.
    """
    if not len(rows):
        return []
    found = np.empty(min(len(rows), _MOST), np.int64)
    count = lines_with_words(buffer, spans, rows, found)
    notices = []
    for place in found[:count].tolist():
        start, length = spans[rows[place]].tolist()
        line = buffer[start : start + min(length, _LONGEST)].tobytes().rstrip()
        for kind, says in _SAYS:
            said = says.search(line)
            if said:
                notices.append(Notice(place, kind, min(int(said[1] or 1), 1 << 62)))
                break
    return notices
