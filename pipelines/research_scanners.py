"""The tables of research scanners: the bundled one, and the user's own with the same columns, checked before use."""

import csv
from datetime import date
from ipaddress import ip_network
from pathlib import Path

from pipelines.settings import SQL_FOLDER, SettingError
from pipelines.warehouse import Warehouse

BUNDLED = SQL_FOLDER / "reference" / "research_scanners.csv"

_HEADER = ["scanner", "kind", "identifier", "source", "checked_on"]
_KINDS = ("network", "asn", "hostname")


def research_scanner_files(warehouse: Warehouse) -> list[Path]:
    """Return the files of the table, the user's own among them if there is one.

    Raises:
        SettingError: the user's own cannot be used.
    """
    own = warehouse.research_scanners
    if not own.exists():
        return [BUNDLED]
    _check(own)
    return [BUNDLED, own]


def _check(path: Path) -> None:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        allowed = f"it must be a readable CSV file in UTF-8 ({error})"
        raise SettingError("the table of research scanners", path, allowed) from error
    if not rows or rows[0] != _HEADER:
        found = ",".join(rows[0]) if rows else ""
        raise SettingError(f"the first line of {path}", found, f"it must be {','.join(_HEADER)}")
    for number, row in enumerate(rows[1:], 2):
        if problem := _problem(row):
            raise SettingError(f"row {number} of {path}", ",".join(row), problem)


def _problem(row: list[str]) -> str | None:
    """Return what is wrong with a row; None where nothing is."""
    if len(row) != len(_HEADER) or not row[0]:
        return f"it must have a scanner's name and {len(_HEADER)} columns in all"
    _, kind, identifier, _, checked_on = row
    if kind not in _KINDS:
        return f"kind must be one of {', '.join(_KINDS)}"
    try:
        if kind == "network":
            ip_network(identifier)
        elif kind == "asn":
            int(identifier)
        date.fromisoformat(checked_on)
    except ValueError as error:
        return f"a network, an AS number and a day such as 2020-04-01 must be valid ({error})"
    return None
