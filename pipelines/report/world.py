"""The world's countries as shapes: Natural Earth's 1:110m map, kept as TopoJSON, whose arcs two neighbours share."""

import json
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any

MAP = Path(__file__).parent / "map" / "countries-110m.json"

# A country of less land than this, in square kilometres, is drawn as a dot too: it is 3 pixels wide.
SMALL = 13_000
# Digits of a degree after the point: a hundredth is less than the map's steps.
DIGITS = 2

Position = tuple[float, float]


@cache
def topology() -> dict[str, Any]:
    """Return the map as TopoJSON: object `countries`, with ISO 3166-1 codes as ids and the land's size `km2`."""
    found: dict[str, Any] = json.loads(MAP.read_text(encoding="utf-8"))
    return found


@cache
def drawn_countries() -> frozenset[str]:
    """Return the codes of the countries that are large enough to be seen on the map."""
    geometries = topology()["objects"]["countries"]["geometries"]
    return frozenset(shape["id"] for shape in geometries if "id" in shape and shape["properties"]["km2"] >= SMALL)


def features() -> list[dict[str, Any]]:
    """Return the map as GeoJSON features."""
    topo = topology()
    arcs = [_positions(arc, topo["transform"]) for arc in topo["arcs"]]
    return [
        {"type": "Feature", "country": shape.get("id"), "geometry": _geometry(shape, arcs)}
        for shape in topo["objects"]["countries"]["geometries"]
    ]


def _positions(arc: list[list[int]], transform: dict[str, list[float]]) -> list[Position]:
    """Return an arc's positions, which are stored as whole steps from one to the next."""
    (scale_x, scale_y), (left, bottom) = transform["scale"], transform["translate"]
    xs, ys = (accumulate(steps) for steps in zip(*arc, strict=True))
    return [
        (round(x * scale_x + left, DIGITS), round(y * scale_y + bottom, DIGITS)) for x, y in zip(xs, ys, strict=True)
    ]


def _geometry(shape: dict[str, Any], arcs: list[list[Position]]) -> dict[str, Any]:
    if shape["type"] == "Polygon":
        return {"type": "Polygon", "coordinates": [_ring(ring, arcs) for ring in shape["arcs"]]}
    polygons = [[_ring(ring, arcs) for ring in polygon] for polygon in shape["arcs"]]
    return {"type": "MultiPolygon", "coordinates": polygons}


def _ring(numbers: list[int], arcs: list[list[Position]]) -> list[Position]:
    """Return a ring of arcs, each of which begins where the one before ends; ~n is arc n backwards."""
    ring: list[Position] = []
    for number in numbers:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        ring += arc[1:] if ring else arc
    return ring
