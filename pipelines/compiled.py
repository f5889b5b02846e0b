"""The decorator of compiled functions, and where their machine code is kept."""

import hashlib
import os
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba import njit
from numba.extending import overload

Function = TypeVar("Function", bound=Callable[..., Any])

_HERE = Path(__file__).parent
_TAKES_KERNEL = re.compile(rb"^from pipelines\.compiled import (?:\w+, )*kernel$", re.MULTILINE)
# Modules without compiled functions whose constants are part of compiled code.
_CONSTANTS = ("kinds.py", "packet_keys.py", "patterns.py", "plan.py")
_OPTIONS: Any = {"nogil": True, "_nrt": False, "error_model": "numpy"}


def kernel(function: Function, *, inline: bool = True) -> Function:
    """Compile a function that works on arrays it is given and allocates none.

    The result is kept on disk, so that a second process pays nothing, and runs without Python's global lock. With
    numba's defaults the scanner took 2.1 us a line; 0.65 without `_nrt`, which counts references to every array of
    every tuple passed; 0.41 with `forceinline`, as a tuple of ten arrays is passed by copying seventy words.
    """
    numba.config.CACHE_DIR = str(cache_folder())  # type: ignore[attr-defined] # set by name at import
    options = {**_OPTIONS, "cache": True, "forceinline": inline}
    compiled: Function = njit(**options)(function)
    return compiled


def dispatched(stub: Any) -> Callable[[Function], Function]:
    """Say which compiled function a stub stands for, decided by the types of the arguments.

    Each kind of format is so scanned by the same code, and the parts that differ are compiled when they are needed. (A
    function that is made by another one is not kept on disk.)
    """
    options: Any = {**_OPTIONS, "forceinline": True}
    decorate: Callable[[Function], Function] = overload(stub, jit_options=options)
    return decorate


@cache
def code_digest() -> str:
    """Return a digest of the source of all compiled functions: what it was made with, it can be used with again.

    The constants that they take from elsewhere count too.
    """
    digest = hashlib.sha256()
    for path in sorted(_HERE.rglob("*.py")):
        content = path.read_bytes()
        if _TAKES_KERNEL.search(content) or path == Path(__file__) or path.name in _CONSTANTS:
            digest.update(content)
    return digest.hexdigest()[:16]


@cache
def cache_folder() -> Path:
    """Return a folder that is this version's own.

    Numba notices a change of the file a function stands in, but not of the files whose functions it calls: after an
    update it would go on with parts of the old code. So the folder's name is a digest of all of them.
    """
    name = f"numba-{code_digest()}"
    beside = _HERE / "__pycache__"
    if os.access(beside if beside.is_dir() else _HERE, os.W_OK):
        return beside / name
    return Path.home() / ".cache" / "firewall-logs" / name
