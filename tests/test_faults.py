"""Whatever goes wrong while a load runs, readers see whole days, and one more load makes all as if nothing had been.

`FIREWALL_TEST_KILLS` sets how many loads are killed (300 take 15 minutes), `FIREWALL_TEST_FULL_DISKS` how many meet a
full disk, and `FIREWALL_TEST_READ_LOADS` how many run under a reader's eyes.
"""

import errno
import json
import multiprocessing
import os
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from pipelines import parse, sole_writer
from pipelines.cli import main
from pipelines.load import load_days
from pipelines.repairs import UnreadableError
from pipelines.sole_writer import StorageError
from pipelines.warehouse import Warehouse
from tests.killed_loads import CANNOT_TRACE, DAYS, LATE, content, make_loaded, shown
from tests.raw_logs import Site

KILLS = int(os.environ.get("FIREWALL_TEST_KILLS", "4"))
FULL_DISKS = int(os.environ.get("FIREWALL_TEST_FULL_DISKS", "5"))
READ_LOADS = int(os.environ.get("FIREWALL_TEST_READ_LOADS", "3"))

# Events of each day before and after the load that goes wrong.
BEFORE = {"2020-04-01": 300, "2020-04-02": 300}
AFTER = {"2020-04-01": 300, "2020-04-02": 500, "2020-04-03": 300}
LATER = date(2020, 4, 3)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A warehouse of two days, with late lines and a third day still to load."""
    made = Site(tmp_path_factory.mktemp("loaded") / "warehouse")
    make_loaded(made)
    return made


@pytest.fixture
def site(tmp_path: Path, loaded: Site) -> Site:
    """A copy of it, to do harm to."""
    shutil.copytree(loaded.folder, tmp_path / "warehouse", symlinks=True)
    return Site(tmp_path / "warehouse")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, loaded: Site) -> dict[str, str]:
    """What is in the warehouse after the load if nothing goes wrong."""
    made = Site(tmp_path_factory.mktemp("undisturbed") / "warehouse")
    shutil.copytree(loaded.folder, made.folder, symlinks=True)
    load_days(made.settings(), LATE)
    return content(made)


def assert_whole(days: dict[str, int]) -> None:
    """Assert that a reader is shown each day as it was before or as it is after."""
    for day, events in days.items():
        if day != "counted":
            assert events in {BEFORE.get(day), AFTER[day]}, day
    assert {*BEFORE} <= {*days}


def assert_healed(site: Site, undisturbed: dict[str, str]) -> None:
    load_days(site.settings(), LATE)
    assert shown(site) == {**AFTER, "counted": sum(AFTER.values())}
    assert content(site) == undisturbed


# Killed


def test_a_killed_load_is_healed_by_the_next(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.killed_loads", str(tmp_path), str(KILLS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == CANNOT_TRACE:
        pytest.skip("processes cannot be traced here (ptrace)")
    assert done.returncode == 0, done.stderr
    undisturbed, *loads = [json.loads(line) for line in done.stdout.splitlines()]
    assert undisturbed["after"] == {**AFTER, "counted": sum(AFTER.values())}
    assert undisturbed["calls"] > 200
    assert [load["killed"] for load in loads] == [True] * KILLS
    for load in loads:
        said = f"killed before call {load['call']}, {load['before_call']}"
        assert_whole(load["before"])
        assert load["after"] == undisturbed["after"], said
        assert load["content"] == undisturbed["content"], said


def test_what_a_killed_load_left_is_removed(site: Site, undisturbed: dict[str, str]) -> None:
    left = [site.warehouse.partition(stage, LATER).with_name(".part.parquet.77.0.tmp") for stage in ("parsed", "loads")]
    left += [site.folder / ".firewall.duckdb.77.tmp", site.folder / "counts" / ".state.json.77.tmp"]
    left += [
        site.folder / name / ".part.parquet.77.tmp" for name in ("raw_files", "segments", "port_scans", "open_ports")
    ]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"PAR1")
    site.warehouse.unfinished.write_text(json.dumps([str(LATER)]), encoding="utf-8")
    load_days(site.settings(), DAYS[:1])  # another day
    assert not [path for path in left if path.exists()]
    assert not site.warehouse.unfinished.exists()
    assert_healed(site, undisturbed)


# Read


def read_on(folder: Path, stop: Event, found: "multiprocessing.Queue[Any]") -> None:
    """Query until told to stop; put what was seen, or what went wrong."""
    seen = set()
    queries = 0
    while not stop.is_set():
        try:
            days = shown(Site(folder))
        except duckdb.Error as error:
            found.put(f"{type(error).__name__}: {error}")
            return
        seen |= {(day, events) for day, events in days.items() if day != "counted"}
        queries += 4
    found.put((queries, sorted(seen)))


def test_a_reader_sees_whole_days_through_all_loads(site: Site) -> None:
    context = multiprocessing.get_context("spawn")
    stop, found = context.Event(), context.Queue()
    reader = context.Process(target=read_on, args=(site.folder, stop, found))
    reader.start()
    late = site.warehouse.raw / "gate" / f"{DAYS[1]}.late.log"
    content_of = late.read_bytes()
    for number in range(READ_LOADS):
        if number % 2:
            late.unlink()
        else:
            late.write_bytes(content_of)
        load_days(site.settings(), LATE)
    time.sleep(0.5)
    stop.set()
    said = found.get(timeout=60)
    reader.join()
    assert not isinstance(said, str), said
    queries, seen = said
    assert queries > READ_LOADS
    assert set(seen) <= {*BEFORE.items(), *AFTER.items()}
    assert ("2020-04-02", 500) in seen


# A disk that refuses


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[None]:
    """Mount a file system in memory of so many bytes."""
    folder.mkdir()
    mount = shutil.which("mount") or "mount"
    umount = shutil.which("umount") or "umount"
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.decode().strip()}")
    try:
        yield
    finally:
        subprocess.run([umount, str(folder)], check=True)


def refusal(site: Site) -> str:
    """Return why a load was refused; nothing if it was not."""
    try:
        load_days(site.settings(), LATE)
    except StorageError as error:
        return one_sentence(error)
    return ""


def one_sentence(error: BaseException) -> str:
    said = str(error)
    assert "\n" not in said
    assert said.startswith("the warehouse '")
    return said


def test_a_full_disk_does_no_damage(tmp_path: Path, undisturbed: dict[str, str]) -> None:
    with small_disk(tmp_path / "disk", 16 << 20):
        site = Site(tmp_path / "disk" / "warehouse")
        make_loaded(site)
        spare = tmp_path / "spare"
        shutil.copytree(site.folder, spare, symlinks=True)
        used = shutil.disk_usage(site.folder).used
        load_days(site.settings(), LATE)
        needed = shutil.disk_usage(site.folder).used - used
        refused = 0
        for point in range(FULL_DISKS):
            shutil.rmtree(site.folder)
            shutil.copytree(spare, site.folder, symlinks=True)
            filler = tmp_path / "disk" / "filler"
            free = shutil.disk_usage(site.folder).free - needed * point // FULL_DISKS
            with filler.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, free)
            said = refusal(site)
            assert not said or "the disk is full" in said
            refused += bool(said)
            assert_whole(shown(site))
            filler.unlink()
            assert_healed(site, undisturbed)
        assert refused >= FULL_DISKS // 2


def test_a_disk_without_inodes_is_a_full_disk(tmp_path: Path, undisturbed: dict[str, str]) -> None:
    with small_disk(tmp_path / "disk", 16 << 20):
        site = Site(tmp_path / "disk" / "warehouse")
        make_loaded(site)
        mount = shutil.which("mount") or "mount"
        used = os.statvfs(site.folder).f_files - os.statvfs(site.folder).f_ffree
        subprocess.run([mount, "-o", f"remount,nr_inodes={used + 3}", str(tmp_path / "disk")], check=True)
        with pytest.raises(StorageError, match="the disk is full"):
            load_days(site.settings(), LATE)
        assert_whole(shown(site))
        subprocess.run([mount, "-o", "remount,nr_inodes=10000", str(tmp_path / "disk")], check=True)
        assert_healed(site, undisturbed)


def test_a_read_only_warehouse_is_refused_in_one_sentence(tmp_path: Path, undisturbed: dict[str, str]) -> None:
    with small_disk(tmp_path / "disk", 16 << 20):
        site = Site(tmp_path / "disk" / "warehouse")
        make_loaded(site)
        mount = shutil.which("mount") or "mount"
        subprocess.run([mount, "-o", "remount,ro", str(tmp_path / "disk")], check=True)
        done = CliRunner(env={"FIREWALL_WAREHOUSE": str(site.folder)}).invoke(main, ["load", "2020-04-02"])
        assert done.exit_code == 2
        assert "the file system is read-only" in done.stderr
        assert len(done.stderr.splitlines()) == 1
        assert_whole(shown(site))
        subprocess.run([mount, "-o", "remount,rw", str(tmp_path / "disk")], check=True)
        assert_healed(site, undisturbed)


@pytest.mark.parametrize(
    ("number", "said", "place"),
    [
        (errno.EACCES, "this user may not write there", "parsed"),
        (errno.EDQUOT, "the disk quota is used up", "loads"),
        (errno.EIO, "the disk reports an error", "firewall.duckdb"),
    ],
)
def test_what_the_disk_refuses_is_said_in_one_sentence(  # noqa: PLR0913, PLR0917 - two parameters and three fixtures
    site: Site, undisturbed: dict[str, str], monkeypatch: pytest.MonkeyPatch, number: int, said: str, place: str
) -> None:
    real = Path.replace

    def refusing(self: Path, target: Path) -> Path:
        if Path(target).is_relative_to(site.folder / place):
            raise OSError(number, os.strerror(number), str(target))
        return real(self, target)

    monkeypatch.setattr(Path, "replace", refusing)
    with pytest.raises(StorageError) as refused:
        load_days(site.settings(), LATE)
    assert said in one_sentence(refused.value)
    assert str(site.folder / place) in str(refused.value)
    monkeypatch.undo()
    assert_whole(shown(site))
    assert_healed(site, undisturbed)


def test_a_fault_that_is_not_the_disks_is_raised_as_it_is(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(_: object) -> None:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", "x")

    monkeypatch.setattr(parse, "find_files", wrong)
    with pytest.raises(FileNotFoundError):
        load_days(site.settings(), LATE)


# Damage on disk


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def overwrite(path: Path) -> None:
    path.write_bytes(b"\0" * path.stat().st_size)


# Of the rest one way of damage is tried: none of them is looked into before its end is found missing.
EMPTIED = (
    "coverage/day=2020-04-01/part.parquet",
    "signs/day=2020-04-02/part.parquet",
    "loads/day=2020-04-01/part.parquet",
    "rejected/day=2020-04-01/part.parquet",
    "events/day=2020-04-02/part.parquet",
    "parsed/day=2020-04-02/part.parquet",
    "accounts/day=2020-04-02/part.parquet",
    "counts/days/ports/month=2020-04-01/part.parquet",
    "counts/sights/countries/month=2020-04-01/part.parquet",
    "counts/years/ports/year=2020-01-01/part.parquet",
    "counts/state.json",
    "raw_files/part.parquet",
    "raw_files/empty.parquet",
    "events/day=9999-12-31/empty.parquet",
    "segments/part.parquet",
    "stage_schemas.json",
    "unfinished.json",
    "catalogue",
)


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("events/day=2020-04-01/part.parquet", cut),
        ("counts/state.json", overwrite),
        ("stage_schemas.json", cut),
        *((name, empty) for name in EMPTIED),
    ],
)
def test_a_damaged_file_is_made_again_by_any_load(
    site: Site, undisturbed: dict[str, str], name: str, damage: Callable[[Path], None]
) -> None:
    if name == "catalogue":
        path = site.warehouse.catalogue.resolve()
        path.chmod(0o600)
    else:
        path = site.folder / name
    if name == "unfinished.json":
        path.write_text("[]", encoding="utf-8")
    damage(path)
    assert_healed(site, undisturbed)


def test_days_that_were_damaged_are_named(site: Site) -> None:
    empty(site.warehouse.partition("events", DAYS[0]))
    done = CliRunner(env={"FIREWALL_WAREHOUSE": str(site.folder)}).invoke(main, ["load", "2020-04-02", "2020-04-03"])
    assert done.exit_code == 0
    assert done.stderr == "Warning: partitions of 2020-04-01 could not be read and were made again\n"


def test_a_damaged_day_is_made_of_what_was_parsed_when_its_raw_logs_are_gone(
    site: Site, undisturbed: dict[str, str]
) -> None:
    raw = site.warehouse.raw / "gate" / f"{DAYS[0]}.log"
    raw.rename(site.folder / "kept")
    empty(site.warehouse.partition("events", DAYS[0]))
    load_days(site.settings(), LATE)
    (site.folder / "kept").rename(raw)
    assert_healed(site, undisturbed)


def test_a_damaged_day_that_cannot_be_made_again_is_named_and_kept(site: Site, undisturbed: dict[str, str]) -> None:
    raw = site.warehouse.raw / "gate" / f"{DAYS[0]}.log"
    raw.rename(site.folder / "kept")
    damaged = site.warehouse.partition("events", DAYS[0])
    for path in (damaged, site.warehouse.partition("parsed", DAYS[0])):
        empty(path)
    with pytest.raises(UnreadableError, match="nothing is left that it could be made of") as refused:
        load_days(site.settings(), LATE)
    assert str(damaged) in str(refused.value)
    assert "\n" not in str(refused.value)
    (site.folder / "kept").rename(raw)
    assert_healed(site, undisturbed)


@pytest.mark.parametrize(
    ("name", "said"),
    [("timezone", "names no time zone"), ("retained.json", "cannot be read, which tells from which day")],
)
@pytest.mark.parametrize("damage", [empty, overwrite])
def test_what_cannot_be_made_again_is_said_in_one_sentence(
    site: Site, undisturbed: dict[str, str], name: str, said: str, damage: Callable[[Path], None]
) -> None:
    path = site.folder / name
    kept = path.read_bytes() if path.exists() else None
    path.write_bytes(kept or b"{}")
    damage(path)
    done = CliRunner(env={"FIREWALL_WAREHOUSE": str(site.folder)}).invoke(main, ["load", "2020-04-02"])
    assert done.exit_code == 2
    assert said in done.stderr
    assert repr(str(path)) in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert_whole(shown(site))
    path.unlink()
    if kept:
        path.write_bytes(kept)
    assert_healed(site, undisturbed)


# Sources that are not there


def test_a_source_on_a_mount_that_vanished_is_a_problem_and_no_damage(site: Site, undisturbed: dict[str, str]) -> None:
    mounted = site.warehouse.raw / "gate"
    mounted.rename(site.folder / "elsewhere")
    site.declare('[[source]]\nname = "gate"\n')
    done = CliRunner(env={"FIREWALL_WAREHOUSE": str(site.folder)}).invoke(main, ["load", "2020-04-03"])
    assert done.exit_code == 0
    assert done.stderr == f"Warning: source 'gate' has no files: nothing matches {str(mounted)!r}\n"
    assert shown(site) == {**BEFORE, "counted": sum(BEFORE.values())}
    (site.folder / "sources.toml").unlink()
    (site.folder / "elsewhere").rename(mounted)
    assert_healed(site, undisturbed)


# Two at once, and clocks


def load_in_process(folder: Path) -> None:
    load_days(Site(folder).settings(), LATE)


def test_two_loads_of_one_day_at_once_are_one_after_the_other(site: Site, undisturbed: dict[str, str]) -> None:
    context = multiprocessing.get_context("spawn")
    loads = [context.Process(target=load_in_process, args=(site.folder,)) for _ in range(2)]
    for load in loads:
        load.start()
    for load in loads:
        load.join()
    assert [load.exitcode for load in loads] == [0, 0]
    assert content(site) == undisturbed
    assert_healed(site, undisturbed)


def test_a_clock_that_jumps_changes_nothing(site: Site, undisturbed: dict[str, str]) -> None:
    for path in site.folder.rglob("*"):
        if path.is_file() and not path.is_relative_to(site.warehouse.raw):
            os.utime(path, (4_102_444_800, 4_102_444_800))  # 2100: what was made before the clock was set right
    load_days(site.settings(), LATE)
    for path in site.folder.rglob("*"):
        if path.is_file() and not path.is_relative_to(site.warehouse.raw):
            os.utime(path, (0, 0))
    assert_healed(site, undisturbed)


# Rights


def test_data_is_no_others_to_read_or_write(site: Site) -> None:
    load_days(site.settings(), LATE)
    made = [path for path in site.folder.rglob("*.parquet") if path.is_file()]
    made += site.folder.glob("*.json")
    assert {stat.S_IMODE(path.stat().st_mode) & ~0o640 for path in made} == {0}
    assert {stat.S_IMODE(path.stat().st_mode) & 0o027 for path in (site.folder / "events").iterdir()} == {0}


def test_rights_that_are_narrower_stay_so(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        with sole_writer.sole_writer(Warehouse(tmp_path / "warehouse")):
            (tmp_path / "made").touch()
        assert os.umask(0o077) == 0o077
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "made").stat().st_mode) == 0o600
