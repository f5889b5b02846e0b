"""Verifying a warehouse: whatever was changed in it by hand or by a bad disk is named, with what to load again."""

import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from pipelines import definitions
from pipelines.cli import main
from pipelines.load import load_days
from pipelines.verify import Finding, Verified, verify
from tests.raw_logs import Site, packet

DAYS = [date(2020, 4, 1) + timedelta(days=number) for number in range(3)]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Site:
    made = Site(tmp_path_factory.mktemp("loaded") / "warehouse")
    for day in DAYS:
        lines = [packet(f"{day}T10:00:{second:02}Z", number=second) for second in range(40)]
        made.drop(f"gate/{day}.log", [*lines, "no stamp"])
        made.drop(f"gate/{day}.copy.log", lines[20:])
    load_days(made.settings(), DAYS)
    return made


@pytest.fixture
def site(tmp_path: Path, loaded: Site) -> Site:
    """A copy of a loaded warehouse, to do harm to."""
    shutil.copytree(loaded.folder, tmp_path / "warehouse", symlinks=True)
    return Site(tmp_path / "warehouse")


def changed(path: Path, **columns: Callable[[pa.Array], pa.Array]) -> None:
    """Write a Parquet file anew with some columns changed."""
    table = pq.read_table(path)
    for name, change in columns.items():
        table = table.set_column(table.schema.get_field_index(name), name, change(table[name].combine_chunks()))
    pq.write_table(table, path)


def sentences(site: Site) -> list[str]:
    return [finding.sentence.replace(f"{site.folder}/", "") for finding in verify(site.settings()).findings]


def test_a_warehouse_that_is_whole_has_no_findings(site: Site) -> None:
    verified = verify(site.settings())
    assert verified.findings == ()
    assert verified.days == 3
    assert verified.files > 21


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for place in range(len(content) // 3, len(content) // 3 + 40):
        content[place] ^= 0xFF
    path.write_bytes(content)


@pytest.mark.parametrize("stage", ["parsed", "accounts", "signs", "rejected", "events", "loads", "coverage"])
def test_a_file_that_rotted_or_is_gone_is_named(site: Site, stage: str) -> None:
    path = site.warehouse.partition(stage, DAYS[1])
    path.write_bytes(path.read_bytes()[:-8])
    [said, *_] = sentences(site)
    assert said.startswith(f"'{stage}/day=2020-04-02/part.parquet' cannot be read: ")
    assert verify(site.settings()).reload == [(DAYS[1], DAYS[1])]
    path.unlink()
    [said, *_] = sentences(site)
    assert said == f"2020-04-02 has no partition of {stage}"


def test_a_rotten_page_is_found(site: Site) -> None:
    flip(site.warehouse.partition("events", DAYS[1]))
    assert verify(site.settings()).reload == [(DAYS[1], DAYS[1])]


def test_an_event_that_was_changed_is_found(site: Site) -> None:
    path = site.warehouse.partition("events", DAYS[0])
    changed(path, destination_port=lambda ports: pa.array([23, *ports.to_pylist()[1:]], pa.int32()))
    assert sentences(site) == ["2020-04-01: the column destination_port of events is not what was parsed"]


def test_other_columns_are_found(site: Site) -> None:
    path = site.warehouse.partition("events", DAYS[0])
    pq.write_table(pq.read_table(path).drop_columns(["ttl"]), path)
    assert sentences(site)[0] == "'events/day=2020-04-01/part.parquet' has other columns than this version's"


def test_another_digest_is_found(site: Site) -> None:
    path = site.warehouse.partition("parsed", DAYS[0])
    changed(path, line_hash=lambda hashes: pa.array([1, *hashes.to_pylist()[1:]], pa.int64()))
    assert "2020-04-01: the events of 'gate' are not those of the digest in loads" in sentences(site)


def test_counts_of_other_events_are_found(site: Site) -> None:
    path = site.warehouse.count_file("months", "ports", DAYS[0])
    changed(path, events=lambda events: pa.array([number + 1 for number in events.to_pylist()], pa.int64()))
    assert sentences(site) == [
        "the counts of ports for 2020-04 differ between its days and the month",
        "the counts of ports for 2020 differ between its months and the year",
    ]
    path = site.warehouse.count_file("days", "ports", DAYS[0])
    path.write_bytes(b"PAR1")
    assert sentences(site)[0].startswith("'counts/days/ports/month=2020-04-01/part.parquet' cannot be read: ")


def test_a_check_that_fails_is_named_with_its_days(site: Site) -> None:
    for day in DAYS[:2]:
        path = site.warehouse.partition("coverage", day)
        changed(path, lines=lambda lines: pa.array([99] * len(lines), pa.int64()))
    verified = verify(site.settings())
    assert {finding.day for finding in verified.findings} == {*DAYS[:2]}
    assert all("coverage_matches_loads" in finding.sentence for finding in verified.findings[:2])
    assert verified.reload == [(DAYS[0], DAYS[1])]


def test_a_catalogue_that_is_none_is_found_and_made_again(site: Site) -> None:
    catalogue = site.warehouse.catalogue.resolve()
    catalogue.chmod(0o600)
    catalogue.write_bytes(b"x" * 4096)
    [said] = sentences(site)
    assert said.startswith("the catalogue does not answer: ")
    site.warehouse.catalogue.unlink()
    assert sentences(site) == ["no catalogue has been published: load a day"]
    load_days(site.settings(), DAYS[:1])
    assert sentences(site) == []


def test_what_is_named_is_mended_by_loading_it_again(site: Site) -> None:
    for stage in ("events", "parsed", "coverage"):
        flip(site.warehouse.partition(stage, DAYS[1]))
    changed(site.warehouse.partition("events", DAYS[2]), ttl=lambda ttl: pa.array([1] * len(ttl), pa.int16()))
    runs = verify(site.settings()).reload
    assert runs == [(DAYS[1], DAYS[2])]
    load_days(site.settings(), DAYS[1:])
    assert sentences(site) == []


def test_runs_of_days_are_one_command_each() -> None:
    days = (date(2020, 4, 1), date(2020, 4, 2), date(2020, 4, 2), date(2020, 4, 5), None)
    verified = Verified(1, 1, tuple(Finding("x", day) for day in days))
    assert verified.reload == [(date(2020, 4, 1), date(2020, 4, 2)), (date(2020, 4, 5), date(2020, 4, 5))]


def test_the_command_says_what_to_load_again(site: Site) -> None:
    runner = CliRunner(env={"FIREWALL_WAREHOUSE": str(site.folder)})
    done = runner.invoke(main, ["verify"])
    assert (done.exit_code, done.stdout.endswith(" of 3 days: 0 findings\n")) == (0, True)
    site.warehouse.partition("loads", DAYS[2]).unlink()
    done = runner.invoke(main, ["verify"])
    assert done.exit_code == 1
    assert "  2020-04-03 has no partition of loads\n" in done.stdout
    assert done.stdout.endswith("Load again: firewall-logs load 2020-04-03\n")


def test_the_asset_shows_the_findings(site: Site) -> None:
    site.warehouse.partition("loads", DAYS[2]).unlink()
    known = definitions.define(site.settings())
    asset = known.get_repository_def().assets_defs_by_key[dg.AssetKey("verification")]
    with dg.instance_for_test() as instance:
        result = dg.materialize([asset], instance=instance)
    [shown] = result.asset_materializations_for_node("verification")
    commands = shown.metadata["load_again"]
    assert isinstance(commands, dg.TableMetadataValue)
    assert [record.data for record in commands.records] == [{"command": "firewall-logs load 2020-04-03"}]
    [check] = result.get_asset_check_evaluations()
    assert not check.passed
