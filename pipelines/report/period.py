"""The days that a report is about, and those it is compared with."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

_NAME = re.compile(r"(?P<year>\d{4})(-(Q(?P<quarter>[1-4])|H(?P<half>[12])|(?P<month>0[1-9]|1[0-2])))?", re.ASCII)
_DAY = timedelta(days=1)
# Before this year there is no period to compare with that a date can name.
_FIRST_YEAR = 2


class PeriodError(ValueError):
    """A text that names no period, told in one sentence."""


@dataclass(frozen=True)
class Period:
    """Days of a report, both ends included, and the days before that they are compared with.

    Attributes:
        name: what the report's files are called: '2020-Q2', '2020-04', '2020', '2020-04-01_2020-04-15'.
        first: first day.
        last: last day.
        previous_first: first day of the period before.
        previous_last: last day of the period before, which is the day before `first`.
    """

    name: str
    first: date
    last: date
    previous_first: date
    previous_last: date

    @property
    def days(self) -> int:
        """Number of days."""
        return (self.last - self.first).days + 1

    @property
    def heading(self) -> str:
        """How titles name it: '2020.04-06', '2020.04', '2020', or first and last day."""
        if _NAME.fullmatch(self.name) is None:
            return f"{self.first:%Y.%m.%d}-{self.last:%Y.%m.%d}"
        if self.first.month == self.last.month:
            return f"{self.first:%Y.%m}"
        months = f"{self.first:%m}-{self.last:%m}"
        return f"{self.first:%Y}" if months == "01-12" else f"{self.first:%Y}.{months}"


def named_period(name: str) -> Period:
    """Return a year, half, quarter or month, compared with the one before.

    Raises:
        PeriodError: no such name.
    """
    found = _NAME.fullmatch(name)
    if found is None or int(found["year"]) < _FIRST_YEAR:
        raise PeriodError(
            f"period is {name!r}: it must be a year, half, quarter or month such as "
            "'2020', '2020-H1', '2020-Q2' or '2020-04', or two days"
        )
    months = 3 if found["quarter"] else 6 if found["half"] else 1 if found["month"] else 12
    number = int(found["quarter"] or found["half"] or found["month"] or 1)
    start = int(found["year"]) * 12 + (number - 1) * months
    first, after = _month(start), _month(start + months)
    return Period(name, first, after - _DAY, _month(start - months), first - _DAY)


def period_of_days(first: date, last: date) -> Period:
    """Return the period of any days, compared with as many days before.

    Raises:
        PeriodError: `last` lies before `first`.
    """
    if last < first:
        raise PeriodError(f"period is {first} to {last}: its last day must not be before its first one")
    length = last - first + _DAY
    return Period(f"{first}_{last}", first, last, first - length, first - _DAY)


def _month(number: int) -> date:
    """Return the first day of a month, given as months since the year 0."""
    return date(number // 12, number % 12 + 1, 1)
