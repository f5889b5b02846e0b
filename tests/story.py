"""The sample, loaded whole, beside the generator's own account of it."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pipelines.catalogue import connect, publish
from pipelines.enrich import enrich_days
from pipelines.parse import Parsed, parse_days
from pipelines.roll_up import roll_up
from pipelines.sample import FIRST_DAY, LAST_DAY, Tally, write_sample
from pipelines.settings import Settings
from pipelines.warehouse import Warehouse

DAYS = [FIRST_DAY + timedelta(days=number) for number in range((LAST_DAY - FIRST_DAY).days + 1)]


class Story:
    """The loaded sample, its account as rows, and a connection to the catalogue."""

    def __init__(self, root: Path) -> None:
        self.settings = Settings.from_environment({"FIREWALL_WAREHOUSE": str(root)})
        self.tally: Tally = write_sample(Warehouse(root).raw / "sample")
        self.parsed: Parsed = parse_days(self.settings, DAYS)
        enrich_days(self.settings, DAYS)
        roll_up(self.settings)
        publish(self.settings)
        self.rows = self.tally.events.to_pylist()
        self.connection = connect(self.settings)

    def ask(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        return self.connection.execute(query, list(parameters)).fetchall()

    def within(self, period: tuple[date, date]) -> list[dict[str, Any]]:
        return [row for row in self.rows if period[0] <= row["day"] <= period[1]]
