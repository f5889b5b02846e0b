"""Which stages hold files of other columns than this version's: an older version may have written them.

To find that out takes opening every file, 2 s for those of five years. So the files found to have the right columns are
remembered, by their size and time of modification, and only others are looked at.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.schema import Column, arrow_schema
from pipelines.warehouse import Warehouse, replacing


@dataclass(frozen=True)
class _Even:
    """The files of a stage that have certain columns: their sizes and times, by their paths in the stage's folder."""

    columns: str
    files: dict[str, list[int]]


def uneven_stages(warehouse: Warehouse, stages: Mapping[str, tuple[Column, ...]]) -> list[str]:
    """Return the stages that have a file whose columns are not those given for the stage, or not of the same types.

    Raises:
        pyarrow.ArrowInvalid: a file is no Parquet file.
    """
    before = _remembered(warehouse.stage_schemas)
    found = {}
    uneven = []
    for stage, columns in stages.items():
        wanted = arrow_schema(columns)
        known = before.get(stage)
        unchanged = known.files if known and known.columns == str(wanted) else {}
        files = _files(warehouse.root / stage)
        even = {
            name: identity
            for name, identity in files.items()
            if unchanged.get(name) == identity or _schema(warehouse.root / stage / name) == wanted
        }
        found[stage] = _Even(str(wanted), even)
        if len(even) < len(files):
            uneven.append(stage)
    if found != before:
        with replacing(warehouse.stage_schemas) as temporary:
            temporary.write_text(json.dumps({stage: asdict(even) for stage, even in found.items()}), encoding="utf-8")
    return uneven


def _remembered(path: Path) -> dict[str, _Even]:
    if not path.is_file():
        return {}
    return {stage: _Even(**even) for stage, even in json.loads(path.read_text(encoding="utf-8")).items()}


def _schema(path: Path) -> pa.Schema:
    try:
        return pq.read_schema(path)
    except pa.ArrowInvalid as error:
        raise pa.ArrowInvalid(f"{path} cannot be read: {error}") from error


def _files(folder: Path) -> dict[str, list[int]]:
    """Return size and time of last modification of the Parquet files of a stage, by their paths in its folder."""
    files = {}
    for day in os.scandir(folder):
        if day.name.startswith("day="):
            for file in os.scandir(day.path):
                if file.name.endswith(".parquet") and not file.name.startswith("."):
                    status = file.stat()
                    files[f"{day.name}/{file.name}"] = [status.st_size, status.st_mtime_ns]
    return files
