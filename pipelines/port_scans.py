"""The site's own ports: nmap's files in `warehouse/scans/` become the tables of scans and of open ports."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines import schema
from pipelines.nmap_xml import RefusedScanError, Scan, read_scan
from pipelines.settings import Settings
from pipelines.sole_writer import sole_writer
from pipelines.sources import printable
from pipelines.warehouse import Warehouse, replacing

_Row = Mapping[str, object]


@dataclass(frozen=True)
class PortScans:
    """What was stored: the number of scans, of hosts and of open ports, and a sentence for each file refused."""

    scans: int
    hosts: int
    open_ports: int
    problems: tuple[str, ...]


def store_port_scans(settings: Settings) -> PortScans:
    """Read every file `scans/*.xml` and store what they say, in place of what was stored before.

    A file that is refused keeps its row, with the reason, and stops nothing.
    """
    warehouse = Warehouse(settings.warehouse)
    scans: list[_Row] = []
    open_ports: list[_Row] = []
    hosts: set[str] = set()
    problems: list[str] = []
    for path in sorted(warehouse.scans.glob("*.xml")):
        name = printable(path.name)
        try:
            scan = read_scan(path)
        except (RefusedScanError, OSError) as error:
            problems.append(_sentence(name, error))
            scans.append({"file": name, "hosts": [], "ranges": [], "problem": problems[-1]})
        else:
            hosts.update(scan.hosts)
            scans.append(_scan_row(name, scan))
            open_ports += [asdict(port) | {"scanned_at": scan.scanned_at, "file": name} for port in scan.open_ports]
    with sole_writer(warehouse):
        _write(warehouse.port_scans, scans, schema.PORT_SCANS)
        _write(warehouse.open_ports, open_ports, schema.OPEN_PORTS)
    return PortScans(len(scans) - len(problems), len(hosts), len(open_ports), tuple(problems))


def _sentence(name: str, error: RefusedScanError | OSError) -> str:
    return f"scans/{name} " + (f"cannot be read: {error.strerror}" if isinstance(error, OSError) else str(error))


def _scan_row(name: str, scan: Scan) -> _Row:
    return {
        "file": name,
        "scanned_at": scan.scanned_at,
        "nmap_version": scan.nmap_version,
        "arguments": scan.arguments,
        "hosts": list(scan.hosts),
        "ranges": [
            {"protocol": part.protocol, "first_port": part.first, "last_port": part.last} for part in scan.ranges
        ],
        "problem": None,
    }


def _write(path: Path, rows: Sequence[_Row], columns: tuple[schema.Column, ...]) -> None:
    with replacing(path) as temporary:
        pq.write_table(pa.Table.from_pylist(list(rows), schema=schema.arrow_schema(columns)), temporary)
