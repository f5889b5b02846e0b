"""The report's colours: names in the page, whose style sheet chooses dark or light, and values elsewhere."""

import re
from collections.abc import Mapping

# One hue besides the greys; the steps of the map differ in lightness, which every eye tells apart.
LIGHT: Mapping[str, str] = {
    "paper": "#ffffff",
    "panel": "#f5f7f9",
    "ink": "#1b2329",
    "soft": "#55616c",
    "line": "#d5dce2",
    "accent": "#0b5c8c",
    "land": "#e6eaee",
    "border": "#ffffff",
    "heat0": "#c5dcea",
    "heat1": "#8dbbd8",
    "heat2": "#4f94bf",
    "heat3": "#1f6a9a",
    "heat4": "#083f63",
}
DARK: Mapping[str, str] = {
    "paper": "#12171b",
    "panel": "#1a2127",
    "ink": "#e6ebef",
    "soft": "#a3b0bb",
    "line": "#36424c",
    "accent": "#6cb6e6",
    "land": "#27313a",
    "border": "#12171b",
    "heat0": "#264a61",
    "heat1": "#2f6f98",
    "heat2": "#4796c9",
    "heat3": "#86c0e8",
    "heat4": "#d8eefd",
}
HEAT = ("heat0", "heat1", "heat2", "heat3", "heat4")

_COLOUR = re.compile(r"var\(--(\w+)\)")


def colour(name: str) -> str:
    """Return the colour as charts name it."""
    return f"var(--{name})"


def in_light(picture: str) -> str:
    """Return a picture with the light colours in place of their names, for what has no style sheet."""
    return _COLOUR.sub(lambda found: LIGHT[found[1]], picture)
