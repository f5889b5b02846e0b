"""A site with raw logs of its own, and the lines a netfilter firewall writes, for tests of loading."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from pipelines.enrich import EnrichedDay, enrich_days
from pipelines.parse import Parsed, parse_days
from pipelines.settings import Settings
from pipelines.warehouse import Warehouse

Row = dict[str, Any]


def at(stamp: str) -> datetime:
    """Return a stamp such as "2020-04-03 10:00", without a zone, as partitions hold them."""
    return datetime.fromisoformat(stamp)


def packet(stamp: str, source: str = "203.0.113.9", port: int = 445, *, number: int = 54321) -> str:
    """Return the line of a blocked TCP packet; `number` is its IP identification."""
    return (
        f"{stamp} gate kernel: [UFW BLOCK] IN=eth0 OUT= SRC={source} DST=198.51.100.7 LEN=40 TOS=0x00 PREC=0x00 "
        f"TTL=241 ID={number} PROTO=TCP SPT=51234 DPT={port} WINDOW=1024 RES=0x00 SYN URGP=0"
    )


def text(lines: Iterable[str]) -> bytes:
    """Return lines as the bytes of a file."""
    return "".join(f"{line}\n" for line in lines).encode()


@dataclass(frozen=True)
class Site:
    """A warehouse in a folder of the test's, with raw logs that the test drops into it."""

    folder: Path

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse(self.folder)

    def drop(self, name: str, content: bytes | Iterable[str], written: datetime | None = None) -> Path:
        """Write a file below raw/, last written when said (UTC)."""
        path = self.warehouse.raw / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else text(content))
        if written is not None:
            moment = written.replace(tzinfo=UTC).timestamp()
            os.utime(path, (moment, moment))
        return path

    def declare(self, toml: str) -> Path:
        """Write sources.toml."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / "sources.toml"
        path.write_text(toml, encoding="utf-8")
        return path

    def settings(self, **environment: str) -> Settings:
        return Settings.from_environment({"FIREWALL_WAREHOUSE": str(self.folder), **environment})

    def parse(self, *days: date, **environment: str) -> Parsed:
        return parse_days(self.settings(**environment), days)

    def load(self, *days: date, **environment: str) -> dict[date, EnrichedDay]:
        """Take days through both stages."""
        self.parse(*days, **environment)
        return enrich_days(self.settings(**environment), days)

    def rows(self, stage: str, day: date) -> list[Row]:
        """Return the rows of a partition, in their order."""
        return rows_of(self.warehouse.partition(stage, day))

    def raw_files(self) -> dict[str, Row]:
        """Return what is known of each raw file, by name."""
        return {row["file"]: row for row in rows_of(self.warehouse.raw_files)}

    def content(self) -> dict[str, bytes]:
        """Return the bytes of every file of the warehouse but the raw ones, by its path in it."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and not path.is_relative_to(self.warehouse.raw)
        }


def rows_of(path: Path) -> list[Row]:
    """Return the rows of a Parquet file, in their order."""
    with pq.ParquetFile(path) as file:
        rows: list[Row] = file.read().to_pylist()
    return rows
