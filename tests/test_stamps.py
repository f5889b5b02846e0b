"""Time stamps: every form that is read, what is no stamp, and which year a stamp without one gets."""

import calendar
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.batches import Reader
from pipelines.format import all_formats
from pipelines.scanning import stamps
from pipelines.scanning.stamps import ABSENT, ABSOLUTE, DAY, IMPOSSIBLE, LOCAL, NO_STAMP, SECOND, YEARLESS
from pipelines.scanning.words import PADDING

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - civil time
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
FAR = 200_000 * DAY  # no year that a test writes lies near it


def micros(moment: datetime) -> int:
    return (moment.replace(tzinfo=None) - EPOCH) // timedelta(microseconds=1)


def utc_micros(moment: datetime) -> int:
    return micros(moment.astimezone(UTC))


def read(text: str | bytes, near: int = FAR, after: bytes = bytes(PADDING)) -> tuple[int, int, int]:
    data = text if isinstance(text, bytes) else text.encode()
    kind, stamp, end = stamps.read_stamp(np.frombuffer(data + after, np.uint8), 0, len(data), near)
    return int(kind), int(stamp), int(end)


def moment(text: str) -> int:
    return micros(datetime.fromisoformat(text))


@pytest.mark.parametrize(
    ("text", "kind", "stamp"),
    [
        ("2015-03-07T05:09:30.045015+02:00", ABSOLUTE, "2015-03-07 03:09:30.045015"),
        ("2015-03-07T05:09:30Z", ABSOLUTE, "2015-03-07 05:09:30"),
        ("2015-03-07t05:09:30z", ABSOLUTE, "2015-03-07 05:09:30"),
        ("2015-03-07 05:09:30", LOCAL, "2015-03-07 05:09:30"),
        ("2015/03/07 05:09:30", LOCAL, "2015-03-07 05:09:30"),
        ("2015-03-07T05:09:30", LOCAL, "2015-03-07 05:09:30"),
        ("2015-03-07T05:09:30,5", LOCAL, "2015-03-07 05:09:30.500000"),
        ("2015-03-07T05:09:30.123456789Z", ABSOLUTE, "2015-03-07 05:09:30.123456"),
        ("2015-03-07T05:09:30-0330", ABSOLUTE, "2015-03-07 08:39:30"),
        ("2015-03-07T05:09:30+09", ABSOLUTE, "2015-03-06 20:09:30"),
        ("2015-03-07 05:09:30 +0900", ABSOLUTE, "2015-03-06 20:09:30"),
        ("0001-01-01T00:00:00", LOCAL, "0001-01-01 00:00:00"),
        ("9999-12-31T23:59:59.999999", LOCAL, "9999-12-31 23:59:59.999999"),
        ("20/Jun/2022:13:09:14 +0200", ABSOLUTE, "2022-06-20 11:09:14"),
        ("20/Jun/2022:13:09:14", LOCAL, "2022-06-20 13:09:14"),
        ("Wed Nov 23 07:53:00 2022", LOCAL, "2022-11-23 07:53:00"),
        ("Wed Nov  2 07:53:00 2022", LOCAL, "2022-11-02 07:53:00"),
        ("Nov 23 2022 07:53:00", LOCAL, "2022-11-23 07:53:00"),
        ("Nov 23 07:53:00 2022", LOCAL, "2022-11-23 07:53:00"),
        ("Nov 23 07:53:00.25 2022", LOCAL, "2022-11-23 07:53:00.250000"),
        ("Nov 3 07:53:00 2022", LOCAL, "2022-11-03 07:53:00"),
        ("Nov 03 07:53:00 2022", LOCAL, "2022-11-03 07:53:00"),
        ("Dec 31 23:59:60 2016", LOCAL, "2017-01-01 00:00:00"),
        ("1582183634", ABSOLUTE, "2020-02-20 07:27:14"),
        ("1582183634.25", ABSOLUTE, "2020-02-20 07:27:14.250000"),
        ("1582183634.123456789", ABSOLUTE, "2020-02-20 07:27:14.123456"),
        ("999999999", ABSOLUTE, "2001-09-09 01:46:39"),
        ("1582183634123", ABSOLUTE, "2020-02-20 07:27:14.123000"),
        ("1582183634123456", ABSOLUTE, "2020-02-20 07:27:14.123456"),
        ("1582183634123456789", ABSOLUTE, "2020-02-20 07:27:14.123456"),
    ],
)
def test_a_form(text: str, kind: int, stamp: str) -> None:
    for after in ("", " gate kernel: x", " 2001:db8::53 kernel: x"):
        assert read(text + after) == (kind, moment(stamp), len(text))


@pytest.mark.parametrize(
    ("text", "stamp"),
    [
        ("Feb  1 00:00:02", "2020-02-01 00:00:02"),
        ("Feb 01 00:00:02", "2020-02-01 00:00:02"),
        ("Feb 1 00:00:02", "2020-02-01 00:00:02"),
        ("Feb 11 00:00:02.5", "2020-02-11 00:00:02.500000"),
        ("Sat Feb  1 00:00:02", "2020-02-01 00:00:02"),
        ("Feb 29 23:59:60", "2020-03-01 00:00:00"),
    ],
)
@pytest.mark.parametrize("after", ["", " gate", " 2001:db8::53 x", " 2020x y", " 1969 x", " 2100 x", " 20 20", ": x"])
def test_a_form_without_a_year(text: str, stamp: str, after: str) -> None:
    assert read(text + after, near=moment("2020-06-30")) == (YEARLESS, moment(stamp), len(text))


@pytest.mark.parametrize(
    "text",
    [
        "2015-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2015-04-31 00:00:00",
        "2015-00-10 00:00:00",
        "2015-13-10 00:00:00",
        "2015-01-00 00:00:00",
        "2015-01-10T24:00:00Z",
        "2015-01-10T23:60:00Z",
        "2015-01-10T23:59:61Z",
        "2015-01-10T23:59:59+24:00",
        "2015-01-10T23:59:59+0960",
        "Feb 30 00:00:00",
        "Apr 31 00:00:00",
        "Jan  0 00:00:00",
        "Jan 32 00:00:00",
        "Jan  1 24:00:00",
        "Feb 29 00:00:00 2019",
        "31/Jun/2022:13:09:14 +0200",
    ],
)
def test_a_date_or_time_that_does_not_exist(text: str) -> None:
    assert read(text + " gate")[:2] == (IMPOSSIBLE, NO_STAMP)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "gate kernel: x",
        "feb  1 00:00:02",
        "Fev  1 00:00:02",
        "Feb  1",
        "Feb  1 00:00:0",
        "Feb  1 00-00-02",
        "Feb x1 00:00:02",
        "Feb 001 00:00:02",
        "2015-03-07",
        "2015-03-07T05:09",
        "2015-03-07_05:09:30",
        "2015-03/07 05:09:30",
        "20/Jux/2022:13:09:14",
        "20/Jun/2022 13:09:14",
        "12345678",
        "12345678901",
        "123456789012345678901",
        "[ 1234.567890]",
    ],
)
@pytest.mark.parametrize("padding", [bytes(PADDING), b"0" * PADDING, b" 00:00:02 2020 x" * 4])
def test_no_stamp(text: str, padding: bytes) -> None:
    assert read(text, after=padding) == (ABSENT, NO_STAMP, 0)


Render = Callable[[datetime], str]

FORMS: dict[str, tuple[int, Render]] = {
    "rfc 3164": (YEARLESS, lambda t: f"{MONTHS[t.month - 1]} {t.day:2d} {t:%H:%M:%S}"),
    "rfc 3164 with zeros": (YEARLESS, lambda t: f"{MONTHS[t.month - 1]} {t.day:02d} {t:%H:%M:%S}"),
    "ctime": (LOCAL, lambda t: f"{WEEKDAYS[t.weekday()]} {MONTHS[t.month - 1]} {t.day:2d} {t:%H:%M:%S} {t.year}"),
    "year after the day": (LOCAL, lambda t: f"{MONTHS[t.month - 1]} {t.day:02d} {t.year} {t:%H:%M:%S}"),
    "rfc 3339": (ABSOLUTE, lambda t: t.isoformat()),
    "civil": (LOCAL, lambda t: t.replace(tzinfo=None).isoformat(" ")),
    "access log": (ABSOLUTE, lambda t: f"{t.day:02d}/{MONTHS[t.month - 1]}/{t.year}:{t:%H:%M:%S %z}"),
    "epoch": (ABSOLUTE, lambda t: f"{utc_micros(t) // SECOND}"),
    "epoch, fraction": (ABSOLUTE, lambda t: f"{utc_micros(t) // SECOND}.{t.microsecond:06d}"),
}
WITH_FRACTION = {"rfc 3339", "civil", "epoch, fraction"}
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1980, 1, 1), datetime(2099, 12, 31), timezones=OFFSETS)  # noqa: DTZ001


@pytest.mark.parametrize("form", FORMS)
@settings(deadline=None)
@given(written=MOMENTS, padding=st.binary(min_size=PADDING, max_size=PADDING))
def test_a_stamp_is_read_as_it_was_written(form: str, written: datetime, padding: bytes) -> None:
    kind, render = FORMS[form]
    if form not in WITH_FRACTION:
        written = written.replace(microsecond=0)
    text = render(written)
    expected = utc_micros(written) if kind == ABSOLUTE else micros(written)
    assert read(text, near=micros(written), after=padding) == (kind, expected, len(text))
    assert read(text + " gate kernel: x", near=micros(written)) == (kind, expected, len(text))


@settings(deadline=None)
@given(text=st.text("JanFebDec 0123456789:./-+TZ", max_size=45), near=st.integers(0, FAR), data=st.data())
def test_what_stands_after_a_line_changes_nothing(text: str, near: int, data: st.DataObject) -> None:
    one, other = (data.draw(st.text("Jan 0123456789:./-+TZ", min_size=64, max_size=64)) for _ in range(2))
    assert read(text, near, one.encode()) == read(text, near, other.encode())


def nearest(month: int, day: int, time: timedelta, near: int) -> int:
    """Return the least distance to `near`, trying every year there is."""
    found = []
    for year in range(1900, 2200):
        if day <= calendar.monthrange(year, month)[1]:
            found.append(abs(micros(datetime(year, month, day) + time) - near))  # noqa: DTZ001, PERF401
    return min(found)


@settings(deadline=None)
@given(
    day=st.dates(date(2000, 1, 1), date(2000, 12, 31)),
    second=st.integers(0, 86_399),
    near=st.integers(moment("1910-01-01"), moment("2190-01-01")),
)
def test_the_year_is_the_nearest(day: date, second: int, near: int) -> None:
    time = timedelta(seconds=second)
    found = stamps.nearest_year(day.month, day.day, second * SECOND, near)
    assert abs(found - near) == nearest(day.month, day.day, time, near)
    back = EPOCH + timedelta(microseconds=found)
    assert (back.month, back.day, back - datetime(back.year, back.month, back.day)) == (  # noqa: DTZ001
        day.month,
        day.day,
        time,
    )


@pytest.mark.parametrize(
    ("near", "year"),
    [("2019-06-30", 2020), ("2018-02-27", 2016), ("2018-03-02", 2020), ("2017-12-01", 2016), ("1900-03-01", 1896)],
)
def test_a_leap_day_is_in_a_leap_year(near: str, year: int) -> None:
    kind, stamp, _ = read("Feb 29 12:00:00 gate", near=moment(near))
    assert (kind, stamp) == (YEARLESS, moment(f"{year}-02-29 12:00:00"))


RECORD = "gate kernel: IN=eth0 OUT= SRC=203.0.113.9 DST=198.51.100.7 PROTO=2"


@pytest.mark.parametrize(
    ("near", "written", "expected"),
    [
        # over New Year, as time goes
        (
            "2019-12-31",
            ["Dec 31 23:59:58", "Dec 31 23:59:59", "Jan  1 00:00:00", "Jan  1 00:00:01"],
            ["2019-12-31 23:59:58", "2019-12-31 23:59:59", "2020-01-01 00:00:00", "2020-01-01 00:00:01"],
        ),
        # a clock that is set back over New Year, and goes on
        (
            "2019-12-31",
            ["Jan  1 00:00:01", "Dec 31 23:59:59", "Jan  1 00:00:00"],
            ["2020-01-01 00:00:01", "2019-12-31 23:59:59", "2020-01-01 00:00:00"],
        ),
        # a file of two years and a half, a line every few months
        (
            "2018-01-01",
            [
                "Jan  5 00:00:00",
                "Jun  5 00:00:00",
                "Nov  5 00:00:00",
                "Mar  5 00:00:00",
                "Aug  5 00:00:00",
                "Jan  1 00:00:00",
            ],
            ["2018-01-05", "2018-06-05", "2018-11-05", "2019-03-05", "2019-08-05", "2020-01-01"],
        ),
        # a router without a clock starts in January, and then learns the time
        (
            "2020-01-01",
            ["May 20 10:00:00", "Jan  1 00:00:05", "May 20 10:01:00"],
            ["2020-05-20 10:00:00", "2020-01-01 00:00:05", "2020-05-20 10:01:00"],
        ),
        # a stamp with a year says which years those after it are
        ("2020-01-01", ["2011-05-05T00:00:00Z", "Apr  1 00:00:00"], ["2011-05-05", "2011-04-01"]),
        # lines without a stamp, or with an impossible one, change nothing
        ("2020-01-01", ["Feb  1 00:00:00", "Feb 30 00:00:00", "", "Jul 20 00:00:00"], ["2020-02-01", "2020-07-20"]),
    ],
)
def test_the_years_of_a_file(near: str, written: list[str], expected: list[str]) -> None:
    data = "".join(f"{stamp} {RECORD}\n" for stamp in written).encode()
    buffer = np.frombuffer(data + bytes(PADDING), np.uint8)
    (batch,) = Reader(all_formats()["netfilter"], 100).read(buffer, len(data), moment(near), ZoneInfo("UTC"))
    assert batch.stamps.tolist() == [moment(text) for text in expected]


@settings(deadline=None)
@given(st.dates())
def test_days_since_epoch(day: date) -> None:
    assert stamps.days_since_epoch(day.year, day.month, day.day) == day.toordinal() - date(1970, 1, 1).toordinal()


@settings(deadline=None)
@given(st.integers(1, 9999), st.integers(1, 12))
def test_days_in_month(year: int, month: int) -> None:
    assert stamps.days_in_month(year, month) == calendar.monthrange(year, month)[1]
    assert stamps.is_leap(year) == calendar.isleap(year)


@settings(deadline=None)
@given(st.datetimes())
def test_year_of(civil: datetime) -> None:
    assert stamps.year_of(micros(civil)) == civil.year
    first = datetime(civil.year, 1, 1)  # noqa: DTZ001 - civil time
    assert stamps.year_of(micros(first)) == civil.year
    if civil.year > 1:
        assert stamps.year_of(micros(first) - 1) == civil.year - 1
