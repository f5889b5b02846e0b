"""The view `help`: everything in the catalogue, with its parameters, columns and description, in both engines."""

from pathlib import Path

import duckdb

from pipelines.catalogue import publish
from pipelines.catalogue_contents import CONSTANTS
from pipelines.settings import SQL_FOLDER
from pipelines.sql_file import sql_files
from tests.partitions import settings_for
from tests.shells import ask_library, ask_shell


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


def test_it_is_that_of_the_attached_catalogue(tmp_path: Path) -> None:
    published = publish(settings_for(tmp_path))

    with duckdb.connect() as connection:
        connection.execute(f"attach '{published.path}' as firewall (read_only)")
        found = connection.execute("select description from firewall.help where name = 'top_ports'").fetchall()
    assert len(found) == 1
