"""Files are read alike however few lines are held at once: those that are no events may be short, and very many."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from pipelines import reading
from pipelines.raw_bytes import look_at
from pipelines.reading import FileReader, ToRead
from pipelines.sources import RawFile, Source

FIXTURES = Path(__file__).parent / "fixtures" / "formats"
TIME = "2020-04-03T04:12:45.123456789Z"


def in_object(line: str) -> str:
    return json.dumps({"log": f"{line}\n", "stream": "stdout", "time": TIME})


def read(paths: Iterable[Path]) -> tuple[dict[str, list[Any]], Counter[tuple[str, str]], dict[str, tuple[object, ...]]]:
    """Return events and rejects by file, how many lines were ignored by which rule, and where each file ended."""
    files = [ToRead(RawFile(Source("gate"), path, str(path)), look_at(path)) for path in paths]
    found: dict[str, list[Any]] = {str(path): [] for path in paths}
    ignored = Counter[tuple[str, str]]()
    ends = {}
    for batch, pieces in FileReader().read(files):
        for piece in pieces:
            name = piece.state.raw.name
            ends[name] = (piece.state, piece.first_line)
            if piece.part is None:
                continue
            assert batch is not None
            part, rejects = piece.part, batch.rejects
            for event in batch.events.slice(part.events.start, part.events.stop - part.events.start).to_pylist():
                found[name].append(event | {"line_number": event["line_number"] + piece.first_line})
            for row in range(part.rejects.start, part.rejects.stop):
                number = int(rejects.lines[row]) + piece.first_line
                found[name].append((number, int(rejects.stamps[row]), rejects.reasons[row], rejects.texts[row]))
            ignored.update((name, batch.rules[rule]) for rule in batch.ignored_rules[part.ignored].tolist())
    return found, ignored, {name: (state.standing, first_line) for name, (state, first_line) in ends.items()}


@pytest.mark.parametrize("most", [1, 4])
def test_what_is_read_does_not_depend_on_how_many_lines_are_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    cases = sorted(FIXTURES.glob("*/*.log"))
    wrapped = tmp_path / "wrapped.log"
    lines = [
        line
        for path in sorted((FIXTURES / "zeek_conn_json").glob("*.log"))
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines()
    ]
    # What is twice in such an object is taken out of one.
    lines += [in_object(line) for line in lines[:3]]
    wrapped.write_text("".join(f"{in_object(line)}\n" for line in lines))
    monkeypatch.setattr(reading, "ROWS", 5)
    whole = read([*cases, wrapped, *cases[:20]])
    monkeypatch.setattr(reading, "MOST_OTHERS", most)
    assert read([*cases, wrapped, *cases[:20]]) == whole
    events, ignored, _ = whole
    assert sum(map(len, events.values())) > 500
    assert ignored.total() > 50
    assert any(isinstance(event, dict) for event in events[str(wrapped)])
