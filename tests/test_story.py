"""The sample, loaded whole: every view answers what the generator's own account says, and tells the story."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from typing import Any

import duckdb
import geoip2.database
import geoip2.errors
import pytest

from pipelines.catalogue import run_checks
from pipelines.enrich import enrich_days
from pipelines.parse import parse_days
from pipelines.sample import FIRST_DAY, LAST_DAY
from pipelines.settings import BUNDLED_GEOIP_DB
from pipelines.warehouse import Warehouse
from tests.story import DAYS, Story

Q1 = (date(2020, 1, 1), date(2020, 3, 31))
Q2 = (date(2020, 4, 1), date(2020, 6, 30))
PERIODS = [Q1, Q2, (FIRST_DAY, LAST_DAY), (date(2020, 5, 17), date(2020, 5, 17))]


def test_every_line_of_every_day_is_accounted_for(story: Story) -> None:
    found = {
        day: (lines, ignored, rejected)
        for day, lines, ignored, rejected in story.ask(
            "select day, sum(lines), sum(ignored), sum(rejected) from loads group by day"
        )
    }
    tally = story.tally
    assert found == {
        day: (tally.lines_per_day[day], tally.ignored_per_day[day], tally.rejected_per_day[day]) for day in DAYS
    }
    assert sum(day.rejected for day in story.parsed.days.values()) == sum(tally.rejected_per_day.values()) > 0


def test_lines_of_every_file(story: Story) -> None:
    found = dict(story.ask("select file, sum(lines) from loads group by file"))
    assert found == {f"sample/{name}": lines for name, lines in story.tally.lines_per_file.items()}
    assert dict(story.ask("select file, lines from raw_files")) == found


def test_events_are_the_packets_that_were_drawn(story: Story) -> None:
    columns = ("observed_at", "day", "source_ip", "destination_ip", "source_port", "destination_port", "protocol")
    found = Counter(
        story.ask(f"select date_trunc('second', observed_at), {', '.join(columns[1:])} from events")  # noqa: S608
    )
    expected = Counter(
        tuple(None if row["protocol"] is None and name == "protocol" else row[name] for name in columns)
        for row in story.rows
    )
    assert found == expected


@pytest.mark.parametrize("period", PERIODS)
def test_top_ports(story: Story, period: tuple[date, date]) -> None:
    events: Counter[tuple[Any, Any]] = Counter()
    sources = defaultdict(set)
    rows = story.within(period)
    for row in rows:
        if row["destination_port"] is not None:
            key = (row["destination_port"], row["protocol"])
            events[key] += 1
            if row["source_ip"] is not None:
                sources[key].add(row["source_ip"])
    found = story.ask("select port, protocol, events, sources, share, rank from top_ports_between(?, ?)", *period)
    assert {(port, protocol): (count, distinct) for port, protocol, count, distinct, _, _ in found} == {
        key: (count, len(sources[key])) for key, count in events.items()
    }
    counts = [row[2] for row in found]
    assert counts == sorted(counts, reverse=True)
    for _, _, count, _, share, rank in found:
        assert share == pytest.approx(count / len(rows))
        assert rank == 1 + counts.index(count)


@pytest.mark.parametrize("period", PERIODS)
def test_top_countries(story: Story, period: tuple[date, date]) -> None:
    events: Counter[Any] = Counter()
    sources = defaultdict(set)
    rows = story.within(period)
    for row in rows:
        if row["country"] is not None:
            events[row["country"]] += 1
            sources[row["country"]].add(row["source_ip"])
    found = story.ask("select country, events, sources, share from top_countries_between(?, ?)", *period)
    assert {country: (count, distinct) for country, count, distinct, _ in found} == {
        country: (count, len(sources[country])) for country, count in events.items()
    }
    for _, count, _, share in found:
        assert share == pytest.approx(count / len(rows))


@pytest.mark.parametrize("period", PERIODS)
def test_rare_visitors(story: Story, period: tuple[date, date]) -> None:
    seen = defaultdict(list)
    for row in story.within(period):
        if row["country"] is not None:
            seen[row["country"]].append(row)
    found = story.ask(
        "select country, events, sources, date_trunc('second', first_seen), date_trunc('second', last_seen)"
        " from rare_visitors_between(?, ?)",
        *period,
    )
    assert {row[0]: row[1:] for row in found} == {
        country: (
            len(rows),
            len({row["source_ip"] for row in rows}),
            min(row["observed_at"] for row in rows),
            max(row["observed_at"] for row in rows),
        )
        for country, rows in seen.items()
    }
    counts = [row[1] for row in found]
    assert counts == sorted(counts)


def test_port_countries(story: Story) -> None:
    events: Counter[tuple[Any, Any, Any]] = Counter()
    ports: Counter[tuple[Any, Any]] = Counter()
    for row in story.rows:
        if row["destination_port"] is not None:
            ports[row["destination_port"], row["protocol"]] += 1
            if row["country"] is not None:
                events[row["destination_port"], row["protocol"], row["country"]] += 1
    found = story.ask("select port, protocol, country, events, share, rank from port_countries")
    by_port = defaultdict(list)
    for (port, protocol, country), count in events.items():
        by_port[port, protocol].append((count, country))
    # Fewer than 20 have more; to count those for each port takes half a minute.
    twentieth = sorted(ports.values(), reverse=True)[19]
    main_ports = {key for key, count in ports.items() if count >= twentieth}
    expected = {
        (port, protocol, country, count, 1 + sum(other > count for other, _ in group))
        for (port, protocol), group in by_port.items()
        if (port, protocol) in main_ports
        for count, country in group
        if 1 + sum(other > count for other, _ in group) <= 5
    }
    assert {(port, protocol, country, count, rank) for port, protocol, country, count, _, rank in found} == expected
    for port, protocol, _, count, share, _ in found:
        assert share == pytest.approx(count / ports[port, protocol])


@pytest.mark.parametrize("port", [445, 9527, 5900])
def test_countries_of_one_port(story: Story, port: int) -> None:
    rows = [row for row in story.within(Q2) if (row["destination_port"], row["protocol"]) == (port, "tcp")]
    countries = Counter(row["country"] for row in rows if row["country"] is not None)
    found = story.ask("select country, events, share from countries_of_port_between(?, 'tcp', ?, ?)", port, *Q2)
    assert {country: events for country, events, _ in found}.items() <= countries.items()
    assert [events for _, events, _ in found][:5] == [count for _, count in countries.most_common(5)]
    assert all(share == pytest.approx(events / len(rows)) for _, events, share in found)


def test_views_are_the_macros_over_all_days(story: Story) -> None:
    for name in ("top_ports", "top_countries", "rare_visitors", "port_countries"):
        over_all = story.ask(f"from {name}_between('2020-01-01', '2020-06-30')")
        assert story.ask(f"from {name}") == over_all
        assert over_all


def test_countries_are_those_of_the_database_reader(story: Story) -> None:
    pairs = story.ask("select distinct source_ip, source_country from events where source_ip is not null")
    assert len(pairs) > 10_000
    with geoip2.database.Reader(BUNDLED_GEOIP_DB) as reader:
        for address, country in pairs:
            try:
                expected = reader.country(str(address)).country.iso_code
            except geoip2.errors.AddressNotFoundError:
                expected = None
            assert country == expected, address


def test_anguilla_is_the_rarest_of_visitors(story: Story) -> None:
    [(events, name)] = story.ask("select events, country_name from rare_visitors where country = 'AI'")
    assert (events, name) == (1, "Anguilla")
    rarest = story.ask("select country from rare_visitors limit 10")
    assert ("AI",) in rarest
    assert story.ask("select * from rare_visitors_between('2020-01-01', '2020-03-31') where country = 'AI'") == []


def test_53413_udp_fades_from_the_end_of_may(story: Story) -> None:
    [(may, june)] = story.ask(
        "select avg(events) filter (day between '2020-05-01' and '2020-05-30'),"
        " avg(events) filter (day >= '2020-06-05') from ("
        " select day, count(*) filter (destination_port = 53413 and protocol = 'udp') as events"
        " from events group by day)"
    )
    assert june < 0.5 * may


def test_5060_udp_arrives_in_the_second_quarter(story: Story) -> None:
    top = "select port, protocol from top_ports_between(?, ?) where rank <= 10"
    assert (5060, "udp") not in story.ask(top, *Q1)
    assert (5060, "udp") in story.ask(top, *Q2)


def test_5060_udp_is_new_in_the_second_quarter(story: Story) -> None:
    [(status, previous_rank)] = story.ask(
        "select status, previous_rank from port_ranks('2020-Q2') where port = 5060 and protocol = 'udp'"
    )
    assert status == "new"
    assert previous_rank is None or previous_rank > 20


def test_the_fading_of_53413_udp_is_dated(story: Story) -> None:
    [(day, change)] = story.ask(
        "select day, change_percent from port_changes_between('2020-04-01', '2020-06-30') where port = 53413"
    )
    assert abs(day - date(2020, 5, 31)) <= timedelta(days=3)
    assert change < -50


@pytest.mark.parametrize("period", PERIODS)
def test_ranks_add_up_to_the_account(story: Story, period: tuple[date, date]) -> None:
    events = Counter(
        (row["destination_port"], row["protocol"])
        for row in story.within(period)
        if row["destination_port"] is not None
    )
    before = Counter(
        (row["destination_port"], row["protocol"]) for row in story.within(Q1) if row["destination_port"] is not None
    )
    found = story.ask(
        "select port, protocol, events, previous_events from port_ranks_between(?, ?, ?, ?)", *period, *Q1
    )
    assert {row[:2]: row[2:] for row in found} == {key: (events[key], before[key]) for key in events | before}


def test_who_knocks_where(story: Story) -> None:
    def main(port: int, protocol: str, count: int) -> list[Any]:
        query = "select country from port_countries where port = ? and protocol = ? order by rank limit ?"
        return [country for (country,) in story.ask(query, port, protocol, count)]

    assert story.ask("select port, protocol from top_ports limit 1") == [(445, "tcp")]
    assert set(main(445, "tcp", 2)) == {"CN", "VN"}
    assert set(main(23, "tcp", 3)) == {"CN", "TW", "KR"}
    assert main(1433, "tcp", 1) == ["CN"]
    assert set(main(53413, "udp", 2)) == {"US", "CN"}
    assert set(main(5060, "udp", 4)) == {"US", "NL", "FR", "EE"}
    assert set(main(389, "udp", 3)) == {"US", "NL", "RO"}


def test_all_checks_pass(story: Story) -> None:
    results = run_checks(story.settings)
    assert {result.name: result.bad_rows for result in results} == {result.name: 0 for result in results}
    assert len(results) >= 8


def test_loading_again_changes_nothing(story: Story) -> None:
    def content() -> list[tuple[Any, ...]]:
        with duckdb.connect() as connection:
            pattern = Warehouse(story.settings.warehouse).glob("events")
            query = "select count(*), bit_xor(hash(events)) from read_parquet(?, hive_partitioning = true) as events"
            return connection.execute(query, [pattern]).fetchall()

    before = content()
    days = DAYS[100:110]
    parse_days(story.settings, days)
    enrich_days(story.settings, days)
    assert content() == before
