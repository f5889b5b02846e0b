"""The asset `verification`: the whole warehouse read, and compared with itself; materialised by hand."""

import dagster as dg

from pipelines.orchestration.tables import table
from pipelines.settings import Settings

WHOLE = "warehouse_is_whole"
SHOWN = 100


def verification_asset(settings: Settings) -> dg.AssetsDefinition:
    """Return the asset, bound to the settings. It is no part of the daily load."""

    @dg.asset(
        group_name="upkeep",
        deps=["events", "counts"],
        check_specs=[
            dg.AssetCheckSpec(
                WHOLE,
                asset="verification",
                description="All files can be read; schemas, digests, counts and the catalogue agree",
            )
        ],
    )
    def verification() -> dg.MaterializeResult:
        """Whether all that is stored can be read and agrees, and which days to load again."""
        from pipelines.verify import load_commands, verify

        verified = verify(settings)
        findings = [(finding.day, finding.sentence) for finding in verified.findings[:SHOWN]]
        return dg.MaterializeResult(
            metadata={
                "files": verified.files,
                "days": verified.days,
                "findings": table(("day", "finding"), findings),
                "load_again": table(("command",), ((command,) for command in load_commands(verified.reload))),
            },
            check_results=[
                dg.AssetCheckResult(
                    check_name=WHOLE, passed=not verified.findings, metadata={"findings": len(verified.findings)}
                )
            ],
        )

    return verification
