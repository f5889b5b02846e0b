"""The checks of what loading promises, each shown to fail on doctored data."""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.catalogue import run_checks
from pipelines.load import CheckError, load_days
from tests.raw_logs import Row, Site, packet

DAY = date(2020, 4, 3)
Change = Callable[[list[Row]], object]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Site:
    made = Site(tmp_path_factory.mktemp("loaded") / "warehouse")
    lines = [packet(f"2020-04-03T{hour:02}:00:00Z", number=hour) for hour in range(24)]
    made.drop("gate/a.log", [*lines[:12], "no stamp"])
    made.drop("gate/b.log", lines[12:])
    made.drop("office/a.log", lines)
    made.drop("office/b.log", lines[:6])
    made.declare('[[source]]\nname = "attic"\n')
    load_days(made.settings(), [DAY])
    return made


@pytest.fixture
def site(tmp_path: Path, loaded: Site) -> Site:
    """A copy of a loaded warehouse, to doctor."""
    shutil.copytree(loaded.folder, tmp_path / "warehouse", symlinks=True)
    return Site(tmp_path / "warehouse")


def doctor(path: Path, change: Change) -> None:
    with pq.ParquetFile(path) as file:
        schema, rows = file.schema_arrow, file.read().to_pylist()
    change(rows)
    pq.write_table(pa.Table.from_pylist(rows, schema), path)


def failed(site: Site) -> dict[str, int]:
    return {check.name: check.bad_rows for check in run_checks(site.settings(), DAY, DAY) if check.bad_rows}


def test_what_was_loaded_passes(site: Site) -> None:
    assert failed(site) == {}


def of(rows: list[Row], sensor: str) -> Row:
    return next(row for row in rows if row["sensor"] == sensor)


@pytest.mark.parametrize(
    ("change", "bad"),
    [
        (lambda rows: of(rows, "gate").update(digest=7), {"digests_add_up": 1}),
        (lambda rows: of(rows, "gate").update(digest=None), {"digests_add_up": 1}),
        (lambda rows: of(rows, "gate").update(file_digest=7), {"digests_add_up": 1}),
        (lambda rows: of(rows, "office").update(digest=7), {"digests_add_up": 1}),
        (
            lambda rows: rows.append({**of(rows, "gate"), "sensor": "attic", "file": "x", "events": 0, "ignored": 13}),
            {
                "digests_add_up": 1,
                "coverage_matches_loads": 1,
                "rejected_lines_match_loads": 1,
                "lines_add_up": 1,
                "ignored_lines_have_rules": 1,
            },
        ),
        (
            lambda rows: of(rows, "gate")["ignored_by_rule"].append({"rule": "no record", "lines": 1}),
            {"ignored_lines_have_rules": 1},
        ),
        (lambda rows: of(rows, "gate").update(ignored_by_rule=None), {}),
    ],
)
def test_doctored_loads_are_found(site: Site, change: Change, bad: dict[str, int]) -> None:
    doctor(site.warehouse.partition("loads", DAY), change)
    assert failed(site) == bad


@pytest.mark.parametrize(
    ("change", "bad"),
    [
        (lambda rows: of(rows, "gate").update(lines=24), {"coverage_matches_loads": 1}),
        (lambda rows: of(rows, "gate").update(events=23), {"coverage_matches_loads": 1}),
        (lambda rows: rows.remove(of(rows, "gate")), {"coverage_matches_loads": 1}),
        (lambda rows: of(rows, "gate").update(hours=25), {"coverage_is_possible": 1}),
        (lambda rows: of(rows, "gate").update(day_minutes=60), {"coverage_is_possible": 1}),
        (lambda rows: of(rows, "gate").update(longest_gap_minutes=1441), {"coverage_is_possible": 1}),
        (lambda rows: of(rows, "gate").update(gaps=[]), {"coverage_is_possible": 1}),
    ],
)
def test_doctored_coverage_is_found(site: Site, change: Change, bad: dict[str, int]) -> None:
    doctor(site.warehouse.partition("coverage", DAY), change)
    assert failed(site) == bad


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows[0].update(lines=99),
        lambda rows: rows[0]["days"].append({"day": date(2020, 4, 4), "lines": 1, "digest": 0}),
        lambda rows: rows[0].update(days=[]),
    ],
)
def test_doctored_raw_files_are_found(site: Site, change: Change) -> None:
    doctor(site.warehouse.raw_files, change)
    assert failed(site) == {"raw_files_add_up": 1}


def test_a_load_whose_check_fails_is_not_published(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    before = site.warehouse.catalogue.resolve()
    monkeypatch.setattr("pipelines.enrich.stored_digest", lambda _: 7)
    with pytest.raises(CheckError, match="digests_add_up has"):
        load_days(site.settings(), [DAY])
    assert site.warehouse.catalogue.resolve() == before
