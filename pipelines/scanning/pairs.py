"""Pairs of a key and a value, compiled: `srcip=203.0.113.9 msg="no session"` and what vendors make of it."""

import numpy as np

from pipelines.compiled import kernel
from pipelines.plan import ASSIGN, ESCAPE, KEYS, NOTHING, QUOTE, SEPARATOR, WITH_BLANKS, Plan
from pipelines.scanning.captures import Captures, target_at
from pipelines.scanning.delimited import after_quoted, put_capture
from pipelines.scanning.words import byte_at, find_byte, item

_BLANK = 32


@kernel
def key_end(buffer: np.ndarray, position: int, end: int, assign: int, separator: int) -> int:
    """Return where a key ends, or the word that is no key: at an `=`, a separator or a blank; or `end`."""
    while position < end:
        byte = byte_at(buffer, position)
        if byte == assign or byte == separator or byte == _BLANK:
            return position
        position += 1
    return end


@kernel
def value_with_blanks_end(buffer: np.ndarray, position: int, end: int, assign: int, escape: int) -> int:
    """Return where a value ends that goes on until the next key: at the blank before it, or `end`."""
    at = position
    while True:
        at = find_byte(buffer, at, end, assign)
        if at >= end:
            return end
        if escape >= 0 and byte_at(buffer, at - 1) == escape:
            at += 1
            continue
        blank = at
        while blank > position and byte_at(buffer, blank - 1) != _BLANK:
            blank -= 1
        if blank > position:
            return blank - 1
        at += 1  # it is part of the value: `request=http://host/?a=b`


@kernel
def read_pairs(buffer: np.ndarray, start: int, end: int, plan: Plan, captures: Captures) -> int:
    """Find the values of pairs; return a reason, or 0."""
    settings = plan.settings
    separator, assign, quote = item(settings, SEPARATOR), item(settings, ASSIGN), item(settings, QUOTE)
    escape, with_blanks = item(settings, ESCAPE), item(settings, WITH_BLANKS) != 0
    position = start
    while position < end:
        byte = byte_at(buffer, position)
        if byte == separator or byte == _BLANK:
            position += 1
            continue
        stop = key_end(buffer, position, end, assign, separator)
        if stop >= end or byte_at(buffer, stop) != assign:
            position = stop
            if position < end and byte_at(buffer, position) == quote:
                position += 1
            continue
        target = target_at(buffer, position, stop - position, KEYS, plan, NOTHING)
        first = stop + 1
        if first < end and byte_at(buffer, first) == quote:
            first += 1
            stop = after_quoted(buffer, first, end, quote, escape)
            position = stop + 1
        elif with_blanks:
            stop = value_with_blanks_end(buffer, first, end, assign, escape)
            position = stop
        else:
            stop = find_byte(buffer, first, end, separator)
            position = stop
        if target != NOTHING:
            reason = put_capture(buffer, target, first, stop, plan, captures)
            if reason != 0:
                return reason
    return 0
