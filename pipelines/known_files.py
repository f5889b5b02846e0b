"""What is remembered of raw files from one load to the next: which days a file holds, so as not to read it for others.

A file is known again by its content and by all that decides what its lines mean, not by its name: logrotate renames.
"""

import hashlib
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.compiled import code_digest
from pipelines.raw_bytes import Facts
from pipelines.sources import RawFile
from pipelines.warehouse import Warehouse


@dataclass(frozen=True)
class KnownFiles:
    """Rows of `schema.RAW_FILES` by fingerprint, of the files that were read whole."""

    rows: Mapping[str, Mapping[str, Any]]

    @classmethod
    def load(cls, warehouse: Warehouse) -> "KnownFiles":
        """Read what the last load left; nothing where that was nothing, is damaged, or another version's."""
        try:
            rows = pq.read_table(warehouse.raw_files).to_pylist()
        except (FileNotFoundError, pa.ArrowInvalid):
            return cls({})
        return cls({row["fingerprint"]: row for row in rows if row.get("fingerprint") and row["problem"] is None})

    def without_days(self, fingerprint: str, days: AbstractSet[date]) -> Mapping[str, Any] | None:
        """Return the row of a file that is known to hold none of the days; None where it may hold one."""
        row = self.rows.get(fingerprint)
        if row is None or row["first_day"] is None or any(row["first_day"] <= day <= row["last_day"] for day in days):
            return None
        return row


def fingerprint(raw: RawFile, facts: Facts, site: ZoneInfo) -> str:
    """Return what a file is known by: its size, both its ends, and what decides the days of its lines.

    Args:
        raw: the file.
        facts: what it looks like.
        site: time zone whose calendar days the partitions are.
    """
    parts = (facts.size, facts.written, meaning(raw, site))
    digest = hashlib.sha256("\n".join(str(part) for part in parts).encode())
    for end in facts.ends:
        digest.update(end)
    return digest.hexdigest()[:32]


def meaning(raw: RawFile, site: ZoneInfo) -> str:
    """Return all but its content that decides what the lines of a file are, and which days they belong to."""
    source = raw.source
    return f"{source.name}\n{source.format}\n{source.timezone.key}\n{site.key}\n{code_digest()}"
