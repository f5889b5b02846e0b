"""The asset `port_scans`: what nmap found open at the site's own hosts."""

import dagster as dg

from pipelines.orchestration.days import SINGLE_RUN
from pipelines.orchestration.raw_files import UNVERSIONED
from pipelines.orchestration.tables import table
from pipelines.settings import Settings


def port_scans_asset(settings: Settings) -> dg.AssetsDefinition:
    """Return the asset, bound to the settings."""

    @dg.asset(backfill_policy=SINGLE_RUN, group_name="load", kinds={"parquet"})
    def port_scans(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        """Open ports of the site's own hosts, from the output of nmap -oX in scans/; a bad file is told of and left."""
        from pipelines.port_scans import store_port_scans

        stored = store_port_scans(settings)
        for problem in stored.problems:
            context.log.warning(problem)
        return dg.MaterializeResult(
            data_version=UNVERSIONED,
            metadata={
                "scans": stored.scans,
                "hosts": stored.hosts,
                "open_ports": stored.open_ports,
                "problems": table(("problem",), ((problem,) for problem in stored.problems)),
            },
        )

    return port_scans
