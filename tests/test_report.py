"""The report: every number is the catalogue's, the sample's story is told, hostile text stays text, nothing leaks."""

import base64
import hashlib
import html
import json
import re
import string
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from pipelines.catalogue import publish
from pipelines.port_scans import store_port_scans
from pipelines.report.figures import RARE_EVENTS
from pipelines.report.leaks import LeakError
from pipelines.report.period import Period, named_period, period_of_days
from pipelines.report.report import Report, make_report
from pipelines.report.sparkline import sparkline
from pipelines.report.wording import LANGUAGES, TEXTS, Code
from pipelines.roll_up import roll_up
from pipelines.settings import Settings
from tests.partitions import Row, event, load, settings_for, write_partition
from tests.story import Story

PERIOD = named_period("2020-Q2")
OUTSIDE = ("https://db-ip.com", "https://nvd.nist.gov/vuln/detail/CVE-")
DAYS = (PERIOD.first, PERIOD.last)
BEFORE = (PERIOD.previous_first, PERIOD.previous_last)
MEGABYTE = 1_000_000
VOID = {"meta", "link", "br", "input", "img"}


@dataclass
class Element:
    """An element of a page."""

    tag: str
    attributes: Mapping[str, str]
    children: list["Element | str"] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    def all(self, tag: str) -> Iterator["Element"]:
        for child in self.children:
            if isinstance(child, Element):
                if child.tag == tag:
                    yield child
                yield from child.all(tag)

    def one(self, tag: str, **attributes: str) -> "Element":
        [found] = [each for each in self.all(tag) if attributes.items() <= each.attributes.items()]
        return found

    def numbers(self) -> list[float]:
        return [float(data.attributes["value"]) for data in self.all("data")]


class Page(HTMLParser):
    """A page as a tree."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.root = Element("page", {})
        self.open = [self.root]
        self.feed(text)
        assert self.open == [self.root], "an element is not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


@dataclass(frozen=True)
class Made:
    """The sample's report, with its pages read."""

    report: Report
    pages: Mapping[Code, Element]

    def data(self, code: Code) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.pages[code].one("script", id="report-data").text)
        return found


@pytest.fixture(scope="module")
def made(story: Story) -> Made:
    report = make_report(story.settings, PERIOD)
    return Made(report, {code: Page(path.read_text(encoding="utf-8")).root for code, path in report.pages.items()})


def rows(page: Element, table: str) -> list[Element]:
    return list(page.one("table", id=table).one("tbody").all("tr"))


def close(found: list[float], expected: list[Any]) -> bool:
    return found == pytest.approx([float(value) for value in expected if value is not None], rel=1e-6)


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("kind", ["port", "country"])
def test_ranks_are_those_of_the_macro(story: Story, made: Made, code: Code, kind: str) -> None:
    found = rows(made.pages[code], f"{kind}-ranks")
    query = (
        "select rank, case when status <> 'new' then previous_rank end, events, share, sources, change_percent"
        " from {}_ranks_between(?, ?, ?, ?) where rank <= 10 order by rank"
    )
    expected = story.ask(query.format(kind), *DAYS, *BEFORE)
    assert len(found) == len(expected) == 10
    for row, (rank, before, events, share, sources, change) in zip(found, expected, strict=True):
        assert close(row.numbers(), [rank, before, events, share, sources, change]), row.text


@pytest.mark.parametrize("code", LANGUAGES)
def test_changes_newcomers_and_visitors_are_those_of_the_macros(story: Story, made: Made, code: Code) -> None:
    page = made.pages[code]
    changes = "select day, before_per_day, after_per_day, change_percent from {}_changes_between(?, ?)"
    expected = [row for kind in ("port", "country") for row in story.ask(changes.format(kind), *DAYS)]
    for row, (day, *rates) in zip(rows(page, "changes"), expected, strict=True):
        assert row.one("time").attributes["datetime"] == day.isoformat()
        assert close(row.numbers(), rates)
    newcomers = story.ask("select events, sources from port_newcomers_between(?, ?) limit 10", *DAYS)
    assert [tuple(row.numbers()) for row in rows(page, "newcomers")] == newcomers
    query = "select events, sources, main_ports from rare_visitors_between(?, ?) where events <= ?"
    for row, (events, sources, ports) in zip(rows(page, "rare"), story.ask(query, *DAYS, RARE_EVENTS), strict=True):
        assert row.numbers() == [events, sources]
        assert row.text.endswith(", ".join(ports))


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_days_and_the_countries_behind_the_charts(story: Story, made: Made, code: Code) -> None:
    origins = made.pages[code].one("section", id="origins")
    by_day = story.ask("select events from daily_events_between(?, ?)", *DAYS)
    by_country = story.ask("select events from top_countries_between(?, ?)", *DAYS)
    tables = [table.one("tbody") for table in origins.all("table")]
    assert [(n,) for n in tables[0].numbers()] == by_day
    assert [(n,) for n in origins.one("tbody", id="all-countries").numbers()] == by_country


def test_what_is_filtered_in_the_page_adds_up_to_what_the_catalogue_says(story: Story, made: Made) -> None:
    data = made.data("en")
    cells = list(zip(*[iter(data["cells"])] * 4, strict=True))
    days, ports, countries = (defaultdict[int, int](int) for _ in range(3))
    for day, port, country, events in cells:
        days[day] += events
        ports[port] += events
        countries[country] += events
    assert list(days.values()) == [n for (n,) in story.ask("select events from daily_events_between(?, ?)", *DAYS)]
    for port, protocol, events in story.ask(
        "select port, protocol, events from top_ports_between(?, ?) limit 10", *DAYS
    ):
        assert ports[data["ports"].index(f"{port}/{protocol}")] == events
    for country, events in story.ask("select country, events from top_countries_between(?, ?)", *DAYS):
        assert countries[data["countries"].index(country)] == events


@pytest.mark.parametrize("code", LANGUAGES)
def test_dossiers_link_what_is_known_against_a_port(story: Story, made: Made, code: Code) -> None:
    dossiers = list(made.pages[code].one("section", id="dossiers").all("article"))
    ports = story.ask("select port, protocol from top_ports_between(?, ?) limit 10", *DAYS)
    assert len(dossiers) == len(ports)
    column = "description_ja" if code == "ja" else "description"
    query = f"select source, cve, {column} from vulnerabilities where port = ? and protocol = ? order by year, cve"  # noqa: S608
    linked = 0
    for dossier, port in zip(dossiers, ports, strict=True):
        expected = story.ask(query, *port)
        links = list(dossier.all("a"))
        assert [(link.attributes["href"], link.text) for link in links] == [row[:2] for row in expected]
        assert all(description in dossier.text for _, _, description in expected)
        linked += len(links)
    assert linked > 3
    # Where a link leads to, too, Markdown reads character references.
    markdown = html.unescape(made.report.twins[code].read_text(encoding="utf-8"))
    assert markdown.count("](https://nvd.nist.gov/vuln/detail/CVE-") == linked


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_number_is_shown_as_it_is(made: Made, code: Code) -> None:
    shown = [data for data in made.pages[code].one("main").all("data") if data.text]
    assert len(shown) > 1000
    for data in shown:
        value = float(data.attributes["value"])
        text = data.text.replace(",", "").replace("−", "-")
        if text.endswith("%"):
            number = float(text.rstrip("%"))
            assert any(abs(number - of) <= 0.5 for of in (value, 100 * value, abs(value))), data.text
        else:
            assert abs(float(text) - value) <= 0.5, data.text


def test_the_summary_tells_the_story(story: Story, made: Made) -> None:
    english = made.pages["en"].one("section", id="summary").text
    japanese = made.pages["ja"].one("section", id="summary").text
    [(events,)] = story.ask("select count(*) from events where day between ? and ?", *DAYS)
    for text in (english, japanese):
        assert f"{events:,}" in text
    assert re.search(r"5060/udp \(sip\) is new among the first 10: at rank 5 with 4,498 events", english)
    assert re.search(r"53413/udp \(netis-backdoor\) has been falling since (30|31) May|[1-3] June 2020", english)
    assert "Anguilla (United Kingdom)" in english
    assert re.search(r"5060/udp（sip）は前期の圏外から5位となり、新たに上位10位に入りました", japanese)
    assert re.search(r"53413/udp（netis-backdoor）は2020年(5月3[01]|6月[1-3])日から減少しています", japanese)
    assert "アンギラ（英国）" in japanese


def test_seen_and_never_seen_are_all(story: Story, made: Made) -> None:
    figures = made.report.figures
    [(everywhere,)] = story.ask("select count(*) from countries")
    [(ever,)] = story.ask("select count(*) from top_countries_between('-infinity', ?)", PERIOD.last)
    assert len(figures.never_seen) + ever == everywhere
    assert "AI" in figures.first_visits
    never = [each.text for each in made.pages["en"].one("ul", id="never").all("li")]
    [(expected,)] = story.ask(
        "select count(*) from countries where recognised_by_japan and country <> 'JP'"
        " and country not in (select country from top_countries_between('-infinity', ?))",
        PERIOD.last,
    )
    assert len(never) == expected


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_page_holds_all_that_it_needs_and_allows_nothing_else(made: Made, code: Code) -> None:
    page = made.pages[code]
    text = made.report.pages[code].read_text(encoding="utf-8")
    assert len(text.encode()) < 5 * MEGABYTE
    policy = next(meta for meta in page.all("meta") if "http-equiv" in meta.attributes).attributes["content"]
    scripts = [each for each in page.all("script") if each.attributes["type"] == "module"]
    for kind, [element] in (("script", scripts), ("style", list(page.all("style")))):
        digest = base64.b64encode(hashlib.sha256(element.text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    for element in page.one("body").all("a"):
        assert element.attributes["href"].startswith("#") or element.attributes["href"].startswith(OUTSIDE)
    markup = re.sub(r"<(script|style)[ >].*?</\1>", "", text, flags=re.DOTALL)
    assert not re.search(r"\s(on\w+|style|src|srcset)=", markup)
    pictures = [each for each in page.all("svg") if each.attributes.get("aria-hidden") != "true"]
    described = [each for each in page.all("div") if each.attributes.get("role") == "img"]
    assert all(each.attributes["aria-label"] for each in described)
    sparks = [each for each in pictures if "spark" in each.attributes.get("class", "")]
    assert len(described) == len(pictures) - len(sparks)
    assert all(each.attributes["aria-label"] for each in sparks)


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_markdown_has_the_same_summary_and_its_pictures_beside_it(made: Made, code: Code) -> None:
    path = made.report.twins[code]
    text = path.read_text(encoding="utf-8")
    for paragraph in made.pages[code].one("section", id="summary").all("li"):
        assert f"- {paragraph.text}" in text
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", text)
    assert len(pictures) == 13
    for picture in pictures:
        drawing = (path.parent / picture).read_text(encoding="utf-8")
        assert drawing.startswith("<svg")
        assert "var(" not in drawing


def fields_of(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_say_the_same_things() -> None:
    english, japanese = (tomllib.loads((TEXTS / f"{code}.toml").read_text(encoding="utf-8")) for code in LANGUAGES)
    assert {section: texts.keys() for section, texts in english.items()} == {
        section: texts.keys() for section, texts in japanese.items()
    }
    for section, texts in english.items():
        for name, text in texts.items():
            other = japanese[section][name]
            if isinstance(text, str):
                assert fields_of(text) == fields_of(other), (section, name)


def test_the_site_is_not_named(story: Story, made: Made) -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in made.report.pages.values())
    for own in ("198.51.100.7", "2001:db8:5::7", "192.168.100.1", "eth0", "UFW BLOCK", "02:00:5e:10"):
        assert own not in text
    [(sources,)] = story.ask("select list(distinct source_ip) from events where source_ip is not null")
    assert not set(re.findall(r"\b\d{1,3}(?:\.\d{1,3}){3}\b(?!/24)", text)) & set(sources)


def warehouse_of(folder: Path, days: Mapping[str, list[Row]]) -> Settings:
    """Return a warehouse with these events, published."""
    settings = settings_for(folder)
    for day, events in days.items():
        write_partition(folder, "events", day, events)
        write_partition(folder, "loads", day, [load(len(events))])
    roll_up(settings)
    publish(settings)
    return settings


def seen(observed_at: str, **values: object) -> Row:
    known = {"source_ip": "1.0.1.1", "source_country": "CN", "destination_ip": "198.51.100.7", "direction": "inbound"}
    port = {"destination_port": 445, "protocol": "tcp", "service": "smb", "source_scope": "public"}
    return event(observed_at, 1, **known | port | values)


def summary_of(report: Report, code: Code) -> str:
    return Page(report.pages[code].read_text(encoding="utf-8")).root.one("section", id="summary").text


def test_an_empty_quarter_says_so(tmp_path: Path) -> None:
    report = make_report(warehouse_of(tmp_path, {}), PERIOD)
    assert "No event was logged from 1 April 2020 to 30 June 2020" in summary_of(report, "en")
    assert "観測したパケットはありません" in summary_of(report, "ja")
    page = Page(report.pages["en"].read_text(encoding="utf-8")).root
    assert not list(page.all("script"))
    assert {section.attributes["id"] for section in page.all("section")} == {"summary", "method"}


def test_what_a_killed_report_left_is_removed(tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    left = [reports / ".2020-Q1.en.html.77.tmp", reports / "2020-Q1.en.pictures" / ".map.svg.77.tmp"]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("<", encoding="utf-8")
    make_report(warehouse_of(tmp_path, {}), PERIOD)
    assert not [path for path in left if path.exists()]


def test_one_event_is_no_trend(tmp_path: Path) -> None:
    report = make_report(warehouse_of(tmp_path, {"2020-05-17": [seen("2020-05-17 12:00:00")]}), PERIOD)
    text = summary_of(report, "en")
    assert "the firewall logged 1 event from 1 source address in 1 country or territory" in text
    assert "compares with no period before" in text
    assert "Only 1 of 91 days were observed" in text
    assert not re.search(r"rising|falling|is new among|first time", text)


def test_three_days_of_a_quarter_are_rated_by_the_day(tmp_path: Path) -> None:
    before = {f"2020-01-{day:02}": [seen(f"2020-01-{day:02} 01:00:00")] * 40 for day in range(1, 31)}
    days = {f"2020-05-{day:02}": [seen(f"2020-05-{day:02} 01:00:00")] * 80 for day in (10, 11, 12)}
    report = make_report(warehouse_of(tmp_path, before | days), PERIOD)
    text = summary_of(report, "en")
    assert "100% more than in the period before" in text
    assert "Only 3 of 91 days were observed" in text
    assert "Of the period before only 30 of 91 days were observed" in text


@pytest.mark.parametrize(
    "period", [named_period("2020-05"), named_period("2020"), period_of_days(PERIOD.first, PERIOD.first)]
)
def test_other_periods_are_made_by_the_same_code(tmp_path: Path, period: Period) -> None:
    days = {"2020-04-01": [seen("2020-04-01 12:00:00")], "2020-05-17": [seen("2020-05-17 12:00:00")] * 3}
    report = make_report(warehouse_of(tmp_path, days), period)
    assert report.pages["en"].name == f"{period.name}.en.html"
    assert "the firewall logged" in summary_of(report, "en")


HOSTILE = [
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "[x](javascript:alert(1)) **bold** | cell | `code`",
    "{{ 7 * 7 }}{% raw %}",
    "\u202eevil\u2066\u0000\x1b[31m\nnew line",
    "x" * 10_000,
    "https://example.com/ www.example.com",
]
TEXT_FIELDS = ("protocol", "rule", "host", "sensor", "reason", "application", "signature", "in_interface")


def test_hostile_text_is_shown_as_text_or_cut(tmp_path: Path) -> None:
    events = [
        seen(f"2020-05-17 12:00:{number:02}", **dict.fromkeys(TEXT_FIELDS, f"{text} {number}") | {"protocol": text})
        for number, text in enumerate(HOSTILE)
    ]
    report = make_report(warehouse_of(tmp_path, {"2020-05-17": events}), PERIOD)
    for code in LANGUAGES:
        html = report.pages[code].read_text(encoding="utf-8")
        page = Page(html).root
        assert not list(page.all("img"))
        assert len(list(page.all("script"))) == 2
        assert "alert(1)" not in "".join(
            script.text for script in page.all("script") if script.attributes["type"] == "module"
        )
        body = page.one("main").text
        assert "{{ 7 * 7 }}" in body
        assert "<script>alert(1)</script>" in body
        assert not set("\u202e\u2066\x00\x1b") & set(html)
        assert "x" * 100 not in html
        markdown = report.twins[code].read_text(encoding="utf-8")
        assert "<script" not in markdown
        assert "](javascript" not in markdown
        assert "**bold**" not in markdown
        assert "https://example.com" not in markdown
        lines = [line for line in markdown.splitlines() if line.startswith("| 1 | ")]
        assert len({line.count("|") for line in lines if "445" in line}) == 1


def test_own_doors_are_told_without_the_host(tmp_path: Path) -> None:
    scans = tmp_path / "scans"
    scans.mkdir()
    (scans / "home.xml").write_text(
        '<nmaprun scanner="nmap" start="1589673600"><scaninfo type="connect" protocol="tcp" services="445,8080"/>'
        '<host><status state="up"/><address addr="203.0.113.7" addrtype="ipv4"/><ports>'
        '<port protocol="tcp" portid="445"><state state="open"/></port>'
        '<port protocol="tcp" portid="8080"><state state="open"/></port></ports></host></nmaprun>',
        encoding="utf-8",
    )
    settings = settings_for(tmp_path)
    store_port_scans(settings)
    report = make_report(warehouse_of(tmp_path, {"2020-05-17": [seen("2020-05-17 12:00:00")]}), PERIOD)
    for code in LANGUAGES:
        page = Page(report.pages[code].read_text(encoding="utf-8")).root
        # Nobody tried 8080.
        [door] = rows(page, "own-doors")
        assert "445/tcp" in door.text
        assert door.numbers() == [1, 1]
        assert "203.0.113.7" not in page.text
    closed = make_report(warehouse_of(tmp_path / "closed", {"2020-05-17": [seen("2020-05-17 12:00:00")]}), PERIOD)
    assert 'id="own-doors"' not in closed.pages["en"].read_text(encoding="utf-8")


def test_a_page_that_would_name_the_site_is_not_written(tmp_path: Path) -> None:
    days = {"2020-05-17": [seen("2020-05-17 12:00:00", protocol="to-198.51.100.7")]}
    settings = warehouse_of(tmp_path, days)
    with pytest.raises(LeakError, match=r"2020-Q2\.en\.html"):
        make_report(settings, PERIOD)
    assert not (tmp_path / "reports").exists()

    made = make_report(replace(settings, own_names=True), PERIOD)
    assert "to-198.51.100.7" in made.pages["en"].read_text(encoding="utf-8")


def test_a_sparkline_is_broken_where_nothing_was_observed() -> None:
    assert sparkline([0, 10, None, 5, None]) == "M0.0 19.0L25.0 1.0M75.0 10.0L75.0 10.0"
    assert sparkline([None]) == ""
    assert sparkline(list(range(1000))).count("L") == 99
