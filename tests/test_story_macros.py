"""The sample, loaded whole: what the macros of ranks, series, sights and sources tell is the generator's account.

What top lists and rare visitors tell is in tests/test_story.py, what never came in tests/test_visitors.py.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from tests.story import DAYS, Story

Q1 = (date(2020, 1, 1), date(2020, 3, 31))
Q2 = (date(2020, 4, 1), date(2020, 6, 30))
# Whole months, and a span that begins and ends in the middle of one.
PERIODS = [Q2, (date(2020, 3, 20), date(2020, 5, 10))]

Port = tuple[int, str]


def port_of(row: dict[str, Any]) -> Port:
    return row["destination_port"], row["protocol"]


def with_port(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["destination_port"] is not None]


def sources_of(rows: list[dict[str, Any]]) -> set[str]:
    return {row["source_ip"] for row in rows} - {None}


@pytest.mark.parametrize("period", PERIODS)
def test_totals(story: Story, period: tuple[date, date]) -> None:
    rows = story.within(period)
    days = (period[1] - period[0]).days + 1
    assert story.ask("select * exclude (events_per_day) from period_totals_between(?, ?)", *period) == [
        (
            days,
            days,
            len(rows),
            len(sources_of(rows)),
            len({row["country"] for row in rows} - {None}),
            sum(row["country"] is None for row in rows),
            len({port_of(row) for row in with_port(rows)}),
        )
    ]


@pytest.mark.parametrize("period", PERIODS)
def test_services(story: Story, period: tuple[date, date]) -> None:
    names = {
        (port, protocol): name for port, protocol, name in story.ask("select port, protocol, service from services")
    }
    by_service = defaultdict(list)
    for row in story.within(period):
        by_service[names.get(port_of(row))].append(row)
    del by_service[None]
    found = story.ask("select service, events, sources from top_services_between(?, ?)", *period)
    assert sorted(found) == sorted((name, len(rows), len(sources_of(rows))) for name, rows in by_service.items())


def test_days(story: Story) -> None:
    by_day = defaultdict(list)
    for row in story.rows:
        by_day[row["day"]].append(row)
    assert story.ask("select day, events, sources from daily_events_between('2020-01-01', '2020-06-30')") == [
        (day, len(by_day[day]), len(sources_of(by_day[day]))) for day in DAYS
    ]
    assert story.ask("from calendar_between('2020-01-01', '2020-06-30') order by day") == [(day, True) for day in DAYS]
    assert story.ask("select sensor, day from observed_days order by day") == [("sample", day) for day in DAYS]
    counted = story.ask(
        "select day, count(*) from events_between('2020-03-20', '2020-05-10') group by day order by day"
    )
    assert counted == [(day, len(by_day[day])) for day in DAYS if PERIODS[1][0] <= day <= PERIODS[1][1]]


def test_a_series_of_a_port_and_of_a_country(story: Story) -> None:
    sip = Counter(row["day"] for row in story.rows if port_of(row) == (5060, "udp"))
    china = Counter(row["day"] for row in story.rows if row["country"] == "CN")
    assert story.ask("select day, events from port_days(5060, 'udp', '-infinity', 'infinity')") == [
        (day, sip[day]) for day in DAYS
    ]
    assert story.ask("select day, events from country_days('CN', '2020-04-01', '2020-06-30')") == [
        (day, china[day]) for day in DAYS if day >= Q2[0]
    ]
    for name, count in (("port_weekdays(5060, 'udp'", sip), ("country_weekdays('CN'", china)):
        weekdays = Counter(dict.fromkeys(range(1, 8), 0))
        for day in DAYS:
            weekdays[day.isoweekday()] += count[day]
        found = story.ask(f"select iso_weekday, events from {name}, '2020-01-01', '2020-06-30')")  # noqa: S608
        assert dict(found) == weekdays


def test_series_of_the_main_ports_and_countries(story: Story) -> None:
    rows = story.within(Q2)
    ports = Counter((row["day"], *port_of(row)) for row in with_port(rows))
    found = story.ask("select day, port, protocol, events from port_days_between(?, ?)", *Q2)
    assert len(found) >= 20 * 91
    assert all(events == ports[day, port, protocol] for day, port, protocol, events in found)
    countries = Counter((row["day"], row["country"]) for row in rows if row["country"] is not None)
    found = story.ask("select day, country, events from country_days_between(?, ?)", *Q2)
    assert {(day, country): events for day, country, events in found if events} == countries


@pytest.mark.parametrize("period", PERIODS)
def test_sights_of_ports(story: Story, period: tuple[date, date]) -> None:
    days = defaultdict(list)
    for row in with_port(story.rows):
        days[port_of(row)].append(row["day"])
    within = {port: [day for day in found if period[0] <= day <= period[1]] for port, found in days.items()}
    expected = {port: (len(found), min(found), max(found), len(set(found))) for port, found in within.items() if found}
    found = story.ask(
        "select port, protocol, events, first_day, last_day, days from port_sights_between(?, ?)", *period
    )
    assert {row[:2]: row[2:] for row in found} == expected
    newcomers = story.ask("select port, protocol from port_newcomers_between(?, ?)", *period)
    assert set(newcomers) == {port for port in expected if min(days[port]) >= period[0]}
    gone = story.ask("select port, protocol from port_last_sights_between(?, ?)", *period)
    assert set(gone) == {port for port in expected if max(days[port]) <= period[1]}


def test_ranks_of_countries(story: Story) -> None:
    now, before = (
        Counter(row["country"] for row in story.within(period) if row["country"] is not None) for period in (Q2, Q1)
    )
    found = story.ask(
        "select country, events, previous_events, rank, previous_rank from country_ranks_between(?, ?, ?, ?)", *Q2, *Q1
    )
    assert {row[0]: row[1:] for row in found} == {
        country: (
            now[country],
            before[country],
            1 + sum(count > now[country] for count in now.values()) if country in now else None,
            1 + sum(count > before[country] for count in before.values()) if country in before else None,
        )
        for country in now | before
    }
    assert [row[:3] for row in found] == story.ask(
        "select country, events, previous_events from country_ranks('2020-Q2')"
    )


def test_ranks_of_sources(story: Story) -> None:
    now, before = (Counter(row["source_ip"] for row in story.within(period)) for period in (Q2, Q1))
    for count in (now, before):
        del count[None]
    found = story.ask("select source_ip, events, previous_events, rank from source_ranks('2020-Q2')")
    assert [events for _, events, _, _ in found] == [events for _, events in now.most_common(1000)]
    places = sorted(now.values(), reverse=True)
    for source, events, previous, rank in found:
        assert (events, previous, rank) == (now[source], before[source], 1 + places.index(events))
    [(events,)] = story.ask("select events from source_dossier(?) where topic = 'what it is'", found[0][0])
    assert events == now[found[0][0]] + before[found[0][0]]


def test_new_sources(story: Story) -> None:
    before = {(row["country"], row["source_ip"]) for row in story.within(Q1)}
    sources = {(row["country"], row["source_ip"]) for row in story.within(Q2) if row["country"] is not None}
    known, new = (Counter(country for country, _ in found) for found in (sources, sources - before))
    found = story.ask("select country, sources, new_sources from new_sources_between(?, ?)", *Q2)
    assert {row[0]: row[1:] for row in found} == {country: (known[country], new[country]) for country in known}


def test_returns(story: Story) -> None:
    days = defaultdict(set)
    for row in story.rows:
        if row["country"] is not None:
            days[row["country"]].add(row["day"])
    expected = {
        (country, last, day)
        for country, found in days.items()
        for last, day in zip(sorted(found), sorted(found)[1:], strict=False)
        if day >= Q2[0] and day - last > timedelta(days=60)
    }
    found = story.ask("select country, last_day_before, returned_on from returned_between(?, ?, 60)", *Q2)
    assert set(found) == expected
    assert expected


def test_spans_of_ports_and_countries(story: Story) -> None:
    rows = story.within(Q2)
    ranks = story.ask("select port, protocol from top_ports_between(?, ?) limit 5", *Q2)
    places = {port: place for place, port in enumerate(ranks, 1)}
    expected = Counter(((row["day"] - Q2[0]).days // 7, places.get(port_of(row)), row["country"]) for row in rows)
    found = story.ask("select span, place, country, events from port_country_spans_between(?, ?, 7, 5)", *Q2)
    assert {row[:3]: row[3] for row in found} == expected


def test_the_dossier_of_a_country(story: Story) -> None:
    rows = [row for row in story.rows if row["country"] == "EE"]
    ports = Counter(port_of(row) for row in with_port(rows))
    assert story.ask("select events, sources from country_dossier('EE') where topic = 'history'") == [
        (len(rows), len(sources_of(rows)))
    ]
    months = Counter(f"{row['day']:%Y-%m}" for row in rows)
    assert dict(story.ask("select item, events from country_dossier('EE') where topic = 'month'")) == months
    found = story.ask("select item, events from country_dossier('EE') where topic = 'port'")
    assert all(events == ports[int(item.split("/")[0]), item.split("/")[1]] for item, events in found)
    assert [events for _, events in found] == [count for _, count in ports.most_common(len(found))]


def test_changes_are_dated_within_the_period(story: Story) -> None:
    whole = story.ask("select port, protocol, day from port_changes")
    assert (5060, "udp") in [row[:2] for row in whole]
    assert story.ask("select port, protocol, day from port_changes_between('-infinity', 'infinity')") == whole
    countries = story.ask("select country, day from country_changes")
    assert story.ask("select country, day from country_changes_between('-infinity', 'infinity')") == countries
    # What comes with 5060/udp: Estonia sends hardly anything else.
    assert ("EE", 4) in story.ask("select country, month(day) from country_changes_between(?, ?)", *Q2)


@pytest.mark.parametrize("period", [(DAYS[0], DAYS[-1]), *PERIODS])
def test_scans_are_those_of_the_account(story: Story, period: tuple[date, date]) -> None:
    by_source: defaultdict[str, defaultdict[date, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for row in story.within(period):
        if row["source_ip"] is not None:
            by_source[row["source_ip"]][row["day"]].append(row)
    answers: Counter[str] = Counter()
    for source, events in story.ask("select source_ip, events from backscatter_between(?, ?)", *period):
        answers[source] += events
    scans = set()
    for source, days in by_source.items():
        if answers[source] < sum(map(len, days.values())):
            scans |= {(source, kind) for kind in kinds_of_scan(list(days.values()))}
    assert Counter(kind for _, kind in scans).keys() == {"vertical", "slow"}
    assert set(story.ask("select source_ip, kind from scans_between(?, ?)", *period)) == scans


def kinds_of_scan(days: list[list[dict[str, Any]]]) -> Iterator[str]:
    """Yield what kinds of scan the packets of a source are, one list for each day, by the words of scans_of.sql."""
    most_ports, most_destinations, is_burst = 0, 0, False
    for rows in days:
        ports, destinations = defaultdict(set), defaultdict(set)
        for row in with_port(rows):
            ports[row["destination_ip"]].add(port_of(row))
            destinations[port_of(row)].add(row["destination_ip"])
        most_ports = max(most_ports, *(len(found) for found in ports.values()), 0)
        most_destinations = max(most_destinations, *(len(found) for found in destinations.values()), 0)
        stamps = [row["observed_at"] for row in rows]
        is_burst |= len(rows) >= 100 and max(stamps) - min(stamps) <= timedelta(minutes=10)
    events = sum(map(len, days))
    tried = {port_of(row) for rows in days for row in with_port(rows)}
    if most_ports >= 15:
        yield "vertical"
    elif len(days) >= 5 and events <= 10 * len(days) and len(tried) >= 15:
        yield "slow"
    if most_destinations >= 10:
        yield "horizontal"
    if is_burst:
        yield "burst"


def test_scans_of_all_days(story: Story) -> None:
    assert story.ask("from scans") == story.ask("from scans_between('-infinity', 'infinity')")


def test_research_scanners(story: Story) -> None:
    networks = [
        ip_network(identifier)
        for (identifier,) in story.ask("select distinct identifier from research_scanners where kind = 'network'")
    ]
    events = Counter(row["source_ip"] for row in story.within(Q2) if row["source_ip"] is not None)
    expected = {
        source: count
        for source, count in events.items()
        if any(ip_address(source) in network for network in networks if network.prefixlen >= 16)
    }
    assert dict(story.ask("select source_ip, events from research_scans_between(?, ?)", *Q2)) == expected


def test_lines_that_were_not_understood(story: Story) -> None:
    [(lines,)] = story.ask("select sum(lines) from rejected_templates_between(?, ?)", *Q2)
    assert lines == sum(count for day, count in story.tally.rejected_per_day.items() if Q2[0] <= day <= Q2[1]) > 0
    [(lines,)] = story.ask("select sum(lines) from rejected_templates")
    assert lines == sum(story.tally.rejected_per_day.values())


def test_groups_of_sources_with_the_same_ports(story: Story) -> None:
    tried = defaultdict(list)
    for row in story.rows:
        if row["source_ip"] is not None:
            tried[row["source_ip"], row["day"]].append(row)
    groups: dict[Any, set[str]] = defaultdict(set)
    for (source, day), rows in tried.items():
        ports = frozenset(port_of(row) for row in with_port(rows))
        if len(ports) >= 3:
            groups[day, ports, len(str(len(rows)))].add(source)
    alike = {source for sources in groups.values() if len(sources) >= 5 for source in sources}
    assert (story.ask("from campaigns") != []) == (alike != set())


def test_answers_come_from_the_ports_of_servers(story: Story) -> None:
    packets = Counter((row["source_ip"], row["source_port"]) for row in story.rows if row["protocol"] == "tcp")
    found = story.ask("select source_ip, port, events from backscatter")
    assert {port for _, port, _ in found} == {80, 443}
    assert all(packets[source, port] == events for source, port, events in found)
    over_all = story.ask("select source_ip, port, events from backscatter_between('-infinity', 'infinity')")
    assert over_all == found


def test_sources_that_try_the_two_ports_of_mirai(story: Story) -> None:
    months = defaultdict(list)
    for row in story.rows:
        if row["source_ip"] is not None:
            months[row["source_ip"], row["day"].month].append(port_of(row))
    marked: Counter[str] = Counter()
    for (source, _), ports in months.items():
        if {port for port in ports if port[0] is not None} == {(23, "tcp"), (2323, "tcp")}:
            marked[source] += len(ports)
    assert story.ask("select sources, events from scan_tools where tool = 'mirai'") == [(len(marked), marked.total())]


def test_the_sample_tells_no_networks(story: Story) -> None:
    # Its country database has no AS numbers.
    assert story.ask("from first_networks_between('-infinity', 'infinity')") == []
