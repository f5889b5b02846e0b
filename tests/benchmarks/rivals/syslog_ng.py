"""syslog-ng: lines by a pipe, kv-parser, tab-separated text. Arguments: log, out."""

import subprocess
import sys
import tempfile
from pathlib import Path

COLUMNS = ("IN", "OUT", "MAC", "SRC", "DST", "LEN", "TOS", "TTL", "ID", "PROTO", "SPT", "DPT", "WINDOW")

CONFIGURATION = """
@version: 3.38
options {{ stats-freq(0); keep-hostname(yes); use-dns(no); log-fifo-size(2000000); }};
source lines {{ stdin(log-fetch-limit(100000) log-iw-size(1000000)); }};
parser pairs {{ kv-parser(prefix("fw.")); }};
destination table {{
    file("{out}" template("$ISODATE\\t$HOST\\t{columns}\\n") flush-lines(10000) log-fifo-size(2000000));
}};
log {{ source(lines); parser(pairs); destination(table); flags(flow-control); }};
"""

log, out = map(Path, sys.argv[1:])
with tempfile.TemporaryDirectory() as folder:
    settings = Path(folder) / "syslog-ng.conf"
    settings.write_text(
        CONFIGURATION.format(out=out, columns="\\t".join(f"${{fw.{name}}}" for name in COLUMNS)), encoding="utf-8"
    )
    places = [f"--{kind}={folder}/{kind}" for kind in ("persist-file", "pidfile", "control")]
    out.unlink(missing_ok=True)
    # Of a file it waits for more lines for ever; of a pipe it knows the end.
    with subprocess.Popen(["cat", str(log)], stdout=subprocess.PIPE) as lines:
        subprocess.run(
            ["syslog-ng", "--foreground", "--no-caps", f"--cfgfile={settings}", *places], stdin=lines.stdout, check=True
        )
