"""Loads that are killed before a system call, each followed by one that is not: `python -m tests.killed_loads --help`.

A program of its own, because it forks: it keeps to one thread itself and does all else in its children. What it found
is printed as JSON, one object a line.
"""

import argparse
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from pipelines.catalogue import connect
from pipelines.load import load_days
from tests.raw_logs import Site, at, packet
from tests.system_calls import can_trace, run_until

DAYS = [date(2020, 4, day) for day in (1, 2, 3)]
LATE = DAYS[1:]
CANNOT_TRACE = 3
WRITTEN = at("2020-04-04")


def lines_of(day: date, count: int, start: int = 0) -> list[str]:
    """Return lines of a day, a second apart, with one that is rejected and one that is ignored."""
    stamps = [f"{day}T10:{second // 60:02}:{second % 60:02}Z" for second in range(start, start + count)]
    packets = [packet(stamp, f"203.0.113.{number % 200}", number=number) for number, stamp in enumerate(stamps)]
    return [*packets, packet(stamps[0], source="1.2.3"), f"{stamps[0]} gate sshd[1]: Accepted publickey"]


def make_loaded(site: Site) -> None:
    """Load two days, and then change the raw logs: a day gets late lines, in files that overlap, and one begins."""
    for day in DAYS[:2]:
        site.drop(f"gate/{day}.log", lines_of(day, 300), WRITTEN)
    load_days(site.settings(), DAYS[:2])
    site.drop(f"gate/{DAYS[1]}.late.log", lines_of(DAYS[1], 200, start=250), WRITTEN)
    site.drop(f"gate/{DAYS[2]}.log", lines_of(DAYS[2], 300), WRITTEN)


def content(site: Site) -> dict[str, str]:
    """Return a digest of the schema and the rows of each file that holds data, and all others' names."""
    found = {}
    for path in sorted(site.folder.rglob("*")):
        name = str(path.relative_to(site.folder))
        if path.is_file() and not path.is_relative_to(site.warehouse.raw) and path.parent.name != "catalogues":
            found[name] = rows_digest(path) if name.endswith(".parquet") else ""
    return found


def rows_digest(path: Path) -> str:
    """Return a digest of what a Parquet file holds, in its order.

    Its bytes may differ: a dictionary's order depends on what was read beside the day.
    """
    with pq.ParquetFile(path) as file:
        return hashlib.sha256(f"{file.schema_arrow}\n{file.read().to_pylist()}".encode()).hexdigest()


def shown(site: Site) -> dict[str, int]:
    """Return the number of events of each day that a reader is shown, and of all days by the counts."""
    with connect(site.settings()) as connection:
        days = connection.execute("select day, count(*) from events group by day").fetchall()
        [(counted,)] = connection.execute("select sum(events) from top_ports").fetchall()
        connection.execute("from loads").fetchall()
        connection.execute("from rejected_lines").fetchall()
    return {str(day): events for day, events in days} | {"counted": int(counted)}


def in_child(work: Callable[[], object]) -> Any:  # noqa: ANN401 - what JSON makes of what the function returns
    """Return what a function returns, run in a process of its own."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        status = 1
        try:
            with os.fdopen(write, "w") as pipe:
                json.dump(work(), pipe)
            status = 0
        finally:
            os._exit(status)
    os.close(write)
    with os.fdopen(read) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    if not said:
        raise ChildProcessError("the child failed: what it said stands above")
    return json.loads(said)


def heal(site: Site) -> dict[str, object]:
    """Look at a warehouse as a reader does, load it, and look at all there is."""
    before = shown(site)
    load_days(site.settings(), LATE)
    return {"before": before, "after": shown(site), "content": content(site)}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the loads."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="an empty folder to work in")
    parser.add_argument("points", type=int, help="how many loads are killed")
    asked = parser.parse_args(arguments)
    if not can_trace():
        sys.exit(CANNOT_TRACE)
    base, run = (Site(asked.folder / name) for name in ("base", "run"))
    in_child(lambda: make_loaded(base))

    def restore() -> None:
        shutil.rmtree(run.folder, ignore_errors=True)
        shutil.copytree(base.folder, run.folder, symlinks=True)

    def load() -> None:
        load_days(run.settings(), LATE)

    restore()
    calls = run_until(None, load).calls
    print(json.dumps({"calls": len(calls)} | in_child(lambda: heal(run))), flush=True)  # noqa: T201
    for point in range(asked.points):
        call = len(calls) * point // asked.points
        restore()
        killed = run_until(call, load)
        while not killed.killed:  # it ended before: what is written beside the data differs by a few calls
            call = len(killed.calls) - 1
            restore()
            killed = run_until(call, load)
        found = in_child(lambda: heal(run))
        print(json.dumps({"call": call, "before_call": killed.calls[-1], "killed": killed.killed} | found), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
