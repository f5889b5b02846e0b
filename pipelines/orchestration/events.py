"""The asset `events`: the second stage, each packet once and with what its addresses and ports stand for."""

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

import dagster as dg

from pipelines.orchestration.activity import activity_chart
from pipelines.orchestration.check_results import check_result, check_specs
from pipelines.orchestration.days import SINGLE_RUN, LogDays, requested_days
from pipelines.settings import Settings
from pipelines.sole_writer import sole_writer
from pipelines.warehouse import Warehouse

if TYPE_CHECKING:
    from pipelines.enrich import EnrichedDay


def events_asset(settings: Settings, days: LogDays) -> dg.AssetsDefinition:
    """Return the asset, bound to the settings, with the blocking checks that are about events."""

    @dg.asset(
        partitions_def=days,
        backfill_policy=SINGLE_RUN,
        group_name="load",
        kinds={"parquet"},
        deps=["parsed_events"],
        check_specs=check_specs("events"),
    )
    def events(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        """Packets logged, each once, with the country, network, scope and service that they stand for."""
        from pipelines.catalogue import run_checks
        from pipelines.enrich import enrich_days

        asked = requested_days(context.run.tags)
        # Of two runs of one day at once the checks of each look at what it has made.
        with sole_writer(Warehouse(settings.warehouse), asked):
            enriched = enrich_days(settings, asked)
            checks = run_checks(settings, asked[0], asked[-1], of="events")
        counts = {day: figures.events for day, figures in enriched.items()}
        context.log.info(f"stored {sum(counts.values()):,} events of {len(counts):,} days")
        for day, figures in enriched.items():
            context.add_asset_metadata(_metadata(figures), partition_key=day.isoformat())
        # A range has one event in Dagster's log for each day: the summary of all of them goes with the last one only.
        context.add_asset_metadata(_summary(settings, counts), partition_key=asked[-1].isoformat())
        return dg.MaterializeResult(check_results=[check_result(check) for check in checks])

    return events


def _metadata(day: "EnrichedDay") -> dict[str, object]:
    return {"dagster/row_count": day.events, "duplicates": day.duplicates, "bytes": day.bytes}


def _summary(settings: Settings, counts: Mapping[date, int]) -> dict[str, object]:
    chart = activity_chart(Warehouse(settings.warehouse), settings.timezone, counts)
    return {
        "period": f"{min(counts)} to {max(counts)}",
        "period_events": sum(counts.values()),
        "activity": dg.MetadataValue.md(chart),
        "dagster/column_schema": _column_schema(),
    }


def _column_schema() -> dg.TableSchema:
    from pipelines.schema import EVENTS

    return dg.TableSchema([dg.TableColumn(column.name, str(column.type), column.comment) for column in EVENTS])
