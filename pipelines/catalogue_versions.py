"""The published versions of the catalogue on disk: naming a new one, pointing to it, removing those nobody has open.

A version never changes once it has its name, so whoever has it open goes on undisturbed. DuckDB resolves the symbolic
link before it opens the file, and keeps a read-write shell's write-ahead log beside the version, not beside the link:
what such a shell leaves behind cannot touch the next version. Locks and links are POSIX's.
"""

import fcntl
import os
import shutil
import struct
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from pipelines.warehouse import replacing

# Where it cannot be found out who has a version open, this many stay.
KEPT_UNSEEN = 10

# Linux's `struct flock` on 64-bit machines: type, whence, start, length, process id, padding.
FLOCK = struct.Struct("hhqqi4x")


@contextmanager
def publishing(folder: Path) -> Iterator[None]:
    """Hold the right to change the versions in `folder`, made if missing; a second publisher waits for the first."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _remove_unfinished(folder)
        yield


def new_version(folder: Path) -> Path:
    """Return the path of the next version: `firewall-20200401T000000Z-1.duckdb`.

    A second's numbers go on from the highest that is there, as lower ones may have been removed: a name is used once.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    numbers = [int(path.stem.rpartition("-")[2]) for path in folder.glob(f"firewall-{stamp}-*.duckdb")]
    return folder / f"firewall-{stamp}-{max(numbers, default=0) + 1}.duckdb"


def point_to(version: Path, link: Path) -> Path | None:
    """Make `link` a relative symbolic link to `version` in one step; return where it pointed before, if anywhere."""
    before = link.parent / link.readlink() if link.is_symlink() else None
    with replacing(link) as temporary:
        # A publisher that was killed may have had the same process id, as happens in containers.
        temporary.unlink(missing_ok=True)
        # Relative, so that it still holds in a warehouse that was moved or copied.
        temporary.symlink_to(os.path.relpath(version, link.parent))
    return before


def remove_unused(folder: Path, keep: Collection[Path | None]) -> None:
    """Remove the versions in `folder` that nobody has open, but not those to keep, and what shells left beside them."""
    versions = sorted(path for path in folder.glob("firewall-*.duckdb") if path not in keep)
    unused = [path for path in versions if not is_open(path)] if _sees_locks() else versions[:-KEPT_UNSEEN]
    for path in unused:
        path.unlink()
        path.with_name(f"{path.name}.wal").unlink(missing_ok=True)
        shutil.rmtree(path.with_name(f"{path.name}.tmp"), ignore_errors=True)


def is_open(path: Path) -> bool:
    """Tell whether any process on this machine, this one included, has the DuckDB file open (Linux only).

    DuckDB holds a POSIX lock on each file that it has open, shared for reading and exclusive for writing. The lock
    shows across users and containers, where /proc/<pid>/fd does not; only a process's own locks are hidden from it.
    """
    if _is_open_here(path):
        return True
    # Only now: closing this descriptor would drop the locks that this process holds on the file.
    descriptor = os.open(path, os.O_RDONLY)
    try:
        wanted = FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        found = FLOCK.unpack(fcntl.fcntl(descriptor, fcntl.F_GETLK, wanted))
    finally:
        os.close(descriptor)
    return bool(found[0] != fcntl.F_UNLCK)


def _is_open_here(path: Path) -> bool:
    status = path.stat()
    for descriptor in Path("/proc/self/fd").iterdir():
        # The descriptor that lists this folder is gone by the time it is looked at.
        with suppress(OSError):
            if os.path.samestat(status, descriptor.stat()):
                return True
    return False


def _sees_locks() -> bool:
    return sys.platform == "linux" and sys.maxsize > 2**32


def _remove_unfinished(folder: Path) -> None:
    """Remove what publishers that were killed left unfinished."""
    for path in folder.glob(".firewall-*.tmp*"):
        path.unlink()
