"""The report's charts as Vega-Lite: drawn as SVG pictures here, and drawn anew by the page that filters them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import floor, log10
from typing import Any

import altair as alt
import vl_convert

from pipelines.report.figures import Country
from pipelines.report.palette import HEAT, colour
from pipelines.report.world import drawn_countries, features

FONT = "system-ui, -apple-system, 'Segoe UI', 'Hiragino Sans', 'Noto Sans CJK JP', 'Yu Gothic UI', sans-serif"

MAP_WIDTH = 860
# Equal Earth without Antarctica: the height of a map of width 1, its scale, and how far below its middle
# the equator is.
MAP_HEIGHT = 0.435
MAP_SCALE = 0.1835
MAP_SHIFT = 0.14
# The meridians in the middle: Europe's maps keep Chukotka whole, Japan's have the Pacific in the middle.
CENTRES = {"en": 11, "ja": 153}

TIMELINE = (860, 170)
COURSE = (420, 120)
# Steps of the logarithmic scale.
MOST_STEPS = 4


# Vega gives containers a role that screen readers announce without a name; what holds a picture has its description.
_CLIP = re.compile(r"\bclip\d+")
_ROLES = re.compile(r' (role|aria-roledescription)="[^"]*"')


@dataclass(frozen=True)
class Day:
    """One bar of a course: events from a day on; None where nothing was observed."""

    day: date
    events: int | None


def steps(most: int) -> list[int]:
    """Return where the map's scale goes to its next colour: powers of ten, up to the largest number."""
    top = floor(log10(most)) if most else 0
    return [10**power for power in range(max(1, top - MOST_STEPS + 1), top + 1)]


def picture(name: str, chart: alt.TopLevelMixin) -> str:
    """Draw a chart as SVG; its colours are names, see `palette.py`, and `name` keeps its ids apart from others'."""
    found: str = vl_convert.vegalite_to_svg(chart.to_dict())
    return _CLIP.sub(rf"\g<0>-{name}", _ROLES.sub("", found))


def world_map(
    origins: Mapping[str, int], names: Mapping[str, str], places: Mapping[str, Country], language: str
) -> alt.TopLevelMixin:
    """Return the map of events by country, on a logarithmic scale, with dots for countries too small to see."""
    scale = steps(max(origins.values(), default=0))
    shapes = [_place(shape["country"], origins, names, scale) | shape for shape in features()]
    dots = [
        _place(code, origins, names, scale) | {"longitude": place.longitude, "latitude": place.latitude}
        for code, place in places.items()
        if code in origins and code not in drawn_countries()
    ]
    return map_chart(shapes, dots, language)


def visitor_map(
    visitors: Sequence[str],
    firsts: Sequence[str],
    names: Mapping[str, str],
    places: Mapping[str, Country],
    language: str,
) -> alt.TopLevelMixin:
    """Return the map with a dot on each visitor, those who came for the first time filled."""
    land = [{"step": "land", "label": "", "chosen": False} | shape for shape in features()]
    dots = [
        {
            "step": "accent" if code in firsts else "paper",
            "label": names[code],
            "chosen": False,
            "longitude": places[code].longitude,
            "latitude": places[code].latitude,
        }
        for code in visitors
    ]
    return map_chart(land, dots, language, outline="accent", size=60)


def map_chart(
    shapes: Sequence[Mapping[str, Any]],
    dots: Sequence[Mapping[str, Any]],
    language: str,
    outline: str = "paper",
    size: int = 44,
) -> alt.TopLevelMixin:
    """Return a map of countries and dots, each with its colour's name as `step`, `label` and whether it is `chosen`."""
    names = ["land", *HEAT, "accent", "paper"]
    fill = alt.Color("step:N", scale=alt.Scale(domain=names, range=[colour(name) for name in names]), legend=None)
    chosen = alt.datum.chosen
    land = (
        alt.Chart(alt.InlineData(values=list(shapes), name="shapes"))
        .mark_geoshape(cursor="pointer")
        .encode(
            color=fill,
            stroke=alt.condition(chosen, alt.value(colour("ink")), alt.value(colour("border"))),
            strokeWidth=alt.condition(chosen, alt.value(2), alt.value(0.5)),
            tooltip=alt.Tooltip("label:N"),
        )
    )
    small = (
        alt.Chart(alt.InlineData(values=list(dots), name="dots"))
        .mark_circle(size=size, opacity=1, cursor="pointer")
        .encode(
            longitude="longitude:Q",
            latitude="latitude:Q",
            fill=fill,
            stroke=alt.condition(chosen, alt.value(colour("ink")), alt.value(colour(outline))),
            strokeWidth=alt.value(1.2),
            tooltip=alt.Tooltip("label:N"),
        )
    )
    layers = alt.layer(land, small).project(
        type="equalEarth",
        rotate=[-CENTRES[language], 0, 0],
        scale=alt.expr(f"width * {MAP_SCALE}"),
        translate=alt.expr(f"[width / 2, height / 2 + {MAP_SHIFT} * width * {MAP_SCALE}]"),
    )
    return _framed(layers, MAP_WIDTH, round(MAP_WIDTH * MAP_HEIGHT))


def course(  # noqa: PLR0913 - each is another side of the picture
    days: Sequence[Day],
    span_days: int,
    axis: str,
    size: tuple[int, int] = COURSE,
    changes: Sequence[date] = (),
    *,
    can_be_brushed: bool = False,
) -> alt.TopLevelMixin:
    """Return the bars of a daily series; days not observed are shaded, days from which the level changed are marked."""
    bars = [
        {"day": day.day.isoformat(), "end": (day.day + timedelta(days=span_days)).isoformat(), "events": day.events}
        | {"chosen": True, "label": ""}
        for day in days
    ]
    x = alt.X("day:T", scale=alt.Scale(type="utc"), axis=alt.Axis(format=axis, title=None, grid=False, tickCount=6))
    y = alt.Y(
        "events:Q", axis=alt.Axis(title=None, format=",d", tickCount=4, tickMinStep=1), scale=alt.Scale(nice=True)
    )
    chart = alt.Chart()
    blind = chart.mark_rect(color=colour("line")).encode(
        x=x,
        x2="end:T",
        opacity=alt.condition("isValid(datum.events)", alt.value(0), alt.value(0.6)),
    )
    seen = chart.mark_bar(binSpacing=0).encode(
        x=x,
        x2="end:T",
        y=y,
        y2=alt.datum(0),
        color=alt.condition(alt.datum.chosen, alt.value(colour("accent")), alt.value(colour("line"))),
        tooltip=alt.Tooltip("label:N"),
    )
    if can_be_brushed:
        mark = alt.BrushConfig(fill=colour("ink"), fillOpacity=0.08, stroke=colour("ink"), strokeOpacity=0.5)
        seen = seen.add_params(alt.selection_interval(name="span", encodings=["x"], mark=mark))
    layers = [blind, seen]
    if changes:
        marks = alt.InlineData(values=[{"day": day.isoformat()} for day in changes])
        layers.append(alt.Chart(marks).mark_rule(color=colour("ink"), strokeDash=[4, 3], strokeWidth=1.5).encode(x=x))
    return _framed(alt.layer(*layers, data=alt.InlineData(values=bars, name="bars")), *size)


def _place(
    code: str | None, origins: Mapping[str, int], names: Mapping[str, str], scale: Sequence[int]
) -> dict[str, Any]:
    events = origins.get(code or "", 0)
    step = HEAT[sum(events >= limit for limit in scale)] if events else "land"
    label = f"{names.get(code or '', '')}: {events:,}" if code else ""
    return {"step": step, "label": label, "chosen": False}


def _framed(chart: alt.LayerChart | alt.FacetChart, width: int, height: int) -> alt.TopLevelMixin:
    text = {"labelColor": colour("soft"), "labelFontSize": 12, "labelFont": FONT}
    lines = {"aria": False, "domain": False, "tickColor": colour("line"), "gridColor": colour("line")}
    framed: alt.TopLevelMixin = (
        chart.properties(width=width, height=height, background="transparent", padding=2)
        .configure(font=FONT, aria=False)
        .configure_mark(aria=False)
        .configure_view(stroke=None)
        .configure_axis(**text, **lines)
    )
    return framed
