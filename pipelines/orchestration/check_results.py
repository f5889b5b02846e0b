"""The checks of sql/checks/ as Dagster's: which there are for an asset, and what they found."""

from typing import TYPE_CHECKING

import dagster as dg

from pipelines.orchestration.tables import table_of
from pipelines.settings import SQL_FOLDER
from pipelines.sql_file import Stage, check_files

if TYPE_CHECKING:
    from pipelines.catalogue import CheckResult


def check_specs(stage: Stage) -> list[dg.AssetCheckSpec]:
    """Return the blocking checks of the asset that is a stage."""
    return [
        dg.AssetCheckSpec(
            file.name,
            asset=stage,
            blocking=True,
            description=file.description,
            metadata={"sql": dg.MetadataValue.md(f"```sql\n{file.text}```")},
        )
        for file in check_files(SQL_FOLDER / "checks", stage)
    ]


def check_result(check: "CheckResult") -> dg.AssetCheckResult:
    """Return what a check found as Dagster shows it."""
    return dg.AssetCheckResult(
        check_name=check.name,
        passed=check.bad_rows == 0,
        description=check.description,
        metadata={"bad_rows": check.bad_rows, "examples": table_of(check.examples)},
    )
