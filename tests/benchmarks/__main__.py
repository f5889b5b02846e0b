"""The benchmarks, in one command: `python -m tests.benchmarks`. It makes its own logs, and prints Markdown tables."""

import gzip
import json
import os
import shutil
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import click

from tests.benchmarks.contenders import RIVAL_PROGRAMS, Contender, enrich, load, run_rival, write_parquet
from tests.benchmarks.machine import machine
from tests.benchmarks.measuring import FailedError, Measured, measure_module
from tests.benchmarks.scenario import FIRST, SEED

ADDRESSES = 1_000_000
# A day on top of so many years of days of so many lines.
YEARS, DAILY = 5, 5_000
TABLES = ("rivals", "work", "storage", "views")
HOME, PARQUET = "firewall-logs load", "firewall-logs, Parquet only"


@click.command()
@click.option("--table", "tables", type=click.Choice(TABLES), multiple=True, help="Which tables; all of them if none.")
@click.option("--lines", default=2_000_000, show_default=True, help="Lines of the log that the rivals read.")
@click.option("--rounds", default=3, show_default=True, help="How many times each pair runs.")
@click.option("--largest", default=10_000_000, show_default=True, help="Lines of the largest log of the other tables.")
@click.option(
    "--folder", type=click.Path(path_type=Path), help="Where logs and warehouses go; a temporary one if none."
)
def main(tables: Sequence[str], lines: int, rounds: int, largest: int, folder: Path | None) -> None:
    """Measure this product and what its users would take instead, on the same files, in one run."""
    click.echo(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}, seed {SEED}\n")
    with tempfile.TemporaryDirectory(prefix="firewall-benchmarks-", dir=folder) as place:
        for name in tables or TABLES:
            for line in _TABLES[name](Path(place), lines, rounds, largest):
                click.echo(line)
            click.echo()


class _Round(NamedTuple):
    """What one after another took in one round."""

    parquet: Measured
    load: Measured
    rival: Measured


def _rivals(folder: Path, lines: int, rounds: int, _: int) -> Iterator[str]:
    """Yield the table of rivals: this product runs right before each of them, which is what the ratios are of."""
    log = _log(folder / "netfilter.log", lines)
    size = log.stat().st_size
    load(log, folder / "warm", *_days(1))  # compiles what must be compiled, once for all
    yield f"{lines:,} netfilter lines of one day, {size / 1e6:,.0f} MB; ratios: this product's seconds a line over the"
    yield f"other's, up to the published Parquet (`{PARQUET}`), and CPU with counts and checks (`{HOME}`)"
    yield ""
    yield "| program | output | wall s | CPU s | peak MiB | lines/s | MB/s | CPU µs/line | CPU | with counts | wall |"
    yield "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
    own: list[_Round] = []
    for rival in RIVAL_PROGRAMS:
        if not rival.is_there:
            yield f"| {rival.name} | {rival.output} | not installed |" + " |" * 8
            continue
        few = min(lines, rival.most_lines or lines)
        some = log if few == lines else _log(folder / "few.log", few)
        done = [_round(rival, log, some, folder) for _ in range(1 if rival.most_lines else rounds)]
        own += done
        yield _row(
            rival.name,
            rival.output,
            [each.rival for each in done],
            few,
            some.stat().st_size,
            _ratios(done, lines / few),
        )
    limits = [_limit(log, folder) for _ in range(rounds)]
    pairs = [_Round(each.parquet, each.load, limit) for each, limit in zip(own, limits, strict=False)]
    yield _row("limit: read, write the same Parquet", "the same files", limits, lines, size, _ratios(pairs, 1))
    yield _row(PARQUET, "enriched, published Parquet", [each.parquet for each in own], lines, size, ["", "", ""])
    yield _row(HOME, "the same, counts, checks", [each.load for each in own], lines, size, ["", "", ""])


def _round(rival: Contender, log: Path, some: Path, folder: Path) -> _Round:
    shutil.rmtree(folder / "warehouse", ignore_errors=True)
    parquet = write_parquet(log, folder / "warehouse", _days(1)[0])
    shutil.rmtree(folder / "warehouse", ignore_errors=True)
    whole = load(log, folder / "warehouse", *_days(1))
    try:
        return _Round(parquet, whole, run_rival(rival, some, folder))
    except FailedError as error:
        raise click.ClickException(f"{rival.name}: {error}") from None


def _ratios(rounds: Sequence[_Round], share: float) -> list[str]:
    """Return the medians of CPU up to Parquet, CPU of a load, and wall up to Parquet, over the rival's for a line.

    Args:
        rounds: what each took.
        share: how many times as many lines this product read.
    """
    return [
        f"{statistics.median(values) / share:.2f}"
        for values in (
            [each.parquet.cpu / each.rival.cpu for each in rounds],
            [each.load.cpu / each.rival.cpu for each in rounds],
            [each.parquet.wall / each.rival.wall for each in rounds],
        )
    ]


def _limit(log: Path, folder: Path) -> Measured:
    """Return what reading the log and writing its warehouse's Parquet files from memory takes."""
    out = folder / "limit"
    out.mkdir(exist_ok=True)
    said = measure_module("tests.benchmarks.limit", folder / "said.txt", log, folder / "warehouse", out)
    took = json.loads(said.output)
    return Measured(took["wall"], took["cpu"], said.peak, said.output)


def _row(name: str, output: str, runs: Sequence[Measured], lines: int, size: int, ratios: Sequence[str]) -> str:
    wall, cpu = (statistics.median(getattr(run, figure) for run in runs) for figure in ("wall", "cpu"))
    peak = max(run.peak for run in runs)
    return (
        f"| {name} | {output} | {wall:.1f} | {cpu:.1f} | {peak:,.0f} | {lines / wall:,.0f} | {size / wall / 1e6:,.0f} |"
        f" {cpu / lines * 1e6:.2f} | {' | '.join(ratios)} |"
    )


def _work(folder: Path, _: int, rounds: int, largest: int) -> Iterator[str]:
    """Yield what a load costs against its lines, days and files."""
    yield "| lines | days | files | wall s | CPU s | peak MiB | CPU µs/line |"
    yield "|--:|--:|--:|--:|--:|--:|--:|"
    small = max(100_000, largest // 100)
    load(_log(folder / "work" / "one.log", small), folder / "warm", *_days(1))  # compiles what must be compiled
    for lines in (small, small * 10, largest):
        yield from _cost(folder, _log(folder / "work" / "one.log", lines), lines, 1, 1, rounds)
    for days in (30, 365):
        log = _log(folder / "work" / "one.log", largest // 10, days)
        yield from _cost(folder, log, largest // 10, days, 1, rounds)
    for files in (50, 5_000):
        parts = _split(_log(folder / "work" / "one.log", largest // 10), folder / "parts", files)
        yield from _cost(folder, parts, largest // 10, 1, files, rounds)
        shutil.rmtree(parts)
    log = _packed(_log(folder / "work" / "one.log", largest // 10))
    yield from _cost(folder, log, largest // 10, 1, 1, rounds, ", gzip")
    yield from _on_top_of_years(folder)
    log = _log(folder / "work" / "one.log", largest, sources=ADDRESSES, even=True)
    yield from _cost(folder, log, largest, 1, 1, 1, f", {ADDRESSES:,} addresses")
    took = json.loads(enrich(log, folder / "warehouse", _days(1)[0]).output)
    yield ""
    yield (
        f"To enrich those {largest:,} events with {ADDRESSES:,} different addresses alone takes {took['wall']:.1f} s,"
        f" {took['cpu']:.1f} s CPU."
    )


def _cost(folder: Path, log: Path, lines: int, days: int, files: int, rounds: int, note: str = "") -> Iterator[str]:
    runs = []
    for _ in range(rounds):
        shutil.rmtree(folder / "warehouse", ignore_errors=True)
        runs.append(load(log, folder / "warehouse", *_days(days)))
        if f" {lines:,} events" not in runs[-1].output:
            raise click.ClickException(f"{lines:,} lines were to be loaded, but: {runs[-1].output}")
    wall, cpu = (statistics.median(getattr(run, figure) for run in runs) for figure in ("wall", "cpu"))
    peak = max(run.peak for run in runs)
    yield f"| {lines:,} | {days} | {files:,}{note} | {wall:.1f} | {cpu:.1f} | {peak:,.0f} | {cpu / lines * 1e6:.2f} |"


def _on_top_of_years(folder: Path) -> Iterator[str]:
    """Yield what a day costs that comes on top of five years, and in an empty warehouse."""
    raw, before = folder / "years", 365 * YEARS
    for year in range(YEARS):
        _log(raw / f"{year}.log", 365 * DAILY, 365, after=365 * year)
    shutil.rmtree(folder / "warehouse", ignore_errors=True)
    load(raw, folder / "warehouse", *_days(before))
    _log(raw / "new.log", DAILY, after=before)
    for note in (", on top of five years", ", of its own"):
        took = load(raw, folder / "warehouse", *_days(1, before))
        yield (
            f"| {DAILY:,} | 1 | 1{note} | {took.wall:.1f} | {took.cpu:.1f} | {took.peak:,.0f} |"
            f" {took.cpu / DAILY * 1e6:.2f} |"
        )
        shutil.rmtree(folder / "warehouse")
        for old in raw.glob("?.log"):
            old.unlink()


def _split(log: Path, folder: Path, files: int) -> Path:
    """Return a folder with a log's lines in so many files, in order."""
    folder.mkdir()
    share, written = -(-log.stat().st_size // files), log.stat().st_mtime
    with log.open("rb") as lines:
        for number in range(files):
            part = folder / f"{number:05}.log"
            part.write_bytes(b"".join(lines.readlines(share)))
            os.utime(part, (written, written))
    return folder


def _packed(log: Path) -> Path:
    packed = log.with_suffix(".log.gz")
    # The time in its header tells the year of the stamps.
    with log.open("rb") as lines, gzip.GzipFile(packed, "wb", 6, mtime=log.stat().st_mtime) as file:
        shutil.copyfileobj(lines, file)
    return packed


def _storage(folder: Path, lines: int, _: int, __: int) -> Iterator[str]:
    """Yield how many bytes of Parquet an enriched event takes."""
    log = _log(folder / "netfilter.log", lines)
    shutil.rmtree(folder / "warehouse", ignore_errors=True)
    load(log, folder / "warehouse", *_days(1))
    yield measure_module("tests.benchmarks.storage", folder / "said.txt", folder, folder / "warehouse").output


def _views(folder: Path, _: int, rounds: int, largest: int) -> Iterator[str]:
    """Yield how long each view and period macro takes over a year of events."""
    sizes = [largest // 100, largest // 10, largest]
    found = []
    for lines in sizes:
        shutil.rmtree(folder / "year", ignore_errors=True)
        load(_log(folder / "year.log", lines, 365), folder / "year", *_days(365))
        (folder / "year.log").unlink()
        found.append(_latencies(folder, rounds))
    yield "| query, ms cold / warm | " + " | ".join(f"{size:,} events" for size in sizes) + " |"
    yield "|---|" + "--:|" * len(sizes)
    for query in found[0]:
        yield (
            f"| `{query}` | "
            + " | ".join(f"{cold:.0f} / {warm:.0f}" for cold, warm in (each[query] for each in found))
            + " |"
        )


def _latencies(folder: Path, rounds: int) -> dict[str, tuple[float, float]]:
    """Return by query the milliseconds that it takes cold and warm: a new process, its files not in memory; again."""
    queries = measure_module("tests.benchmarks.views", folder / "said.txt").output.splitlines()
    found = {}
    for query in queries:
        _forget(folder / "year")
        said = measure_module("tests.benchmarks.views", folder / "said.txt", folder / "year", query, rounds)
        cold, warm = json.loads(said.output)
        found[query] = cold, warm
    return found


def _forget(warehouse: Path) -> None:
    """Ask the system to drop a warehouse's files from memory."""
    for path in warehouse.rglob("*.*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def _log(path: Path, lines: int, days: int = 1, **others: int | bool) -> Path:
    """Write a log of so many lines over so many days (see `write_log` for the others), and return where it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    wanted = json.dumps({"lines": lines, "days": days, **others})
    measure_module("tests.benchmarks.logs", path.with_name("said.txt"), path, wanted)
    return path


def _days(days: int, after: int = 0) -> tuple[str, str]:
    return f"{FIRST + timedelta(days=after):%Y-%m-%d}", f"{FIRST + timedelta(days=after + days - 1):%Y-%m-%d}"


_TABLES = {"rivals": _rivals, "work": _work, "storage": _storage, "views": _views}

if __name__ == "__main__":
    main()
