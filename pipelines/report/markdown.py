"""The report's Markdown twin: the same sentences and tables, with its pictures in a folder beside it."""

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.report.content import Content, Pictures
from pipelines.report.page import TEMPLATES
from pipelines.report.wording import MarkdownText


def markdown_page(content: Content, pictures: Pictures, folder: str) -> str:
    """Return the document; `content` speaks Markdown, and `folder` is where the pictures lie, seen from it."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=False,  # noqa: S701 - this is no HTML: MarkdownText escapes what is put in
        undefined=StrictUndefined,
        finalize=MarkdownText.escape,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def picture(name: str) -> MarkdownText:
        return MarkdownText("![{}]({}/{}.svg)").format(
            pictures.descriptions[name], MarkdownText(folder), MarkdownText(name)
        )

    return environment.get_template("report.md.j2").render(**content.variables(), picture=picture)
