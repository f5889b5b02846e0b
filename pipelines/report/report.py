"""Makes a report: asks, writes, draws, searches for what must not be published, and puts the files in their place."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.catalogue import connect
from pipelines.report.content import Pictures, content_of
from pipelines.report.figures import Figures, ask_figures
from pipelines.report.leaks import refuse_leaks
from pipelines.report.markdown import markdown_page
from pipelines.report.own import own_identifiers
from pipelines.report.page import html_page, page_script
from pipelines.report.palette import in_light
from pipelines.report.period import Period
from pipelines.report.wording import LANGUAGES, Code, HtmlText, MarkdownText
from pipelines.settings import Settings
from pipelines.sole_writer import alone_in
from pipelines.warehouse import Warehouse, replacing


@dataclass(frozen=True)
class Report:
    """A report that has been made.

    Attributes:
        figures: what it says.
        pages: HTML page of each language.
        twins: Markdown file of each language.
        pictures: drawings of each language, SVG by name, whose colours are names (see `palette.py`).
    """

    figures: Figures
    pages: dict[Code, Path]
    twins: dict[Code, Path]
    pictures: dict[Code, Pictures]


def make_report(settings: Settings, period: Period) -> Report:
    """Write the report of a period in every language: HTML, and Markdown with its pictures beside it.

    Raises:
        FileNotFoundError: nothing has been published yet.
        LeakError: a file would name what is the site's own, which the settings do not allow; nothing has been written.
    """
    with connect(settings) as connection:
        figures = ask_figures(connection, period)
        own = own_identifiers(connection, settings)
    folder = Warehouse(settings.warehouse).reports
    pictures = {code: _pictures(figures, code) for code in LANGUAGES}
    written = {path: text for code in LANGUAGES for path, text in _files(figures, code, pictures[code], folder)}
    # The script is the same whatever the logs hold, and half of each page.
    searched = ((str(path.relative_to(folder)), text.replace(page_script(), "")) for path, text in written.items())
    if not settings.own_names:
        refuse_leaks(searched, own)
    with alone_in(folder, "**/.*.tmp"):
        for path, text in written.items():
            with replacing(path) as temporary:
                temporary.write_text(text, encoding="utf-8")
    return Report(
        figures=figures,
        pages={code: folder / f"{period.name}.{code}.html" for code in LANGUAGES},
        twins={code: folder / f"{period.name}.{code}.md" for code in LANGUAGES},
        pictures=pictures,
    )


def _pictures(figures: Figures, code: Code) -> Pictures:
    if not figures.totals.events:
        return Pictures({}, {})
    return content_of(figures, code, HtmlText).pictures()


def _files(figures: Figures, code: Code, pictures: Pictures, folder: Path) -> Iterator[tuple[Path, str]]:
    name = f"{figures.period.name}.{code}"
    yield folder / f"{name}.html", html_page(content_of(figures, code, HtmlText), pictures)
    beside = folder / f"{name}.pictures"
    yield folder / f"{name}.md", markdown_page(content_of(figures, code, MarkdownText), pictures, beside.name)
    for picture, drawing in pictures.drawings.items():
        yield beside / f"{picture}.svg", in_light(drawing)
