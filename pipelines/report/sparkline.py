"""A series as a line the size of a word."""

from collections.abc import Sequence
from itertools import groupby, pairwise

WIDTH = 100
HEIGHT = 20
# The line keeps off the upper and lower edge by half its width.
EDGE = 1
# A line of more points than this is drawn from sums of neighbours.
MOST_POINTS = 100


def sparkline(values: Sequence[int | None]) -> str:
    """Return an SVG path over 100 by 20, from 0 at its foot to the largest value; broken where a value is None."""
    means = _thinned(values)
    largest = max((mean for mean in means if mean is not None), default=0) or 1
    step = WIDTH / max(len(means) - 1, 1)
    points: list[str | None] = [
        None if mean is None else f"{place * step:.1f} {HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * mean / largest:.1f}"
        for place, mean in enumerate(means)
    ]
    runs = [list(run) for is_seen, run in groupby(points, key=lambda point: point is not None) if is_seen]
    # A day alone between days without any is a dot: a line needs two ends.
    return "".join(f"M{'L'.join(map(str, run if len(run) > 1 else run * 2))}" for run in runs)


def _thinned(values: Sequence[int | None]) -> list[float | None]:
    """Return the values, or means of as many neighbours as make them few enough."""
    size = -(-len(values) // MOST_POINTS) or 1
    edges = [*range(0, len(values), size), len(values)]
    return [_mean([value for value in values[start:end] if value is not None]) for start, end in pairwise(edges)]


def _mean(values: Sequence[int]) -> float | None:
    return sum(values) / len(values) if values else None
