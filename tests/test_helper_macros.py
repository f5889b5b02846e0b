"""What the macros answer that others are made of, each asked alone; every answer was worked out by hand.

That they run in both engines is seen in tests/test_catalogue.py.
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines import schema
from pipelines.catalogue import connect, publish
from pipelines.roll_up import roll_up
from tests.partitions import event, settings_for, write_partition

# Of China on three days, with two destinations on one; of Anguilla an answer that nobody asked for. 2 April: nothing.
EVENTS = {
    "2020-03-31": [
        event("2020-03-31 10:00:00", 1, source_ip="192.0.2.1", source_country="CN", destination_ip="198.51.100.7",
              destination_port=23, protocol="tcp"),
    ],
    "2020-04-01": [
        event("2020-04-01 10:00:00", 1, source_ip="192.0.2.1", source_country="CN", destination_ip="198.51.100.7",
              destination_port=23, protocol="tcp"),
        event("2020-04-01 10:00:01", 2, source_ip="192.0.2.1", source_country="CN", destination_ip="198.51.100.8",
              destination_port=445, protocol="tcp"),
        event("2020-04-01 11:00:00", 3, source_ip="192.0.2.9", source_country="AI", source_port=443,
              destination_ip="198.51.100.7", destination_port=40000, protocol="tcp", tcp_flags="SYN ACK"),
    ],
    "2020-04-03": [
        event("2020-04-03 10:00:00", 1, source_ip="192.0.2.1", source_country="CN", destination_ip="198.51.100.7",
              destination_port=23, protocol="tcp", action="block", destination_scope="documentation",
              host="gate"),
        event("2020-04-03 10:00:00", 2, source_ip="198.51.100.7", source_scope="documentation",
              destination_ip="192.0.2.77", destination_port=25, protocol="tcp", action="block",
              destination_scope="public", destination_country="US", direction="outbound"),
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ware[house]")
    for day, events in EVENTS.items():
        write_partition(folder, "events", day, events)
    roll_up(settings_for(folder))
    publish(settings_for(folder))
    return folder


@pytest.fixture(scope="module")
def catalogue(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(settings_for(warehouse)) as connection:
        yield connection


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("as_day('2020-04-01')", day("2020-04-01")),
        ("as_day('2020-04-31')", None),
        ("may_go_out('block', null, 'public')", True),
        ("may_go_out('reject', 'outbound', 'private')", True),
        ("may_go_out('block', 'inbound', 'public')", False),
        ("may_go_out('allow', 'outbound', 'public')", False),
        ("as_written('x')", "'x'"),
        ("as_written(null)", "NULL"),
        ("month_of(date '2020-04-30')", day("2020-04-01")),
        ("month_of(date 'infinity')", day("9999-12-01")),
        ("month_of(date '-infinity')", day("0001-01-01")),
        ("first_whole_month('2020-04-01')", day("2020-04-01")),
        ("first_whole_month('2020-04-02')", day("2020-05-01")),
        ("after_whole_months('2020-04-30')", day("2020-05-01")),
        ("after_whole_months('2020-04-29')", day("2020-04-01")),
        ("after_whole_months('infinity')", day("9999-12-01")),
        ("first_whole_month('-infinity')", day("0001-01-01")),
        ("first_whole_year('2020-01-01')", day("2020-01-01")),
        ("first_whole_year('2020-02-01')", day("2021-01-01")),
        ("first_whole_year('2020-01-02')", day("9999-12-31")),
        ("first_whole_year('-infinity')", day("0001-01-01")),
        ("after_whole_years('2020-12-30')", day("2020-01-01")),
        ("after_whole_years('2020-12-31')", day("2021-01-01")),
        ("after_whole_years('infinity')", day("9999-01-01")),
        ("days_around('2020-03-01', -1)", day("2020-02-29")),
        ("days_around('-infinity', 56) = date '-infinity'", True),
        ("day_of(timestamp '2020-04-01 23:59:59.999999')", day("2020-04-01")),
        ("is_period_name('2020-Q2')", True),
        ("port_code(445, 'tcp')", 1780),
        ("port_code(445, 'gre')", 1783),
        ("port_code(null, 'icmp') < 0", True),
        ("port_of_code(1780)", "445/tcp"),
        ("port_of_code(1783)", "445"),
        ("ipv4_number('192.0.2.1')", 3_221_225_985),
        ("source_key('192.0.2.1')", 3_221_225_985),
        ("source_key('2001:db8::1') >= 4611686018427387904", True),
        ("address_digits('192.0.2.1')", "c0000201"),
        ("prefix_length('192.0.2.0/24')", 24),
        ("prefix_length('2001:db8::1')", 128),
        ("in_network('192.0.2.1', '192.0.2.0/24')", True),
        ("digits_in_network('c0000201', 'c0000200', 24)", True),
        ("digits_in_network('c0000301', 'c0000200', 24)", False),
        ("digits_in_network('c0000301', 'c0000200', 23)", True),
        ("in_network('192.0.3.1', '192.0.2.0/24')", False),
        ("is_backscatter('RST')", True),
        ("is_backscatter('SYN')", False),
        ("literal_path('a[b]*?')", "a[[]b][*][?]"),
        ("is_checked(date '2020-04-01')", True),
        ("rate_score(9, 1, 0, 1)", 3.0),
        ("rate_score(0, 1, 0, 1)", None),
    ],
)
def test_a_value(catalogue: duckdb.DuckDBPyConnection, expression: str, expected: object) -> None:
    assert catalogue.execute(f"select {expression}").fetchall() == [(expected,)]


def test_checks_look_at_the_days_that_are_set(catalogue: duckdb.DuckDBPyConnection) -> None:
    with catalogue.cursor() as checking:
        checking.execute("set variable first_day = '2020-04-02'")
        checking.execute("set variable last_day = '2020-04-03'")
        query = "select is_checked(date '2020-04-01'), is_checked(date '2020-04-02'), is_checked(date '2020-04-04')"
        assert checking.execute(query).fetchall() == [(False, True, False)]


def test_paths_are_those_of_the_warehouse(catalogue: duckdb.DuckDBPyConnection, warehouse: Path) -> None:
    escaped = str(warehouse).replace("[", "[[]")
    query = "select warehouse_folder(), count_files('days', 'ports'), partitions('events')"
    assert catalogue.execute(query).fetchall() == [
        (str(warehouse), f"{escaped}/counts/days/ports/month=*/*.parquet", [f"{escaped}/events/day=*/*.parquet"])
    ]
    with catalogue.cursor() as moved:
        moved.execute("set variable warehouse = '/elsewhere'")
        assert moved.execute("select warehouse_folder()").fetchall() == [("/elsewhere",)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("select is_valid from valid_period('2020-04-01', '2020-04-01')", [(True,)]),
        ("select * from observed_between('2020-04-01', '2020-04-30') order by day",
         [(day("2020-04-01"),), (day("2020-04-03"),)]),
        ("select * from calendar_between('2020-04-01', '2020-04-03') order by day",
         [(day("2020-04-01"), True), (day("2020-04-02"), False), (day("2020-04-03"), True)]),
        (("select day, source_country, events, sources from day_counts('countries', '2020-04-01', '2020-04-01')"
         " order by source_country"),
         [(day("2020-04-01"), "AI", 1, 1), (day("2020-04-01"), "CN", 2, 1)]),
        # The whole of April by the month and 31 March by the day: the source of both is counted once.
        (("select source_country, sum(events), sum(sources) from period_counts('countries', '2020-03-31', '2020-04-30')"
         " group by source_country order by source_country nulls last"),
         [("AI", 1, 1), ("CN", 4, 1), (None, 1, 1)]),
        ("select source_ip, events, days from period_sources('2020-03-31', '2020-04-30') order by all",
         [("192.0.2.1", 1, 1), ("192.0.2.1", 3, 2), ("192.0.2.9", 1, 1), ("198.51.100.7", 1, 1)]),
        # The whole of 2020 by the year, less the month in which a source only answered.
        ("select source_ip, events, days, ports, port_set from period_scans('2020-01-01', '2020-12-31') order by all",
         [("192.0.2.1", 4, 3, 2, "23/tcp 445/tcp"), ("198.51.100.7", 1, 1, 1, "25/tcp")]),
        ("select source_ip, events, days, ports, port_set from period_scans('2020-03-31', '2020-12-31') order by all",
         [("192.0.2.1", 1, 1, 1, "23/tcp"), ("192.0.2.1", 3, 2, 2, "23/tcp 445/tcp"),
          ("192.0.2.9", 1, 1, 1, "40000/tcp"), ("198.51.100.7", 1, 1, 1, "25/tcp")]),
        (("select source_country, destination_port, protocol, events from period_visits('2020-04-01', '2020-04-01')"
         " order by destination_port"),
         [("CN", 23, "tcp", 1), ("CN", 445, "tcp", 1), ("AI", 40000, "tcp", 1)]),
        ("select day, destination_port from recent_events('2020-04-01', '2020-04-02') order by destination_port",
         [(day("2020-04-01"), 23), (day("2020-04-01"), 445), (day("2020-04-01"), 40000)]),
        ("select day, destination_port from events_between('2020-04-03', '2020-04-30') order by destination_port",
         [(day("2020-04-03"), 23), (day("2020-04-03"), 25)]),
        ("select * from uneven_columns('events')", []),
    ],
)  # fmt: skip
def test_what_is_counted_in_a_period(
    catalogue: duckdb.DuckDBPyConnection, query: str, expected: list[tuple[Any, ...]]
) -> None:
    assert catalogue.execute(query).fetchall() == expected


CHINA, ANGUILLA = "192.0.2.1", "192.0.2.9"
STEPS = """with totals as (from source_totals(getvariable('files'))),
    tries as (from source_tries(getvariable('files'))),
    ports as (from source_ports('tries')),
    spread as (from source_spread(getvariable('files'), 'totals')),
    marks as (from source_marks(getvariable('files'))),
    keys as (from source_keys('totals')),
    destinations as (from destination_days(getvariable('files'))),
    found as (from source_days('totals', 'ports', 'spread', 'marks', 'keys'))"""


@pytest.mark.parametrize(
    ("days", "query", "expected"),
    [
        (["2020-04-01"], "select source_ip, events, first_destination < last_destination from totals order by all",
         [(CHINA, 2, True), (ANGUILLA, 1, False)]),
        (["2020-04-01"], "select port_code, events from tries order by port_code",
         [(92, 1), (1780, 1), (160000, 1)]),
        (["2020-04-01"], "select ports, protocols, main_port, port_set from ports order by port_set",
         [(2, 0, "23/tcp", "23/tcp 445/tcp"), (1, 0, "40000/tcp", "40000/tcp")]),
        (["2020-04-01"], "select destination_ip, port_code from spread order by destination_ip",
         [("198.51.100.7", 92), ("198.51.100.8", 1780)]),
        (["2020-04-01"], "select source_key from keys order by source_key", [(3_221_225_985,), (3_221_225_993,)]),
        (["2020-04-01"], ("select source_ip, events, days, ports, destinations, backscatter_events from found"
         " order by source_ip"),
         [(CHINA, 2, 1, 2, 2, 0), (ANGUILLA, 1, 1, 1, 1, 1)]),
        (["2020-03-31", "2020-04-01"], ("select source_ip, events, days, ports, port_set, destinations"
         " from source_months('found', 'tries', 'spread') order by source_ip"),
         [(CHINA, 3, 2, 2, "23/tcp 445/tcp", 2), (ANGUILLA, 1, 1, 1, "40000/tcp", 1)]),
        (["2020-04-01"], ("select source_ip, source_port, source_country, events from"
         " source_backscatter(getvariable('files'))"),
         [(ANGUILLA, 443, "AI", 1)]),
        (["2020-04-03"], "select address from addresses_of_site(getvariable('files'), 'destinations')",
         [("198.51.100.7",)]),
        (["2020-04-03"], "select destination_ip, sum(events)::int from destinations group by all order by all",
         [("192.0.2.77", 1), ("198.51.100.7", 1)]),
        (["2020-04-03"], "select kind, name from names_of_site(getvariable('files')) order by kind",
         [("host", "gate"), ("sensor", "home")]),
        # One line is too few to tell whose address it is.
        (["2020-04-03"], "select * from own_address_days('destinations')", []),
        (["2020-04-03"], (", own as (select date '2020-04-03' as day, 'home' as sensor, '198.51.100.7' as address)"
         " select source_ip, destination_ip, destination_country, destination_port, events"
         " from lines_out(getvariable('files'), 'own')"),
         [("198.51.100.7", "192.0.2.77", "US", 25, 1)]),
    ],
)  # fmt: skip
def test_what_is_told_by_the_events_of_some_partitions(
    catalogue: duckdb.DuckDBPyConnection, warehouse: Path, days: list[str], query: str, expected: list[tuple[Any, ...]]
) -> None:
    folder = str(warehouse).replace("[", "[[]")
    with catalogue.cursor() as asking:
        asking.execute("set variable files = ?", [[f"{folder}/events/day={day}/part.parquet" for day in days]])
        assert asking.execute(f"{STEPS} {query}").fetchall() == expected


FACTS_OF_15 = """with found as (
    select 1 as source_key, 'source1' as source_ip, 15 as events, 1 as days, 1 as destinations, 15 as ports,
        15 as scanned_ports, 0 as scanned_protocols, 1 as scanned_destinations, 0 as burst_events,
        0 as backscatter_events, '1/tcp ...' as port_set, 1 as port_set_hash,
        timestamp '2020-04-01 12:00:00' as first_seen, timestamp '2020-04-01 12:00:00' as last_seen)"""


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        # Five of six are alike: the sixth has events of another number of digits.
        (("with found as (select date '2020-04-01' as day, 'source' || number as source_ip, 'CN' as source_country,"
         " 1 as port_set_hash, '1/tcp 2/tcp 3/tcp' as port_set, 3 as ports, if(number = 5, 10, 9) as events,"
         " 0 as backscatter_events, null as first_seen, null as last_seen from range(6) as numbers(number))"
         " select source_ip, digits from alike_sources('found') order by source_ip"),
         [(f"source{number}", 1) for number in range(5)]),
        (FACTS_OF_15 + " select source_ip, kind, ports, events from scans_of('found')",  # noqa: S608
         [("source1", "vertical", 15, 15)]),
        (FACTS_OF_15.replace("15", "14") + " select * from scans_of('found')", []),  # noqa: S608
        (("with found as (select * from (values (1, 2, '22/tcp 23/tcp', 5), (1, 2, '23/tcp 80/tcp', 6),"
         " (2, 17, '1/tcp ...', 7)) as rows_of(source_key, ports, port_set, port_set_hash))"
         " select * from different_ports('found') order by source_key"),
         [(1, 3), (2, 17)]),
        # Sets that differ are one set of both; of a source with more than 16 ports only their number is kept.
        (("with found as (select *, 'source' || source_key as source_ip, 2 as events, 1 as days, null as first_seen,"
         " null as last_seen, 1 as destinations, 0 as scanned_ports, 0 as scanned_protocols,"
         " 0 as scanned_destinations, 0 as burst_events from (values (1, 2, '22/tcp 23/tcp', 5, 0),"
         " (1, 2, '23/tcp 80/tcp', 6, 1), (1, 1, '99/tcp', 7, 2), (2, 17, '1/tcp ...', 8, 0), (2, 1, '7/tcp', 9, 0),"
         " (3, 1, '5/tcp', 10, 0), (3, 1, '5/tcp', 10, 0), (4, 0, null, 11, 0), (5, 1, '6/tcp', 12, 2))"
         " as rows_of(source_key, ports, port_set, port_set_hash, backscatter_events))"
         " select source_key, events, days, backscatter_events, ports, port_set, port_set_hash = 10"
         " from source_years('found') order by source_key"),
         [(1, 4, 2, 1, 3, "22/tcp 23/tcp 80/tcp", False), (2, 4, 2, 0, 17, None, None),
          (3, 4, 2, 0, 1, "5/tcp", True), (4, 2, 1, 0, 0, None, False)]),
        (("with found as (select * from (values (23, 'tcp', 'CN', 6, 2), (23, 'tcp', 'CN', 3, 1),"
         " (23, 'tcp', null, 3, 1)) as rows_of(port, protocol, country, events, sources))"
         " select port, service, rank, country_name, events, sources, share from country_shares('found')"),
         [(23, "telnet", 1, "China", 9, 3, 0.75)]),
        (("with found as (select * from (values (date '2020-04-01', 4), (date '2020-04-02', null),"
         " (date '2020-04-08', 8), (date '2020-04-09', 2)) as rows_of(day, events))"
         " select * from weekly_pattern('found')"),
         [(3, "Wednesday", 2, 12, 6.0, 1.5), (4, "Thursday", 1, 2, 2.0, 0.5)]),
        # One day is observed in March and two are in April.
        (("with before as (select 'x' as item, 1 as rank, 10 as events, 1 as sources, 1.0 as share),"
         " found as (select * from (values ('x', 2, 30, 1, 0.3), ('y', 1, 70, 2, 0.7))"
         " as rows_of(item, rank, events, sources, share))"
         " select item, rank, previous_rank, status, events_per_day, previous_events_per_day, change_percent"
         " from compared_ranks('found', 'before', '2020-04-01', '2020-04-30', '2020-03-01', '2020-03-31')"
         " order by rank"),
         [("y", 1, None, "new", 35.0, 0.0, None), ("x", 2, 1, "down", 15.0, 10.0, 50.0)]),
    ],
)  # fmt: skip
def test_what_is_told_by_a_named_relation(
    catalogue: duckdb.DuckDBPyConnection, query: str, expected: list[tuple[Any, ...]]
) -> None:
    assert catalogue.execute(query).fetchall() == expected


def test_columns_that_not_every_file_has_are_told(tmp_path: Path) -> None:
    fewer = tuple(column for column in schema.EVENTS if column.name != "ttl")
    write_partition(tmp_path, "events", "2020-04-01", EVENTS["2020-04-01"])
    write_partition(tmp_path, "events", "2020-04-03", EVENTS["2020-04-03"], fewer)
    publish(settings_for(tmp_path))
    with connect(settings_for(tmp_path)) as connection:
        # The empty file has it, too.
        assert connection.execute("select column_name, files from uneven_columns('events')").fetchall() == [("ttl", 2)]
