"""The field documentation in sql/README.md, made from the schema, the formats and their fixtures.

`python -m tests.field_tables` writes it there anew.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.field_names import FIELD_NAMES
from pipelines.format import Format, all_formats
from pipelines.packet_keys import PacketKeys
from pipelines.schema import EVENTS, PACKET
from pipelines.settings import SQL_FOLDER
from pipelines.shapes import Columns, Delimited, Headed, Json, KeyValues
from tests.test_formats import FIXTURES

DOCUMENT = SQL_FOLDER / "README.md"
BEGIN, END = "<!-- made by tests/field_tables.py -->\n", "<!-- end of what is made -->\n"
# What every format has, from the line's head or its name.
_EVERYWHERE = ("observed_at", "host", "packets")


def tables() -> str:
    """Return both tables as Markdown."""
    rows = ["| column | what it holds | ECS | OCSF |", "|---|---|---|---|"]
    for column in EVENTS:
        names = [f"`{name}`" if name else "" for name in FIELD_NAMES[column.name]]
        rows.append(f"| `{column.name}` | {column.comment} | {' | '.join(names)} |")
    rows += ["", "| format | columns that it fills, and what the vendor calls them |", "|---|---|"]
    for name, form in sorted(all_formats().items()):
        called = vendor_names(form)
        cells = [
            f"`{column}`" + (f" {', '.join(called[column])}" if column in called else "") for column in filled(name)
        ]
        rows.append(f"| `{name}` | {'; '.join(cells)} |")
    return "\n".join(rows) + "\n"


def filled(name: str) -> list[str]:
    """Return the columns that some line of a format's fixtures fills, in the order of the schema."""
    found: set[str] = set()
    for path in (FIXTURES / name).glob("*.expected.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            found.update(json.loads(line))
    return [column.name for column in PACKET if column.name in found and column.name not in _EVERYWHERE]


def vendor_names(form: Format) -> Mapping[str, list[str]]:
    """Return by column the names, or places from 1 on, of the values that it is made from."""
    names: dict[str, list[str]] = defaultdict(list)
    for name, spec in _named(form.shape):
        for column in _columns_of(spec):
            # Two values by turns, such as before and after translation, stand under one column.
            if name not in names[column]:
                names[column].append(name)
    for column, (source, _) in form.words.items():
        names.setdefault(column, names.get(source, []))
    return {column: found for column, found in names.items() if found}


def _named(shape: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - a shape of any kind
    if isinstance(shape, KeyValues | Json):
        yield from shape.keys.items()
    elif isinstance(shape, Headed):
        yield from shape.columns.items()
    elif isinstance(shape, Delimited):
        yield from _placed(shape.columns, 1)
    elif isinstance(shape, PacketKeys):
        yield from ((field.key, field.column) for field in shape.fields)


def _placed(columns: Columns, first: int) -> Iterator[tuple[str, str]]:
    specs = columns.spec.split()
    yield from ((str(place), spec) for place, spec in enumerate(specs, first))
    others = [each for each in (*columns.cases.values(), columns.otherwise) if isinstance(each, Columns)]
    for each in others:
        yield from _placed(each, first + len(specs))


def _columns_of(spec: str) -> Iterator[str]:
    parts = re.findall(r"\{(\w+)((?::\w+)?)", spec) if "{" in spec else re.findall(r"^(\w+)((?::\w+)?)", spec)
    for name, kind in parts:
        yield from (f"{name}_ip", f"{name}_port") if kind == ":endpoint" else (name,)


def main() -> None:
    """Write the tables into the document."""
    text = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    DOCUMENT.write_text(before + BEGIN + tables() + END + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    main()
