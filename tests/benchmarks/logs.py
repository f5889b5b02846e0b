"""Makes the benchmark's logs: netfilter lines as the kernel writes them, from a seed, as many as wanted."""

import json
import os
import sys
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tests.benchmarks.scenario import FIRST, SEED

_BLOCK = 250_000

# Ports in the order of how often they are tried; the tail is spread over all others.
_PORTS = np.array([445, 23, 1433, 22, 3389, 80, 8080, 5060, 53413, 6379, 389, 123, 81, 5555, 8545, 2323, 443, 161])
_TAIL = 0.3


def write_log(
    path: Path, lines: int, days: int = 1, *, after: int = 0, sources: int = 100_000, even: bool = False
) -> Path:
    """Write `lines` lines that spread evenly over `days` days, and set the file's time to their end.

    Args:
        path: where to; its folder is created.
        lines: how many.
        days: over how many days.
        after: how many days after 2020-01-01 the first of them is.
        sources: how many different source addresses there are to draw from, most of them seldom (Zipf).
        even: whether to draw each as often as any other.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(SEED)
    addresses = _addresses(random, sources)
    first = int((FIRST + timedelta(days=after)).timestamp()) * 1_000_000
    step = days * 86_400 * 1_000_000 / lines
    with path.open("wb") as file:
        for start in range(0, lines, _BLOCK):
            count = min(_BLOCK, lines - start)
            micros = first + ((start + np.arange(count) + random.random(count)) * step).astype(np.int64)
            file.write(_text(random, micros, addresses, even=even))
    end = (FIRST + timedelta(days=after + days)).timestamp()
    os.utime(path, (end, end))
    return path


def _addresses(random: np.random.Generator, count: int) -> pa.StringArray:
    numbers = random.integers(1 << 24, 223 << 24, count, dtype=np.uint32)
    parts = [pa.array((numbers >> shift) & 255).cast(pa.string()) for shift in (24, 16, 8, 0)]
    return pc.binary_join_element_wise(*parts, ".")


def _text(random: np.random.Generator, micros: np.ndarray, addresses: pa.StringArray, *, even: bool) -> bytes:
    count = len(micros)
    stamps = pa.array(micros).cast(pa.timestamp("us"))
    seconds = pc.strftime(stamps.cast(pa.timestamp("s"), safe=False), format="%b %e %H:%M:%S")
    uptime = pc.binary_join_element_wise(
        _digits(micros // 1_000_000 + 86_400), pc.utf8_lpad(_digits(micros % 1_000_000), 6, "0"), "."
    )
    if even:
        places = random.integers(0, len(addresses), count)
    else:
        places = np.minimum(random.zipf(1.2, count) - 1, len(addresses) * 4) * 2_654_435_761 % len(addresses)
    tail = random.random(count) < _TAIL
    favourites = np.minimum(random.geometric(0.2, count) - 1, len(_PORTS) - 1)
    ports = np.where(tail, random.integers(1, 65_536, count), _PORTS[favourites])
    udp = np.isin(ports, (53_413, 5_060, 389, 123, 161))
    length = np.where(udp, random.integers(40, 500, count), random.choice([40, 44, 48, 52, 60], count))
    head = pc.binary_join_element_wise(
        seconds,
        pa.scalar(" gate kernel: ["),
        uptime,
        pa.scalar("] [UFW BLOCK] IN=eth0 OUT= MAC=02:00:5e:10:00:01:02:00:5e:10:00:fe:08:00 SRC="),
        addresses.take(pa.array(places)),
        pa.scalar(" DST=198.51.100.7 LEN="),
        _digits(length),
        pa.scalar(" TOS=0x00 PREC=0x00 TTL="),
        _digits(random.integers(32, 255, count)),
        pa.scalar(" ID="),
        _digits(random.integers(0, 65_536, count)),
        pc.if_else(pa.array(random.random(count) < 0.3), " DF PROTO=", " PROTO="),
        pc.if_else(pa.array(udp), "UDP SPT=", "TCP SPT="),
        _digits(random.integers(1_024, 65_536, count)),
        pa.scalar(" DPT="),
        _digits(ports),
        "",
    )
    tcp_tail = pc.binary_join_element_wise(
        pa.scalar(" WINDOW="),
        _digits(random.choice([1024, 8192, 14600, 64240, 65535], count)),
        " RES=0x00 SYN URGP=0 \n",
        "",
    )
    udp_tail = pc.binary_join_element_wise(pa.scalar(" LEN="), _digits(length - 20), " \n", "")
    text = pc.binary_join_element_wise(head, pc.if_else(pa.array(udp), udp_tail, tcp_tail), "")
    return b"".join(text.cast(pa.binary()).to_pylist())


def _digits(values: np.ndarray) -> pa.StringArray:
    return pa.array(values.astype(np.int64)).cast(pa.string())


if __name__ == "__main__":
    write_log(Path(sys.argv[1]), **json.loads(sys.argv[2]))
