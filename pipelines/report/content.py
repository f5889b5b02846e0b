"""What a report says in one language: the figures put into words and pictures, for the page and its Markdown twin."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from markupsafe import Markup

from pipelines.report import charts
from pipelines.report.figures import MOST_RARE, RARE_EVENTS, Figures, Knowledge, PortCountry, PortRank, Vulnerability
from pipelines.report.summary import country_name, is_counted, summary
from pipelines.report.wording import Code, PlainText, Wording

# Countries named in a picture's description.
DESCRIBED = 3


@dataclass(frozen=True)
class KeyFigure:
    """A number at the head of the report, its name, and a note."""

    name: Markup
    value: Markup
    note: Markup


@dataclass(frozen=True)
class Dossier:
    """What is written of one port; `picture` is the name of its course's."""

    row: PortRank
    what: str | None
    why: str | None
    vulnerabilities: Sequence[Vulnerability]
    advice: str
    check: str
    days: Sequence[charts.Day]
    picture: str
    alt: str
    countries: Sequence[PortCountry]


@dataclass(frozen=True)
class Pictures:
    """The drawings of a report in one language, as SVG, and what they show, by name."""

    drawings: Mapping[str, str]
    descriptions: Mapping[str, str]


class Content:
    """A report in one language; `wording` decides whether its texts are HTML or Markdown."""

    def __init__(self, figures: Figures, wording: Wording) -> None:
        self.figures = figures
        self.wording = wording
        self.plain = Wording(wording.code, PlainText)

    def variables(self) -> dict[str, Any]:
        """Return what templates use."""
        figures, wording = self.figures, self.wording
        if not figures.totals.events:
            return self._frame()
        return self._frame() | {
            "key_figures": list(self._key_figures()),
            "summary": summary(figures, wording),
            "timeline": self.timeline,
            "timeline_title": self._timeline_title(),
            "timeline_alt": self.timeline_alt(),
            "map_alt": self.map_alt(),
            "legend": self.legend(),
            "origins": sorted(figures.origins.items(), key=lambda origin: -origin[1]),
            "compared": figures.previous.observed_days > 0,
            "note": self._note(),
            "spark_alt": self._spark_alt,
            "told": self._flaw,
            "dossiers": self.dossiers,
            "visitors_text": self._visitors_text(),
            "visitors_alt": self.visitors_alt(),
            "never_recognised": self._never(is_recognised=True),
            "never_other": self._never(is_recognised=False),
        }

    def name(self, code: str) -> Markup:
        """Return a country's name, a territory's with the state that it belongs to."""
        return country_name(self.figures, self.wording, code)

    @cached_property
    def names(self) -> dict[str, str]:
        """Names of all countries, without markup."""
        return {code: self.plain.country(place) for code, place in self.figures.places.items()}

    @cached_property
    def timeline(self) -> list[charts.Day]:
        """Events of the period, day by day, or by spans of days where days would be too many."""
        return spans(self.figures.daily, self.figures.cells.span_days)

    @cached_property
    def dossiers(self) -> list[Dossier]:
        """What is written of each of the first ports."""
        return [self._dossier(place, port) for place, port in enumerate(self.figures.ports, start=1)]

    def pictures(self) -> Pictures:
        """Draw everything."""
        figures, axis = self.figures, self.plain.texts["forms"]["axis"]
        span_days, code = figures.cells.span_days, self.wording.code
        found = {
            "timeline": charts.course(self.timeline, span_days, axis, charts.TIMELINE),
            "map": charts.world_map(figures.origins, self.names, figures.places, code),
        }
        told = {"timeline": self.timeline_alt(), "map": self.map_alt()}
        for dossier in self.dossiers:
            changes = self._changes(dossier.row.key)
            found[dossier.picture] = charts.course(dossier.days, span_days, axis, changes=changes)
            told[dossier.picture] = dossier.alt
        if figures.visitors:
            rare = [visitor.country for visitor in figures.visitors]
            found["visitors"] = charts.visitor_map(rare, figures.first_visits, self.names, figures.places, code)
            told["visitors"] = self.visitors_alt()
        return Pictures({name: charts.picture(name, chart) for name, chart in found.items()}, told)

    def timeline_alt(self) -> str:
        """Return what the timeline shows."""
        period, plain = self.figures.period, self.plain
        days = {"first": plain.date(period.first), "last": plain.date(period.last)}
        seen = [day for day in self.timeline if day.events]
        if not seen:
            return str(plain.text("explore.timeline_empty", **days))
        busiest = max(seen, key=lambda day: day.events or 0)
        events = plain.count("events", busiest.events or 0)
        return str(plain.text("explore.timeline_alt", **days, busiest=plain.date(busiest.day), events=events))

    def map_alt(self) -> str:
        """Return what the map shows."""
        codes = [country.country for country in self.figures.countries[:DESCRIBED]]
        return str(self.plain.text("explore.map_alt", countries=self._plain_names(codes)))

    def visitors_alt(self) -> str:
        """Return what the map of rare visitors shows."""
        codes = [visitor.country for visitor in self.figures.visitors]
        return str(self.plain.text("visitors.map_alt", countries=self._plain_names(codes)))

    def legend(self) -> list[Markup]:
        """Return what the colours of the map stand for, the lightest first."""
        number = self.wording.number
        limits = [1, *charts.steps(max(self.figures.origins.values(), default=0))]
        ends = [limit - 1 for limit in limits[1:]]
        ranges = [number(low) + "–" + number(high) for low, high in zip(limits, ends, strict=False)]
        return [*ranges, number(limits[-1]) + "+"]

    def _frame(self) -> dict[str, Any]:
        period, wording, events = self.figures.period, self.wording, self.figures.totals.events
        days = {"first": wording.date(period.first), "last": wording.date(period.last)}
        return {
            "w": wording,
            "f": self.figures,
            "name": self.name,
            "names": self.names,
            "title": wording.text("page.title", heading=period.heading),
            "lead": wording.text("page.lead", **days),
            "sections": self._sections() if events else ["summary", "method"],
            "method": list(self._method()),
        }

    def _sections(self) -> list[str]:
        ports, countries = bool(self.figures.ports), bool(self.figures.countries)
        scanned = bool(self.figures.scans or self.figures.tools or self.figures.campaigns)
        there = {
            "scanners": scanned,
            "doors": bool(self.figures.doors),
            "ports": ports,
            "countries": countries,
            "dossiers": ports,
        }
        every = (
            "summary",
            "origins",
            "ports",
            "countries",
            "dossiers",
            "trends",
            "scanners",
            "visitors",
            "doors",
            "method",
        )
        return [section for section in every if there.get(section, True)]

    def _key_figures(self) -> Iterator[KeyFigure]:
        text, number = self.wording.text, self.wording.number
        now, before, period = self.figures.totals, self.figures.previous, self.figures.period
        none: Markup = self.wording.markup("")

        def was(value: int) -> Markup:
            return text("figures.was", n=number(value)) if before.observed_days else none

        change: Markup = none
        if now.events_per_day and before.events_per_day:
            change = text(
                "figures.compared",
                change=self.wording.percent(100 * (now.events_per_day / before.events_per_day - 1)),
                first=self.wording.date(period.previous_first),
                last=self.wording.date(period.previous_last),
            )
        yield KeyFigure(text("figures.events"), number(now.events), change)
        yield KeyFigure(text("figures.sources"), number(now.sources), was(before.sources))
        yield KeyFigure(text("figures.countries"), number(now.countries), was(before.countries))
        yield KeyFigure(text("figures.ports"), number(now.ports), was(before.ports))
        of_days = text("figures.of_days", n=number(now.days))
        yield KeyFigure(text("figures.observed"), number(now.observed_days), of_days)

    def _timeline_title(self) -> Markup:
        span_days = self.figures.cells.span_days
        if span_days == 1:
            return self.wording.text("explore.timeline")
        return self.wording.text("explore.timeline_span", n=self.wording.number(span_days))

    def _note(self) -> Markup:
        if not self.figures.previous.observed_days:
            return self.wording.text("ports.note_alone")
        period = self.figures.period
        first, last = self.wording.date(period.previous_first), self.wording.date(period.previous_last)
        return self.wording.text("ports.note", first=first, last=last)

    def _spark_alt(self, values: Sequence[int | None], name: object) -> str:
        return str(self.plain.text("ports.course_alt", name=str(name), **self._extent(values)))

    def _extent(self, values: Sequence[int | None]) -> dict[str, Markup]:
        seen = [value for value in values if value is not None] or [0]
        return {"least": self.plain.number(min(seen)), "most": self.plain.number(max(seen))}

    def _dossier(self, place: int, port: PortRank) -> Dossier:
        known = self.figures.knowledge.get(port.key)
        days = [
            (day, events) for (day, _), events in zip(self.figures.daily, self.figures.port_days[port.key], strict=True)
        ]
        course = spans(days, self.figures.cells.span_days)
        return Dossier(
            row=port,
            what=self._told(known, "description"),
            why=self._told(known, "attack_reason"),
            vulnerabilities=self.figures.vulnerabilities.get(port.key, ()),
            advice=self._told(known, "advice") or self.wording.text("dossier.advice_unknown"),
            check=known.nmap_command if known else nmap_check(port),
            days=course,
            picture=f"port-{place}",
            alt=self._course_alt(port, course),
            countries=self.figures.port_countries.get(port.key, ()),
        )

    def _flaw(self, vulnerability: Vulnerability) -> str:
        """Return what a vulnerability is, in the language."""
        return vulnerability.description_ja if self.wording.code == "ja" else vulnerability.description

    def _told(self, known: Knowledge | None, name: str) -> str | None:
        """Return what the table of ports says in the language."""
        if known is None:
            return None
        told: str = getattr(known, f"{name}_ja" if self.wording.code == "ja" else name)
        return told

    def _course_alt(self, port: PortRank, course: Sequence[charts.Day]) -> str:
        plain, period = self.plain, self.figures.period
        extent = self._extent([day.events for day in course])
        alt = plain.text(
            "dossier.course_alt",
            name=plain.port(port.key, port.service),
            first=plain.date(period.first),
            last=plain.date(period.last),
            **extent,
        )
        changes = [plain.date(day) for day in self._changes(port.key)]
        return str(alt + plain.text("dossier.course_alt_change", days=plain.join(changes)) if changes else alt)

    def _changes(self, key: str) -> list[date]:
        return sorted(change.day for change in self.figures.port_changes if change.key == key)

    def _visitors_text(self) -> Markup:
        period, wording = self.figures.period, self.wording
        days = {"first": wording.date(period.first), "last": wording.date(period.last)}
        most, number = wording.number(RARE_EVENTS), len(self.figures.visitors)
        if number < MOST_RARE:
            return wording.text("visitors.text", most=most, **days)
        return wording.text("visitors.text_cut", most=most, n=wording.number(number), **days)

    def _never(self, *, is_recognised: bool) -> list[Markup]:
        found = [code for code in self.figures.never_seen if is_counted(self.figures, code) == is_recognised]
        return [self.name(code) for code in sorted(found, key=lambda code: self.names[code])]

    def _method(self) -> Iterator[Markup]:
        wording, lines, totals = self.wording, self.figures.lines, self.figures.totals
        text, number = wording.text, wording.number
        yield text("method.counted", timezone=self.figures.timezone)
        if lines.files:
            yield text(
                "method.lines",
                files=wording.count("files", lines.files),
                lines=wording.count("lines", lines.lines),
                events=number(lines.events),
                ignored=number(lines.ignored),
                rejected=number(lines.rejected),
            )
        if lines.duplicates:
            yield text("method.duplicates", duplicates=number(lines.duplicates))
        yield text(
            "method.coverage",
            observed=wording.count("days", totals.observed_days),
            days=wording.count("days", totals.days),
        )
        yield text("method.origin", unlocated=number(totals.unlocated_events))
        if totals.events and self.figures.previous.events:
            yield text("method.ranks")
        yield text("method.privacy")

    def _plain_names(self, codes: Sequence[str]) -> Markup:
        names = [country_name(self.figures, self.plain, code) for code in codes]
        return self.plain.join(names or [self.plain.text("page.none")])


def nmap_check(port: PortRank) -> str:
    """Return the command that tells whether a port is open, seen from outside."""
    scan = {"udp": "-sU", "sctp": "-sY"}.get(port.protocol or "", "-sT")
    return f"nmap -Pn {scan} -p {port.port} ADDRESS"


def spans(days: Sequence[tuple[date, int | None]], span_days: int) -> list[charts.Day]:
    """Return a daily series by spans of days, added up; a span without a day observed has None."""
    found = []
    for start in range(0, len(days), span_days):
        part = [events for _, events in days[start : start + span_days] if events is not None]
        found.append(charts.Day(days[0][0] + timedelta(days=start), sum(part) if part else None))
    return found


def content_of(figures: Figures, code: Code, markup: type[Any]) -> Content:
    """Return a report in a language, whose texts are of a kind."""
    return Content(figures, Wording(code, markup))
