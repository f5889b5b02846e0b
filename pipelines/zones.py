"""Civil time to UTC and back for whole columns, by the IANA rules of `zoneinfo`.

The rules of time, wherever they are carried out; tests/test_time_rules.py has a test of each:

- A stamp that names its zone is that moment. One that names none is of the source's zone, UTC if none is declared.
- Of an hour that happens twice the first is taken; the stamps of the second go back to it, which coverage notes. In an
  hour that does not happen the clock is read as if not yet put forward.
- A stamp without a year is of the year that puts it nearest to the stamp before it in the file. The first is of the
  year before the file's end: when it was last written, or what a gzip header says of that. A day of clock skew is
  allowed; a stamp that would lie further in the future is of the year before. (`reading`)
- 29 February is of the nearest year that has one, and the stamps around it are of the same.
- A clock that is set back is taken at its word: lines keep their stamps and their order. (`signs` notes it)
- A stamp with a year in the future is taken at its word: its line waits for its day to be loaded.
- A stamp before 2000, or after 9999, is of a clock that was not set: the line is rejected, and kept with the time of
  the line before it. (`scanning.stamps`, `batches`)
- Stamps of several forms may stand in one file: each line is read by its own.
- A day is a calendar day of the site's zone (`FIREWALL_TIMEZONE`), 23 to 25 hours long where clocks are changed.

Offsets change only at multiples of a quarter of an hour (the finest offsets in use are Nepal's and Chatham's), so one
look-up per quarter that a column touches gives the offset of every stamp in it.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

Micros = npt.NDArray[np.int64]

QUARTER = 900 * 1_000_000
DAY = 86_400 * 1_000_000
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - civil time, the zone is what is asked for
# A log may hold any stamp; what lies outside the years 2 to 9998, which datetime cannot turn, has their ends' offset.
_FIRST_QUARTER = (datetime(2, 1, 1) - _EPOCH) // timedelta(minutes=15)  # noqa: DTZ001
_LAST_QUARTER = (datetime(9999, 1, 1) - _EPOCH) // timedelta(minutes=15)  # noqa: DTZ001


def local_to_utc(local: Micros, zone: ZoneInfo) -> Micros:
    """Return UTC microseconds of civil microseconds in `zone`.

    Of the hour that happens twice the first is taken; in the hour that does not happen the clock is read as if not yet
    set forward.
    """

    def offset(quarter: int) -> int:
        moment = _EPOCH + timedelta(microseconds=quarter * QUARTER)
        return _micros(moment.replace(tzinfo=zone).utcoffset())

    return local - _offsets(local, zone, offset)


def utc_to_local(utc: Micros, zone: ZoneInfo) -> Micros:
    """Return civil microseconds in `zone` of UTC microseconds."""

    def offset(quarter: int) -> int:
        moment = _EPOCH.replace(tzinfo=UTC) + timedelta(microseconds=quarter * QUARTER)
        return _micros(moment.astimezone(zone).utcoffset())

    return utc + _offsets(utc, zone, offset)


def day_numbers(utc: Micros, zone: ZoneInfo) -> npt.NDArray[np.int32]:
    """Return the calendar day in `zone` of UTC microseconds, as days since 1970-01-01."""
    return (utc_to_local(utc, zone) // DAY).astype(np.int32)


def _micros(offset: timedelta | None) -> int:
    return 0 if offset is None else int(offset.total_seconds()) * 1_000_000


def _offsets(micros: Micros, zone: ZoneInfo, offset: Callable[[int], int]) -> Micros:
    if zone.key == "UTC" or len(micros) == 0:
        return np.zeros(len(micros), np.int64)
    quarters = micros // QUARTER
    starts = np.flatnonzero(np.diff(quarters, prepend=quarters[0] - 1))
    runs = quarters[starts]
    known, places = np.unique(runs, return_inverse=True)
    values = np.array([offset(int(quarter)) for quarter in known.clip(_FIRST_QUARTER, _LAST_QUARTER)], np.int64)
    return np.repeat(values[places], np.diff(starts, append=len(micros)))
