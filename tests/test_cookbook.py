"""What the cookbook sql/README.md shows is what its queries answer on the sample."""

import re
import subprocess

import pytest

from pipelines.settings import SQL_FOLDER
from pipelines.warehouse import Warehouse
from tests.shells import DUCKDB
from tests.story import Story

COOKBOOK = (SQL_FOLDER / "README.md").read_text(encoding="utf-8")
RECIPES = re.findall(
    r"### ([^\n]+)\n\n(?:(?!```|#)[^\n]*\n)*```sql\n(.*?)\n```\n\n```text\n(.*?)\n```", COOKBOOK, re.DOTALL
)


@pytest.mark.parametrize(("query", "output"), [recipe[1:] for recipe in RECIPES], ids=[name for name, *_ in RECIPES])
def test_recipes_print_what_is_shown(story: Story, query: str, output: str) -> None:
    catalogue = Warehouse(story.settings.warehouse).catalogue
    command = [str(DUCKDB), "-no-init", "-readonly", str(catalogue), "-c", query]
    done = subprocess.run(command, capture_output=True, check=True, encoding="utf-8")
    assert [line.rstrip() for line in done.stdout.rstrip().splitlines()] == output.splitlines()
    assert done.stderr == ""


def test_every_question_has_a_query_and_an_answer() -> None:
    assert [name for name, *_ in RECIPES] == re.findall(r"^### (.*)$", COOKBOOK, re.MULTILINE)
    assert len(RECIPES) >= 25
