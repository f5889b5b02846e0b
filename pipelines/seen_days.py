"""The days of a month that groups were seen on."""

import numpy as np
import numpy.typing as npt

from pipelines.count_kinds import Kind

_MOST_DAYS = 31


class SeenDays:
    """On which days of a month each group of a kind was seen: 16 MB for ports."""

    def __init__(self, kind: Kind, first_day: int) -> None:
        """Begin a month, by its first day as days since 1970-01-01."""
        self._first_day = first_day
        self._seen = np.zeros((_MOST_DAYS, 1 << kind.bits), np.bool_)

    def add(self, day: int, groups: npt.NDArray[np.int64]) -> None:
        """Note that groups were seen on a day of the month; that may be said more than once."""
        self._seen[day - self._first_day, groups] = True

    def rows(self) -> npt.NDArray[np.int64]:
        """Return the groups that were seen: int64[groups, 4] of group, first day, last day, number of days."""
        days = self._seen.sum(axis=0, dtype=np.int64)
        groups = np.flatnonzero(days)
        seen = self._seen[:, groups]
        first = self._first_day + seen.argmax(axis=0)
        last = self._first_day + _MOST_DAYS - 1 - seen[::-1].argmax(axis=0)
        return np.column_stack([groups, first, last, days[groups]])
