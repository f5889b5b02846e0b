"""Columns of dictionaries, joined: whatever stands below a null is not looked at."""

import random

import numpy as np
import pyarrow as pa
import pytest

from pipelines.dictionaries import joined, joined_batches

ANYTHING = 1 << 30  # so far beyond a dictionary that to look it up ends the process


def column(values: list[str | None], dictionary: list[str], below_nulls: int = ANYTHING) -> pa.DictionaryArray:
    """Return a column whose codes are `below_nulls` where a value is null."""
    codes = np.array([below_nulls if value is None else dictionary.index(value) for value in values], np.int32)
    valid = np.packbits(np.array([value is not None for value in values], np.bool_), bitorder="little")
    indices = pa.Array.from_buffers(pa.int32(), len(values), [pa.py_buffer(valid), pa.py_buffer(codes)])
    return pa.DictionaryArray.from_arrays(indices, pa.array(dictionary, pa.string()), safe=False)


@pytest.mark.parametrize("below_nulls", [ANYTHING, -1, -ANYTHING])
def test_what_stands_below_a_null_is_not_looked_at(below_nulls: int) -> None:
    one = column(["a", None, "b"], ["a", "b"], below_nulls)
    other = column([None, "c", "a"], ["c", "a"], below_nulls)
    both = joined([one, other])
    assert both.to_pylist() == ["a", None, "b", None, "c", "a"]
    assert sorted(both.dictionary.to_pylist()) == ["a", "b", "c"]


def test_a_column_of_nulls_only_joins_any_other() -> None:
    empty = pa.nulls(3, pa.dictionary(pa.int32(), pa.string()))
    assert joined([empty, column(["a"], ["a"]), empty]).to_pylist() == [None] * 3 + ["a"] + [None] * 3


def test_equal_dictionaries_stay_as_they_are() -> None:
    part = column(["b", None], ["a", "b"])
    both = joined([part, column(["a"], ["a", "b"])])
    assert both.to_pylist() == ["b", None, "a"]
    assert both.dictionary.to_pylist() == ["a", "b"]


@pytest.mark.parametrize("seed", range(20))
def test_batches_keep_their_rows(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - for tests
    batches = []
    for _ in range(rng.randint(1, 5)):
        words = rng.sample("abcdefghij", rng.randint(1, 10))
        values = [rng.choice([*words, None]) for _ in range(rng.randint(0, 30))]
        numbers = pa.array([rng.choice([None, 1, 2]) for _ in values], pa.int64())
        batches.append(pa.record_batch([column(values, words), numbers], names=["text", "number"]))
    rows = [row for batch in batches for row in batch.to_pylist()]
    assert joined_batches(batches).to_pylist() == rows
