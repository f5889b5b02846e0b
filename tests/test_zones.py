"""Civil time and UTC over whole columns, against `zoneinfo` one stamp at a time."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.zones import DAY, Micros, day_numbers, local_to_utc, utc_to_local

# Without summer time, with an hour of it, with half an hour of it, and at quarters of an hour.
ZONES = (
    "UTC",
    "Asia/Tokyo",
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Chatham",
    "Pacific/Apia",
)
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - civil time
HOUR = 3_600_000_000

INSTANTS = st.lists(st.datetimes(datetime(2000, 1, 2), datetime(2099, 12, 31)), max_size=60)  # noqa: DTZ001


def micros(moment: datetime) -> int:
    return (moment.replace(tzinfo=None) - EPOCH) // timedelta(microseconds=1)


def column(moments: list[datetime]) -> Micros:
    return np.array([micros(moment) for moment in moments], np.int64)


def to_local(utc: int, zone: ZoneInfo) -> int:
    moment = EPOCH.replace(tzinfo=UTC) + timedelta(microseconds=utc)
    return micros(moment.astimezone(zone))


def to_utc(local: int, zone: ZoneInfo) -> int:
    moment = (EPOCH + timedelta(microseconds=local)).replace(tzinfo=zone)
    return micros(moment.astimezone(UTC))


def transitions(zone: ZoneInfo, first: int, last: int) -> list[int]:
    """Return the UTC hours of the years after which the zone's offset differs."""
    hours = range(micros(datetime(first, 1, 1)), micros(datetime(last, 1, 1)), HOUR)  # noqa: DTZ001
    offsets = [to_local(hour, zone) - hour for hour in hours]
    return [hour for hour, before, after in zip(hours, offsets, offsets[1:], strict=False) if before != after]


@pytest.mark.parametrize("name", ZONES)
@settings(deadline=None)
@given(moments=INSTANTS)
def test_random_instants(name: str, moments: list[datetime]) -> None:
    zone = ZoneInfo(name)
    stamps = column(moments)
    assert utc_to_local(stamps, zone).tolist() == [to_local(stamp, zone) for stamp in stamps.tolist()]
    assert local_to_utc(stamps, zone).tolist() == [to_utc(stamp, zone) for stamp in stamps.tolist()]


@pytest.mark.parametrize(
    ("name", "first", "count"),
    [
        ("America/New_York", 2019, 4),
        ("Europe/Berlin", 2019, 4),
        ("Australia/Lord_Howe", 2019, 4),
        ("Pacific/Chatham", 2019, 4),
        ("Pacific/Apia", 2011, 5),  # one of them is the 30 December 2011 that Samoa left out
        ("Asia/Tokyo", 2019, 0),
        ("Asia/Kathmandu", 2019, 0),
    ],
)
def test_around_transitions(name: str, first: int, count: int) -> None:
    zone = ZoneInfo(name)
    found = transitions(zone, first, first + 2)
    assert len(found) == count
    for hour in found:
        utc = np.arange(hour - 2 * HOUR, hour + 4 * HOUR, HOUR // 60, dtype=np.int64)
        local = utc_to_local(utc, zone)
        assert local.tolist() == [to_local(stamp, zone) for stamp in utc.tolist()]
        # every civil minute, those too that do not happen or happen twice
        civil = np.arange(local.min(), local.max(), HOUR // 60, dtype=np.int64)
        assert local_to_utc(civil, zone).tolist() == [to_utc(stamp, zone) for stamp in civil.tolist()]


@pytest.mark.parametrize(
    ("zone", "civil", "utc"),
    [
        # happens twice: the first counts
        ("Europe/Berlin", "2020-10-25 02:30:00", "2020-10-25 00:30:00"),
        ("America/New_York", "2020-11-01 01:59:59.999999", "2020-11-01 05:59:59.999999"),
        ("Australia/Lord_Howe", "2020-04-05 01:45:00", "2020-04-04 14:45:00"),
        # does not happen: as if not yet set forward
        ("Europe/Berlin", "2020-03-29 02:30:00", "2020-03-29 01:30:00"),
        ("America/New_York", "2020-03-08 02:00:00", "2020-03-08 07:00:00"),
        ("Australia/Lord_Howe", "2020-10-04 02:15:00", "2020-10-03 15:45:00"),
        ("Asia/Kathmandu", "2020-04-03 00:00:00", "2020-04-02 18:15:00"),
    ],
)
def test_the_hours_of_the_changes(zone: str, civil: str, utc: str) -> None:
    found = local_to_utc(column([datetime.fromisoformat(civil)]), ZoneInfo(zone))
    assert found.tolist() == [micros(datetime.fromisoformat(utc))]


@pytest.mark.parametrize("name", ZONES)
@settings(deadline=None)
@given(moments=INSTANTS)
def test_days_are_those_of_the_zone(name: str, moments: list[datetime]) -> None:
    zone = ZoneInfo(name)
    days = day_numbers(column(moments), zone)
    assert days.dtype == np.int32
    assert days.tolist() == [to_local(micros(moment), zone) // DAY for moment in moments]


@pytest.mark.parametrize("name", ZONES)
def test_a_day_begins_at_its_midnight(name: str) -> None:
    zone = ZoneInfo(name)
    midnight = to_utc(micros(datetime(2020, 4, 3)), zone)  # noqa: DTZ001
    days = day_numbers(np.array([midnight - 1, midnight, midnight + DAY - 1, midnight + DAY]), zone)
    assert (days - days[0]).tolist() == [0, 1, 1, 2]


def test_nothing_gives_nothing() -> None:
    empty = np.empty(0, np.int64)
    for name in ZONES:
        assert len(local_to_utc(empty, ZoneInfo(name))) == len(utc_to_local(empty, ZoneInfo(name))) == 0
