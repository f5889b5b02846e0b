"""Loading days without Dagster: the same stages in the same order, for a shell, a test or a cron line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pipelines.catalogue import CheckResult, Published, publish, run_checks
from pipelines.enrich import enrich_days
from pipelines.parse import Parsed, parse_days
from pipelines.port_scans import store_port_scans
from pipelines.repairs import Repaired, repair
from pipelines.retention import Removed, remove_old
from pipelines.roll_up import roll_up
from pipelines.settings import Settings
from pipelines.sole_writer import sole_writer
from pipelines.warehouse import Warehouse


@dataclass(frozen=True)
class Loaded:
    """What a load gave: the account of the lines, the catalogue, what was made again and removed, and scans refused.

    `duplicates` are the events of another file too, and counted there.
    """

    parsed: Parsed
    duplicates: int
    published: Published
    repaired: Repaired
    removed: Removed
    refused_scans: tuple[str, ...]


class CheckError(Exception):
    """Data that failed a check, named with its number of bad rows; nothing has been published."""

    def __init__(self, failed: Sequence[CheckResult]) -> None:
        found = "; ".join(f"{check.name} has {check.bad_rows:,} bad rows ({check.description})" for check in failed)
        super().__init__(f"the loaded days failed checks: {found}")


def load_days(settings: Settings, days: Sequence[date]) -> Loaded:
    """Load days, in order and without gaps: parse, enrich, roll up, check, remove what is too old, and publish.

    Raises:
        SettingError: a setting or source that cannot be used.
        CheckError: the loaded days failed a check.
        StorageError: the disk refuses.
        UnreadableError: another day's partition is damaged, and cannot be made again.
    """
    with sole_writer(Warehouse(settings.warehouse), days):
        repaired = repair(settings, days)
        parsed = parse_days(settings, days)
        enriched = enrich_days(settings, days)
        roll_up(settings)
        failed = [check for check in run_checks(settings, days[0], days[-1]) if check.bad_rows]
        if failed:
            raise CheckError(failed)
        removed = remove_old(settings)
        scans = store_port_scans(settings)
        duplicates = sum(day.duplicates for day in enriched.values())
        return Loaded(parsed, duplicates, publish(settings), repaired, removed, scans.problems)
