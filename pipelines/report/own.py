"""What is the site's own and must not be published: from the declared sources and from the events."""

from functools import cache
from importlib.resources import files
from ipaddress import ip_address

import duckdb

from pipelines.report.leaks import Address, Own, searched_names
from pipelines.report.page import page_script
from pipelines.settings import Settings
from pipelines.sources import load_sources

_MACS = ("source_mac", "destination_mac")


def own_identifiers(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Own:
    """Return the site's addresses, names and hardware addresses, of all that is loaded."""
    rows = connection.table("site_names").project("kind, name").fetchall()
    declared = [network for source in load_sources(settings) for network in source.own_addresses]
    texts = connection.execute("select string_agg(concat_ws(' ', columns(*)), ' ') from countries").fetchall()
    services = connection.execute("select string_agg(concat_ws(' ', columns(*)), ' ') from services").fetchall()
    vocabulary = " ".join([page_vocabulary(), *map(str, texts[0]), *map(str, services[0])])
    return Own(
        addresses=frozenset(_own_addresses(connection)),
        networks=tuple(declared),
        hardware_addresses=frozenset(int(name.replace(":", ""), 16) for kind, name in rows if kind in _MACS),
        names=searched_names((name for kind, name in rows if kind not in _MACS), vocabulary),
    )


@cache
def page_vocabulary() -> str:
    """Return all that a report holds whatever the logs are: its texts, its template, its style and its script."""
    here = files("pipelines.report")
    parts = [
        path.read_text(encoding="utf-8") for folder in ("texts", "templates") for path in (here / folder).iterdir()
    ]
    return " ".join([*parts, page_script()])


def _own_addresses(connection: duckdb.DuckDBPyConnection) -> list[Address]:
    found = [ip_address(text) for (text,) in connection.table("site_addresses").project("address").fetchall()]
    # These are everybody's.
    return [
        address
        for address in found
        if not (address.is_multicast or address.is_unspecified or address.is_loopback or address.is_reserved)
    ]
