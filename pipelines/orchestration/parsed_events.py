"""The asset `parsed_events`: the first stage, raw lines read into typed events."""

from typing import TYPE_CHECKING

import dagster as dg

from pipelines.orchestration.days import SINGLE_RUN, LogDays, requested_days
from pipelines.orchestration.tables import table
from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.parse import Parsed, ParsedDay

EVERY_LINE = "every_line_is_accounted_for"
EVERY_FILE = "every_file_was_read"
SAMPLES = 5


def parsed_events_asset(settings: Settings, days: LogDays) -> dg.AssetsDefinition:
    """Return the asset, bound to the settings."""

    @dg.asset(
        partitions_def=days,
        backfill_policy=SINGLE_RUN,
        group_name="load",
        kinds={"parquet"},
        deps=["raw_files"],
        check_specs=[
            dg.AssetCheckSpec(
                EVERY_LINE,
                asset="parsed_events",
                blocking=True,
                description="Each line of the days is an event, ignored by name, or rejected and kept",
            ),
            dg.AssetCheckSpec(
                EVERY_FILE, asset="parsed_events", description="Every source has files, all read to their end"
            ),
        ],
    )
    def parsed_events(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        """Lines of raw files as typed events; other lines are counted, and kept when they were not understood."""
        from pipelines.parse import parse_days
        from pipelines.repairs import repair

        asked = requested_days(context.run.tags)
        for damaged in repair(settings, asked).days:
            context.log.warning(f"partitions of {damaged} could not be read and were made again")
        parsed = parse_days(settings, asked)
        figures = parsed.days.values()
        context.log.info(
            f"read {sum(day.lines for day in figures):,} lines of {parsed.files:,} files: "
            f"{sum(day.events for day in figures):,} events, {sum(day.ignored for day in figures):,} ignored, "
            f"{sum(day.rejected for day in figures):,} rejected"
        )
        for day in figures:
            context.add_asset_metadata(_metadata(day), partition_key=day.day.isoformat())
        return dg.MaterializeResult(check_results=[_every_line(parsed), _every_file(parsed)])

    return parsed_events


def _metadata(day: "ParsedDay") -> dict[str, object]:
    samples = [(sample.file, sample.line_number, sample.reason, sample.line) for sample in day.samples[:SAMPLES]]
    return {
        "dagster/row_count": day.events,
        "lines": day.lines,
        "ignored": day.ignored,
        "rejected": day.rejected,
        "bytes": day.bytes,
        "rejected_samples": table(("file", "line number", "reason", "line"), samples),
    }


def _every_line(parsed: "Parsed") -> dg.AssetCheckResult:
    wrong = [day for day in parsed.days.values() if day.lines != day.events + day.ignored + day.rejected]
    rows = [(day.day, day.lines, day.events, day.ignored, day.rejected) for day in wrong[:SAMPLES]]
    return dg.AssetCheckResult(
        check_name=EVERY_LINE,
        passed=not wrong,
        metadata={"days": len(wrong), "examples": table(("day", "lines", "events", "ignored", "rejected"), rows)},
    )


def _every_file(parsed: "Parsed") -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=EVERY_FILE,
        passed=not parsed.problems,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"files": parsed.files, "problems": table(("problem",), ((problem,) for problem in parsed.problems))},
    )
