"""The assets `catalogue/<view>`: what analysts ask, published together by one step."""

from collections.abc import Iterator

import dagster as dg

from pipelines.orchestration.days import SINGLE_RUN
from pipelines.settings import SQL_FOLDER, Settings
from pipelines.sql_file import SqlFile, sql_files

PREFIX = "catalogue"

# What views read other than the counts and what those are made of.
_PORT_SCANS = ("port_scans",)
_DEPS = {
    "raw_files": ("raw_files",),
    "port_scans": _PORT_SCANS,
    "open_ports": _PORT_SCANS,
    "open_port_history": _PORT_SCANS,
    "open_ports_now": _PORT_SCANS,
    "newly_opened": _PORT_SCANS,
    "exposed_and_attacked": ("port_scans", "counts"),
    "attacked_but_closed": ("port_scans", "counts"),
    "open_but_quiet": ("port_scans", "counts"),
}


def catalogue_assets(settings: Settings) -> dg.AssetsDefinition:
    """Return the assets, bound to the settings: one for each file in sql/views/, described by its first line."""
    views = sql_files(SQL_FOLDER / "views")

    @dg.multi_asset(specs=[_spec(view) for view in views], backfill_policy=SINGLE_RUN)
    def catalogue(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        """Views of the catalogue, which is built beside the one in use and swapped in whole."""
        from pipelines.catalogue import publish
        from pipelines.retention import remove_old

        removed = str(remove_old(settings))
        if removed:
            context.log.info(removed)
        published = publish(settings)
        context.log.info(f"published {len(published.views)} views in {settings.warehouse / 'firewall.duckdb'}")
        for view in views:
            yield dg.MaterializeResult(
                asset_key=[PREFIX, view.name],
                metadata={"version": published.version, "file": dg.MetadataValue.path(published.path)},
            )

    return catalogue


def _spec(view: SqlFile) -> dg.AssetSpec:
    return dg.AssetSpec(
        [PREFIX, view.name],
        deps=_DEPS.get(view.name, ("counts",)),
        group_name=PREFIX,
        description=view.description,
        kinds={"duckdb"},
        metadata={"sql": dg.MetadataValue.md(f"```sql\n{view.text}```")},
    )
