"""What figures and texts look like in a language: sentences, numbers, dates and lists, for HTML or Markdown."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal, format_percent
from markupsafe import Markup

from pipelines.report.figures import Country

TEXTS = Path(__file__).parent / "texts"
Code = Literal["en", "ja"]
LANGUAGES: tuple[Code, ...] = ("en", "ja")

# Below this a rate is shown with a digit after the point.
SMALL_RATE = 10
# From this share of change on the digits after the point say nothing.
LARGE_PERCENT = 10

_MARKDOWN = re.compile(r"[\\`*_{}\[\]<>|~#&@!]|(?<=:)/|(?<=[wW]{3})\.")


class MarkdownText(Markup):
    """Text that is Markdown; what is put into it is escaped, so that it is neither Markdown nor HTML."""

    @classmethod
    def escape(cls, s: Any, /) -> "MarkdownText":  # noqa: ANN401 - as Markup declares it
        """Return `s` so that it is read as plain text wherever it stands, unless it is Markdown already."""
        if isinstance(s, cls):
            return s
        return cls(_MARKDOWN.sub(lambda found: f"&#{ord(found[0])};", str(s)))


class HtmlText(Markup):
    """Text that is HTML; what is put into it is escaped."""

    @classmethod
    def escape(cls, s: Any, /) -> "HtmlText":  # noqa: ANN401 - as Markup declares it
        """Return `s` so that it is read as plain text, unless it is HTML already."""
        return cls(s) if isinstance(s, Markup) else cls(Markup.escape(s))


class PlainText(Markup):
    """Text without markup, for attributes and data, where whoever uses it escapes it as the place needs."""

    @classmethod
    def escape(cls, s: Any, /) -> "PlainText":  # noqa: ANN401 - as Markup declares it
        """Return `s` as it is."""
        return s if isinstance(s, cls) else cls(str(s))


@dataclass(frozen=True)
class Wording:
    """A language in one kind of document.

    Attributes:
        code: 'en' or 'ja'.
        markup: kind of text that is made: `HtmlText`, `MarkdownText` or `PlainText`.
    """

    code: Code
    markup: type[HtmlText | MarkdownText | PlainText]

    @cached_property
    def texts(self) -> dict[str, dict[str, Any]]:
        """All texts, by section and name."""
        return tomllib.loads((TEXTS / f"{self.code}.toml").read_text(encoding="utf-8"))

    def text(self, name: str, /, **values: object) -> Markup:
        """Return the text 'section.name', filled in."""
        section, _, key = name.partition(".")
        return self.markup(self.texts[section][key]).format(**values)

    def count(self, unit: str, number: int) -> Markup:
        """Return a number with its unit: '1 event', '2 events'."""
        one, many = self.texts["units"][unit]
        return self.markup(one if number == 1 else many).format(n=self.number(number))

    def number(self, number: float) -> Markup:
        """Return a whole number with its thousands parted."""
        return self._data(number, format_decimal(number, format="#,##0", locale=self._locale))

    def rate(self, number: float | None) -> Markup:
        """Return events per day, small rates to a tenth."""
        if number is None:
            return self.text("page.not_compared")
        digits = "#,##0.0" if number < SMALL_RATE else "#,##0"
        return self._data(number, format_decimal(number, format=digits, locale=self._locale))

    def share(self, share: float | None) -> Markup:
        """Return a part of one as per cent, to a tenth."""
        return self._data(share or 0, format_percent(share or 0, format="#,##0.0%", locale=self._locale))

    def percent(self, percent: float | None, *, signed: bool = True) -> Markup:
        """Return a change in per cent: '+3.2%', '−72%'; for no change that has a number, a dash."""
        if percent is None:
            return self.markup("–")
        digits = "#,##0.0%" if abs(percent) < LARGE_PERCENT else "#,##0%"
        amount = format_percent(abs(percent) / 100, format=digits, locale=self._locale)
        sign = "" if not signed else "−" if percent < 0 else "+"
        return self._data(percent, f"{sign}{amount}")

    def date(self, day: date) -> Markup:
        """Return a day in full."""
        return self._time(day.isoformat(), format_date(day, self.texts["forms"]["date"], locale=self._locale))

    def stamp(self, stamp: datetime) -> Markup:
        """Return a stamp to the minute."""
        written = format_datetime(stamp, self.texts["forms"]["stamp"], locale=self._locale)
        return self._time(stamp.isoformat(timespec="minutes"), written)

    def join(self, parts: Sequence[object]) -> Markup:
        """Return a list of things as a sentence has it."""
        *most, last = [self.markup.escape(part) for part in parts]
        comma, before_last = (self.markup(self.texts["forms"][name]) for name in ("list_comma", "list_last"))
        return comma.join(most) + before_last + last if most else last

    def sentences(self, parts: Sequence[Markup]) -> Markup:
        """Return sentences in a row."""
        return self.markup(self.texts["forms"]["sentence_end"]).join(parts)

    def port(self, key: str, service: str | None) -> Markup:
        """Return a port with the name of its service."""
        return self.text("forms.port", port=key, service=service) if service else self.markup.escape(key)

    def country(self, country: Country) -> str:
        """Return the name of a country or territory."""
        return country.country_name_ja if self.code == "ja" else country.country_name

    @property
    def _locale(self) -> str:
        return str(self.texts["forms"]["locale"])

    def _data(self, value: float, text: str) -> Markup:
        if self.markup is not HtmlText:
            return self.markup(text)
        return self.markup('<data value="{}">{}</data>').format(f"{value:.10g}", text)

    def _time(self, value: str, text: str) -> Markup:
        if self.markup is not HtmlText:
            return self.markup(text)
        return self.markup('<time datetime="{}">{}</time>').format(value, text)
