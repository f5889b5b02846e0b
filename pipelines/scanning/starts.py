"""Where a record starts, for any kind of format: what the header's reader asks to tell a program from a record."""

import numpy as np

from pipelines.compiled import dispatched, kernel
from pipelines.packet_keys import Tables
from pipelines.plan import Plan
from pipelines.scanning.keys import starts_record
from pipelines.scanning.words import item, load8, low_bytes


def record_starts(buffer: np.ndarray, start: int, end: int, tables: Tables | Plan) -> bool:
    """Return whether a whole record starts at `start`."""
    raise NotImplementedError


@dispatched(record_starts)
def _record_starts(buffer, start, end, tables):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202, ARG001 - numba compares the signatures
    if tables.instance_class is Tables:
        return lambda buffer, start, end, tables: starts_record(buffer, start, end, tables)  # noqa: PLW0108 - numba wants a function of Python's
    return lambda buffer, start, end, tables: at_anchor(buffer, start, end, tables)  # noqa: PLW0108 - numba wants a function of Python's


def is_record(buffer: np.ndarray, start: int, end: int, tables: Tables | Plan) -> bool:
    """Return whether what stands where a host would is a record, of a format that knows its records' first words."""
    raise NotImplementedError


@dispatched(is_record)
def _is_record(buffer, start, end, tables):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202, ARG001 - numba compares the signatures
    if tables.instance_class is Tables:
        return lambda buffer, start, end, tables: False  # noqa: ARG005
    return lambda buffer, start, end, tables: at_anchor(buffer, start, end, tables)  # noqa: PLW0108 - numba wants a function of Python's


@kernel
def at_anchor(buffer: np.ndarray, start: int, end: int, plan: Plan) -> bool:
    """Return whether one of a format's anchors stands at `start`. Reads up to 16 bytes past it."""
    for place in range(0, len(plan.anchors), 3):
        length = item(plan.anchors, place + 2)
        if start + length > end:
            continue
        if length <= 8:
            if low_bytes(load8(buffer, start), length) == np.uint64(item(plan.anchors, place)):
                return True
        elif load8(buffer, start) == np.uint64(item(plan.anchors, place)) and low_bytes(
            load8(buffer, start + 8), length - 8
        ) == np.uint64(item(plan.anchors, place + 1)):
            return True
    return False
