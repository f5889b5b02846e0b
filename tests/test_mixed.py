"""Files that mix formats: each line is what it is in a file of its own format alone, whatever stands beside it."""

import json
import random
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines.detection import is_wrapped
from pipelines.format import all_formats
from tests.raw_logs import Site
from tests.test_detection import noise
from tests.test_formats import FILE_END, FIXTURES

DAY = date(2020, 4, 3)
# Formats whose lines are told from each other one by one; a header's columns belong to what follows it.
NAMES = [name for name in ("netfilter", "mikrotik", "suricata", "filterlog", "yamaha") if name in all_formats()]


def records(name: str) -> list[bytes]:
    """Return lines of fixtures that are events of DAY."""
    signature = all_formats()[name].signature
    lines = []
    for path in sorted((FIXTURES / name).glob("*.log")):
        if is_wrapped(path.read_bytes()):
            continue  # a file is wrapped whole, or not at all
        text = path.with_suffix(".expected.jsonl").read_text(encoding="utf-8")
        days = {item["line_number"]: item.get("observed_at", "")[:10] for item in map(json.loads, text.splitlines())}
        lines += [
            line
            for number, line in enumerate(path.read_bytes().split(b"\n"), 1)
            if days.get(number) == str(DAY) and signature.search(line)
        ]
    return lines


def events(site: Site) -> dict[str, list[dict[str, Any]]]:
    """Return the events of each file, in the order of their lines."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(site.rows("parsed", DAY), key=lambda row: row["line_number"]):
        found.setdefault(row.pop("file"), []).append(row)
    return found


def drop(site: Site, name: str, lines: list[bytes]) -> Path:
    """Write a file that was last written when those of fixtures were."""
    return site.drop(name, b"".join(line + b"\n" for line in lines), written=FILE_END)


def without_place(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in {"line_number", "sensor"}}


@pytest.mark.parametrize("main", NAMES)
def test_lines_are_read_as_what_they_are(tmp_path: Path, main: str) -> None:
    site = Site(tmp_path)
    rng = random.Random(main)  # noqa: S311 - repeatable, for a test
    lines = [(name, line) for name in NAMES for line in records(name)[: 60 if name == main else 8]]
    lines += [("noise", line) for line in noise(1).splitlines()[:50] if line]
    rng.shuffle(lines)
    drop(site, "mixed/all.log", [line for _, line in lines])
    for name in NAMES:
        drop(site, f"{name}/one.log", [line for kind, line in lines if kind == name])
    assert site.parse(DAY).problems == ()
    assert site.raw_files()["mixed/all.log"]["format"] == main
    found = events(site)
    numbers = {row["line_number"]: row for row in found["mixed/all.log"]}
    for name in NAMES:
        alone = found[f"{name}/one.log"]
        places = [place for place, (kind, _) in enumerate(lines, 1) if kind == name]
        assert [without_place(row) for row in alone] == [without_place(numbers.pop(place)) for place in places], name
    assert not numbers


def test_a_file_of_no_format_is_ignored_but_for_its_records(tmp_path: Path) -> None:
    site = Site(tmp_path)
    lines = [line for seed in range(60) for line in noise(seed).splitlines() if b"Apr" in line]
    drop(site, "server/noise.log", lines)
    late = records("netfilter")[0]
    drop(site, "server/late.log", [b"noise " * 20] * 12_000 + [late])
    site.parse(DAY)
    files = site.raw_files()
    assert (files["server/noise.log"]["format"], files["server/noise.log"]["confidence"]) == ("unknown", 0.0)
    assert files["server/noise.log"]["lines"] == len(lines)
    assert files["server/late.log"]["format"] == "unknown"
    assert [row["file"] for row in site.rows("parsed", DAY)] == ["server/late.log"]


def test_a_source_that_names_its_format_has_no_others(tmp_path: Path) -> None:
    site = Site(tmp_path)
    one, other = records("netfilter")[0], records(NAMES[1])[0]
    path = drop(site, "gate/a.log", [one, other])
    site.declare(f'[[source]]\nname = "gate"\npath = "{path}"\nformat = "netfilter"\n')
    site.parse(DAY)
    row = site.raw_files()["gate/a.log"]
    assert (row["format"], row["confidence"]) == ("netfilter", None)
    assert len(site.rows("parsed", DAY)) == 1
