"""Names of services by port and protocol, from the reference table that the SQL joins too."""

import csv
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.settings import SQL_FOLDER

PORTS = 1 << 16
_PROTOCOLS = ("tcp", "udp")


@cache
def _table() -> tuple[npt.NDArray[np.int32], pa.StringArray]:
    """Return int32[protocol, port] of places in the names, -1 where there is none, and the names."""
    places = np.full((len(_PROTOCOLS), PORTS), -1, np.int32)
    names: dict[str, int] = {}
    with (SQL_FOLDER / "reference" / "services.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            place = names.setdefault(row["service"], len(names))
            places[_PROTOCOLS.index(row["protocol"]), int(row["port"])] = place
    return places, pa.array(list(names), pa.string())


def services(ports: pa.Array, protocols: pa.DictionaryArray) -> pa.DictionaryArray:
    """Return the service at each (port, protocol); null where the table has none or either is null."""
    places, names = _table()
    kinds = [_PROTOCOLS.index(value) if value in _PROTOCOLS else -1 for value in protocols.dictionary.to_pylist()]
    lookup = np.array([*kinds, -1], np.int64)
    kind = lookup[protocols.indices.fill_null(len(kinds)).to_numpy(zero_copy_only=False)]
    port = ports.fill_null(-1).to_numpy(zero_copy_only=False)
    known = (kind >= 0) & (port >= 0)
    codes = np.where(known, places[kind, np.maximum(port, 0)], -1).astype(np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), names)
