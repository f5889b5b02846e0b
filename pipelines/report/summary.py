"""The summary: sentences made from the figures, each only where the figures carry it."""

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from pipelines.report.figures import PLACES, CountryChange, CountryRank, Figures, PortChange, PortRank
from pipelines.report.wording import Wording

# How many of a list are named.
NAMED = 3
NAMED_VISITORS = 8
# Two rates that lie no further apart than this many deviations of chance are the same.
CHANCE = 3


def summary(figures: Figures, wording: Wording) -> list[Markup]:
    """Return the summary, a paragraph for each matter."""
    matters = (_volume, _ports, _countries, _trends, _visitors, _coverage)
    found = [wording.sentences(tuple(matter(figures, wording))) for matter in matters]
    return [paragraph for paragraph in found if paragraph]


def country_name(figures: Figures, wording: Wording, code: str) -> Markup:
    """Return a country's name, a territory's with the state that it belongs to."""
    place = figures.places.get(code)
    if place is None:
        return wording.markup.escape(code)
    name = wording.country(place)
    state = figures.places.get(place.sovereign)
    if state is None or state is place:
        return wording.markup.escape(name)
    return wording.text("forms.territory", name=name, sovereign=wording.country(state))


def _volume(figures: Figures, wording: Wording) -> Iterator[Markup]:
    period, now, before = figures.period, figures.totals, figures.previous
    yield wording.text(
        "summary.totals",
        first=wording.date(period.first),
        last=wording.date(period.last),
        events=wording.count("events", now.events),
        sources=wording.count("sources", now.sources),
        countries=wording.count("countries", now.countries),
        per_day=wording.rate(now.events_per_day),
    )
    days = {"first": wording.date(period.previous_first), "last": wording.date(period.previous_last)}
    if before.events_per_day is None or now.events_per_day is None:
        yield wording.text("summary.no_comparison", **days)
        return
    change = 100 * (now.events_per_day / before.events_per_day - 1)
    # Both counts taken for Poisson's: the variance of a rate is its count over the square of its days.
    chance = (now.events / now.observed_days**2 + before.events / before.observed_days**2) ** 0.5
    score = (now.events_per_day - before.events_per_day) / chance
    if abs(score) < CHANCE:
        yield wording.text("summary.change_same", percent=wording.percent(change), **days)
    else:
        name = "summary.change_more" if change > 0 else "summary.change_less"
        yield wording.text(name, percent=wording.percent(change, signed=False), **days)


def _ports(figures: Figures, wording: Wording) -> Iterator[Markup]:
    if not figures.ports:
        return
    named = [_port_with_share(port, wording) for port in figures.ports[:NAMED]]
    yield wording.text("summary.top_ports" if len(named) > 1 else "summary.top_port", ports=wording.join(named))
    dated = {change.key: change for change in figures.port_changes if change.after_per_day > change.before_per_day}
    for port in figures.ports:
        if port.status == "new" and port.is_significant:
            yield wording.text(
                "summary.newcomer",
                port=wording.port(port.key, port.service),
                places=PLACES,
                rank=wording.number(port.rank or 0),
                events=wording.count("events", port.events),
                previous=wording.count("events", port.previous_events),
                since=_since(dated.get(port.key), wording),
            )
    if figures.gone_ports:
        names = [wording.port(port.key, port.service) for port in figures.gone_ports]
        yield wording.text("summary.gone", places=PLACES, names=wording.join(names))


def _countries(figures: Figures, wording: Wording) -> Iterator[Markup]:
    if not figures.countries:
        return
    named = [_country_with_share(figures, country, wording) for country in figures.countries[:NAMED]]
    name = "summary.top_countries" if len(named) > 1 else "summary.top_country"
    yield wording.text(name, countries=wording.join(named))
    dated = {change.key: change for change in figures.country_changes if change.after_per_day > change.before_per_day}
    for country in figures.countries:
        if country.status == "new" and country.is_significant:
            yield wording.text(
                "summary.newcomer_country",
                country=country_name(figures, wording, country.country),
                places=PLACES,
                rank=wording.number(country.rank or 0),
                events=wording.count("events", country.events),
                previous=wording.count("events", country.previous_events),
                since=_since(dated.get(country.key), wording),
            )
    if figures.gone_countries:
        names = [country_name(figures, wording, country.country) for country in figures.gone_countries]
        yield wording.text("summary.gone_countries", places=PLACES, names=wording.join(names))


def _trends(figures: Figures, wording: Wording) -> Iterator[Markup]:
    said = {port.key for port in figures.ports if port.status == "new" and port.is_significant}
    said |= {country.key for country in figures.countries if country.status == "new" and country.is_significant}
    for port in figures.port_changes[:NAMED]:
        if port.key not in said:
            yield _trend(port, wording.port(port.key, port.service), wording)
    for country in figures.country_changes[:NAMED]:
        if country.key not in said:
            yield _trend(country, country_name(figures, wording, country.country), wording)


def _visitors(figures: Figures, wording: Wording) -> Iterator[Markup]:
    if figures.visitors:
        fewest = figures.visitors[0].events
        rarest = [visitor for visitor in figures.visitors if visitor.events == fewest]
        yield wording.text(
            "summary.rarest",
            events=wording.count("events", fewest),
            countries=_named(figures, wording, [visitor.country for visitor in rarest]),
        )
    if figures.first_visits and figures.history_first:
        yield wording.text(
            "summary.first_visits",
            begin=wording.date(figures.history_first),
            countries=_named(figures, wording, figures.first_visits),
        )
    if figures.totals.events:
        never = sum(is_counted(figures, code) for code in figures.never_seen)
        name = {0: "never_seen_none", 1: "never_seen_one"}.get(never, "never_seen")
        last = wording.date(figures.period.last)
        yield wording.text(f"summary.{name}", n=wording.number(never), last=last)


def _coverage(figures: Figures, wording: Wording) -> Iterator[Markup]:
    now, before, lines = figures.totals, figures.previous, figures.lines
    if 0 < now.observed_days < now.days:
        yield wording.text(
            "summary.coverage", observed=wording.number(now.observed_days), days=wording.number(now.days)
        )
    if 0 < before.observed_days < before.days:
        yield wording.text(
            "summary.coverage_before", observed=wording.number(before.observed_days), days=wording.number(before.days)
        )
    if lines.rejected:
        yield wording.text(
            "summary.rejected",
            rejected=wording.number(lines.rejected),
            lines=wording.number(lines.lines),
        )


def is_counted(figures: Figures, code: str) -> bool:
    """Return whether a country is one of the 195 that Japan recognises besides itself."""
    return figures.places[code].recognised_by_japan and code != "JP"


def _named(figures: Figures, wording: Wording, codes: Sequence[str]) -> Markup:
    names: list[object] = [country_name(figures, wording, code) for code in codes[:NAMED_VISITORS]]
    if more := len(codes) - len(names):
        names.append(wording.text("forms.more", n=wording.number(more)))
    return wording.join(names)


def _port_with_share(port: PortRank, wording: Wording) -> Markup:
    name = wording.port(port.key, port.service)
    return wording.text("forms.with_share", name=name, share=wording.share(port.share))


def _country_with_share(figures: Figures, country: CountryRank, wording: Wording) -> Markup:
    name = country_name(figures, wording, country.country)
    return wording.text("forms.with_share", name=name, share=wording.share(country.share))


def _since(change: PortChange | CountryChange | None, wording: Wording) -> Markup:
    return wording.text("summary.since", day=wording.date(change.day)) if change else wording.markup("")


def _trend(change: PortChange | CountryChange, name: Markup, wording: Wording) -> Markup:
    return wording.text(
        "summary.rising" if change.after_per_day > change.before_per_day else "summary.falling",
        name=name,
        day=wording.date(change.day),
        before=wording.rate(change.before_per_day),
        after=wording.rate(change.after_per_day),
        percent=wording.percent(change.change_percent),
    )
