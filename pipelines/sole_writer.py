"""One process at a time changes a warehouse; what one that was killed has left unfinished, the next one removes.

Each stage of a load takes the right for itself, and a load as a whole may hold it: so two loads of one day come after
each other, and no stage meets another's half of the stage before. The kernel lets go of the lock when its holder dies,
however it dies. Readers take no lock: partitions and catalogues appear whole.
"""

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import date
from pathlib import Path

from pipelines.warehouse import EMPTY_DAY, STAGES, Warehouse, replacing, sync

# Nobody but the owner may write what is made, and nobody outside its group may read it: a log tells who visits whom.
_HIDDEN = 0o027

_REFUSALS = {
    errno.EACCES: "this user may not write there",
    errno.EPERM: "this user may not write there",
    errno.EROFS: "the file system is read-only",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "a file may not be that large here (ulimit -f)",
    errno.EMFILE: "too many files are open (ulimit -n)",
    errno.EIO: "the disk reports an error",
}

_held: ContextVar[frozenset[Path]] = ContextVar("_held", default=frozenset())


class StorageError(OSError):
    """What the disk refuses, in one sentence. Readers go on with what was there before."""

    def __init__(self, warehouse: Path, error: OSError) -> None:
        number = error.errno or 0
        where = error.filename or warehouse
        super().__init__(
            f"the warehouse {str(warehouse)!r} cannot be changed: {_REFUSALS[number]} ({str(where)!r}). "
            "Nothing that was published is lost: run the load again once that is mended"
        )
        self.errno = number


@contextmanager
def sole_writer(warehouse: Warehouse, days: Iterable[date] = ()) -> Iterator[None]:
    """Hold the right to change a warehouse, whose folder is made if missing; another process is waited for.

    Whoever holds it may ask for it again. While it is held, files are made with rights no wider than 0640.

    Args:
        warehouse: the warehouse.
        days: days whose partitions may be written: where this process is killed, the next one looks there.

    Raises:
        StorageError: the disk refuses.
    """
    if warehouse.root in _held.get():
        _note(warehouse, days)
        yield
        return
    with _storage_errors(warehouse):
        warehouse.root.mkdir(parents=True, exist_ok=True)
        with warehouse.lock.open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with _holding(warehouse):
                _remove_unfinished(warehouse)
                _note(warehouse, days)
                try:
                    yield
                finally:  # after an error everything unfinished has been removed, too
                    with suppress(OSError):
                        warehouse.unfinished.unlink(missing_ok=True)


@contextmanager
def sole_writer_if_free(warehouse: Warehouse) -> Iterator[bool]:
    """Hold the right if nobody else does, and tell whether: for what need not be written now, as a memory of a look.

    A disk that refuses is no error.
    """
    if warehouse.root in _held.get():
        yield True
        return
    try:
        lock = warehouse.lock.open("wb")
    except OSError:
        yield False
        return
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        with _holding(warehouse):
            yield True


@contextmanager
def _holding(warehouse: Warehouse) -> Iterator[None]:
    """Note that this process holds the right, and make files that others may not read."""
    token = _held.set(_held.get() | {warehouse.root})
    before = os.umask(_HIDDEN)
    os.umask(before | _HIDDEN)
    try:
        yield
    finally:
        os.umask(before)
        _held.reset(token)


@contextmanager
def alone_in(folder: Path, unfinished: str) -> Iterator[None]:
    """Hold the right to write to a folder, which is made if missing, and remove what was left unfinished.

    Args:
        folder: the folder.
        unfinished: a glob of the files and folders that a process leaves which was killed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for path in list(folder.glob(unfinished)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        yield


def refusal_in(message: str) -> int | None:
    """Return the number of the disk's refusal that a message quotes, as libraries do that raise errors of their own."""
    return next((number for number in _REFUSALS if os.strerror(number) in message), None)


@contextmanager
def _storage_errors(warehouse: Warehouse) -> Iterator[None]:
    try:
        yield
    except StorageError:
        raise
    except OSError as error:
        if error.errno in _REFUSALS:
            raise StorageError(warehouse.root, error) from error
        raise


def _note(warehouse: Warehouse, days: Iterable[date]) -> None:
    """Note days whose partitions may be left unfinished, besides those noted before."""
    before = _noted(warehouse)
    wanted = sorted({*before, *days})
    if wanted != before:
        with replacing(warehouse.unfinished) as temporary:
            temporary.write_text(json.dumps([day.isoformat() for day in wanted]), encoding="utf-8")


def _noted(warehouse: Warehouse) -> Sequence[date]:
    try:
        return [date.fromisoformat(day) for day in json.loads(warehouse.unfinished.read_text(encoding="utf-8"))]
    except (FileNotFoundError, ValueError, TypeError):
        return []


def _remove_unfinished(warehouse: Warehouse) -> None:
    """Remove the temporary files that a process left which was killed."""
    days = [EMPTY_DAY, *_noted(warehouse)]
    folders = [warehouse.partition(stage, day).parent for stage in STAGES for day in days]
    files = (warehouse.raw_files, warehouse.segments, warehouse.port_scans, warehouse.open_ports)
    folders += [warehouse.root, warehouse.counts, *(path.parent for path in files)]
    folders += warehouse.counts.glob(f"*/*/*={EMPTY_DAY}")
    for folder in folders:
        for path in folder.glob(".*.tmp"):
            path.unlink()
    if warehouse.unfinished.exists():
        warehouse.unfinished.unlink()
        sync(warehouse.root)
