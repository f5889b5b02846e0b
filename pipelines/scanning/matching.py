"""The machine that runs the steps of patterns (see `patterns`) over a record, compiled."""

import numpy as np

from pipelines.compiled import kernel
from pipelines.patterns import (
    ACCEPT,
    BLANKS,
    CAPTURE,
    CLEAR,
    DONE,
    LITERAL,
    REST,
    SPAN,
    STEP,
    SWITCH,
    TRY,
)
from pipelines.plan import Plan
from pipelines.scanning.captures import Captures, capture, target_at
from pipelines.scanning.words import byte_at, find_byte, item, load8, low_bytes, put_item

NO_MATCH = -1
_BLANK = 32
_DEEPEST = 32
# Patterns are run over values of documents too, whose own stack comes first.
_STACK = 64


@kernel
def find_stop(buffer: np.ndarray, start: int, end: int, plan: Plan, step: int, count: int) -> int:
    """Return where the first of a capture's `count` literals stands in buffer[start:end], or -1."""
    best = end
    found = False
    for index in range(count):
        word = np.uint64(item(plan.steps, step + 5 + 2 * index))
        length = item(plan.steps, step + 6 + 2 * index)
        position = start
        while position < best:
            position = find_byte(buffer, position, best, np.int64(word & np.uint64(0xFF)))
            if position >= best:
                break
            if position + length <= end and low_bytes(load8(buffer, position), length) == word:
                best = position
                found = True
                break
            position += 1
    return best if found else NO_MATCH


@kernel
def match(buffer: np.ndarray, start: int, end: int, first: int, plan: Plan, captures: Captures) -> tuple[int, int]:
    """Run a program over buffer[start:end], from its step `first`.

    Returns:
        (the number with which it accepts, or NO_MATCH; the position reached).
    """
    pc = first
    position = start
    depth = 0
    while True:
        step = pc * STEP
        operation = item(plan.steps, step)
        failed = False
        pc += 1
        if operation == LITERAL:
            length = item(plan.steps, step + 2)
            word = np.uint64(item(plan.steps, step + 1))
            if position + length <= end and low_bytes(load8(buffer, position), length) == word:
                position += length
            else:
                failed = True
        elif operation == CAPTURE:
            slot, count = item(plan.steps, step + 1), item(plan.steps, step + 4)
            limit = find_byte(buffer, position, end, _BLANK) if item(plan.steps, step + 2) != 0 else end
            # A literal that begins with a blank may stand at the limit, and reach behind it.
            stop = find_stop(buffer, position, min(end, limit + 8), plan, step, count) if count > 0 else NO_MATCH
            if stop > limit:
                stop = NO_MATCH
            if stop < 0 and (count == 0 or item(plan.steps, step + 3) != 0):
                stop = limit
            if stop < 0:
                failed = True
            else:
                if slot >= 0:
                    capture(buffer, slot, position, stop, captures)
                position = stop
        elif operation == BLANKS:
            # Between a part that is absent and what stands around it there may be one blank for two of the pattern.
            if (position < end and byte_at(buffer, position) == _BLANK) or (
                position > start and byte_at(buffer, position - 1) == _BLANK
            ):
                while position < end and byte_at(buffer, position) == _BLANK:
                    position += 1
            else:
                failed = True
        elif operation == TRY:
            if depth >= _DEEPEST:
                return NO_MATCH, position
            put_item(captures.stack, _STACK + 2 * depth, item(plan.steps, step + 1))
            put_item(captures.stack, _STACK + 2 * depth + 1, position)
            depth += 1
        elif operation == DONE:
            depth -= 1
            pc = item(plan.steps, step + 1)
        elif operation == SPAN:
            capture(buffer, item(plan.steps, step + 1), position - item(plan.steps, step + 2), position, captures)
        elif operation == REST:
            capture(buffer, item(plan.steps, step + 1), position, end, captures)
            position = end
        elif operation == CLEAR:
            # What was captured before the part began that failed, stays.
            slot = item(plan.steps, step + 1)
            if item(captures.spans, 2 * slot) >= position:
                put_item(captures.spans, 2 * slot + 1, 0)
        elif operation == SWITCH:
            slot = item(plan.steps, step + 1)
            begin, length = item(captures.spans, 2 * slot), item(captures.spans, 2 * slot + 1)
            pc = target_at(buffer, begin, length, item(plan.steps, step + 2), plan, item(plan.steps, step + 3))
        elif operation == ACCEPT:
            return item(plan.steps, step + 1), position
        else:
            failed = True
        if failed:
            if depth == 0:
                return NO_MATCH, position
            depth -= 1
            pc = item(captures.stack, _STACK + 2 * depth)
            position = item(captures.stack, _STACK + 2 * depth + 1)
