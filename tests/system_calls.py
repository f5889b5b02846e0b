"""Kills a function's process before a system call that changes files, by ptrace(2): no other program is needed.

The process is stopped at each system call of each of its threads. Those that write, make, rename or remove something
are counted, and at the one asked for it is killed as `kill -9` does, before the kernel carries the call out.
"""

import ctypes
import os
import platform
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass

# Requests and options of ptrace(2).
_SYSCALL, _SEIZE, _INTERRUPT, _CALL_INFO = 24, 0x4206, 0x4207, 0x420E
_OPTIONS = 0x1 | 0x2 | 0x4 | 0x8 | 0x00100000  # system calls marked, forks and clones followed, killed with the tracer
_MARKED = signal.SIGTRAP | 0x80
_WALL = 0x40000000
_ENTRY = 1
_WRITABLE = os.O_WRONLY | os.O_RDWR
_FILE_NUMBERS = 3  # of standard input, output and error

# Numbers of the system calls that change files, by machine.
_CALLS = {
    "x86_64": {
        1: "write", 18: "pwrite64", 20: "writev", 74: "fsync", 75: "fdatasync", 76: "truncate", 77: "ftruncate",
        82: "rename", 83: "mkdir", 84: "rmdir", 86: "link", 87: "unlink", 88: "symlink", 90: "chmod", 91: "fchmod",
        257: "openat", 258: "mkdirat", 263: "unlinkat", 264: "renameat", 265: "linkat", 266: "symlinkat",
        268: "fchmodat", 285: "fallocate", 316: "renameat2", 2: "open",
    },
    "aarch64": {
        64: "write", 68: "pwrite64", 66: "writev", 82: "fsync", 83: "fdatasync", 45: "truncate", 46: "ftruncate",
        34: "mkdirat", 35: "unlinkat", 36: "symlinkat", 37: "linkat", 38: "renameat", 52: "fchmod", 53: "fchmodat",
        47: "fallocate", 56: "openat", 276: "renameat2",
    },
}  # fmt: skip


class _CallInfo(ctypes.Structure):
    _fields_ = (
        ("op", ctypes.c_uint8),
        ("padding", ctypes.c_uint8 * 3),
        ("arch", ctypes.c_uint32),
        ("instruction", ctypes.c_uint64),
        ("stack", ctypes.c_uint64),
        ("number", ctypes.c_uint64),
        ("arguments", ctypes.c_uint64 * 6),
        ("rest", ctypes.c_uint64 * 4),
    )


@dataclass(frozen=True)
class Traced:
    """What became of a process: the calls that changed files, by name in order, and whether it was killed."""

    calls: list[str]
    killed: bool
    status: int


def can_trace() -> bool:
    """Return whether processes can be traced here: on Linux, on a machine whose system calls are known.

    To be called from a process with one thread.
    """
    if sys.platform != "linux" or platform.machine() not in _CALLS:
        return False
    try:
        return run_until(None, lambda: None).status == 0
    except OSError:
        return False


def run_until(call: int | None, work: Callable[[], None]) -> Traced:
    """Run `work` in a child process, which is killed before its call number `call` that changes files, from 0.

    To be called from a process with one thread.

    Raises:
        OSError: the kernel does not let this process trace its child.
    """
    ready, begin = os.pipe()
    child = os.fork()
    if not child:
        status = 1
        try:
            os.close(begin)
            os.read(ready, 1)
            work()
            status = 0
        finally:
            os._exit(status)
    os.close(ready)
    try:
        _ptrace(_SEIZE, child, _OPTIONS)
    except OSError:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise
    finally:
        os.close(begin)
    return _follow(child, call)


def _follow(child: int, call: int | None) -> Traced:
    names = _CALLS[platform.machine()]
    calls: list[str] = []
    _ptrace(_INTERRUPT, child, 0)  # from here on each system call stops it
    while True:
        thread, status = os.waitpid(-1, _WALL)
        if not os.WIFSTOPPED(status):
            if thread == child:
                return Traced(calls, killed=os.WIFSIGNALED(status), status=os.waitstatus_to_exitcode(status))
            continue
        stopped_by = os.WSTOPSIG(status)
        if stopped_by == _MARKED:
            name = _entered(thread, names)
            if name:
                if call == len(calls):
                    os.kill(child, signal.SIGKILL)
                    call = -1
                calls.append(name)
        passed_on = 0 if stopped_by in {_MARKED, signal.SIGTRAP, signal.SIGSTOP} or status >> 16 else stopped_by
        try:
            _ptrace(_SYSCALL, thread, passed_on)
        except ProcessLookupError:  # killed
            continue


def _entered(thread: int, names: dict[int, str]) -> str:
    """Return the name of the call that a thread is about to make, if it changes files."""
    info = _CallInfo()
    size = ctypes.sizeof(info)
    try:
        _ptrace(_CALL_INFO, thread, ctypes.addressof(info), address=size)
    except ProcessLookupError:
        return ""
    if info.op != _ENTRY or info.number not in names:
        return ""
    name = names[info.number]
    if name in {"open", "openat"}:
        flags = info.arguments[1 if name == "open" else 2]
        return name if flags & (_WRITABLE | os.O_CREAT) else ""
    return "" if name in {"write", "writev"} and info.arguments[0] < _FILE_NUMBERS else name


def _ptrace(request: int, process: int, data: int, address: int = 0) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    library.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
    library.ptrace.restype = ctypes.c_long
    if library.ptrace(request, process, address, data) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
