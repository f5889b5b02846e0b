"""Doing the next item's work while this one is worked on: two stages of a pipeline share two cores."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def one_ahead(items: Iterator[Item]) -> Iterator[Item]:
    """Yield the items of an iterator that runs in a thread of its own, one item ahead."""
    with ThreadPoolExecutor(1) as pool:
        upcoming = pool.submit(_next, items)
        while item := upcoming.result():
            upcoming = pool.submit(_next, items)
            yield item[0]


def _next(items: Iterator[Item]) -> tuple[Item] | None:
    """Return the next item in a tuple, or None at the end: a future cannot hold StopIteration."""
    for item in items:
        return (item,)
    return None
