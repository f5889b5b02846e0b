"""Runs a command as a process group and measures it whole: wall and CPU seconds, peak memory.

A process that is started counts what the one that starts it holds as its own: whoever measures stays small, and
imports none of what is measured.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from resource import struct_rusage

CHECKOUT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Measured:
    """What a command took.

    Attributes:
        wall: seconds from start to end.
        cpu: seconds of all processors, of the command and all that it started and waited for.
        peak: most memory that one of its processes held at once, MiB.
        output: what it printed.
    """

    wall: float
    cpu: float
    peak: float
    output: str


class FailedError(Exception):
    """A command that ended with an error, or took too long."""


def measure(command: Sequence[str], environment: Mapping[str, str], log: Path, timeout: float = 1_800) -> Measured:
    """Run a command in a process group of its own and return what it took.

    Args:
        command: program and arguments.
        environment: variables beside this process's own.
        log: where its output goes.
        timeout: seconds after which the group is killed.

    Raises:
        FailedError: it failed, or took longer than `timeout`.
    """
    with log.open("wb") as output:
        began = time.perf_counter()
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
            start_new_session=True,
        )
        status, usage = _wait(process.pid, began + timeout)
        wall = time.perf_counter() - began
    text = log.read_text(errors="replace")
    if status != 0:
        raise FailedError(f"{command[0]} ended with {status}: {text[-400:]}")
    return Measured(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, text)


def measure_module(name: str, log: Path, *arguments: object) -> Measured:
    """Run a module of this checkout as `measure` runs a command."""
    command = (sys.executable, "-m", name, *map(str, arguments))
    return measure(command, {"PYTHONPATH": str(CHECKOUT)}, log)


def _wait(pid: int, until: float) -> tuple[int, struct_rusage]:
    """Wait for a process; kill its group when it takes too long."""
    killed = False
    while True:
        found, status, usage = os.wait4(pid, os.WNOHANG)
        if found:
            return (-signal.SIGKILL if killed else os.waitstatus_to_exitcode(status)), usage
        if time.perf_counter() > until and not killed:
            os.killpg(pid, signal.SIGKILL)
            killed = True
        time.sleep(0.005)
