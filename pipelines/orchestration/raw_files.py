"""The asset `raw_files`: the log files as they lie on disk."""

from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

import dagster as dg

from pipelines.orchestration.days import SINGLE_RUN
from pipelines.orchestration.tables import table, table_of
from pipelines.settings import Settings
from pipelines.sources import RawFile, find_files

# A table in the UI is there to be looked at; the view raw_files has every file.
NEWEST = 50

# The version is always the same: a day is loaded from its own lines, so files that come and go make no other day stale.
UNVERSIONED = dg.DataVersion("any")


def raw_files_asset(settings: Settings) -> dg.AssetsDefinition:
    """Return the asset, bound to the settings."""

    @dg.asset(backfill_policy=SINGLE_RUN, group_name="load", kinds={"file"})
    def raw_files(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        """Log files of every source, as they lie on disk; they are only ever read."""
        found = find_files(settings)
        for problem in found.problems:
            context.log.warning(problem)
        rows = sorted(filter(None, map(_row, found.files)), key=itemgetter("modified (UTC)"), reverse=True)
        return dg.MaterializeResult(
            data_version=UNVERSIONED,
            metadata={
                "files": len(found.files),
                "bytes": sum(row["bytes"] for row in rows),
                "newest_files": table_of(rows[:NEWEST]),
                "problems": table(("problem",), ((problem,) for problem in found.problems)),
            },
        )

    return raw_files


def _row(file: RawFile) -> dict[str, Any] | None:
    """Return what is shown of a file; None where it cannot be looked at, of which the next stage tells."""
    try:
        status = file.path.stat()
    except OSError:
        return None
    modified = datetime.fromtimestamp(status.st_mtime, UTC).isoformat(" ", "seconds")
    return {"source": file.source.name, "file": file.name, "bytes": status.st_size, "modified (UTC)": modified}
