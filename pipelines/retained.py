"""What has been removed of a warehouse by its settings, so that nothing takes it for missing."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date

from pipelines.settings import SettingError
from pipelines.warehouse import Warehouse, replacing


@dataclass(frozen=True)
class Retained:
    """The first day of which rejected lines, events and counts are kept; None where all are."""

    rejected_since: date | None = None
    events_since: date | None = None
    counts_since: date | None = None

    @classmethod
    def of(cls, warehouse: Warehouse) -> "Retained":
        """Read what is noted in a warehouse.

        Raises:
            SettingError: the note cannot be read.
        """
        if not warehouse.retained.exists():
            return cls()
        try:
            noted = json.loads(warehouse.retained.read_text(encoding="utf-8"))
            return cls(**{name: date.fromisoformat(day) if day else None for name, day in noted.items()})
        except (ValueError, TypeError, AttributeError) as error:
            allowed = (
                f"{str(warehouse.retained)!r} cannot be read, which tells from which day on what is kept: put it back, "
                "or remove it, and the counts of months without events go with it"
            )
            raise SettingError("FIREWALL_WAREHOUSE", warehouse.root, allowed) from error

    def write(self, warehouse: Warehouse) -> None:
        """Note it in a warehouse."""
        with replacing(warehouse.retained) as temporary:
            noted = {name: day and day.isoformat() for name, day in asdict(self).items()}
            temporary.write_text(json.dumps(noted), encoding="utf-8")

    def has_events(self, day: date) -> bool:
        """Return whether the events of a day are kept."""
        return self.events_since is None or day >= self.events_since


def refuse_removed(warehouse: Warehouse, days: Iterable[date]) -> None:
    """Refuse to load days whose events have been removed: their month's counts would be made of these days alone.

    Raises:
        SettingError: there is such a day.
    """
    retained = Retained.of(warehouse)
    removed = [day for day in days if not retained.has_events(day)]
    if removed:
        allowed = (
            f"events before {retained.events_since} have been removed, and {min(removed)} cannot be loaded again "
            f"without spoiling the counts of its month; to begin anew, remove {str(warehouse.retained)!r} and counts/"
        )
        raise SettingError("FIREWALL_KEEP_EVENTS", "set", allowed)
