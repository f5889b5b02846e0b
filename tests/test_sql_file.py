"""What the comments at the top of an SQL file say."""

from pathlib import Path

import pytest

from pipelines.settings import SQL_FOLDER
from pipelines.sql_file import SqlFile, sql_files


def write(folder: Path, text: str) -> Path:
    path = folder / "top_ports.sql"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_first_line_describes_and_the_next_ones_comment_columns(tmp_path: Path) -> None:
    text = "-- Ports: the most tried\n-- rank: Place: 1 is first\n-- port: Port\nselect 1\n-- other: comment\n"

    file = SqlFile.read(write(tmp_path, text))

    assert file.name == "top_ports"
    assert file.description == "Ports: the most tried"
    assert file.columns == {"rank": "Place: 1 is first", "port": "Port"}
    assert file.text == text


@pytest.mark.parametrize("text", ["", "select 1", "\n-- Ports\nselect 1", "--Ports\nselect 1"])
def test_a_file_that_does_not_say_what_it_is_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match=r"top_ports\.sql must open with a comment that says what it is"):
        SqlFile.read(write(tmp_path, text))


@pytest.mark.parametrize("line", ["-- and on", "-- the rank: place", "-- rank:", "-- rank: "])
def test_a_second_line_that_is_no_column_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(ValueError, match="must read `-- column: what it holds`"):
        SqlFile.read(write(tmp_path, f"-- Ports\n{line}\nselect 1"))


@pytest.mark.parametrize("folder", ["checks", "macros", "reference", "views"])
def test_every_file_of_the_product_can_be_read(folder: str) -> None:
    assert [file.name for file in sql_files(SQL_FOLDER / folder) if not file.text.endswith("\n")] == []
    assert sql_files(SQL_FOLDER / folder)
