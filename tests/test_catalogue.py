"""Publishing the catalogue: whole, for both engines, under the feet of whoever has an older one open."""

import os
import shutil
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from pipelines import schema
from pipelines.catalogue import CheckResult, connect, publish, run_checks
from pipelines.catalogue_contents import CONSTANTS
from pipelines.roll_up import roll_up
from pipelines.settings import SQL_FOLDER, SettingError
from pipelines.sql_file import sql_files
from tests.partitions import Row, event, load, rejected_line, settings_for, write_day, write_partition
from tests.shells import OpenShell, ask_library, ask_shell

VIEWS = [path.stem for path in (SQL_FOLDER / "views").glob("*.sql")]
TABLES = [path.stem for path in (SQL_FOLDER / "reference").glob("*.sql")]
CHECKS = [path.stem for path in (SQL_FOLDER / "checks").glob("*.sql")]

# What the facts of sources are made from.
STEPS = (
    "totals as (from source_totals(partitions('events'))), tries as (from source_tries(partitions('events'))),"
    " ports as (from source_ports('tries')), spread as (from source_spread(partitions('events'), 'totals')),"
    " marks as (from source_marks(partitions('events'))), keys as (from source_keys('totals'))"
)

# What each macro is called with, to run every one of them.
MACRO_CALLS = {
    "alike_sources": "with ones as (select date '2020-04-01' as day, '192.0.2.1' as source_ip, 'CN' as source_country,"
    " 1 as port_set_hash, '23/tcp' as port_set, 3 as ports, 9 as events, 0 as backscatter_events,"
    " timestamp '2020-04-01' as first_seen, timestamp '2020-04-01' as last_seen) from alike_sources('ones')",
    "backscatter_between": "from backscatter_between('2020-04-01', '2020-04-02')",
    "campaigns_between": "from campaigns_between('2020-04-01', '2020-04-02')",
    "daily_events_between": "from daily_events_between('2020-04-01', '2020-04-02')",
    "period_totals_between": "from period_totals_between('2020-04-01', '2020-04-02')",
    "port_country_spans_between": "from port_country_spans_between('2020-04-01', '2020-04-02', 7, 5)",
    "top_services_between": "from top_services_between('2020-04-01', '2020-04-02')",
    "service_ranks": "from service_ranks('2020-04')",
    "service_ranks_between": "from service_ranks_between('2020-04-01', '2020-04-02', '2020-04-01', '2020-04-02')",
    "day_facts": "from day_facts('backscatter', '2020-04-01', '2020-04-02')",
    "may_go_out": "select may_go_out('block', 'outbound', 'public')",
    "source_key": "select source_key('192.0.2.1')",
    "different_ports": "with ones as (select 1 as source_key, 2 as ports, '22/tcp 23/tcp' as port_set,"
    " 5 as port_set_hash) from different_ports('ones')",
    "ipv4_number": "select ipv4_number('192.0.2.1')",
    "is_backscatter": "select is_backscatter('SYN ACK')",
    "period_scans": "from period_scans('2020-04-01', '2020-04-02')",
    "period_sources": "from period_sources('2020-04-01', '2020-04-02')",
    "port_code": "select port_code(23, 'tcp')",
    "port_of_code": "select port_of_code(92)",
    "port_sets": "with ones as (select 1 as source_key, 2 as ports, '22/tcp 23/tcp' as port_set,"
    " 5 as port_set_hash) from port_sets('ones')",
    "ranked_ports": "from ranked_ports('2020-04-01', '2020-04-02')",
    "scan_tools_between": "from scan_tools_between('2020-04-01', '2020-04-02')",
    "scans_between": "from scans_between('2020-04-01', '2020-04-02')",
    "scans_of": "with facts_found as (from period_sources('2020-04-01', '2020-04-02')) from scans_of('facts_found')",
    "source_backscatter": "from source_backscatter(partitions('events'))",
    "source_days": f"with {STEPS} from source_days('totals', 'ports', 'spread', 'marks', 'keys')",
    "source_dossier": "from source_dossier('192.0.2.1')",
    "source_ports": "with tries as (from source_tries(partitions('events'))) from source_ports('tries')",
    "source_marks": "from source_marks(partitions('events'))",
    "source_months": f"with {STEPS}, found as (from source_days('totals', 'ports', 'spread', 'marks', 'keys'))"
    " from source_months('found', 'tries', 'spread')",
    "source_years": "with found as (from period_sources('2020-04-01', '2020-04-30')) from source_years('found')",
    "source_totals": "from source_totals(partitions('events'))",
    "source_ranks": "from source_ranks('2020-04')",
    "source_ranks_between": "from source_ranks_between('2020-04-01', '2020-04-02', '2020-04-01', '2020-04-02')",
    "source_spread": "with totals as (from source_totals(partitions('events')))"
    " from source_spread(partitions('events'), 'totals')",
    "source_tries": "from source_tries(partitions('events'))",
    "country_shares": "with ones as (select 23 as port, 'tcp' as protocol, 'CN' as country, 1 as events, 1 as sources)"
    " from country_shares('ones')",
    "countries_of_port_between": "from countries_of_port_between(23, 'tcp', '2020-04-01', '2020-04-02')",
    "period_visits": "from period_visits('2020-04-01', '2020-04-02')",
    "is_period_name": "select is_period_name('2020-Q2')",
    "line_template": "select line_template('x')",
    "rejected_templates_between": "from rejected_templates_between('2020-04-01', '2020-04-02')",
    "day_of": "select day_of(timestamp '2020-04-01 12:00:00')",
    "first_networks_between": "from first_networks_between('2020-04-01', '2020-04-02')",
    "first_visits_between": "from first_visits_between('2020-04-01', '2020-04-02')",
    "new_sources_between": "from new_sources_between('2020-04-01', '2020-04-02')",
    "returned_between": "from returned_between('2020-04-01', '2020-04-02', 30)",
    "attacked_but_closed_between": "from attacked_but_closed_between('2020-04-01', '2020-04-02')",
    "exposed_and_attacked_between": "from exposed_and_attacked_between('2020-04-01', '2020-04-02')",
    "open_but_quiet_between": "from open_but_quiet_between('2020-04-01', '2020-04-02')",
    "recent_events": "from recent_events('2020-04-01', '2020-04-02')",
    "port_dossier": "from port_dossier(23, 'tcp')",
    "country_dossier": "from country_dossier('CN')",
    "address_digits": "select address_digits('192.0.2.1')",
    "prefix_length": "select prefix_length('192.0.2.0/24')",
    "digits_in_network": "select digits_in_network('c0000201', 'c0000200', 24)",
    "in_network": "select in_network('192.0.2.1', '192.0.2.0/24')",
    "inferred_addresses_between": "from inferred_addresses_between('2020-04-01', '2020-04-02')",
    "destination_days": "from destination_days(partitions('events'))",
    "own_address_days": "with found as (from destination_days(partitions('events'))) from own_address_days('found')",
    "lines_out": "with found as (from destination_days(partitions('events'))), own as (from own_address_days('found'))"
    " from lines_out(partitions('events'), 'own')",
    "addresses_of_site": "with found as (from destination_days(partitions('events')))"
    " from addresses_of_site(partitions('events'), 'found')",
    "names_of_site": "from names_of_site(partitions('events'))",
    "source_keys": "with totals as (from source_totals(partitions('events'))) from source_keys('totals')",
    "talks_out_between": "from talks_out_between('2020-04-01', '2020-04-02')",
    "research_scans_between": "from research_scans_between('2020-04-01', '2020-04-02')",
    "as_day": "select as_day('2020-04-01')",
    "as_written": "select as_written('2020-04-01')",
    "after_whole_months": "select after_whole_months('2020-04-30')",
    "after_whole_years": "select after_whole_years('2020-12-31')",
    "year_rows": "from year_rows('ports')",
    "count_rows": "from count_rows('days', 'ports')",
    "count_files": "select count_files('days', 'ports')",
    "events_between": "from events_between('2020-04-01', '2020-04-02')",
    "first_whole_month": "select first_whole_month('2020-04-02')",
    "first_whole_year": "select first_whole_year('2020-01-01')",
    "is_checked": "select is_checked(date '2020-04-01')",
    "literal_path": "select literal_path('a[b]')",
    "month_of": "select month_of(date '2020-04-02')",
    "partitions": "select partitions('events')",
    "period_counts": "from period_counts('ports', '2020-04-01', '2020-04-02')",
    "port_countries_between": "from port_countries_between('2020-04-01', '2020-04-02')",
    "rare_visitors_between": "from rare_visitors_between('2020-04-01', '2020-04-02')",
    "top_countries_between": "from top_countries_between('2020-04-01', '2020-04-02')",
    "top_ports_between": "from top_ports_between('2020-04-01', '2020-04-02')",
    "uneven_columns": "from uneven_columns('events')",
    "valid_period": "from valid_period('2020-04-01', '2020-04-02')",
    "warehouse_folder": "select warehouse_folder()",
    "calendar_between": "from calendar_between('2020-04-01', '2020-04-02')",
    "change_points": "with series as (select 1 as item, date '2020-04-01' as day, 1 as events)"
    " from change_points('series')",
    "compared_ranks": "with ones as (select 1 as item, 1 as rank, 1 as events, 1 as sources, 1 as share)"
    " from compared_ranks('ones', 'ones', '2020-04-01', '2020-04-02', '2020-04-01', '2020-04-02')",
    "country_changes_between": "from country_changes_between('2020-04-01', '2020-04-02')",
    "country_days": "from country_days('CN', '2020-04-01', '2020-04-02')",
    "country_days_between": "from country_days_between('2020-04-01', '2020-04-02')",
    "country_ranks": "from country_ranks('2020-04')",
    "country_ranks_between": "from country_ranks_between('2020-04-01', '2020-04-02', '2020-04-01', '2020-04-02')",
    "country_weekdays": "from country_weekdays('CN', '2020-04-01', '2020-04-02')",
    "day_counts": "from day_counts('ports', '2020-04-01', '2020-04-02')",
    "days_around": "select days_around('2020-04-01', -1)",
    "network_ranks": "from network_ranks('2020-04')",
    "network_ranks_between": "from network_ranks_between('2020-04-01', '2020-04-02', '2020-04-01', '2020-04-02')",
    "observed_between": "from observed_between('2020-04-01', '2020-04-02')",
    "period": "select period('2020-Q2')",
    "period_months": "select period_months('2020-Q2')",
    "period_start": "select period_start('2020-Q2', 1)",
    "port_changes_between": "from port_changes_between('2020-04-01', '2020-04-02')",
    "port_days": "from port_days(23, 'tcp', '2020-04-01', '2020-04-02')",
    "port_days_between": "from port_days_between('2020-04-01', '2020-04-02')",
    "port_last_sights_between": "from port_last_sights_between('2020-04-01', '2020-04-02')",
    "port_newcomers_between": "from port_newcomers_between('2020-04-01', '2020-04-02')",
    "port_ranks": "from port_ranks('2020-04')",
    "port_ranks_between": "from port_ranks_between('2020-04-01', '2020-04-02', '2020-04-01', '2020-04-02')",
    "port_sights_between": "from port_sights_between('2020-04-01', '2020-04-02')",
    "port_weekdays": "from port_weekdays(23, 'tcp', '2020-04-01', '2020-04-02')",
    "rate_score": "select rate_score(9, 90, 3, 90)",
    "weekly_pattern": "with days_of_one as (select date '2020-04-01' as day, 1 as events)"
    " from weekly_pattern('days_of_one')",
}

# Views that have rows without any data.
OF_REFERENCE = {
    "country_sights": 250,
    "never_seen": 250,
    "help": len(CONSTANTS) + sum(len(sql_files(SQL_FOLDER / folder)) for folder in ("macros", "reference", "views")),
}

COUNT = "select count(*) as events from events"


def test_every_view_and_check_answers_without_rows_on_an_empty_warehouse(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "new")
    publish(settings)

    with OpenShell(tmp_path / "new" / "firewall.duckdb", "-readonly") as shell, connect(settings) as connection:
        # Its rows are columns; see tests/test_help.py.
        views = [name for name in VIEWS if name != "help_columns"]
        for name in (*views, *(f"checks.{check}" for check in CHECKS)):
            assert len(shell.ask(f"from {name}")) == OF_REFERENCE.get(name, 0)
            assert len(connection.execute(f"from {name}").fetchall()) == OF_REFERENCE.get(name, 0)


def test_every_view_check_table_and_macro_runs_in_both_engines(tmp_path: Path) -> None:
    write_day(tmp_path, "2020-04-01", [event("2020-04-01 12:00:00", destination_port=23, source_country="CN")])
    settings = settings_for(tmp_path)
    roll_up(settings)
    publish(settings)
    tables = (*VIEWS, *(f"checks.{check}" for check in CHECKS), *TABLES)
    queries = [*MACRO_CALLS.values(), *(f"from {name} limit 1" for name in tables)]

    assert set(MACRO_CALLS) == {file.name for file in sql_files(SQL_FOLDER / "macros")}
    with OpenShell(tmp_path / "firewall.duckdb", "-readonly") as shell, connect(settings) as connection:
        for query in queries:
            assert len(shell.ask(query)) == len(connection.execute(query).fetchall())


def test_the_view_of_events_has_the_day_and_then_the_columns_of_the_schema(tmp_path: Path) -> None:
    publish(settings_for(tmp_path))

    with connect(settings_for(tmp_path)) as connection:
        found = connection.execute("select column_name from (describe events)").fetchall()

    assert [name for (name,) in found] == ["day", *(column.name for column in schema.EVENTS)]


def test_whatever_an_analyst_meets_has_a_comment(tmp_path: Path) -> None:
    publish(settings_for(tmp_path))

    with connect(settings_for(tmp_path)) as connection:
        uncommented = connection.execute("""
            select view_name as name from duckdb_views() where not internal and comment is null
            union all
            select table_name from duckdb_tables() where comment is null
            union all
            select function_name from duckdb_functions() where not internal and comment is null
            union all
            select table_name || '.' || column_name from duckdb_columns()
            where not internal and schema_name = 'main' and comment is null
        """).fetchall()
        comments = connection.execute("""
            select comment from duckdb_columns()
            where (table_name, column_name) in (('events', 'ttl'), ('loads', 'events'), ('top_ports', 'events'))
            order by table_name
        """).fetchall()

    assert uncommented == []
    assert comments == [
        ("Time to live, or the IPv6 hop limit",),
        ("Lines that are events",),
        ("Number of events",),
    ]


def test_the_published_file_is_read_only_and_the_link_to_it_relative(tmp_path: Path) -> None:
    published = publish(settings_for(tmp_path))

    assert (tmp_path / "firewall.duckdb").readlink() == Path("catalogues", f"{published.version}.duckdb")
    assert stat.S_IMODE(published.path.stat().st_mode) == 0o444
    assert sorted(published.views) == sorted(VIEWS)


def test_a_connection_reads_and_does_not_write(tmp_path: Path) -> None:
    publish(settings_for(tmp_path))

    with connect(settings_for(tmp_path)) as connection, pytest.raises(duckdb.InvalidInputException):
        connection.execute("create table notes (note text)")


def test_connecting_before_anything_is_published_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"firewall\.duckdb does not exist yet: load a day first, or publish"):
        connect(settings_for(tmp_path))


@pytest.mark.parametrize(
    "name", ["a b", "it's", 'say "so"', "st*r", "wh[a]t", "b[ab", "{a,b}", "**", "日本", "a;b--", "$x"]
)
def test_any_folder_name_that_duckdb_can_read_will_do(tmp_path: Path, name: str) -> None:
    # Beside it, folders that the name would match if it were taken for a pattern.
    for other in ("star", "stir", "whata", "whatab", "a", "b"):
        write_day(tmp_path / other, "2020-04-01", [event("2020-04-01 12:00:00")] * 100)
    write_day(tmp_path / name, "2020-04-01", [event("2020-04-01 12:00:00")])
    publish(settings_for(tmp_path / name))

    for ask in (ask_shell, ask_library):
        assert ask(tmp_path / name / "firewall.duckdb", COUNT) == [{"events": 1}]


@pytest.mark.parametrize("name", ["site=home", "what?", "back\\slash"])
def test_a_folder_name_that_duckdb_misreads_is_refused(tmp_path: Path, name: str) -> None:
    for refusing in (publish, run_checks):
        with pytest.raises(SettingError, match=r"FIREWALL_WAREHOUSE is .*: no folder of its path may have =, "):
            refusing(settings_for(tmp_path / name))

    assert not (tmp_path / name).exists()


def test_the_catalogue_answers_from_any_working_directory(tmp_path: Path) -> None:
    write_day(tmp_path / "warehouse", "2020-04-01", [event("2020-04-01 12:00:00")])
    publish(settings_for(tmp_path / "warehouse"))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    for cwd, file in [
        (elsewhere, tmp_path / "warehouse" / "firewall.duckdb"),
        (elsewhere, Path("..", "warehouse", "firewall.duckdb")),
        (tmp_path / "warehouse", Path("firewall.duckdb")),
        (tmp_path / "warehouse" / "events", Path("..", "firewall.duckdb")),
    ]:
        assert ask_shell(file, COUNT, cwd=cwd) == [{"events": 1}]


def test_a_copied_warehouse_answers_with_its_own_data_once_told_where_it_is(tmp_path: Path) -> None:
    write_day(tmp_path / "original", "2020-04-01", [event("2020-04-01 12:00:00")])
    publish(settings_for(tmp_path / "original"))
    copy = tmp_path / "copy [1]"
    shutil.copytree(tmp_path / "original", copy, symlinks=True)
    shutil.rmtree(tmp_path / "original")
    write_day(copy, "2020-04-02", [event("2020-04-02 12:00:00", 2)])

    assert ask_shell(copy / "firewall.duckdb", COUNT, variables={"warehouse": str(copy)}) == [{"events": 2}]


def test_an_attached_catalogue_answers_beside_an_analysts_own_database(tmp_path: Path) -> None:
    write_day(tmp_path, "2020-04-01", [event("2020-04-01 12:00:00", destination_port=23, protocol="tcp")])
    roll_up(settings_for(tmp_path))
    published = publish(settings_for(tmp_path))

    with duckdb.connect() as connection:
        connection.execute(f"attach '{published.path}' as firewall (read_only)")
        assert connection.execute("select port from firewall.top_ports").fetchall() == [(23,)]
        connection.execute("use firewall")
        period = "select port from top_ports_between('2020-04-01', '2020-04-01')"
        assert connection.execute(period).fetchall() == [(23,)]


def test_a_column_that_older_partitions_lack_is_null_there(tmp_path: Path) -> None:
    older = tuple(column for column in schema.EVENTS if column.name not in {"service", "ttl"})
    write_partition(tmp_path, "events", "2020-04-01", [event("2020-04-01 12:00:00", ttl=1)], older)
    write_partition(tmp_path, "events", "2020-04-02", [event("2020-04-02 12:00:00", ttl=64)])
    path = publish(settings_for(tmp_path)).path

    for ask in (ask_shell, ask_library):
        assert ask(path, "select ttl, service from events order by day") == [
            {"ttl": None, "service": None},
            {"ttl": 64, "service": None},
        ]
        assert [row["column_name"] for row in ask(path, "from uneven_columns('events')")] == ["service", "ttl"]


@pytest.mark.parametrize("flags", [("-readonly",), ()], ids=["read-only", "read-write"])
def test_a_shell_that_is_open_during_a_publish_goes_on_and_sees_the_new_day(
    tmp_path: Path, flags: tuple[str, ...]
) -> None:
    write_day(tmp_path, "2020-04-01", [event("2020-04-01 12:00:00")])
    first = publish(settings_for(tmp_path))
    # Only root could open it for writing otherwise.
    first.path.chmod(0o644)

    with OpenShell(tmp_path / "firewall.duckdb", *flags) as shell:
        assert shell.ask(COUNT) == [{"events": 1}]
        write_day(tmp_path, "2020-04-02", [event("2020-04-02 12:00:00")])
        publish(settings_for(tmp_path))

        assert shell.ask(COUNT) == [{"events": 2}]
        assert ask_shell(tmp_path / "firewall.duckdb", COUNT) == [{"events": 2}]

        publish(settings_for(tmp_path))
        publish(settings_for(tmp_path))
        assert first.path.exists()
        assert shell.ask(COUNT) == [{"events": 2}]
        assert ask_shell(tmp_path / "firewall.duckdb", COUNT) == [{"events": 2}]


def test_what_a_read_write_shell_leaves_behind_touches_no_later_version(tmp_path: Path) -> None:
    first = publish(settings_for(tmp_path))
    first.path.chmod(0o644)
    left_behind = first.path.with_name(f"{first.path.name}.wal")
    shell = OpenShell(tmp_path / "firewall.duckdb")
    shell.ask("create table notes as select 1 as note")
    assert left_behind.exists()

    publish(settings_for(tmp_path))
    shell.ask("insert into notes values (2)")
    assert ask_shell(tmp_path / "firewall.duckdb", COUNT) == [{"events": 0}]

    shell.kill()
    assert left_behind.exists()
    publish(settings_for(tmp_path))
    assert not first.path.exists()
    assert not left_behind.exists()
    assert ask_shell(tmp_path / "firewall.duckdb", COUNT) == [{"events": 0}]


def test_old_versions_go_but_for_the_one_just_replaced(tmp_path: Path) -> None:
    published = [publish(settings_for(tmp_path)).path for _ in range(3)]

    assert sorted((tmp_path / "catalogues").glob("*.duckdb")) == sorted(published[1:])


def test_a_version_stays_while_another_process_or_this_one_has_it_open(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    first = publish(settings).path
    with OpenShell(tmp_path / "firewall.duckdb", "-readonly"):
        second = publish(settings).path
        with connect(settings) as connection:
            publish(settings)
            publish(settings)
            assert first.exists()
            assert second.exists()
            assert connection.execute(COUNT).fetchall() == [(0,)]

    publish(settings)
    assert not first.exists()
    assert not second.exists()


def test_a_process_with_an_older_version_open_is_connected_to_the_newest(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    first = publish(settings)
    with connect(settings) as older:
        second = publish(settings)
        with connect(settings) as newer:
            names = [c.execute("select current_database()").fetchall()[0][0] for c in (older, newer)]

    assert names == [first.version, second.version]


def test_a_publish_that_fails_leaves_the_catalogue_as_it_was(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    first = publish(settings)
    part = write_partition(tmp_path, "events", "2020-04-01", [])
    part.write_bytes(b"no Parquet")

    with pytest.raises(pa.ArrowInvalid, match=r"part\.parquet cannot be read"):
        publish(settings)

    assert (tmp_path / "firewall.duckdb").resolve() == first.path.resolve()
    assert sorted(path.name for path in first.path.parent.iterdir()) == [".lock", first.path.name]


def test_what_killed_publishers_left_unfinished_goes(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    first = publish(settings)
    unfinished = first.path.with_name(".firewall-20200401T000000Z-1.duckdb.7.tmp")
    for path in (unfinished, unfinished.with_name(f"{unfinished.name}.wal")):
        path.write_bytes(b"half a catalogue")
    # Process ids return, in containers often the same ones.
    (tmp_path / f".firewall.duckdb.{os.getpid()}.tmp").symlink_to("nowhere")

    second = publish(settings)

    assert {path.name for path in first.path.parent.iterdir()} == {".lock", first.path.name, second.path.name}
    assert [path.name for path in tmp_path.glob(".firewall*")] == []


def test_publishers_at_the_same_time_wait_for_each_other(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    with ThreadPoolExecutor(4) as pool:
        published = list(pool.map(lambda _: publish(settings), range(4)))

    assert len({one.version for one in published}) == 4
    assert (tmp_path / "firewall.duckdb").resolve() in {one.path.resolve() for one in published}
    assert ask_shell(tmp_path / "firewall.duckdb", COUNT) == [{"events": 0}]


def test_the_time_zone_of_the_first_load_holds_and_not_the_one_set_later(tmp_path: Path) -> None:
    question = "select site_timezone() as zone"
    assert ask_library(publish(settings_for(tmp_path, "Asia/Tokyo")).path, question) == [{"zone": "Asia/Tokyo"}]

    (tmp_path / "timezone").write_text("Europe/Berlin\n", encoding="utf-8")
    assert ask_library(publish(settings_for(tmp_path, "Asia/Tokyo")).path, question) == [{"zone": "Europe/Berlin"}]


def found(
    folder: Path, first_day: str | None = None, last_day: str | None = None, timezone: str = "UTC"
) -> dict[str, int]:
    """Return the number of bad rows by check, of those checks that found any, once the counts are made."""
    roll_up(settings_for(folder, timezone))
    first, last = (date.fromisoformat(day) if day else None for day in (first_day, last_day))
    return {
        check.name: check.bad_rows
        for check in run_checks(settings_for(folder, timezone), first, last)
        if check.bad_rows
    }


def write_good_day(folder: Path, day: str) -> None:
    """Write a day of two files and all kinds of lines, one event of them a duplicate."""
    events = [
        event(f"{day} 00:00:00", 1, source_country="CN", source_port=0, destination_port=65535),
        event(f"{day} 23:59:59.999999", 4, source_country=None, packets=3),
        event(f"{day} 12:00:00", 1, file="home/ufw.log.1", destination_country="NA"),
    ]
    write_partition(folder, "events", day, events)
    write_partition(folder, "rejected", day, [rejected_line(3, "?")])
    loads = [load(events=2, ignored=1, rejected=1), load(events=2, file="home/ufw.log.1", duplicates=1)]
    write_partition(folder, "loads", day, loads)


def test_good_data_passes_every_check(tmp_path: Path) -> None:
    # On the second day the log has been rotated: the same names and numbers, other lines.
    write_good_day(tmp_path, "2020-04-01")
    write_good_day(tmp_path, "2020-04-02")
    write_partition(tmp_path, "events", "2020-04-03", [])
    write_partition(tmp_path, "loads", "2020-04-03", [])

    roll_up(settings_for(tmp_path))
    results = run_checks(settings_for(tmp_path))

    assert sorted(result.name for result in results) == sorted(CHECKS)
    assert [result for result in results if result.bad_rows or result.examples] == []


STAMP = "2020-04-01 12:00:00"


@pytest.mark.parametrize(
    ("stage", "rows", "bad"),
    [
        ("loads", [load(events=1, lines=2)], {"lines_add_up": 1}),
        ("loads", [load(events=1, lines=None)], {"lines_add_up": 1}),
        ("loads", [load(events=1, ignored=-1)], {"lines_add_up": 1}),
        ("loads", [load(events=2)], {"events_match_loads": 1}),
        ("loads", [load(events=1, duplicates=1)], {"events_match_loads": 1}),
        ("loads", [load(events=1), load(events=1, file="gone.log")], {"events_match_loads": 1}),
        ("loads", [load(events=1), load(ignored=1)], {"files_loaded_once": 1}),
        ("loads", [], {"events_match_loads": 1}),
        ("loads", [load(events=1, rejected=1)], {"rejected_lines_match_loads": 1}),
        ("rejected", [rejected_line(2, "?")], {"rejected_lines_match_loads": 1}),
        ("rejected", [rejected_line(2, "?", file="gone.log")], {"rejected_lines_match_loads": 1}),
        ("events", [event("2020-03-31 23:59:59.999999")], {"events_in_their_day": 1}),
        ("events", [event("2020-04-02 00:00:00")], {"events_in_their_day": 1}),
        ("events", [{**event(STAMP), "observed_at": None}], {"events_in_their_day": 1}),
        ("events", [event(STAMP, file=None)], {"events_have_origin": 1, "events_match_loads": 2}),
        ("events", [event(STAMP, line_number=0)], {"events_have_origin": 1}),
        ("events", [event(STAMP), event(STAMP)], {"lines_counted_once": 1, "events_match_loads": 1}),
        ("events", [event(STAMP, destination_port=65536)], {"ports_in_range": 1}),
        ("events", [event(STAMP, source_port=-1)], {"ports_in_range": 1}),
        ("events", [event(STAMP, source_country="XX")], {"countries_are_known": 1}),
        ("events", [event(STAMP, destination_country="cn")], {"countries_are_known": 1}),
        ("events", [event(STAMP, packets=0)], {"packets_are_counted": 1}),
        ("events", [event(STAMP, packets=None)], {"packets_are_counted": 1}),
    ],
)
def test_doctored_data_is_found(tmp_path: Path, stage: str, rows: list[Row], bad: dict[str, int]) -> None:
    write_day(tmp_path, "2020-04-01", [event(STAMP)])
    write_partition(tmp_path, stage, "2020-04-01", rows)

    assert found(tmp_path) == bad


def test_counts_of_other_events_than_those_stored_are_found(tmp_path: Path) -> None:
    for day in ("2020-04-01", "2020-04-02", "2020-04-03"):
        write_day(tmp_path, day, [event(f"{day} 12:00:00")])
    roll_up(settings_for(tmp_path))
    write_day(tmp_path, "2020-04-01", [event(STAMP, 1), event(STAMP, 2)])
    shutil.rmtree(tmp_path / "events" / "day=2020-04-02")

    results = run_checks(settings_for(tmp_path), of="counts")
    assert [(check.name, check.bad_rows) for check in results] == [("counts_match_events", 2)]
    assert run_checks(settings_for(tmp_path), date(2020, 4, 3), of="counts")[0].bad_rows == 0


def test_a_day_is_one_of_the_sites_time_zone(tmp_path: Path) -> None:
    # Midnight in Havana on 2020-11-01, the day on which the hour after it came twice, was 04:00 UTC.
    events = [event("2020-11-01 04:00:00", 1), event("2020-11-01 05:30:00", 2), event("2020-11-02 04:59:59", 3)]
    write_day(tmp_path, "2020-11-01", events)

    assert found(tmp_path, timezone="America/Havana") == {}
    assert found(tmp_path, timezone="UTC") == {"events_in_their_day": 1}
    assert found(tmp_path, timezone="Asia/Tokyo") == {"events_in_their_day": 1}


def test_a_key_that_stands_twice_in_a_reference_table_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "sql"
    shutil.copytree(SQL_FOLDER, folder)
    for name, line in (("countries", "CN,China,中国,AS,35.0,103.0,true,CN,true"), ("services", "23,tcp,again,Again,")):
        with (folder / "reference" / f"{name}.csv").open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
    monkeypatch.setattr("pipelines.catalogue.SQL_FOLDER", folder)
    monkeypatch.setattr("pipelines.catalogue_contents.SQL_FOLDER", folder)

    assert found(tmp_path / "warehouse") == {"reference_keys_are_unique": 2}


def test_checks_look_at_the_days_asked_for_only(tmp_path: Path) -> None:
    for day in ("2020-04-01", "2020-04-02", "2020-04-03"):
        write_good_day(tmp_path, day)
    write_partition(tmp_path, "loads", "2020-04-02", [])

    assert found(tmp_path, "2020-04-01", "2020-04-01") == {}
    assert found(tmp_path, "2020-04-03") == {}
    assert found(tmp_path, last_day="2020-04-01") == {}
    bad = {"events_match_loads": 2, "rejected_lines_match_loads": 1}
    assert found(tmp_path, "2020-04-02", "2020-04-02") == bad


def test_a_check_tells_how_many_rows_are_bad_and_shows_five(tmp_path: Path) -> None:
    write_day(tmp_path, "2020-04-01", [event(STAMP, number, destination_port=70000) for number in range(1, 8)])

    roll_up(settings_for(tmp_path))
    [ports] = [result for result in run_checks(settings_for(tmp_path)) if result.bad_rows]

    example = {
        "day": date(2020, 4, 1),
        "sensor": "home",
        "file": "home/ufw.log",
        "line_number": 1,
        "source_port": None,
        "destination_port": 70000,
    }
    assert ports == CheckResult("ports_in_range", "A port is a number from 0 to 65535", 7, ports.examples)
    assert len(ports.examples) == 5
    assert example in ports.examples


def test_a_check_can_be_asked_in_a_shell(tmp_path: Path) -> None:
    write_day(tmp_path, "2020-04-01", [event(STAMP, packets=0)])
    path = publish(settings_for(tmp_path)).path

    question = "select count(*) as bad from checks.packets_are_counted"
    assert ask_shell(path, question) == [{"bad": 1}]
    assert ask_shell(path, question, variables={"first_day": "2020-04-02"}) == [{"bad": 0}]
