"""Turns a firewall's raw logs into Parquet and DuckDB views."""

import os
import sys

# Arrow looks for it once, when pyarrow is imported, which any module here may do first. Its default, mimalloc, gives
# back late what threads held, even where Python names another pool: enriching 10 million events took 950 MB and 4.7 s
# with it, 660 MB and 4.3 s with jemalloc. Only Linux's pyarrow is sure to have that.
if sys.platform == "linux":
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "jemalloc")
