"""Scanned arrays become Arrow columns: typed, and with bits for what is absent, in one compiled pass each.

pyarrow does the same from a mask in five passes, three of which make arrays that are thrown away.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.scanning.layout import narrow_values

INDICES = pa.int32()


def number_column(values: npt.NDArray[np.signedinteger[Any]], type_: pa.DataType, *, gaps: bool = True) -> pa.Array:
    """Return numbers as a column; NULL where negative.

    Args:
        values: the numbers.
        type_: integer type that all of them fit.
        gaps: whether any may be negative.
    """
    dtype = type_.to_pandas_dtype()
    if not gaps:
        return pa.Array.from_buffers(type_, len(values), [None, pa.py_buffer(values.astype(dtype))])
    narrowed = np.empty(len(values), dtype)
    bits = np.zeros(-(-len(values) // 8), np.uint8)
    nulls = narrow_values(values, narrowed, bits)
    return pa.Array.from_buffers(type_, len(values), [pa.py_buffer(bits), pa.py_buffer(narrowed)], nulls)


def flag_column(set_: npt.NDArray[np.bool_], known: npt.NDArray[np.bool_] | None = None) -> pa.Array:
    """Return booleans as a column; NULL where not known."""
    bits = None if known is None else pa.py_buffer(np.packbits(known, bitorder="little"))
    return pa.Array.from_buffers(pa.bool_(), len(set_), [bits, pa.py_buffer(np.packbits(set_, bitorder="little"))])


def index_column(codes: npt.NDArray[np.int32], *, gaps: bool = True) -> pa.Array:
    """Return places in a dictionary as a column of their own; NULL where negative."""
    if not gaps:
        return pa.Array.from_buffers(INDICES, len(codes), [None, pa.py_buffer(codes.copy())])
    return number_column(codes, INDICES)


def text_column(indices: pa.Array, dictionary: pa.Array) -> pa.DictionaryArray:
    """Return a text column from places in its dictionary, which are known to be in it."""
    return pa.DictionaryArray.from_arrays(indices, dictionary, safe=False)


def chosen(names: Sequence[str], codes: npt.NDArray[np.int32]) -> pa.DictionaryArray:
    """Return a text column from codes into `names`; NULL where negative."""
    return text_column(index_column(codes), pa.array(names, pa.string()))


def constant(name: str | None, rows: int) -> pa.DictionaryArray:
    """Return a text column with one value in all rows."""
    if name is None:
        return text_column(pa.nulls(rows, INDICES), pa.array([], pa.string()))
    return text_column(index_column(np.zeros(rows, np.int32), gaps=False), pa.array([name], pa.string()))


def mapped(column: pa.DictionaryArray, values: Sequence[str | None]) -> pa.DictionaryArray:
    """Return a column whose dictionary values are replaced one by one; equal new values become one."""
    different = list(dict.fromkeys(value for value in values if value is not None))
    if different == list(values):
        return text_column(column.indices, pa.array(different, pa.string()))
    if not different:
        return constant(None, len(column))
    numbers = {value: number for number, value in enumerate(different)}
    places = pa.array([None if value is None else numbers[value] for value in values], INDICES)
    return text_column(pc.take(places, column.indices, boundscheck=False), pa.array(different, pa.string()))
