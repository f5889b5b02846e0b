"""The view `help`: everything in the catalogue, with its parameters, columns and description, in both engines."""

import re
from pathlib import Path

import duckdb

from pipelines.catalogue import publish
from pipelines.catalogue_contents import CONSTANTS
from pipelines.settings import SQL_FOLDER
from pipelines.sql_file import sql_files
from tests.partitions import settings_for
from tests.shells import ask_library, ask_shell
from tests.test_catalogue import MACRO_CALLS

README = SQL_FOLDER.parent / "README.md"


def test_everything_is_listed_with_its_description(tmp_path: Path) -> None:
    path = publish(settings_for(tmp_path)).path
    files = [file for folder in ("views", "reference", "macros") for file in sql_files(SQL_FOLDER / folder)]

    for ask in (ask_shell, ask_library):
        answer = ask(path, "from help")
        assert list(answer[0]) == ["name", "kind", "parameters", "columns", "description"]
        assert {row["name"]: row["description"] for row in answer} == {
            **{file.name: file.description for file in files},
            **CONSTANTS,
        }
        assert len(answer) == len(files) + len(CONSTANTS)


def test_views_tables_and_macros_are_told_apart(tmp_path: Path) -> None:
    path = publish(settings_for(tmp_path)).path

    for ask in (ask_shell, ask_library):
        found = {row["name"]: row for row in ask(path, "from help")}
        assert (found["top_ports"]["kind"], found["top_ports"]["parameters"]) == ("view", [])
        assert found["top_ports"]["columns"] == ["rank", "port", "protocol", "service", "events", "sources", "share"]
        assert (found["services"]["kind"], found["services"]["columns"][0]) == ("table", "port")
        between = found["top_ports_between"]
        assert (between["kind"], between["parameters"], between["columns"]) == ("table macro", ["first", "last"], None)
        assert (found["as_day"]["kind"], found["as_day"]["parameters"]) == ("macro", ["value"])


def test_every_column_of_what_an_analyst_asks_is_told(tmp_path: Path) -> None:
    path = publish(settings_for(tmp_path)).path
    named = {
        name
        for file in (README, SQL_FOLDER / "README.md")
        for name in re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", file.read_text(encoding="utf-8"))
    }
    files = {file.name for file in sql_files(SQL_FOLDER / "macros") if "as table" in file.text}
    # Macros that answer for a period, dossiers, ranks; and any other table macro that the guides name.
    asked = {name for name in files if name.endswith(("_ranks", "_dossier", "_between"))} | (named & files)
    # What other macros are made of.
    asked -= {"compared_ranks", "inferred_addresses_between"}

    answer = ask_library(path, "from help_columns")
    assert ask_shell(path, "from help_columns") == answer
    assert list(answer[0]) == ["name", "place", "column_name", "description"]
    assert all(row["description"] for row in answer)
    told: dict[str, list[str]] = {}
    for row in answer:
        told.setdefault(row["name"], []).append(row["column_name"])
    with duckdb.connect(path, read_only=True) as connection:
        columns = {
            name: [column for column, *_ in connection.execute(MACRO_CALLS[name]).description or ()]
            for name in sorted(asked)
        }
    assert {name: told.get(name) for name in asked} == columns
    assert told["top_ports"] == told["top_ports_between"]


def test_it_is_that_of_the_attached_catalogue(tmp_path: Path) -> None:
    published = publish(settings_for(tmp_path))

    with duckdb.connect() as connection:
        connection.execute(f"attach '{published.path}' as firewall (read_only)")
        found = connection.execute("select description from firewall.help where name = 'top_ports'").fetchall()
    assert len(found) == 1
