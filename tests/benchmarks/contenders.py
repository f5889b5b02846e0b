"""Who is measured: this product, and what its users would take instead, each as its own experts would write it."""

import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tests.benchmarks.measuring import CHECKOUT, Measured, measure

RIVALS = Path(__file__).parent / "rivals"

# Each blank of the format is a blank of the line; a `DF` may stand before PROTO, so all up to a P is passed over.
GOACCESS_FORMAT = "%d %t %^ %^ [%^] [%^] IN=%^ OUT=%^ MAC=%^ SRC=%h DST=%^ LEN=%b TOS=%^ID=%^PROTO=%^ SPT=%^ DPT=%U %^"


@dataclass(frozen=True)
class Contender:
    """A program that reads a netfilter log.

    Attributes:
        name: its name in the table.
        output: what it makes of the log.
        command: arguments by log and output file.
        needs: the module or program without which it cannot run.
        most_lines: more than that many lines it is not given, because it takes minutes.
    """

    name: str
    output: str
    command: Callable[[Path, Path], Sequence[str]]
    needs: str
    most_lines: int | None = None

    @property
    def is_there(self) -> bool:
        """Return whether it is installed."""
        return find_spec(self.needs) is not None or shutil.which(self.needs) is not None


def _script(name: str) -> Callable[[Path, Path], Sequence[str]]:
    return lambda log, out: (sys.executable, "-m", f"tests.benchmarks.rivals.{name}", str(log), str(out))


RIVAL_PROGRAMS = (
    Contender("Polars, regex", "typed Parquet", _script("polars_regex"), "polars"),
    Contender("DuckDB SQL, regex", "typed Parquet", _script("duckdb_regex"), "duckdb"),
    Contender("chDB, Regexp format", "typed Parquet", _script("chdb_regex"), "chdb"),
    Contender("Python re + pyarrow", "typed Parquet", _script("python_re"), "pyarrow"),
    Contender(
        "mawk",
        "text, tabs",
        lambda log, out: ("mawk", "-v", "OFS=\t", "-f", str(RIVALS / "netfilter.awk"), str(log), ">", str(out)),
        "mawk",
    ),
    Contender("syslog-ng, kv-parser", "text, tabs", _script("syslog_ng"), "syslog-ng"),
    Contender(
        "GoAccess",
        "counts, JSON",
        lambda log, out: (
            *("goaccess", str(log), "--no-global-config", "--no-progress", f"--log-format={GOACCESS_FORMAT}"),
            *("--date-format=%b %e", "--time-format=%T", "-o", f"{out}.json"),
        ),
        "goaccess",
    ),
    Contender(
        "fwlogwatch",
        "counts, text",
        lambda log, out: ("fwlogwatch", "-d", "-p", "-o", str(out), str(log)),
        "fwlogwatch",
        most_lines=100_000,
    ),
)


def run_rival(rival: Contender, log: Path, folder: Path) -> Measured:
    """Run a rival over a log."""
    command = list(rival.command(log, folder / "out"))
    if ">" in command:
        place = command.index(">")
        command = ["sh", "-c", 'exec "$@" > "$0"', command[place + 1], *command[:place]]
    return measure(command, {"PYTHONPATH": str(CHECKOUT)}, folder / "said.txt")


def load(log: Path, warehouse: Path, first: str, last: str) -> Measured:
    """Load days of a log into a warehouse by this product's own command.

    That is all of it: parsed and events written, counts rolled up, checks run, the catalogue published.

    Args:
        log: a file, or a folder of files.
        warehouse: where to; made if need be.
        first: the first day, as the command takes it.
        last: the last one.
    """
    return _run(log, warehouse, "-c", "from pipelines.cli import main; main()", "load", first, last)


def write_parquet(log: Path, warehouse: Path, day: str) -> Measured:
    """Load one day of a log into a warehouse up to the published Parquet of its events: without counts and checks."""
    return _run(log, warehouse, "-m", "tests.benchmarks.to_parquet", day)


def enrich(log: Path, warehouse: Path, day: str) -> Measured:
    """Enrich a day of a log that is parsed into a warehouse already; the output tells what that alone took."""
    return _run(log, warehouse, "-m", "tests.benchmarks.enrichment", day)


def _run(log: Path, warehouse: Path, *arguments: str) -> Measured:
    warehouse.mkdir(parents=True, exist_ok=True)
    sources = warehouse / "sources.toml"
    pattern = f"{log}/**" if log.is_dir() else str(log)
    sources.write_text(f'[[source]]\nname = "gate"\npath = "{pattern}"\n', encoding="utf-8")
    return measure(
        (sys.executable, *arguments),
        {"FIREWALL_WAREHOUSE": str(warehouse), "FIREWALL_SOURCES": str(sources), "PYTHONPATH": str(CHECKOUT)},
        warehouse / "said.txt",
    )
