"""Civil time to UTC and back for whole columns, by the IANA rules of `zoneinfo`.

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
