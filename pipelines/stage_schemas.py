"""Which stages hold files of other columns than this version's, or files that cannot be read.

To find that out takes opening every file, 2 s for those of five years. So the files found to have the right columns are
remembered, by their size and time of modification, and only others are looked at.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.schema import Column, arrow_schema
from pipelines.sole_writer import sole_writer_if_free
from pipelines.warehouse import PART, Warehouse, replacing

_COUNTS = "counts"
_READABLE = "readable "

Identity = list[int]


@dataclass(frozen=True)
class _Even:
    """The files of a stage that have certain columns: their sizes and times, by their paths in the stage's folder."""

    columns: str
    files: dict[str, Identity]


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
        files = dict(_files(warehouse.root / stage))
        even = {
            name: identity
            for name, identity in files.items()
            if unchanged.get(name) == identity or _schema(warehouse.root / stage / name) == wanted
        }
        found[stage] = _Even(str(wanted), even)
        if len(even) < len(files):
            uneven.append(stage)
    _remember(warehouse, before, found)
    return uneven


def unreadable_files(warehouse: Warehouse, stages: Sequence[str]) -> dict[str, list[Path]]:
    """Return by stage the files that are no Parquet files, of stages that have any; "counts" is one of them here."""
    before = _remembered(warehouse.stage_schemas)
    found = {}
    unreadable: dict[str, list[Path]] = {}
    for stage in stages:
        folder = warehouse.root / stage
        even, known = (before[name].files if name in before else {} for name in (stage, _READABLE + stage))
        readable = {}
        for name, identity in _count_files(folder) if stage == _COUNTS else _files(folder):
            if even.get(name) == identity:
                continue
            if known.get(name) == identity or _is_readable(folder / name):
                readable[name] = identity
            else:
                unreadable.setdefault(stage, []).append(folder / name)
        found[_READABLE + stage] = _Even("", readable)
    _remember(warehouse, before, found)
    return unreadable


def _remembered(path: Path) -> dict[str, _Even]:
    """Return what was found before; nothing where that cannot be read."""
    try:
        return {stage: _Even(**even) for stage, even in json.loads(path.read_text(encoding="utf-8")).items()}
    except (FileNotFoundError, ValueError, TypeError, AttributeError):
        return {}


def _remember(warehouse: Warehouse, before: Mapping[str, _Even], found: Mapping[str, _Even]) -> None:
    """Remember what was found, unless that is known, or a load is running, which looks by itself."""
    after = {**before, **found}
    if after == before:
        return
    with sole_writer_if_free(warehouse) as is_free:
        if is_free:
            with replacing(warehouse.stage_schemas) as temporary:
                temporary.write_text(json.dumps({name: asdict(even) for name, even in after.items()}), encoding="utf-8")


def _schema(path: Path) -> pa.Schema:
    try:
        return pq.read_schema(path)
    except pa.ArrowInvalid as error:
        raise pa.ArrowInvalid(f"{path} cannot be read: {error}") from error


def _is_readable(path: Path) -> bool:
    try:
        pq.read_metadata(path)
    except pa.ArrowInvalid:
        return False
    return True


def _files(folder: Path) -> Iterator[tuple[str, Identity]]:
    """Yield the Parquet files of a stage: their paths in its folder, size and time of last modification."""
    if not folder.is_dir():
        return
    for day in os.scandir(folder):
        if day.name.startswith("day="):
            for file in os.scandir(day.path):
                if file.name.endswith(".parquet") and not file.name.startswith("."):
                    yield f"{day.name}/{file.name}", _identity(file.stat())


def _count_files(folder: Path) -> Iterator[tuple[str, Identity]]:
    for path in folder.glob(f"*/*/*=*/{PART}"):
        yield str(path.relative_to(folder)), _identity(path.stat())


def _identity(status: os.stat_result) -> Identity:
    return [status.st_size, status.st_mtime_ns]
