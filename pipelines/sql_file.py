"""The files below sql/: each holds one statement, and opens with comments that say what it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

# The stages that checks are about: a check whose name starts so is about counts, any other about events.
Stage = Literal["events", "counts"]
_ABOUT_COUNTS = "counts_"


@dataclass(frozen=True)
class SqlFile:
    """One file of SQL.

    Attributes:
        name: the file's name without its ending, which is the name of what it defines.
        description: the text of the first line, a comment.
        columns: comments of columns by name, from the lines `-- name: text` that follow the first one.
        text: the whole file, comments included.
    """

    name: str
    description: str
    columns: Mapping[str, str]
    text: str

    @classmethod
    def read(cls, path: Path) -> "SqlFile":
        """Read one file.

        Raises:
            ValueError: the first line is no comment, or a comment after it is no `-- name: text`.
        """
        text = path.read_text(encoding="utf-8")
        header = []
        for line in text.splitlines():
            if not line.startswith("-- "):
                break
            header.append(line.removeprefix("-- "))
        if not header:
            raise ValueError(f"{path} must open with a comment that says what it is")
        columns = dict(line.partition(": ")[::2] for line in header[1:])
        if not all(name.isidentifier() and comment for name, comment in columns.items()):
            raise ValueError(f"{path}: a comment after the first line must read `-- column: what it holds`")
        return cls(path.stem, header[0], columns, text)


def sql_files(folder: Path) -> list[SqlFile]:
    """Read every SQL file of a folder, in the order of their names."""
    return [SqlFile.read(path) for path in sorted(folder.glob("*.sql"))]


def check_files(folder: Path, stage: Stage | None) -> list[SqlFile]:
    """Read the checks in a folder that are about a stage, or all of them, in the order of their names."""
    return [
        file
        for file in sql_files(folder)
        if stage is None or file.name.startswith(_ABOUT_COUNTS) == (stage == "counts")
    ]
