"""What the README shows is what its commands print."""

import re
import subprocess
from pathlib import Path

import pytest

from pipelines.settings import CHECKOUT
from pipelines.warehouse import Warehouse
from tests.shells import DUCKDB
from tests.story import Story

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(.*?)\n```\n\n```text\n(.*?)\n```", README, re.DOTALL)


@pytest.mark.parametrize(("query", "output"), QUERIES, ids=[query for query, _ in QUERIES])
def test_queries_print_what_is_shown(story: Story, query: str, output: str) -> None:
    catalogue = Warehouse(story.settings.warehouse).catalogue
    command = [str(DUCKDB), "-no-init", "-readonly", str(catalogue), "-c", query]
    done = subprocess.run(command, capture_output=True, check=True, encoding="utf-8")
    assert [line.rstrip() for line in done.stdout.rstrip().splitlines()] == output.splitlines()
    assert done.stderr == ""


def test_the_readme_asks_something() -> None:
    assert len(QUERIES) >= 6


def test_the_top_ports_shown_are_those_of_the_sample(story: Story) -> None:
    shown = re.findall(r"^ +\d+  (\d+)/(\w+) +(\S+) +([\d,]+) +([\d,]+) +([\d.]+)%$", README, re.MULTILINE)
    rows = story.ask("select port, protocol, service, events, sources, share from top_ports limit 10")
    assert shown == [
        (str(port), protocol, service, f"{events:,}", f"{sources:,}", f"{share:.1%}"[:-1])
        for port, protocol, service, events, sources, share in rows
    ]


def test_the_number_of_lines_shown(story: Story) -> None:
    [(lines,)] = story.ask("select sum(lines) from loads")
    assert f"{lines:,} lines" in README


def test_every_view_and_macro_of_the_catalogue_is_named() -> None:
    for path in (*(CHECKOUT / "sql" / "views").glob("*.sql"), *(CHECKOUT / "sql" / "macros").glob("*_between.sql")):
        assert f"`{path.stem}" in README, path.stem


def test_contributors_run_what_ci_runs() -> None:
    script = (Path(CHECKOUT) / ".ci" / "run").read_text(encoding="utf-8")
    for command in ("pytest", "ruff check", "ruff format --check", "mypy", "sqlfluff lint sql", "dg check defs"):
        assert command in script
        assert command in README
    assert "pip install --quiet -c .ci/constraints.txt -e '.[dev]'" in script
