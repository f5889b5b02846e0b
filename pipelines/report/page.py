"""The report as one HTML page that needs nothing else: style, script, pictures and data are inside."""

import base64
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import vl_convert
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipelines.report import charts
from pipelines.report.content import Content, Pictures
from pipelines.report.figures import Figures
from pipelines.report.palette import DARK, LIGHT
from pipelines.report.sparkline import sparkline
from pipelines.report.wording import HtmlText, Wording
from pipelines.report.world import drawn_countries, features

TEMPLATES = Path(__file__).parent / "templates"

# How each language writes dates: British English, because the texts do.
_LOCALES = {"en": "en-GB", "ja": "ja-JP"}


def html_page(content: Content, pictures: Pictures) -> str:
    """Return the page; `content` speaks HTML."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=HtmlText.escape,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["sparkline"] = sparkline
    environment.filters["svg"] = lambda name: Markup(pictures.drawings[name])  # noqa: S704 - drawn by Vega, escaped
    style, script = _style(), page_script()
    page = environment.get_template("report.html.j2")
    return page.render(
        **content.variables(),
        policy=_policy(style, script),
        style=Markup(style),  # noqa: S704 - the project's own
        script=Markup(script),  # noqa: S704 - the project's own, and Vega
        data=_embedded(_data(content)) if content.figures.totals.events else "",
    )


def _policy(style: str, script: str) -> str:
    """Return a Content-Security-Policy that allows this style sheet and this script, and no request to anywhere."""
    return (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _style() -> str:
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=False)  # noqa: S701 - no HTML
    return environment.get_template("report.css").render(light=LIGHT, dark=DARK)


@cache
def page_script() -> str:
    """Return the page's script with Vega in it, as vl-convert bundles it, which takes three seconds."""
    bundle: str = vl_convert.javascript_bundle((TEMPLATES / "report.js").read_text(encoding="utf-8"))
    # A script ends where HTML sees the end of one, in a text of it as well.
    return bundle.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _embedded(data: dict[str, Any]) -> Markup:
    """Return data as JSON in which nothing can end the element that it stands in."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup(text)  # noqa: S704 - escaped in the loop above


def _data(content: Content) -> dict[str, Any]:
    """Return what the page's script works on."""
    figures, code, texts = content.figures, content.wording.code, content.plain.texts
    timeline = charts.course(
        content.timeline, figures.cells.span_days, texts["forms"]["axis"], charts.TIMELINE, can_be_brushed=True
    )
    return {
        "language": code,
        "locale": _LOCALES[code],
        "first": figures.period.first.isoformat(),
        "last": figures.period.last.isoformat(),
        "spans": len(content.timeline),
        "spanDays": figures.cells.span_days,
        "observed": [int(day.events is not None) for day in content.timeline],
        "countries": figures.cells.countries,
        "ports": figures.cells.ports,
        "portNames": _port_names(figures, content.plain),
        "names": content.names,
        "cells": [number for row in figures.cells.rows for number in row],
        "steps": charts.steps(max(figures.origins.values(), default=0)),
        "dots": _dots(figures),
        "shapes": features(),
        "mapHeight": charts.MAP_HEIGHT,
        "specs": {"timeline": timeline.to_dict(), "map": charts.map_chart([], [], code).to_dict()},
        "texts": {name: texts["explore"][name] for name in ("status", "all_countries", "all_ports", "other_ports")},
    }


def _port_names(figures: Figures, plain: Wording) -> list[str]:
    services = {port.key: port.service for port in figures.ports}
    return [str(plain.port(key, services.get(key))) for key in figures.cells.ports]


def _dots(figures: Figures) -> list[dict[str, object]]:
    return [
        {"country": code, "longitude": place.longitude, "latitude": place.latitude}
        for code, place in figures.places.items()
        if code in figures.origins and code not in drawn_countries()
    ]
