"""Where the raw logs are: the sources of `sources.toml` and the folders below `raw/`, and the files of each."""

import glob
import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pipelines.format import format_named
from pipelines.settings import SettingError, Settings, zone
from pipelines.warehouse import Warehouse

DETECT = "detect"
_KEYS = ("name", "path", "format", "timezone", "own_addresses")
_UTC = ZoneInfo("UTC")


@dataclass(frozen=True)
class Source:
    """One sensor's logs.

    Attributes:
        name: name of the sensor; its dropped files are those below `raw/<name>/`.
        path: glob of further files, absolute; None when there is none.
        format: name of the format, or "detect".
        timezone: zone of stamps that name none.
        own_addresses: the site's own addresses and networks.
    """

    name: str
    path: str | None = None
    format: str = DETECT
    timezone: ZoneInfo = _UTC
    own_addresses: tuple[IPv4Network | IPv6Network, ...] = ()


@dataclass(frozen=True)
class RawFile:
    """One file of a source: where it lies and the name it goes by in every table."""

    source: Source
    path: Path
    name: str


@dataclass(frozen=True)
class Found:
    """The files to read, in a stable order, what is wrong with the sources, a sentence each, and the sources."""

    files: tuple[RawFile, ...]
    problems: tuple[str, ...]
    sources: tuple[Source, ...] = ()


def load_sources(settings: Settings) -> tuple[Source, ...]:
    """Return the declared sources, then one for each further folder below `raw/`.

    Raises:
        SettingError: sources.toml is no TOML, or an entry of it cannot be used.
    """
    declared = _declared(settings.sources_file) if settings.sources_file else ()
    names = {source.name for source in declared}
    raw = Warehouse(settings.warehouse).raw
    dropped = [path for path in _visible(raw) if path.is_dir() and path.name not in names]
    return (*declared, *(_dropped(path) for path in dropped))


def find_files(settings: Settings) -> Found:
    """Return the raw files of every source; a file that two sources match belongs to the first."""
    warehouse = Warehouse(settings.warehouse)
    files: dict[str, RawFile] = {}
    problems = []
    sources = load_sources(settings)
    for source in sources:
        count = 0
        for path in _paths(source, warehouse.raw):
            real = os.path.realpath(path)
            if real not in files:
                files[real] = RawFile(source, path, _name(path, warehouse.raw))
            count += 1
        if not count:
            where = source.path or f"{warehouse.raw / source.name}"
            problems.append(f"source {source.name!r} has no files: nothing matches {where!r}")
    problems += [
        f"{path.name!r} lies directly in {str(warehouse.raw)!r} and is not read: "
        "put it into a folder named for its source"
        for path in _visible(warehouse.raw)
        if not path.is_dir() and os.path.realpath(path) not in files
    ]
    return Found(tuple(files.values()), tuple(problems), sources)


def _visible(folder: Path) -> list[Path]:
    """Return what a folder holds, in order, but for what is hidden; nothing where there is no such folder."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith(".")) if folder.is_dir() else []


def _dropped(folder: Path) -> Source:
    """Return the source that a folder below `raw/` is; one whose name is no UTF-8 is found by its path only."""
    name = printable(folder.name)
    return Source(name, path=None if name == folder.name else glob.escape(str(folder)))


def _paths(source: Source, raw: Path) -> Iterator[Path]:
    folder = raw / source.name
    if folder.is_dir():
        yield from _files_below(folder)
    if source.path:
        for match in sorted(glob.glob(source.path, recursive=True)):  # noqa: PTH207 - pathlib has no absolute globs
            path = Path(match)
            if path.is_dir():
                yield from _files_below(path)
            elif os.path.lexists(path):  # glob takes the folder of `folder/**` for granted
                yield path


def _files_below(folder: Path) -> Iterator[Path]:
    """Return the files below a folder, linked folders too, but for hidden ones, which are other programs' leftovers.

    A folder that may not be listed is returned as if it were a file, which then cannot be read, and so is told of.
    """
    passed = set()
    closed: list[OSError] = []
    for parent, folders, names in os.walk(folder, onerror=closed.append, followlinks=True):
        real = os.path.realpath(parent)
        folders[:] = [] if real in passed else sorted(name for name in folders if not name.startswith("."))
        if real not in passed:
            yield from (Path(parent, name) for name in sorted(names) if not name.startswith("."))
        passed.add(real)
    yield from (Path(error.filename) for error in closed)


def _name(path: Path, raw: Path) -> str:
    """Return a file's name in tables."""
    return printable(str(path.relative_to(raw) if path.is_relative_to(raw) else path))


def printable(name: str) -> str:
    r"""Return a name of a file system as text; bytes of it that are no UTF-8 are written \xNN."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _declared(path: Path) -> tuple[Source, ...]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingError("FIREWALL_SOURCES", path, f"it must be a readable TOML file ({error})") from error
    unknown = sorted(set(content) - {"source"})
    if unknown:
        raise SettingError(f"{path}", unknown[0], "the file may hold nothing but [[source]] tables")
    tables = content.get("source", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise SettingError(f"source in {path}", tables, "write each source as a [[source]] table")
    sources = tuple(_source(table, place, path) for place, table in enumerate(tables, 1))
    names = [source.name for source in sources]
    for name in names:
        if names.count(name) > 1:
            raise SettingError(f"name of a source in {path}", name, "each source needs a name of its own")
    return sources


def _source(table: dict[str, Any], place: int, path: Path) -> Source:
    where = f"[[source]] number {place} in {path}"
    for key in table:
        if key not in _KEYS:
            raise SettingError(f"a key of {where}", key, f"the keys are {', '.join(_KEYS)}")
    name = _text(table, "name", where)
    if not name or "/" in name or name.startswith("."):
        raise SettingError(f"name of {where}", name, "it must be a name that can be a folder's, without '/'")
    pattern = _text(table, "path", where)
    return Source(
        name=name,
        path=_pattern(pattern, path.parent) if pattern else None,
        format=_format(_text(table, "format", where) or DETECT, where),
        timezone=zone(f"timezone of {where}", _text(table, "timezone", where) or "UTC"),
        own_addresses=_networks(table.get("own_addresses", []), where),
    )


def _text(table: dict[str, Any], key: str, where: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str) or "\0" in value:
        raise SettingError(f"{key} of {where}", value, "it must be text in quotes, without NUL")
    return value


def _pattern(path: str, folder: Path) -> str:
    """Return a source's glob, absolute; what the folder of sources.toml is called is no pattern."""
    return os.path.join(glob.escape(str(folder)), os.path.expanduser(path))  # noqa: PTH111, PTH118 - no path: a pattern


def _format(name: str, where: str) -> str:
    return name if name == DETECT else format_named(name, f"format of {where}").name


def _networks(values: object, where: str) -> tuple[IPv4Network | IPv6Network, ...]:
    setting = f"own_addresses of {where}"
    if not isinstance(values, list):
        raise SettingError(setting, values, 'it must be a list such as ["203.0.113.7", "2001:db8::/32"]')
    networks = []
    for value in values:
        try:
            networks.append(ip_network(value if isinstance(value, str) else "", strict=False))
        except ValueError as error:
            allowed = "each must be an IP address or a network such as 203.0.113.0/24, in quotes"
            raise SettingError(setting, value, allowed) from error
    return tuple(networks)
