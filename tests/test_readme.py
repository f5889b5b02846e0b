"""What the README shows is what its commands print."""

import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.cli import main
from pipelines.settings import CHECKOUT
from pipelines.warehouse import Warehouse
from tests.raw_logs import Site
from tests.shells import DUCKDB
from tests.story import Story

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
REAL_LOG = README.partition("## A real log\n")[2].partition("\n## ")[0]
SHOWN = re.compile(r"```sql\n(.*?)\n```\n\n```text\n(.*?)\n```", re.DOTALL)
QUERIES = SHOWN.findall(README.replace(REAL_LOG, ""))
QUERIES_OF_REAL_LOG = SHOWN.findall(REAL_LOG)
HONEYNET = CHECKOUT.parent / "shared" / "real" / "sotm30" / "firewall.log"


def printed(warehouse: Warehouse, query: str) -> list[str]:
    """Return the lines that the DuckDB shell prints for a query."""
    command = [str(DUCKDB), "-no-init", "-readonly", str(warehouse.catalogue), "-c", query]
    done = subprocess.run(command, capture_output=True, check=True, encoding="utf-8")
    assert done.stderr == ""
    return [line.rstrip() for line in done.stdout.rstrip().splitlines()]


@pytest.mark.parametrize(("query", "output"), QUERIES, ids=[query for query, _ in QUERIES])
def test_queries_print_what_is_shown(story: Story, query: str, output: str) -> None:
    assert printed(Warehouse(story.settings.warehouse), query) == output.splitlines()


@pytest.mark.skipif(not HONEYNET.is_file(), reason=f"{HONEYNET}, the log that the README shows, is missing")
def test_the_real_log_is_read_as_shown(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.drop("honeynet/firewall.log", HONEYNET.read_bytes(), datetime(2004, 2, 3, tzinfo=UTC))
    command = re.search(r"firewall-logs (load .*)\n(.*)", REAL_LOG)
    assert command
    done = CliRunner(env={"FIREWALL_WAREHOUSE": str(site.folder)}).invoke(main, command[1].split())
    assert done.stdout.splitlines() == [command[2]]
    for query, output in QUERIES_OF_REAL_LOG:
        assert printed(site.warehouse, query) == output.splitlines()


def test_the_readme_asks_something() -> None:
    assert len(QUERIES) >= 6
    assert len(QUERIES_OF_REAL_LOG) >= 2


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
