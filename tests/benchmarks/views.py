"""How long each view and period macro takes, in a process that has just started and in one that has asked before."""

import json
import sys
import time
import warnings

from pipelines.catalogue import connect
from pipelines.settings import SQL_FOLDER, Settings

QUARTER = "'2020-04-01', '2020-06-30'"
RAGGED = "'2020-03-17', '2020-07-13'"
# Views that show every row there is: how long they take is how long it takes to fetch what is asked for.
ROWS = {"events", "rejected_lines", "loads", "raw_files"}


def queries() -> list[str]:
    """Return a query for each view, two for each macro of a period, and those that compare a quarter with another.

    The two periods are a quarter, and days in the middle of months.
    """
    views = sorted(path.stem for path in (SQL_FOLDER / "views").glob("*.sql") if path.stem not in ROWS)
    found = [f"from {view}" for view in views]
    for path in sorted((SQL_FOLDER / "macros").glob("*.sql")):
        signature = path.read_text(encoding="utf-8").partition("create or replace macro ")[2].partition(" as")[0]
        match signature.removeprefix(path.stem):
            case "(first, last)" if path.stem.endswith("_between") and path.stem != "events_between":
                found += [f"from {path.stem}({QUARTER})", f"from {path.stem}({RAGGED})"]
            case "(first, last, previous_first, previous_last)":
                found.append(f"from {path.stem}({QUARTER}, '2020-01-01', '2020-03-31')")
            case "(period_name)":
                found.append(f"from {path.stem}('2020-Q2')")
    return found


def main() -> None:
    """Ask a query over and over; print the milliseconds of the first time, and of the fastest after it.

    Without arguments, print the queries there are to ask.
    """
    if len(sys.argv) == 1:
        print("\n".join(queries()))
        return
    warehouse, query, rounds = sys.argv[1:]
    # That the rows are copied once more; a relation would plan the query twice.
    warnings.filterwarnings("ignore", "Arrow output on a DB-API result")
    with connect(Settings.from_environment({"FIREWALL_WAREHOUSE": warehouse})) as connection:
        took = []
        for _ in range(int(rounds) + 1):
            began = time.perf_counter()
            # All rows, as columns: to make Python's numbers and texts of 65,535 of them takes as long as to find them.
            batches = connection.execute(query).to_arrow_reader(1 << 20)
            assert batches is not None
            batches.read_all()
            took.append(1_000 * (time.perf_counter() - began))
    print(json.dumps([took[0], min(took[1:])]))


if __name__ == "__main__":
    main()
