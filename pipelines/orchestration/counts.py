"""The asset `counts`: the third stage, events added up for the views that answer for periods."""

from datetime import date
from typing import TYPE_CHECKING

import dagster as dg

from pipelines.orchestration.check_results import check_result, check_specs
from pipelines.orchestration.days import SINGLE_RUN, LogDays, requested_days
from pipelines.orchestration.tables import table
from pipelines.settings import Settings
from pipelines.sole_writer import sole_writer
from pipelines.warehouse import Warehouse

if TYPE_CHECKING:
    from pipelines.roll_up import RolledUp

TOP_PORTS = 10


def counts_asset(settings: Settings, days: LogDays) -> dg.AssetsDefinition:
    """Return the asset, bound to the settings, with the blocking checks that are about counts."""

    @dg.asset(
        partitions_def=days,
        backfill_policy=SINGLE_RUN,
        group_name="load",
        kinds={"parquet"},
        deps=["events"],
        check_specs=check_specs("counts"),
    )
    def counts(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        """Events and different sources by port, by country and by both, for each day and each month."""
        from pipelines.catalogue import run_checks
        from pipelines.roll_up import roll_up

        asked = requested_days(context.run.tags)
        with sole_writer(Warehouse(settings.warehouse)):
            rolled_up = roll_up(settings)
            checks = run_checks(settings, asked[0], asked[-1], of="counts")
        context.log.info(f"made the counts of {len(rolled_up.months):,} months: {sum(rolled_up.rows.values()):,} rows")
        # A range has one event in Dagster's log for each day: what is said of all of them goes with the last one only.
        metadata = _metadata(rolled_up) | {"top_ports": _top_ports(settings, asked[0], asked[-1])}
        context.add_asset_metadata(metadata, partition_key=asked[-1].isoformat())
        return dg.MaterializeResult(check_results=[check_result(check) for check in checks])

    return counts


def _metadata(rolled_up: "RolledUp") -> dict[str, object]:
    return {
        "months": ", ".join(f"{month:%Y-%m}" for month in rolled_up.months),
        "rows": table(("counts", "rows"), sorted(rolled_up.rows.items())),
        "reading_seconds": rolled_up.reading_seconds,
        "counting_seconds": rolled_up.counting_seconds,
    }


def _top_ports(settings: Settings, first: date, last: date) -> dg.TableMetadataValue:
    import duckdb

    from pipelines.catalogue_contents import define

    with duckdb.connect() as connection:
        define(connection, settings)
        ports = connection.table_function("top_ports_between", [first, last]).limit(TOP_PORTS)
        return table(ports.columns, ports.fetchall())
