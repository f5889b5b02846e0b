"""The walk-through of a new format in the README, followed to the letter, and a file of that format loaded."""

import json
import re
import subprocess
import sys
from pathlib import Path

from pipelines.settings import CHECKOUT

[MODULE, LINES, EXPECTED] = re.findall(
    r"```(?:python|text|json)\n(.*?)```",
    (CHECKOUT / "README.md").read_text(encoding="utf-8").partition("### Add a format")[2].partition("\n## ")[0],
    re.DOTALL,
)

# In a process of its own, for all formats are looked up once. Arguments: a folder with formats, one with a warehouse.
FOLLOW = """
import json, sys
import pipelines.formats
pipelines.formats.__path__.append(sys.argv[1])
from pathlib import Path
from pipelines.catalogue import connect
from pipelines.detection import detect
from tests.raw_logs import Site
from tests.test_formats import outcome
from datetime import date, datetime

site = Site(Path(sys.argv[2]))
lines = sys.stdin.read()
found = outcome("gatekeeper", lines.encode())
site.drop("home/guard.txt", lines.splitlines(), datetime(2020, 4, 4))
site.load(date(2020, 4, 3))
print(json.dumps({
    "lines": [found[number] for number in sorted(found)],
    "detected": [detect(lines.encode()).form.name, detect(lines.encode()).confidence],
    "events": [[row["source_ip"], row["service"]] for row in site.rows("events", date(2020, 4, 3))],
}))
"""


def test_the_walk_through_adds_a_format(tmp_path: Path) -> None:
    formats = tmp_path / "formats"
    formats.mkdir()
    (formats / "gatekeeper.py").write_text(MODULE, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", FOLLOW, str(formats), str(tmp_path / "warehouse")],
        input=LINES, cwd=CHECKOUT, capture_output=True, check=False, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["lines"] == [json.loads(line) for line in EXPECTED.splitlines()]
    assert found["detected"] == ["gatekeeper", 1.0]
    assert found["events"] == [["203.0.113.9", "smb"], ["2001:db8::9", "dns"]]


def test_it_takes_less_than_forty_lines() -> None:
    assert len(MODULE.splitlines()) + len(LINES.splitlines()) + len(EXPECTED.splitlines()) < 40
