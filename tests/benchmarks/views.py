"""How long each view and period macro takes, in a process that has just started and in one that has asked before."""

import json
import sys
import time

from pipelines.catalogue import connect
from pipelines.settings import SQL_FOLDER, Settings

QUARTER = "'2020-04-01', '2020-06-30'"
RAGGED = "'2020-03-17', '2020-07-13'"
# Views that show every row there is: how long they take is how long it takes to fetch what is asked for.
ROWS = {"events", "rejected_lines", "loads", "raw_files"}


def queries() -> list[str]:
    """Return a query for each view, and two for each macro of a period: a quarter, and days in the middle of months."""
    views = sorted(path.stem for path in (SQL_FOLDER / "views").glob("*.sql") if path.stem not in ROWS)
    macros = sorted(path for path in (SQL_FOLDER / "macros").glob("*_between.sql") if path.stem != "events_between")
    found = [f"from {view}" for view in views]
    for path in macros:
        parameters = path.read_text(encoding="utf-8").partition("(")[2].partition(")")[0]
        if [name.strip() for name in parameters.split(",")] == ["first", "last"]:
            found += [f"from {path.stem}({QUARTER})", f"from {path.stem}({RAGGED})"]
        if "previous_first" in parameters:
            found.append(f"from {path.stem}({QUARTER}, '2020-01-01', '2020-03-31')")
    return found


def main() -> None:
    """Ask a query over and over; print the milliseconds of the first time, and of the fastest after it.

    Without arguments, print the queries there are to ask.
    """
    if len(sys.argv) == 1:
        print("\n".join(queries()))
        return
    warehouse, query, rounds = sys.argv[1:]
    with connect(Settings.from_environment({"FIREWALL_WAREHOUSE": warehouse})) as connection:
        took = []
        for _ in range(int(rounds) + 1):
            began = time.perf_counter()
            connection.execute(query).fetchall()
            took.append(1_000 * (time.perf_counter() - began))
    print(json.dumps([took[0], min(took[1:])]))


if __name__ == "__main__":
    main()
