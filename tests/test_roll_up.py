"""Counts against brute force: whatever was loaded in whatever order, every view answers what the events say."""

import os
import random
import shutil
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines import roll_up as stage
from pipelines import sights, warehouse
from pipelines.catalogue import unpublished
from pipelines.roll_up import roll_up
from tests.partitions import Row, event, settings_for, write_partition

SCALE = int(os.environ.get("TEST_SCALE", "1"))
SEED = int(os.environ.get("FIREWALL_FUZZ_SEED", "1"))

FIRST = date(2019, 12, 11)
DAYS = 90  # of four months and two years, the leap day among them

SOURCES = [
    None,
    "0.0.0.0",  # noqa: S104 - the lowest address
    "255.255.255.255",
    *(f"192.0.2.{n}" for n in range(6)),
    *(f"2001:db8::{n}" for n in range(4)),
]
COUNTRIES = [None, "CN", "US", "AI", "cn", "Nowhere"]
PORTS = [None, 0, 23, 53, 65535]
SERVICES = [None, "dns", "telnet"]
PROTOCOLS = [None, "tcp", "udp", "sctp", "icmp"]

BRUTE_FORCE = {
    "top_ports": """
        select destination_port, protocol, count(*), count(distinct source_ip),
            count(*) / (select count(*) from events where day between $first and $last)
        from events where day between $first and $last group by all having destination_port is not null""",
    "top_countries": """
        select source_country, count(*), count(distinct source_ip),
            count(*) / (select count(*) from events where day between $first and $last)
        from events where day between $first and $last group by all having source_country is not null""",
    "port_countries": """
        select destination_port, protocol, source_country, count(*), count(distinct source_ip),
            count(*) / sum(count(*)) over (partition by destination_port, protocol)
        from events where day between $first and $last and destination_port is not null
        group by destination_port, protocol, source_country
        qualify source_country is not null and
            rank() over (
                partition by destination_port, protocol, source_country is null order by count(*) desc
            ) <= 5""",
    "rare_visitors": """
        select source_country, count(*), count(distinct source_ip),
            case when count(*) <= 100 then count(distinct destination_port) end, min(observed_at), max(observed_at)
        from events where day between $first and $last and source_country is not null group by all""",
    "main_ports": """
        select source_country, list(tried order by events desc, port, protocol)[:5]
        from (
            select source_country, destination_port as port, protocol, count(*) as events,
                destination_port || coalesce('/' || protocol, '') as tried
            from events where day between $first and $last
                and source_country is not null and destination_port is not null
            group by all)
        where source_country in (
            select source_country from events where day between $first and $last group by all having count(*) <= 100)
        group by all""",
    "top_services": """
        select service, count(*), count(distinct source_ip),
            count(*) / (select count(*) from events where day between $first and $last)
        from events where day between $first and $last group by all having service is not null""",
    "port_sights": """
        select destination_port, protocol, min(day), max(day), count(distinct day)
        from events where day between $first and $last and destination_port is not null group by all""",
    "port_newcomers": """
        select destination_port, protocol, min(day) from events where destination_port is not null and day <= $last
        group by all having min(day) >= $first""",
    "port_last_sights": """
        select destination_port, protocol, max(day) from events where destination_port is not null and day >= $first
        group by all having max(day) <= $last""",
    "countries_of_port": """
        select source_country, count(*), count(distinct source_ip),
            count(*) / sum(count(*)) over ()
        from events where day between $first and $last and destination_port = 53 and protocol = 'udp'
        group by source_country
        qualify source_country is not null
            and rank() over (partition by source_country is null order by count(*) desc) <= 5""",
}
ANSWERS = {
    "top_services": "select service, events, sources, share from top_services_between($first, $last)",
    "port_sights": "select port, protocol, first_day, last_day, days from port_sights_between($first, $last)",
    "port_newcomers": "select port, protocol, first_day from port_newcomers_between($first, $last)",
    "port_last_sights": "select port, protocol, last_day from port_last_sights_between($first, $last)",
    "top_ports": "select port, protocol, events, sources, share from top_ports_between($first, $last)",
    "top_countries": "select country, events, sources, share from top_countries_between($first, $last)",
    "port_countries": """
        select port, protocol, country, events, sources, share from port_countries_between($first, $last)""",
    "rare_visitors": """
        select country, events, sources, ports, first_seen, last_seen from rare_visitors_between($first, $last)""",
    "main_ports": """
        select country, main_ports from rare_visitors_between($first, $last) where main_ports != []""",
    "countries_of_port": """
        select country, events, sources, share from countries_of_port_between(53, 'udp', $first, $last)""",
}


def random_day(chance: random.Random, day: date) -> list[Row]:
    """Return events of a day; each address has mostly, but not always, the same country."""
    rows = []
    for number in range(chance.choice([0, 1, 5, 40])):
        source = chance.randrange(len(SOURCES))
        usual = chance.random() < 0.8
        stamp = datetime.combine(day, datetime.min.time()) + timedelta(seconds=chance.randrange(86_400))
        rows.append(
            event(
                str(stamp),
                number + 1,
                sensor=chance.choice(["home", "office"]),
                source_ip=SOURCES[source],
                source_country=COUNTRIES[source % len(COUNTRIES)] if usual else chance.choice(COUNTRIES),
                destination_port=chance.choice(PORTS),
                protocol=chance.choice(PROTOCOLS),
                service=chance.choice(SERVICES),
            )
        )
    return rows


def assert_exact(folder: Path, chance: random.Random, periods: int) -> None:
    """Compare every answer for the whole time, for edges of months and for random periods with brute force."""
    end = FIRST + timedelta(days=DAYS)
    asked = [
        (date(2019, 1, 1), date(2030, 1, 1)),
        (date(2020, 2, 1), date(2020, 2, 29)),
        (date(2020, 2, 29), date(2020, 2, 29)),
        (date(2020, 1, 31), date(2020, 3, 1)),
        (date(2018, 1, 1), date(2018, 12, 31)),
        (date(2019, 1, 1), date(2019, 12, 31)),
        (date(2020, 1, 1), date(2020, 12, 31)),
        (date(2019, 12, 1), date(2020, 12, 31)),
        (date(2019, 12, 15), date(2020, 12, 31)),
        (date(2020, 2, 1), date(2021, 1, 31)),
        (end, end + timedelta(days=100)),
    ]
    for _ in range(periods):
        first = FIRST + timedelta(days=chance.randrange(-3, DAYS))
        asked.append((first, first + timedelta(days=chance.choice([0, 0, 5, 20, 40, 70]))))
    with unpublished(settings_for(folder)) as connection:
        for first, last in asked:
            for name, query in ANSWERS.items():
                period = {"first": first, "last": last}
                assert rows(connection, query, period) == rows(connection, BRUTE_FORCE[name], period), (name, period)


def rows(connection: duckdb.DuckDBPyConnection, query: str, period: dict[str, date]) -> list[str]:
    return sorted(map(str, connection.execute(query, period).fetchall()))


@pytest.mark.parametrize("round_", range(2 * SCALE))
def test_days_loaded_in_any_order_end_in_the_same_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, round_: int
) -> None:
    chance = random.Random(SEED + round_)  # noqa: S311
    if round_ % 2:  # months that do not fit into memory
        monkeypatch.setattr(sights, "SORTED_EVENTS", 10)
        monkeypatch.setattr(sights, "RANGE_SIGHTS", 50)
        monkeypatch.setattr(sights, "SAMPLED", 2)
    days = [FIRST + timedelta(days=number) for number in range(DAYS)]
    chance.shuffle(days)
    for start in range(0, DAYS, 25):
        for day in days[start : start + 25]:
            write_partition(tmp_path, "events", str(day), random_day(chance, day))
        roll_up(settings_for(tmp_path))
    assert_exact(tmp_path, chance, 6)

    for day in chance.sample(days, 4):
        write_partition(tmp_path, "events", str(day), random_day(chance, day))
    for day in chance.sample(days, 4):
        shutil.rmtree(tmp_path / "events" / f"day={day}")
    roll_up(settings_for(tmp_path))
    assert_exact(tmp_path, chance, 6)


def seed_month(folder: Path, months: tuple[int, ...] = (2, 3)) -> None:
    for month in months:
        for day in (1, 9):
            rows = [event(f"2020-0{month}-0{day} 12:00:00", source_ip="192.0.2.1", source_country="CN")]
            write_partition(folder, "events", f"2020-0{month}-0{day}", rows)


def test_only_changed_months_and_those_after_them_are_made_anew(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    seed_month(tmp_path)
    assert roll_up(settings).months == (date(2020, 2, 1), date(2020, 3, 1))
    assert roll_up(settings).months == ()
    write_partition(tmp_path, "events", "2020-03-09", [event("2020-03-09 00:00:00")])
    assert roll_up(settings).months == (date(2020, 3, 1),)
    write_partition(tmp_path, "events", "2020-02-03", [])
    assert roll_up(settings).months == (date(2020, 2, 1), date(2020, 3, 1))
    shutil.rmtree(tmp_path / "events" / "day=2020-03-01")
    shutil.rmtree(tmp_path / "events" / "day=2020-03-09")
    assert roll_up(settings).months == ()
    assert not list((tmp_path / "counts").glob("*/*/month=2020-03-01"))
    assert roll_up(settings).rows == {}


@pytest.mark.parametrize("gone", ["", "state.json", "days/ports", "sights/countries/month=2020-02-01", "years"])
def test_what_is_deleted_of_the_counts_is_made_anew(tmp_path: Path, gone: str) -> None:
    settings = settings_for(tmp_path)
    seed_month(tmp_path)
    roll_up(settings)
    path = tmp_path / "counts" / gone
    if path.is_file():
        path.unlink()
    else:
        shutil.rmtree(path)
    if gone == "state.json":  # and a month that is no longer there
        shutil.rmtree(tmp_path / "events" / "day=2020-02-01")
        shutil.rmtree(tmp_path / "events" / "day=2020-02-09")
    roll_up(settings)
    assert_exact(tmp_path, random.Random(SEED), 2)  # noqa: S311


@pytest.mark.parametrize(
    ("span", "renames"), [("month", 0), ("month", 1), ("month", 5), ("month", 11), ("year", 0), ("year", 2)]
)
def test_a_crash_between_two_renames_is_healed_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, span: str, renames: int
) -> None:
    settings = settings_for(tmp_path)
    seed_month(tmp_path)
    roll_up(settings)
    seed_month(tmp_path, (1,))
    left = iter(range(renames))
    sync: Callable[[Path], None] = warehouse.sync

    def crash(path: Path) -> None:
        sync(path)
        if path.name.startswith(f"{span}=") and next(left, None) is None:
            raise OSError("no power")

    with monkeypatch.context() as patched:
        patched.setattr(stage, "sync", crash)
        with pytest.raises(OSError, match="no power"):
            roll_up(settings)
    (tmp_path / "counts" / ".work-left").mkdir()
    assert roll_up(settings).months == (date(2020, 1, 1), date(2020, 2, 1), date(2020, 3, 1))
    assert not list((tmp_path / "counts").glob(".work*"))
    assert_exact(tmp_path, random.Random(SEED), 2)  # noqa: S311


def test_counts_of_another_version_are_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seed_month(tmp_path)
    roll_up(settings_for(tmp_path))
    monkeypatch.setattr(stage, "VERSION", stage.VERSION + 1)
    assert len(roll_up(settings_for(tmp_path)).months) == 2


def test_more_unusual_values_than_there_are_numbers_for_are_refused(tmp_path: Path) -> None:
    events: list[Any] = [
        event("2020-04-01 12:00:00", number + 1, source_country=f"country {number}") for number in range(400)
    ]
    write_partition(tmp_path, "events", "2020-04-01", events)
    with pytest.raises(OverflowError, match="source_country are 'country 348': there must not be more than 348"):
        roll_up(settings_for(tmp_path))
