"""The two engines that analysts ask: DuckDB's shell, one version behind, and the library."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb

DUCKDB = Path(sys.executable).with_name("duckdb")

Answer = list[dict[str, Any]]


class RefusedError(Exception):
    """An engine answered with an error; the text is what the analyst reads."""


def ask_shell(file: Path, sql: str, cwd: Path | None = None, variables: Mapping[str, str] | None = None) -> Answer:
    """Ask a new read-only shell one question; dates and stamps come back as text."""
    flags = [flag for item in (variables or {}).items() for flag in ("-cmd", "set variable {} = '{}'".format(*item))]
    command = [str(DUCKDB), "-no-init", "-readonly", "-json", *flags, str(file), sql]
    done = subprocess.run(command, capture_output=True, check=False, cwd=cwd, encoding="utf-8", timeout=60)
    if done.returncode or done.stderr:
        raise RefusedError(done.stderr)
    answer: Answer = json.loads(done.stdout)
    return answer


def ask_library(file: Path, sql: str) -> Answer:
    """Ask the library one question, in a process that may have other versions of the file open."""
    try:
        with duckdb.connect(file.resolve(), read_only=True) as connection:
            cursor = connection.execute(sql)
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, map(_plain, row), strict=True)) for row in cursor.fetchall()]
    except duckdb.Error as error:
        raise RefusedError(str(error)) from error


class OpenShell:
    """A shell that somebody keeps open on a file, and asks now and then."""

    def __init__(self, file: Path, *flags: str) -> None:
        # A session of its own, so that the shell is killed and not only the Python script that starts it.
        self._process = subprocess.Popen(
            [str(DUCKDB), "-no-init", "-batch", "-jsonlines", *flags, str(file)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        self.ask("select 1 as opened")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=60)

    def ask(self, sql: str) -> Answer:
        """Ask a question and wait for its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{sql};\nselect 'answered' as last_line;\n")
        self._process.stdin.flush()
        answer: Answer = []
        for line in self._process.stdout:
            if not line.strip():
                # How the shell writes an answer without rows.
                continue
            if not line.startswith("{"):
                raise RefusedError(line + self._process.communicate(timeout=60)[0])
            row = json.loads(line)
            if row == {"last_line": "answered"}:
                return answer
            answer.append(row)
        raise RefusedError("the shell ended")

    def kill(self) -> None:
        """End the shell as a crash would, with whatever it had open left as it is."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate(timeout=60)


def _plain(value: object) -> object:
    return str(value) if isinstance(value, date) else value
