"""A bar chart as Markdown: an SVG picture in a `data:` URI, which Dagster's UI shows where it strips HTML."""

import base64
from collections.abc import Sequence
from xml.sax.saxutils import escape

WIDTH = 720
HEIGHT = 220
LEFT = 70
RIGHT = 10
TOP = 30
BOTTOM = 25
# Labels below the axis: as many as stay readable.
LABELS = 6


def bar_chart(title: str, bars: Sequence[tuple[str, int]]) -> str:
    """Return Markdown that shows one bar for each label and number; the axis starts at 0 and ends at the largest."""
    picture = base64.b64encode(_svg(title, bars).encode()).decode()
    return f"![bar chart](data:image/svg+xml;base64,{picture})"


def _svg(title: str, bars: Sequence[tuple[str, int]]) -> str:
    plot_width, plot_height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    base = TOP + plot_height
    largest = max((number for _, number in bars), default=0)
    step = plot_width / max(len(bars), 1)
    heights = [plot_height * number / largest if largest else 0 for _, number in bars]
    strokes = "".join(
        f"M{LEFT + step * (i + 0.5):.1f} {base}v{-height:.1f}" for i, height in enumerate(heights) if height
    )
    every = -(-len(bars) // LABELS) or 1
    labels = "".join(
        _text(LEFT + step * (i + 0.5), HEIGHT - 8, label, "middle")
        for i, (label, _) in enumerate(bars)
        if i % every == 0
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" '
        'font-size="12">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
        f"{_text(LEFT, 18, title, 'start')}"
        f"{_text(LEFT - 6, TOP + 5, f'{largest:,}', 'end')}{_text(LEFT - 6, base, '0', 'end')}"
        f'<path d="M{LEFT} {TOP}H{WIDTH - RIGHT}M{LEFT} {base}H{WIDTH - RIGHT}" stroke="#ccc"/>'
        f'<path d="{strokes}" stroke="#4f6bed" stroke-width="{step * 0.8:.1f}"/>{labels}</svg>'
    )


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#333">{escape(text)}</text>'
