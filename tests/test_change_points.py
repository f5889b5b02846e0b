"""The change-point test in sql/macros/change_points.sql, on series whose breaks are known.

Series are half a year of Poisson counts (8 to 400 a day) with a weekly pattern of up to a third, days that were not
observed, and bursts of one day; a break multiplies or divides the rate by 1.6 to 6. FIREWALL_FUZZ_SEED sets the seed.
"""

import os
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from pipelines.catalogue import publish
from pipelines.roll_up import roll_up
from pipelines.settings import SQL_FOLDER
from tests.partitions import Row, event, settings_for, write_partition
from tests.shells import Answer, ask_library, ask_shell

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


# Eight weeks in which 445/tcp from China comes 9 times a day for four of them and 25 times for four, and 23/tcp from
# France 4 times a day.
CHANGE = date(2020, 3, 30)


def eight_weeks() -> Iterator[tuple[date, list[Row]]]:
    for number in range(56):
        day = CHANGE + timedelta(days=number - 28)
        often = 9 if day < CHANGE else 25
        yield (
            day,
            [
                event(
                    f"{day} 12:00:{second:02}",
                    second + 1,
                    source_ip=source,
                    source_country=country,
                    destination_port=port,
                    protocol="tcp",
                )
                for second, (source, country, port) in enumerate(
                    [("192.0.2.1", "CN", 445)] * often + [("192.0.2.5", "FR", 23)] * 4
                )
            ],
        )


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("warehouse")
    for day, events in eight_weeks():
        write_partition(folder, "events", str(day), events)
    roll_up(settings_for(folder))
    publish(settings_for(folder))
    return folder / "firewall.duckdb"


# Twice the root of 25 + 3/8 less twice that of 9 + 3/8, over the root of 1/28 + 1/28.
SCORE = 14.783


@pytest.mark.parametrize(
    ("columns", "of", "expected"),
    [
        ("port, protocol, service", "port_changes", (445, "tcp", "smb")),
        ("country, country_name", "country_changes", ("CN", "China")),
    ],
)
@pytest.mark.parametrize("ask", [ask_shell, ask_library])
def test_the_change_of_eight_weeks_is_told(
    catalogue: Path, ask: Callable[[Path, str], Answer], columns: str, of: str, expected: tuple[object, ...]
) -> None:
    select = f"select {columns}, day, before_per_day, after_per_day, change_percent, round(score, 3) as score"
    change = (*expected, "2020-03-30", 9, 25, 100 * (25 - 9) / 9, SCORE)
    whole, first = "'2020-03-02', '2020-04-26'", "'2020-03-02', '2020-03-31'"
    for relation in (of, f"{of}_between({whole})", f"{of}_between({first})"):
        [found] = ask(catalogue, f"{select} from {relation}")
        assert (*[str(value) if isinstance(value, date) else value for value in found.values()],) == change
    # The day is looked for in the period only, but with what was before it in mind.
    assert ask(catalogue, f"{select} from {of}_between('2020-03-31', '2020-04-26')") == []
