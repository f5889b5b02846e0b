"""What the scanner writes: columns of events, and the lines that are none; arrays that are used again and again."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.compiled import kernel
from pipelines.format import Format
from pipelines.scanning.interning import NONE, Values
from pipelines.scanning.words import item, put_item


class Events(NamedTuple):
    """Arrays of the events, one row each.

    Attributes:
        numbers: int64[columns * rows], column after column, -1 where absent; see `written_numbers`.
        codes: int32[columns * rows], place of the value in the column's dictionary, -1 where absent.
        written_numbers, written_codes: int64[columns], how many rows of each column are written; those after them are
            absent. A column that no line has costs nothing so, and one that all lines have nothing but its values.
        gaps: int64[2], bits of the columns of numbers, and of codes, that are absent in some row before their last.
        stamps: int64[rows], microseconds; kinds: int8[rows], what is known of the stamp (see `stamps`).
        lines: int32[rows], number of the line, from 0, among those that one call of the scanner read.
        hashes: uint64[rows], hash of the line without blanks at its end.
        starts: int64[rows], lengths: int32[rows], where the line stands.
    """

    numbers: npt.NDArray[np.int64]
    codes: npt.NDArray[np.int32]
    written_numbers: npt.NDArray[np.int64]
    written_codes: npt.NDArray[np.int64]
    gaps: npt.NDArray[np.int64]
    stamps: npt.NDArray[np.int64]
    kinds: npt.NDArray[np.int8]
    lines: npt.NDArray[np.int32]
    hashes: npt.NDArray[np.uint64]
    starts: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int32]


class Others(NamedTuple):
    """Arrays of the lines that are no events: like `Events`, with the reason, the field at fault and its value.

    `spans` and `values` are int64[rows, 2]: start and length of the line, and of the value.
    """

    stamps: npt.NDArray[np.int64]
    kinds: npt.NDArray[np.int8]
    lines: npt.NDArray[np.int32]
    reasons: npt.NDArray[np.int8]
    fields: npt.NDArray[np.int16]
    spans: npt.NDArray[np.int64]
    values: npt.NDArray[np.int64]


def new_outputs(form: Format, rows: int) -> tuple[Events, Others, Values]:
    """Return empty outputs for up to `rows` events and as many other lines; about 300 bytes a row."""
    texts, numbers = len(form.text_columns()), len(form.number_columns())
    events = Events(
        np.empty(numbers * rows, np.int64),
        np.empty(texts * rows, np.int32),
        np.zeros(numbers, np.int64),
        np.zeros(texts, np.int64),
        np.zeros(2, np.int64),
        np.empty(rows, np.int64),
        np.empty(rows, np.int8),
        np.empty(rows, np.int32),
        np.empty(rows, np.uint64),
        np.empty(rows, np.int64),
        np.empty(rows, np.int32),
    )
    others = Others(
        np.empty(rows, np.int64),
        np.empty(rows, np.int8),
        np.empty(rows, np.int32),
        np.empty(rows, np.int8),
        np.empty(rows, np.int16),
        np.empty((rows, 2), np.int64),
        np.empty((rows, 2), np.int64),
    )
    return events, others, Values.with_room(rows, texts)


@kernel
def has_number(events: Events, column: int, row: int) -> bool:
    """Return whether a row has a number in a column."""
    return item(events.written_numbers, column) > row


@kernel
def get_number(events: Events, column: int, row: int) -> int:
    """Return the number that a row has in a column."""
    return item(events.numbers, column * len(events.stamps) + row)


@kernel
def put_number(events: Events, column: int, row: int, number: int) -> None:
    """Write a number into the newest row; rows that the column lacks before it become absent."""
    first = column * len(events.stamps)
    written = item(events.written_numbers, column)
    if written < row:
        put_item(events.gaps, 0, item(events.gaps, 0) | 1 << column)
        while written < row:
            put_item(events.numbers, first + written, NONE)
            written += 1
    put_item(events.numbers, first + row, number)
    put_item(events.written_numbers, column, row + 1)


@kernel
def has_code(events: Events, column: int, row: int) -> bool:
    """Return whether a row has a value in a text column."""
    return item(events.written_codes, column) > row


@kernel
def put_code(events: Events, column: int, row: int, code: int) -> None:
    """Write the code of a value into the newest row; rows that the column lacks before it become absent."""
    first = column * len(events.stamps)
    written = item(events.written_codes, column)
    if written < row:
        put_item(events.gaps, 1, item(events.gaps, 1) | 1 << column)
        while written < row:
            put_item(events.codes, first + written, NONE)
            written += 1
    put_item(events.codes, first + row, code)
    put_item(events.written_codes, column, row + 1)


@kernel
def take_back(events: Events, row: int) -> None:
    """Take back what has been written into the newest row."""
    for column in range(len(events.written_numbers)):
        events.written_numbers[column] = min(events.written_numbers[column], row)
    for column in range(len(events.written_codes)):
        events.written_codes[column] = min(events.written_codes[column], row)


@kernel
def take_all_back(events: Events) -> None:
    """Take back everything."""
    events.written_numbers[:] = 0
    events.written_codes[:] = 0
    events.gaps[:] = 0
