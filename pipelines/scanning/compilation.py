"""Compiles the scanner for this machine, once for each kind of format, in a process of its own.

That takes a minute or two and, measured, 380 MiB that numba holds on to: a load that compiled for itself had 1.3 GiB at
its peak, where one after it had 0.9.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import click
import numpy as np
from llvmlite import binding

from pipelines.compiled import cache_folder
from pipelines.format import Format, all_formats, tables
from pipelines.scanning import scanner
from pipelines.scanning.outputs import new_outputs
from pipelines.scanning.words import PADDING


def ensure_compiled(form: Format) -> None:
    """Compile the scanner for a format's kind if no process has done so on this machine, and say so on standard error.

    Where that fails nothing is lost: numba compiles what it does not find, in the process that needs it.
    """
    kind = _kind(form)
    compiled = _sign(kind)
    if compiled.exists():
        return
    compiled.parent.mkdir(parents=True, exist_ok=True)
    # Of several threads or processes one compiles, and the others wait: two kinds at once would take twice the memory.
    with compiled.with_name("compiling.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if compiled.exists():
            return
        click.echo("Compiling the scanner for this machine: once, a minute or two ...", err=True)
        subprocess.run(  # noqa: S603 - nothing of it is typed in
            [sys.executable, "-m", __spec__.name, kind],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            check=False,
        )


def _kind(form: Format) -> str:
    """Return the name of what the scanner is compiled for: the same for all formats that share machine code."""
    return type(tables(form)).__name__


def _sign(kind: str) -> Path:
    """Return the file that says that the scanner is compiled for a kind of format, and a processor such as this one."""
    return cache_folder() / f"scanner-{kind}-{_processor()}.compiled"


@cache
def _processor() -> str:
    """Return a digest of what machine code depends on beside its source."""
    features = binding.get_host_cpu_features().flatten()
    named = f"{binding.get_host_cpu_name()} {features} {sys.implementation.cache_tag}"
    return hashlib.sha256(named.encode()).hexdigest()[:16]


def main() -> None:
    """Compile what scans the lines of the kind of format that is the argument: it is, when it is called once."""
    (kind,) = sys.argv[1:]
    form = next(form for form in all_formats().values() if _kind(form) == kind)
    state = scanner.state_of(tables(form))
    events, others, values = new_outputs(form, rows=1)
    scanner.begin(events, values, state)
    no_lines, no_spans = np.zeros(PADDING, np.uint8), np.zeros((0, scanner.SPAN), np.int64)
    facts = np.zeros((0, scanner.FACTS), np.int64)
    scanner.scan_spans(no_lines, no_spans, tables(form), state, events, others, values, facts)
    _sign(kind).touch()


if __name__ == "__main__":
    main()
