"""Periods of reports: their names, their days, and the days before."""

from datetime import date

import duckdb
import pytest

from pipelines.report.period import PeriodError, named_period, period_of_days
from pipelines.settings import SQL_FOLDER

PERIOD_MACROS = ("is_period_name", "period_months", "period_start", "period")


HALVES_AND_QUARTERS = ["2020-H1", "2020-H2", "2020-Q1", "2020-Q2", "2020-Q3", "2020-Q4"]
MONTHS = [f"2020-{month:02}" for month in range(1, 13)]


@pytest.mark.parametrize("name", ["2020", *HALVES_AND_QUARTERS, *MONTHS, "2024-02"])
def test_a_named_period_has_the_days_that_the_macro_says(name: str) -> None:
    with duckdb.connect() as connection:
        # as_written is of no use for names that are right.
        connection.execute("create macro as_written(value) as value")
        for macro in PERIOD_MACROS:
            connection.execute((SQL_FOLDER / "macros" / f"{macro}.sql").read_text(encoding="utf-8"))
        [(days,)] = connection.execute("select period(?)", [name]).fetchall()
    period = named_period(name)
    assert (period.first, period.last) == (days["first"], days["last"])
    assert (period.previous_first, period.previous_last) == (days["previous_first"], days["previous_last"])


def test_days_are_compared_with_as_many_before() -> None:
    period = period_of_days(date(2020, 4, 1), date(2020, 4, 15))
    assert (period.previous_first, period.previous_last) == (date(2020, 3, 17), date(2020, 3, 31))
    assert (period.days, period.name) == (15, "2020-04-01_2020-04-15")


@pytest.mark.parametrize(
    ("name", "heading"),
    [("2020-Q2", "2020.04-06"), ("2020-04", "2020.04"), ("2020", "2020"), ("2020-H2", "2020.07-12")],
)
def test_the_heading_names_the_months(name: str, heading: str) -> None:
    assert named_period(name).heading == heading


@pytest.mark.parametrize("name", ["", "2020-Q5", "2020-13", "20", "2020-Q2 ", "2020-q2", "0001", "２０２０", "../x"])
def test_another_name_is_refused_in_one_sentence(name: str) -> None:
    with pytest.raises(PeriodError) as said:
        named_period(name)
    assert repr(name) in str(said.value)
    assert "\n" not in str(said.value)


def test_days_that_end_before_they_start_are_refused() -> None:
    with pytest.raises(PeriodError, match="2020-04-02 to 2020-04-01"):
        period_of_days(date(2020, 4, 2), date(2020, 4, 1))
