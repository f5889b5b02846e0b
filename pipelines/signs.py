"""Signs of life of the sensors, by day: when they logged anything, and what they said of what they did not log.

From these, coverage is worked out: a day without packets is quiet if its sensor logged other lines, and blind if not.
A sign that two files both hold is one sign.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.columns import constant
from pipelines.scanning.stamps import DAY, NO_STAMP, SECOND
from pipelines.schema import SIGNS, STAMP

MINUTE = 60 * SECOND
# A day of any zone's calendar lies within the UTC day of the same name and 15 hours on either side of it.
_MARGIN = 15 * 60
_MINUTES = DAY // MINUTE + 2 * _MARGIN
# A clock is set back, and not only a line late, if a stamp lies so far before the one before it.
SET_BACK = MINUTE
# Of other signs of a sensor and day no more are kept: a file that was shuffled is all jumps.
MOST_MARKS = 10_000

# Kinds of signs besides those of `scanning.notices`.
SOURCE, LINES, CLOCK_BACK = "source", "lines", "clock back"


@dataclass
class _Signs:
    """Those of one sensor and day."""

    minutes: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(_MINUTES, np.bool_))
    marks: set[tuple[int, str, int]] = field(default_factory=set)


class Signs:
    """Collects the signs of some days.

    Days are given by their numbers, stamps as UTC microseconds.
    """

    def __init__(self, sensors: list[str]) -> None:
        """Begin with the sensors that there are: a day has a row of each, whether it logged or not."""
        self._sensors = sensors
        self._signs: dict[int, dict[str, _Signs]] = {}

    def add_lines(self, day: int, sensor: str, stamps: npt.NDArray[np.int64]) -> None:
        """Note that lines were logged."""
        if not len(stamps):
            return
        minutes = stamps // MINUTE - (day * DAY // MINUTE - _MARGIN)
        self._of(day, sensor).minutes[minutes[(minutes >= 0) & (minutes < _MINUTES)]] = True

    def add_jumps(self, day: int, sensor: str, before: int, stamps: npt.NDArray[np.int64]) -> None:
        """Note where stamps of lines that follow each other go back; `before` is the one before, or NO_STAMP."""
        if not len(stamps):
            return
        steps = np.diff(stamps, prepend=stamps[:1] if before == NO_STAMP else np.int64(before))
        for place in np.flatnonzero(steps < -SET_BACK)[:MOST_MARKS].tolist():
            self.add_mark(day, sensor, int(stamps[place]), CLOCK_BACK, int(-steps[place]) // SECOND)

    def add_mark(self, day: int, sensor: str, stamp: int, kind: str, number: int) -> None:
        """Note a sign of another kind."""
        marks = self._of(day, sensor).marks
        if len(marks) < MOST_MARKS:
            marks.add((stamp, kind, number))

    def batches(self, day: int) -> Iterator[pa.RecordBatch]:
        """Yield the signs of a day, with the columns of `schema.SIGNS`."""
        found = self._signs.get(day, {})
        for sensor in sorted({*self._sensors, *found}):
            signs = found.get(sensor, _Signs())
            yield _batch(sensor, [(None, SOURCE, 1), *sorted(signs.marks)])
            minutes = np.flatnonzero(signs.minutes) * MINUTE + day * DAY - _MARGIN * MINUTE
            stamps = pa.array(minutes).view(STAMP)
            ones = pa.array(np.ones(len(minutes), np.int64))
            columns = [constant(sensor, len(minutes)), stamps, constant(LINES, len(minutes)), ones]
            yield pa.record_batch(columns, names=[column.name for column in SIGNS])

    def _of(self, day: int, sensor: str) -> _Signs:
        return self._signs.setdefault(day, {}).setdefault(sensor, _Signs())


def _batch(sensor: str, marks: Sequence[tuple[int | None, str, int]]) -> pa.RecordBatch:
    stamps, kinds, numbers = zip(*marks, strict=True)
    columns = [constant(sensor, len(marks)), pa.array(stamps, STAMP), pa.array(kinds), pa.array(numbers, pa.int64())]
    return pa.record_batch(columns, names=[column.name for column in SIGNS])
