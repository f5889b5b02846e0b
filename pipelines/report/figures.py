"""Every figure of a report, asked of the catalogue once; what is written, drawn and embedded comes from here alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from ipaddress import ip_network
from typing import Any, TypeVar

import duckdb

from pipelines.report.period import Period

# How many places the tables show; a port or country beyond was not in the last report's list either.
PLACES = 10
# Places in the tables of changes and newcomers.
MOST_CHANGES = 12
# A country is a rare visitor up to this many events in the period.
RARE_EVENTS = 10
MOST_RARE = 30
# Counts carried in the page to be filtered there: with 11 ports and 250 places at most 3 MB.
MOST_SPANS = 100
_SPAN_DAYS = (1, 7, 28, 91, 364)
# Longest text out of a log that is shown.
LONGEST = 80

Row = TypeVar("Row")


@dataclass(frozen=True)
class Totals:
    """A period's sums; `events_per_day` is of the days observed, None without any."""

    days: int
    observed_days: int
    events: int
    sources: int
    countries: int
    unlocated_events: int
    ports: int
    events_per_day: float | None


@dataclass(frozen=True)
class PortRank:
    """A destination port's place, against the period before; `rank` is None for one that was not tried again."""

    rank: int | None
    previous_rank: int | None
    status: str | None
    port: int
    protocol: str | None
    service: str | None
    events: int
    previous_events: int
    sources: int
    events_per_day: float | None
    previous_events_per_day: float | None
    change_percent: float | None
    share: float | None
    is_significant: bool | None

    @property
    def key(self) -> str:
        """Port and protocol as '445/tcp'."""
        return port_key(self.port, self.protocol)


@dataclass(frozen=True)
class CountryRank:
    """A country's place, against the period before; `rank` is None for one that did not come again."""

    rank: int | None
    previous_rank: int | None
    status: str | None
    country: str
    events: int
    previous_events: int
    sources: int
    events_per_day: float | None
    previous_events_per_day: float | None
    change_percent: float | None
    share: float | None
    is_significant: bool | None

    @property
    def key(self) -> str:
        """ISO 3166-1 code."""
        return self.country


@dataclass(frozen=True)
class PortChange:
    """A day since which a port is tried more or less than before, events per day."""

    port: int
    protocol: str | None
    service: str | None
    day: date
    before_per_day: float
    after_per_day: float
    change_percent: float | None

    @property
    def key(self) -> str:
        """Port and protocol as '445/tcp'."""
        return port_key(self.port, self.protocol)


@dataclass(frozen=True)
class CountryChange:
    """A day since which more or less comes from a country than before, events per day."""

    country: str
    day: date
    before_per_day: float
    after_per_day: float
    change_percent: float | None

    @property
    def key(self) -> str:
        """ISO 3166-1 code."""
        return self.country


@dataclass(frozen=True)
class PortCountry:
    """A country's part of the events at a port."""

    port: int
    protocol: str | None
    country: str
    events: int
    share: float


@dataclass(frozen=True)
class Newcomer:
    """A port that was tried on no day before the period."""

    port: int
    protocol: str | None
    service: str | None
    events: int
    sources: int
    first_day: date

    @property
    def key(self) -> str:
        """Port and protocol as '445/tcp'."""
        return port_key(self.port, self.protocol)


@dataclass(frozen=True)
class Visitor:
    """A country of the period, rare ones first; stamps are UTC."""

    country: str
    events: int
    sources: int
    first_seen: datetime
    last_seen: datetime
    main_ports: Sequence[str]


@dataclass(frozen=True)
class Country:
    """A country or territory: names, a point inside, and whose it is."""

    country: str
    country_name: str
    country_name_ja: str
    latitude: float
    longitude: float
    recognised_by_japan: bool
    sovereign: str


@dataclass(frozen=True)
class Scan:
    """A source that scanned; what is shown of it is its network."""

    source_ip: str
    kind: str
    ports: int
    events: int
    days: int

    @property
    def network(self) -> str:
        """The network of 256 IPv4 addresses, or the /48 of IPv6, that the source is in."""
        prefix = 48 if ":" in self.source_ip else 24
        return str(ip_network(f"{self.source_ip}/{prefix}", strict=False))


@dataclass(frozen=True)
class Tool:
    """A tool or botnet whose mark packets bear."""

    tool: str
    sources: int
    events: int
    share: float


@dataclass(frozen=True)
class Campaign:
    """Sources with the same ports and habits on the same days."""

    port_set: str
    sources: int
    events: int
    days: int


@dataclass(frozen=True)
class Door:
    """A port that is open here and was tried; the host stays unnamed."""

    port: int
    protocol: str
    service: str | None
    events: int
    sources: int

    @property
    def key(self) -> str:
        """Port and protocol as '445/tcp'."""
        return port_key(self.port, self.protocol)


@dataclass(frozen=True)
class Lines:
    """What became of the log lines of a period."""

    files: int
    lines: int
    events: int
    ignored: int
    rejected: int
    duplicates: int


@dataclass(frozen=True)
class Knowledge:
    """What is known of a port, as the reference table says, in English and Japanese."""

    port: int
    protocol: str
    description: str
    description_ja: str
    attack_reason: str
    attack_reason_ja: str
    advice: str
    advice_ja: str
    nmap_command: str


@dataclass(frozen=True)
class Vulnerability:
    """A known flaw that a port is attacked for, in English and Japanese, and where it is described."""

    cve: str
    description: str
    description_ja: str
    source: str


@dataclass(frozen=True)
class Cells:
    """Events by span of days, port and country, for filtering in the page.

    Attributes:
        span_days: days of a span; the last one may be shorter.
        ports: the main ports as '445/tcp'; their place in a row is their number from 0, any other port's is -1.
        countries: codes; a row has their number from 0, -1 stands for unknown.
        rows: span, port, country, events.
    """

    span_days: int
    ports: tuple[str, ...]
    countries: tuple[str, ...]
    rows: tuple[tuple[int, int, int, int], ...]


@dataclass(frozen=True)
class Figures:
    """All figures of a report."""

    period: Period
    timezone: str
    totals: Totals
    previous: Totals
    history_first: date | None
    lines: Lines
    daily: tuple[tuple[date, int | None], ...]
    ports: tuple[PortRank, ...]
    gone_ports: tuple[PortRank, ...]
    countries: tuple[CountryRank, ...]
    gone_countries: tuple[CountryRank, ...]
    port_days: Mapping[str, tuple[int | None, ...]]
    country_days: Mapping[str, tuple[int | None, ...]]
    port_countries: Mapping[str, tuple[PortCountry, ...]]
    port_changes: tuple[PortChange, ...]
    country_changes: tuple[CountryChange, ...]
    newcomers: tuple[Newcomer, ...]
    newcomers_number: int
    scans: tuple[Scan, ...]
    tools: tuple[Tool, ...]
    campaigns: tuple[Campaign, ...]
    doors: tuple[Door, ...]
    origins: Mapping[str, int]
    visitors: tuple[Visitor, ...]
    first_visits: tuple[str, ...]
    never_seen: tuple[str, ...]
    places: Mapping[str, Country]
    knowledge: Mapping[str, Knowledge]
    vulnerabilities: Mapping[str, tuple[Vulnerability, ...]]
    cells: Cells


def port_key(port: int, protocol: str | None) -> str:
    """Return a port as it is written: '445/tcp'."""
    return shown(f"{port}/{protocol}") if protocol else str(port)


def shown(value: Any) -> Any:  # noqa: ANN401 - whatever a column holds
    """Return a value out of the catalogue as one can show it; text was maybe written by an attacker.

    Text is cut, stays on one line, and spells out what steers terminals and reading direction.
    """
    if isinstance(value, list):
        return [shown(item) for item in value]
    if not isinstance(value, str):
        return value
    cut = value if len(value) <= LONGEST else f"{value[:LONGEST]}…"
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in cut)


def ask_figures(connection: duckdb.DuckDBPyConnection, period: Period) -> Figures:
    """Ask the catalogue for all figures of a period."""
    asked = _Asked(connection, period)
    ports = asked.ranks(PortRank, "port_ranks_between")
    countries = asked.ranks(CountryRank, "country_ranks_between")
    top_ports = [port for port in ports if port.rank is not None][:PLACES]
    top_countries = [country for country in countries if country.rank is not None][:PLACES]
    visitors = asked.rows(Visitor, "rare_visitors_between")
    newcomers = asked.rows(Newcomer, "port_newcomers_between")
    earlier, ever = asked.seen_before(period.first), asked.seen_up_to(period.last)
    places = {place.country: place for place in _rows(Country, connection.table("countries"))}
    return Figures(
        period=period,
        timezone=asked.one("select site_timezone()"),
        totals=asked.rows(Totals, "period_totals_between")[0],
        previous=asked.rows(Totals, "period_totals_between", before=True)[0],
        history_first=asked.one("select min(day) from observed_between('-infinity', 'infinity')"),
        lines=asked.lines(),
        daily=tuple(asked.relation("daily_events_between").project("day, events").fetchall()),
        ports=tuple(top_ports),
        gone_ports=tuple(_gone(ports, top_ports)),
        countries=tuple(top_countries),
        gone_countries=tuple(_gone(countries, top_countries)),
        port_days=asked.port_days(),
        country_days=asked.country_days([country.country for country in top_countries]),
        port_countries=asked.port_countries({port.key for port in top_ports}),
        port_changes=tuple(asked.rows(PortChange, "port_changes_between"))[:MOST_CHANGES],
        country_changes=tuple(asked.rows(CountryChange, "country_changes_between"))[:MOST_CHANGES],
        newcomers=tuple(newcomers[:PLACES]) if earlier else (),
        newcomers_number=len(newcomers) if earlier else 0,
        scans=tuple(asked.rows(Scan, "scans_between"))[:PLACES],
        tools=tuple(asked.rows(Tool, "scan_tools_between"))[:PLACES],
        campaigns=tuple(asked.rows(Campaign, "campaigns_between"))[:PLACES],
        doors=tuple(asked.rows(Door, "exposed_and_attacked_between"))[:PLACES],
        origins={visitor.country: visitor.events for visitor in visitors},
        visitors=tuple(visitor for visitor in visitors if visitor.events <= RARE_EVENTS)[:MOST_RARE],
        first_visits=tuple(v.country for v in visitors if v.country not in earlier) if earlier else (),
        never_seen=tuple(sorted(set(places) - ever)),
        places=places,
        knowledge=asked.knowledge({port.key for port in top_ports}),
        vulnerabilities=asked.vulnerabilities({port.key for port in top_ports}),
        cells=asked.cells(),
    )


def _gone(ranked: Sequence[Row], top: Sequence[Row]) -> list[Row]:
    """Return what was among the first places in the period before and is not now."""
    return [row for row in ranked if (row.previous_rank or PLACES + 1) <= PLACES and row not in top]  # type: ignore[attr-defined]


def _rows(kind: type[Row], relation: duckdb.DuckDBPyRelation) -> list[Row]:
    """Return the rows of a relation as dataclasses, whose fields are columns of it."""
    names = ", ".join(field.name for field in fields(kind))  # type: ignore[arg-type]
    return [kind(*map(shown, row)) for row in relation.project(names).fetchall()]


class _Asked:
    """A catalogue, asked about a period."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, period: Period) -> None:
        self.connection = connection
        self.period = period
        self.days = [period.first, period.last]
        self.days_before = [period.previous_first, period.previous_last]

    def one(self, query: str, *parameters: object) -> Any:  # noqa: ANN401 - a value of whatever type is asked for
        [(value,)] = self.connection.execute(query, list(parameters)).fetchall()
        return value

    def relation(self, macro: str, *parameters: object, before: bool = False) -> duckdb.DuckDBPyRelation:
        days = self.days_before if before else self.days
        return self.connection.table_function(macro, [*days, *parameters])

    def rows(self, kind: type[Row], macro: str, *, before: bool = False) -> list[Row]:
        return _rows(kind, self.relation(macro, before=before))

    def ranks(self, kind: type[Row], macro: str) -> list[Row]:
        ranked = self.relation(macro, *self.days_before)
        return _rows(kind, ranked.filter(f"least(rank, previous_rank) <= {PLACES}"))

    def lines(self) -> Lines:
        query = (
            "select count(distinct file), coalesce(sum(lines), 0)::bigint, coalesce(sum(events), 0)::bigint,"
            " coalesce(sum(ignored), 0)::bigint, coalesce(sum(rejected), 0)::bigint,"
            " coalesce(sum(duplicates), 0)::bigint from loads where day between ? and ?"
        )
        [row] = self.connection.execute(query, self.days).fetchall()
        return Lines(*row)

    def port_days(self) -> dict[str, tuple[int | None, ...]]:
        return self._series("port_days_between", "concat_ws('/', port, protocol)")

    def country_days(self, countries: Sequence[str]) -> dict[str, tuple[int | None, ...]]:
        series = self._series("country_days_between", "country")
        return {country: series[country] for country in countries}

    def _series(self, macro: str, key: str) -> dict[str, tuple[int | None, ...]]:
        found = self.relation(macro).project(f"{key} as key, day, events")
        rows = found.aggregate("key, list(events order by day)", "key").fetchall()
        return {shown(key): tuple(events) for key, events in rows}

    def port_countries(self, keys: set[str]) -> dict[str, tuple[PortCountry, ...]]:
        found: dict[str, list[PortCountry]] = {}
        for row in self.rows(PortCountry, "port_countries_between"):
            key = port_key(row.port, row.protocol)
            if key in keys:
                found.setdefault(key, []).append(row)
        return {key: tuple(rows) for key, rows in found.items()}

    def seen_before(self, day: date) -> set[str]:
        query = "select country from top_countries_between('-infinity', ?::date - 1)"
        return {country for (country,) in self.connection.execute(query, [day]).fetchall()}

    def seen_up_to(self, day: date) -> set[str]:
        query = "select country from top_countries_between('-infinity', ?)"
        return {country for (country,) in self.connection.execute(query, [day]).fetchall()}

    def knowledge(self, keys: set[str]) -> dict[str, Knowledge]:
        # These texts are the project's own: they are not cut.
        names = ", ".join(field.name for field in fields(Knowledge))
        found = self.connection.table("ports").project(names).fetchall()
        return {key: Knowledge(*row) for row in found if (key := port_key(row[0], row[1])) in keys}

    def vulnerabilities(self, keys: set[str]) -> dict[str, tuple[Vulnerability, ...]]:
        names = ", ".join(field.name for field in fields(Vulnerability))
        relation = self.connection.table("vulnerabilities").order("year, cve")
        found: dict[str, tuple[Vulnerability, ...]] = {}
        for port, protocol, *row in relation.project(f"port, protocol, {names}").fetchall():
            key = port_key(port, protocol)
            if key in keys:
                found[key] = (*found.get(key, ()), Vulnerability(*row))
        return found

    def cells(self) -> Cells:
        span_days = next((days for days in _SPAN_DAYS if self.period.days <= days * MOST_SPANS), self.period.days)
        rows = self.relation("port_country_spans_between", span_days, PLACES).fetchall()
        countries = tuple(sorted({country for _, _, country, _ in rows if country}))
        number: dict[str | None, int] = {country: place for place, country in enumerate(countries)} | {None: -1}
        ports = self.relation("top_ports_between").project("port, protocol").limit(PLACES).fetchall()
        return Cells(
            span_days=span_days,
            ports=tuple(port_key(port, protocol) for port, protocol in ports),
            countries=countries,
            rows=tuple((span, (place or 0) - 1, number[country], events) for span, place, country, events in rows),
        )
