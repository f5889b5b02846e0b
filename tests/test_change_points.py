"""The change-point test in sql/macros/change_points.sql, on series whose breaks are known.

Series are half a year of Poisson counts (8 to 400 a day) with a weekly pattern of up to a third, days that were not
observed, and bursts of one day; a break multiplies or divides the rate by 1.6 to 6. FIREWALL_FUZZ_SEED sets the seed.
"""

import os
from datetime import date, timedelta

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from pipelines.settings import SQL_FOLDER

SEED = int(os.environ.get("FIREWALL_FUZZ_SEED", "20200531"))
SERIES = 1_000
DAYS = 182
FIRST = date(2020, 1, 1)


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute((SQL_FOLDER / "macros" / "change_points.sql").read_text(encoding="utf-8"))
    return connection


def rates(random: np.random.Generator, breaks: npt.NDArray[np.int64] | None) -> npt.NDArray[np.float64]:
    """Return the expected events of each day: float64[SERIES, DAYS]."""
    base = np.exp(random.uniform(np.log(8), np.log(400), (SERIES, 1)))
    weekdays = 1 + random.uniform(0, 0.3, (SERIES, 1)) * np.sin(
        2 * np.pi * (np.arange(7) + random.integers(7, size=(SERIES, 1))) / 7
    )
    expected = base * weekdays[:, np.arange(DAYS) % 7]
    if breaks is not None:
        factors = np.exp(random.choice([-1, 1], (SERIES, 1)) * random.uniform(np.log(1.6), np.log(6), (SERIES, 1)))
        expected = np.where(np.arange(DAYS) >= breaks[:, None], expected * factors, expected)
    return expected


def drawn(random: np.random.Generator, expected: npt.NDArray[np.float64]) -> pa.Table:
    """Return series drawn from those rates, with bursts and days that were not observed."""
    events = random.poisson(expected)
    observed = np.ones(events.shape, np.bool_)
    for row in range(SERIES):
        for day in random.integers(0, DAYS, 2):
            events[row, day] += int(expected[row, 0] * random.uniform(2, 20))
        for day in random.integers(0, DAYS, 2):
            observed[row, day : day + random.integers(1, 5)] = False
    days = [FIRST + timedelta(days=number) for number in range(DAYS)]
    return pa.table(
        {
            "item": np.repeat(np.arange(SERIES), DAYS),
            "day": pa.array(days * SERIES, pa.date32()),
            "events": pa.array(events.reshape(-1), mask=~observed.reshape(-1)),
        }
    )


def found(connection: duckdb.DuckDBPyConnection, series: pa.Table) -> list[tuple[int, int]]:
    """Return (series, number of the day) of each change that is found."""
    connection.register("series_of_days", series)
    answer = connection.execute("select item, day from change_points('series_of_days')").fetchall()
    return [(item, (day - FIRST).days) for item, day in answer]


def test_nine_of_ten_breaks_are_found_within_three_days(connection: duckdb.DuckDBPyConnection) -> None:
    random = np.random.default_rng(SEED)
    breaks = random.integers(21, DAYS - 21, SERIES)

    changes = found(connection, drawn(random, rates(random, breaks)))

    right = {item for item, day in changes if abs(day - breaks[item]) <= 3}
    assert len(right) >= 0.9 * SERIES
    assert len(changes) - len(right) < 0.05 * SERIES


def test_series_without_a_break_show_none(connection: duckdb.DuckDBPyConnection) -> None:
    random = np.random.default_rng(SEED + 1)

    changes = found(connection, drawn(random, rates(random, None)))

    assert len({item for item, _ in changes}) < 0.05 * SERIES


def test_a_change_tells_both_levels(connection: duckdb.DuckDBPyConnection) -> None:
    days = [FIRST + timedelta(days=number) for number in range(60)]
    connection.register("series_of_days", pa.table({"item": ["a"] * 60, "day": days, "events": [100] * 30 + [40] * 30}))

    [change] = connection.execute(
        "select item, day, before_per_day, after_per_day, change_percent from change_points('series_of_days')"
    ).fetchall()

    assert change == ("a", date(2020, 1, 31), 100, 40, -60)


def test_one_burst_is_no_change(connection: duckdb.DuckDBPyConnection) -> None:
    days = [FIRST + timedelta(days=number) for number in range(60)]
    events = [10] * 30 + [5_000] + [10] * 29
    connection.register("series_of_days", pa.table({"item": ["a"] * 60, "day": days, "events": events}))

    assert found(connection, pa.table({"item": ["a"] * 60, "day": days, "events": events})) == []
