"""Every format, over lines of every product that writes it, with the values a person reads in them.

A fixture is `<case>.log` beside `<case>.expected.jsonl`: of each line, by its number, all columns that are not NULL
(`packets` is left out where it is 1), or `"rejected"` with the reason, or `"ignored"`.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from pipelines.batches import Batch, Reader
from pipelines.detection import is_wrapped
from pipelines.format import all_formats
from pipelines.scanning.words import PADDING
from pipelines.scanning.wrapping import room, unwrap
from pipelines.schema import PACKET, arrow_schema

FIXTURES = Path(__file__).parent / "fixtures" / "formats"
CASES = sorted(path.relative_to(FIXTURES).with_suffix("") for path in FIXTURES.glob("*/*.log"))

# Files end here: a stamp without a year lies at most half a year from the middle of the year before.
FILE_END = datetime(2020, 6, 30)  # noqa: DTZ001 - civil time
NEAR = int((FILE_END - datetime(1970, 1, 1)).total_seconds() * 1_000_000) - 365 * 86_400 * 1_000_000 // 2  # noqa: DTZ001


def batches_of(name: str, data: bytes) -> list[Batch]:
    buffer = np.frombuffer(data + bytes(PADDING), np.uint8).copy()
    if is_wrapped(data):
        unwrap(buffer, 0, len(data), *room())
    return Reader(all_formats()[name], rows=1_000).read(buffer, len(data), NEAR, ZoneInfo("UTC"))


def events_of(batch: Batch) -> Iterator[dict[str, Any]]:
    for event in batch.events.select([*(column.name for column in PACKET), "line_number"]).to_pylist():
        found = {name: value for name, value in event.items() if value is not None}
        found["line_number"] += 1
        found["observed_at"] = found["observed_at"].isoformat()
        if found.pop("packets") != 1:
            found["packets"] = event["packets"]
        yield found


def outcome(name: str, data: bytes) -> dict[int, dict[str, Any]]:
    (batch,) = batches_of(name, data)
    found = {event["line_number"]: event for event in events_of(batch)}
    rejects = batch.rejects
    for line, reason in zip((rejects.lines + 1).tolist(), rejects.reasons, strict=True):
        assert line not in found
        found[line] = {"line_number": line, "rejected": reason}
    for line in range(1, batch.lines + 1):
        found.setdefault(line, {"line_number": line, "ignored": True})
    ignored = sum("ignored" in item for item in found.values())
    assert len(found) == batch.lines == data.count(b"\n")
    assert ignored == len(batch.ignored_stamps)
    assert len(batch.events) + ignored + len(rejects.lines) == batch.lines
    return found


@pytest.mark.parametrize("name", sorted(all_formats()))
def test_format_has_fixtures(name: str) -> None:
    assert any(case.parent.name == name for case in CASES)


def test_fixtures_belong_to_formats() -> None:
    assert {case.parent.name for case in CASES} <= set(all_formats())
    assert {path.name for path in FIXTURES.rglob("*") if path.is_file()} == {
        case.name + suffix for case in CASES for suffix in (".log", ".expected.jsonl")
    }


@pytest.mark.parametrize("case", CASES, ids=str)
def test_lines_become_what_they_say(case: Path) -> None:
    path = FIXTURES / case
    text = path.with_suffix(".expected.jsonl").read_text(encoding="utf-8")
    expected = {item["line_number"]: item for item in map(json.loads, text.splitlines())}
    found = outcome(case.parent.name, path.with_suffix(".log").read_bytes())
    assert sorted(found) == sorted(expected)
    for line, item in expected.items():
        assert found[line] == item


@pytest.mark.parametrize("case", CASES, ids=str)
def test_columns_have_the_types_of_the_schema(case: Path) -> None:
    schema = arrow_schema(PACKET)
    for batch in batches_of(case.parent.name, (FIXTURES / case).with_suffix(".log").read_bytes()):
        for column in PACKET:
            found = batch.events.schema.field(column.name).type
            assert getattr(found, "value_type", found) == schema.field(column.name).type
