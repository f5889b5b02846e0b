"""Time stamps at the head of a log line: every form that syslog daemons, kernels and sensors write, compiled.

Forms read: RFC 3164 `Feb  1 00:00:02`, RFC 3339 and RFC 5424 `2015-03-07T05:09:30.045015+02:00`, the same with a blank
or without a zone, C's ctime with its year `Wed Nov 23 07:53:00 2026`, seconds since 1970 with or without fraction, and
the access-log form `20/Jun/2022:13:09:14 +0200`. All times are microseconds; a stamp without a zone is local civil
time, and a stamp without a year takes the year that puts it nearest to a given time.
"""

import numpy as np

from pipelines.compiled import kernel
from pipelines.scanning.words import byte_at, load8

NO_STAMP = np.iinfo(np.int64).min
SECOND = 1_000_000
DAY = 86_400 * SECOND

# A date of the nearest year is never further away; but 29 February, which most years do not have, may be.
MOST_OF_HALF_A_YEAR = 184 * DAY

# Stamps before this are those of a device whose clock was not set; there is no partition for them.
FIRST_STAMP = 10_957 * DAY  # 2000-01-01
LAST_STAMP = 2_932_897 * DAY  # 10000-01-01, past what a date column can print

_BLANK_UTC = np.uint64(int.from_bytes(b" UTC", "little"))
_BLANK_GMT = np.uint64(int.from_bytes(b" GMT", "little"))
_MONTHS = np.frombuffer(b"janfebmaraprmayjunjulaugsepoctnovdec", np.uint8).copy()

# How a stamp was written: what is still to be settled about it.
ABSENT, YEARLESS, LOCAL, ABSOLUTE, IMPOSSIBLE = range(5)


@kernel
def digit(byte: int) -> int:
    """Return the value of an ASCII digit, or -1."""
    value = np.int64(byte) - 48
    return value if 0 <= value <= 9 else -1


@kernel
def fixed_number(buffer: np.ndarray, start: int, count: int) -> int:
    """Return the number that exactly `count` digits at `start` make, or -1."""
    number = 0
    for position in range(start, start + count):
        value = digit(byte_at(buffer, position))
        if value < 0:
            return -1
        number = number * 10 + value
    return number


@kernel
def month_number(buffer: np.ndarray, start: int) -> int:
    """Return 1 to 12 for an English month abbreviation at `start`, or 0."""
    word = (
        (np.int64(byte_at(buffer, start)) << 16)
        | (np.int64(byte_at(buffer, start + 1)) << 8)
        | np.int64(byte_at(buffer, start + 2))
    )
    if word == 0x4A616E:
        return 1
    if word == 0x466562:
        return 2
    if word == 0x4D6172:
        return 3
    if word == 0x417072:
        return 4
    if word == 0x4D6179:
        return 5
    if word == 0x4A756E:
        return 6
    if word == 0x4A756C:
        return 7
    if word == 0x417567:
        return 8
    if word == 0x536570:
        return 9
    if word == 0x4F6374:
        return 10
    if word == 0x4E6F76:
        return 11
    if word == 0x446563:
        return 12
    return 0


@kernel
def is_leap(year: int) -> bool:
    """Return whether the Gregorian year has a 29 February."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


@kernel
def days_in_month(year: int, month: int) -> int:
    """Return how many days the month of that year has."""
    if month == 2:
        return 29 if is_leap(year) else 28
    return 30 if month in (4, 6, 9, 11) else 31


@kernel
def days_since_epoch(year: int, month: int, day: int) -> int:
    """Return days since 1970-01-01 of a proleptic Gregorian date (Hinnant's civil-from-days algorithm)."""
    shifted = year - (1 if month <= 2 else 0)
    era = shifted // 400
    year_of_era = shifted - era * 400
    day_of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146_097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719_468


@kernel
def year_of(micros: int) -> int:
    """Return the Gregorian year of a civil time in microseconds since 1970."""
    days = micros // DAY
    year = 1970 + days // 366
    while days_since_epoch(year + 1, 1, 1) <= days:
        year += 1
    while days_since_epoch(year, 1, 1) > days:
        year -= 1
    return year


@kernel
def nearest_year(month: int, day: int, time: int, near: int) -> int:
    """Return the civil time (microseconds) of a date without a year, in the year that puts it nearest to `near`."""
    around = year_of(near)
    reach = 8 if month == 2 and day == 29 else 1  # up to eight years lie between leap days (1896, 1904)
    best = NO_STAMP
    for year in range(around - reach, around + reach + 1):
        if day > days_in_month(year, month):
            continue
        candidate = days_since_epoch(year, month, day) * DAY + time
        if best == NO_STAMP or abs(candidate - near) < abs(best - near):
            best = candidate
    return best


@kernel
def clock(buffer: np.ndarray, position: int, limit: int) -> tuple[int, int]:
    """Read `hh:mm:ss`, with or without a fraction: (microseconds since midnight, position after it).

    In place of the time, -1 is what is no clock, and -2 one that shows an impossible time.
    """
    if position + 8 > limit:
        return -1, position
    hour = fixed_number(buffer, position, 2)
    minute = fixed_number(buffer, position + 3, 2)
    second = fixed_number(buffer, position + 6, 2)
    if (
        hour < 0
        or minute < 0
        or second < 0
        or byte_at(buffer, position + 2) != 58
        or byte_at(buffer, position + 5) != 58
    ):
        return -1, position
    end = position + 8
    time = (hour * 3600 + minute * 60 + second) * SECOND
    if end < limit and (
        byte_at(buffer, end) == 46 or (byte_at(buffer, end) == 44 and digit(byte_at(buffer, end + 1)) >= 0)
    ):
        fraction, end = read_fraction(buffer, end + 1, limit)
        time += fraction
    return (-2 if hour > 23 or minute > 59 or second > 60 else time), end


@kernel
def read_fraction(buffer: np.ndarray, position: int, limit: int) -> tuple[int, int]:
    """Read the digits after a decimal point: (microseconds, position after them); digits past the sixth are cut."""
    scale = 100_000
    micros = 0
    while position < limit:
        value = digit(byte_at(buffer, position))
        if value < 0:
            break
        micros += value * scale
        scale //= 10
        position += 1
    return micros, position


@kernel
def two_digits(buffer: np.ndarray, start: int, limit: int) -> int:
    """Return the number that two digits at `start` make, or -1."""
    return fixed_number(buffer, start, 2) if start + 2 <= limit else -1


@kernel
def offset(buffer: np.ndarray, position: int, limit: int) -> tuple[bool, int, int]:
    """Read `Z`, `+09:00`, `+0900` or `-03`: (whether there is one, microseconds east of UTC, position after it).

    In place of the microseconds, NO_STAMP is an impossible offset.
    """
    if position >= limit:
        return False, 0, position
    byte = byte_at(buffer, position)
    if byte == 90 or byte == 122:
        return True, 0, position + 1
    if byte != 43 and byte != 45:
        return False, 0, position
    hours = two_digits(buffer, position + 1, limit)
    if hours < 0:
        return False, 0, position
    end = position + 3
    minutes = 0
    if byte_at(buffer, end) == 58 and two_digits(buffer, end + 1, limit) >= 0:
        minutes = two_digits(buffer, end + 1, limit)
        end += 3
    elif two_digits(buffer, end, limit) >= 0:
        minutes = two_digits(buffer, end, limit)
        end += 2
    if hours > 23 or minutes > 59:
        return True, NO_STAMP, end
    east = (hours * 60 + minutes) * 60 * SECOND
    return True, east if byte == 43 else -east, end


@kernel
def dated(year: int, month: int, day: int, time: int) -> tuple[int, int]:
    """Return (kind, civil microseconds) of a full date and time: LOCAL, or IMPOSSIBLE."""
    if time < 0 or month < 1 or month > 12 or day < 1 or day > days_in_month(year, month):
        return IMPOSSIBLE, NO_STAMP
    return LOCAL, days_since_epoch(year, month, day) * DAY + time


@kernel
def is_letter(byte: int) -> bool:
    """Return whether a byte is an ASCII letter."""
    return 65 <= byte <= 90 or 97 <= byte <= 122


@kernel
def zoned(buffer: np.ndarray, position: int, limit: int, kind: int, micros: int) -> tuple[int, int, int]:
    """Apply the zone that may follow a full stamp, a blank before it or none: (kind, microseconds, position after)."""
    start = position
    if (
        position + 1 < limit
        and byte_at(buffer, position) == 32
        and (byte_at(buffer, position + 1) == 43 or byte_at(buffer, position + 1) == 45)
    ):
        start += 1
    found, east, end = offset(buffer, start, limit)
    if not found:
        word = load8(buffer, position)
        named = word & np.uint64(0xFFFFFFFF) == _BLANK_UTC or word & np.uint64(0xFFFFFFFF) == _BLANK_GMT
        if not named or kind != LOCAL or position + 4 > limit or is_letter(byte_at(buffer, position + 4)):
            return kind, micros, position
        east, end = 0, position + 4
    if east == NO_STAMP:
        return IMPOSSIBLE, NO_STAMP, end
    if kind == LOCAL:
        return ABSOLUTE, micros - east, end
    return kind, micros, end


@kernel
def iso_stamp(buffer: np.ndarray, position: int, limit: int) -> tuple[int, int, int]:
    """Read an RFC 3339 stamp, its `T` or a blank or, as Sophos writes, a hyphen, its zone or none."""
    year = fixed_number(buffer, position, 4)
    month = fixed_number(buffer, position + 5, 2)
    day = fixed_number(buffer, position + 8, 2)
    separator = byte_at(buffer, position + 10)
    if year < 0 or month < 0 or day < 0 or byte_at(buffer, position + 7) != byte_at(buffer, position + 4):
        return ABSENT, NO_STAMP, position
    if separator != 84 and separator != 116 and separator != 32 and separator != 45:
        return ABSENT, NO_STAMP, position
    time, end = clock(buffer, position + 11, limit)
    if time == -1:
        return ABSENT, NO_STAMP, position
    kind, micros = dated(year, month, day, time)
    return zoned(buffer, end, limit, kind, micros)


@kernel
def access_log_stamp(buffer: np.ndarray, position: int, limit: int) -> tuple[int, int, int]:
    """Read `20/Jun/2022:13:09:14 +0200`."""
    day = fixed_number(buffer, position, 2)
    if (
        day < 0
        or byte_at(buffer, position + 2) != 47
        or byte_at(buffer, position + 6) != 47
        or byte_at(buffer, position + 11) != 58
    ):
        return ABSENT, NO_STAMP, position
    month = month_number(buffer, position + 3)
    year = fixed_number(buffer, position + 7, 4)
    time, end = clock(buffer, position + 12, limit)
    if month == 0 or year < 0 or time == -1:
        return ABSENT, NO_STAMP, position
    kind, micros = dated(year, month, day, time)
    return zoned(buffer, end, limit, kind, micros)


@kernel
def month_stamp(buffer: np.ndarray, position: int, limit: int, near: int) -> tuple[int, int, int]:
    """Read `Feb  1 00:00:02`, `Feb 01 2004 00:00:02` or `Feb  1 00:00:02 2004`; without a year, nearest to `near`."""
    month = month_number(buffer, position)
    if month == 0 or byte_at(buffer, position + 3) != 32:
        return ABSENT, NO_STAMP, position
    start = position + 4
    if byte_at(buffer, start) == 32:
        start += 1
    day = digit(byte_at(buffer, start))
    start += 1
    second_digit = digit(byte_at(buffer, start))
    if second_digit >= 0:
        day = day * 10 + second_digit
        start += 1
    if day < 0 or byte_at(buffer, start) != 32:
        return ABSENT, NO_STAMP, position
    start += 1
    year = fixed_number(buffer, start, 4)
    if year >= 0 and byte_at(buffer, start + 4) == 32:
        start += 5
    else:
        year = -1
    time, end = clock(buffer, start, limit)
    if time == -1:
        return ABSENT, NO_STAMP, position
    if year < 0:
        year, end = year_after(buffer, end, limit)
    if year >= 0:
        kind, micros = dated(year, month, day, time)
        return kind, micros, end
    if time < 0 or day < 1 or day > days_in_month(2000, month):
        return IMPOSSIBLE, NO_STAMP, end
    return YEARLESS, nearest_year(month, day, time, near), end


@kernel
def slashed_stamp(buffer: np.ndarray, position: int, limit: int, near: int) -> tuple[int, int, int]:
    """Read MikroTik's `apr/03/2020 04:12:45` or `apr/03 04:12:45`; without a year, nearest to `near`."""
    month = lower_case_month(buffer, position)
    day = fixed_number(buffer, position + 4, 2)
    if month == 0 or day < 0:
        return ABSENT, NO_STAMP, position
    year, start = -1, position + 6
    if byte_at(buffer, start) == 47:
        year = fixed_number(buffer, start + 1, 4)
        start += 5
        if year < 0:
            return ABSENT, NO_STAMP, position
    if byte_at(buffer, start) != 32:
        return ABSENT, NO_STAMP, position
    time, end = clock(buffer, start + 1, limit)
    if time == -1:
        return ABSENT, NO_STAMP, position
    if year >= 0:
        kind, micros = dated(year, month, day, time)
        return kind, micros, end
    if time < 0 or day < 1 or day > days_in_month(2000, month):
        return IMPOSSIBLE, NO_STAMP, end
    return YEARLESS, nearest_year(month, day, time, near), end


@kernel
def lower_case_month(buffer: np.ndarray, start: int) -> int:
    """Return 1 to 12 for an English month abbreviation in lower case at `start`, or 0."""
    for month in range(12):
        if (
            byte_at(buffer, start) == np.int64(_MONTHS[3 * month])
            and byte_at(buffer, start + 1) == np.int64(_MONTHS[3 * month + 1])
            and byte_at(buffer, start + 2) == np.int64(_MONTHS[3 * month + 2])
        ):
            return month + 1
    return 0


@kernel
def year_first_stamp(buffer: np.ndarray, position: int, limit: int) -> tuple[int, int, int]:
    """Read Allied Telesis' `2017 Mar 19 22:44:03`."""
    year, month = fixed_number(buffer, position, 4), month_number(buffer, position + 5)
    if year < 0 or month == 0 or byte_at(buffer, position + 8) != 32:
        return ABSENT, NO_STAMP, position
    day = max(0, digit(byte_at(buffer, position + 9))) * 10 + digit(byte_at(buffer, position + 10))
    time, end = clock(buffer, position + 12, limit)
    if time == -1 or byte_at(buffer, position + 11) != 32 or digit(byte_at(buffer, position + 10)) < 0:
        return ABSENT, NO_STAMP, position
    kind, micros = dated(year, month, day, time)
    return kind, micros, end


@kernel
def year_after(buffer: np.ndarray, position: int, limit: int) -> tuple[int, int]:
    """Read the year that may follow the time: (year, position after it and its colon), or (-1, `position`).

    A colon may stand behind it, but not as in a host's address that is taken for a year: `2001:db8::53`.
    """
    end = position + 5
    if end > limit or byte_at(buffer, position) != 32:
        return -1, position
    behind = end + 1 if end < limit and byte_at(buffer, end) == 58 else end
    year = fixed_number(buffer, position + 1, 4)
    if not 1970 <= year <= 2099 or (behind < limit and byte_at(buffer, behind) != 32):
        return -1, position
    return year, behind


@kernel
def epoch_stamp(buffer: np.ndarray, position: int, limit: int) -> tuple[int, int, int]:
    """Read seconds since 1970 (9 or 10 digits, with or without fraction), or 13, 16 or 19 digits: ms, us or ns."""
    number = 0
    end = position
    while end < limit and digit(byte_at(buffer, end)) >= 0 and end - position < 20:
        if end - position < 16:  # what follows is less than a microsecond
            number = number * 10 + digit(byte_at(buffer, end))
        end += 1
    count = end - position
    if count == 13:
        number *= 1_000
    elif count == 9 or count == 10:
        number *= SECOND
        if end < limit and byte_at(buffer, end) == 46:
            fraction, end = read_fraction(buffer, end + 1, limit)
            number += fraction
    elif count != 16 and count != 19:
        return ABSENT, NO_STAMP, position
    return ABSOLUTE, number, end


@kernel
def read_stamp(buffer: np.ndarray, position: int, limit: int, near: int) -> tuple[int, int, int]:
    """Read the stamp that starts at `position` and ends before `limit`, in any form.

    Looks at up to 40 bytes after `position`, which must exist; what stands at `limit` or after it changes nothing.

    Returns:
        (kind, microseconds, position after the stamp): kind ABSENT (no stamp here), YEARLESS or LOCAL (civil time of
        the source's zone), ABSOLUTE (UTC), or IMPOSSIBLE (such as 30 February).
    """
    first = byte_at(buffer, position)
    if digit(first) >= 0:
        between = byte_at(buffer, position + 4)
        if between == 45 or ((between == 47 or between == 58) and byte_at(buffer, position + 7) == between):
            return iso_stamp(buffer, position, limit)
        if between == 32 and month_number(buffer, position + 5) > 0:
            return year_first_stamp(buffer, position, limit)
        if byte_at(buffer, position + 2) == 47:
            return access_log_stamp(buffer, position, limit)
        return epoch_stamp(buffer, position, limit)
    if byte_at(buffer, position + 3) == 47:
        return slashed_stamp(buffer, position, limit, near)
    kind, micros, end = month_stamp(buffer, position, limit, near)
    if kind == ABSENT and byte_at(buffer, position + 3) == 32:  # a weekday stands before the month in C's ctime form
        kind, micros, end = month_stamp(buffer, position + 4, limit, near)
        if kind == ABSENT:
            return ABSENT, NO_STAMP, position
    return kind, micros, end
