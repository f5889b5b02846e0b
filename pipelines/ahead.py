"""Doing the next item's work while this one is worked on: two stages of a pipeline share two cores."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")


def one_ahead(items: Iterator[Item]) -> Iterator[Item]:
    """Yield the items of an iterator that runs in a thread of its own, one item ahead."""
    with ThreadPoolExecutor(1) as pool:
        upcoming = pool.submit(_next, items)
        while item := upcoming.result():
            upcoming = pool.submit(_next, items)
            yield item[0]


def made_ahead(make: Callable[[Item], Made], items: Iterable[Item], threads: int) -> Iterator[Made]:
    """Yield what is made of each item, in order, by several threads: no more than so many of them ahead."""
    with ThreadPoolExecutor(threads) as pool:
        upcoming: deque[Future[Made]] = deque()
        for item in items:
            upcoming.append(pool.submit(make, item))
            if len(upcoming) > threads:
                yield upcoming.popleft().result()
        while upcoming:
            yield upcoming.popleft().result()


def _next(items: Iterator[Item]) -> tuple[Item] | None:
    """Return the next item in a tuple, or None at the end: a future cannot hold StopIteration."""
    for item in items:
        return (item,)
    return None
