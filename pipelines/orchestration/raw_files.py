"""The asset `raw_files`: the log files as they lie on disk."""

from datetime import UTC, datetime

import dagster as dg

from pipelines.orchestration.days import SINGLE_RUN
from pipelines.orchestration.tables import table
from pipelines.settings import Settings
from pipelines.sources import find_files

# A table in the UI is there to be looked at; the view raw_files has every file.
NEWEST = 50


def raw_files_asset(settings: Settings) -> dg.AssetsDefinition:
    """Return the asset, bound to the settings."""

    @dg.asset(backfill_policy=SINGLE_RUN, group_name="load", kinds={"file"})
    def raw_files(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        """Log files of every source, as they lie on disk; they are only ever read."""
        found = find_files(settings)
        for problem in found.problems:
            context.log.warning(problem)
        sizes = [(file, file.path.stat()) for file in found.files]
        sizes.sort(key=lambda pair: pair[1].st_mtime, reverse=True)
        rows = [
            (
                file.source.name,
                file.name,
                status.st_size,
                datetime.fromtimestamp(status.st_mtime, UTC).isoformat(" ", "seconds"),
            )
            for file, status in sizes[:NEWEST]
        ]
        return dg.MaterializeResult(
            metadata={
                "files": len(found.files),
                "bytes": sum(status.st_size for _, status in sizes),
                "newest_files": table(("source", "file", "bytes", "modified (UTC)"), rows),
                "problems": table(("problem",), ((problem,) for problem in found.problems)),
            }
        )

    return raw_files
