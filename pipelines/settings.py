"""The settings of the product: read once from the environment, validated, each with a default that works."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

CHECKOUT = Path(__file__).resolve().parents[1]
SQL_FOLDER = CHECKOUT / "sql"
BUNDLED_GEOIP_DB = CHECKOUT / "warehouse" / "geoip" / "dbip-country-lite-2026-06.mmdb"

# A hundred years of days.
LONGEST_KEPT = 36_525


class SettingError(ValueError):
    """A setting that cannot be used: one sentence with its name, its value and what is allowed."""

    def __init__(self, name: str, value: object, allowed: str) -> None:
        super().__init__(f"{name} is {str(value)!r}: {allowed}")
        self.name = name
        self.value = value
        self.allowed = allowed


@dataclass(frozen=True)
class Keep:
    """For how many days what is kept, counted back from the newest day that has been loaded; None: for ever.

    Attributes:
        raw: raw files dropped below `raw/`, by their last line; those that sources.toml names elsewhere stay.
        rejected: rejected lines.
        events: events, and what they are made from, by whole months.
        counts: counts, by whole months, which outlive the events that they were made of.
    """

    raw: int | None = None
    rejected: int | None = None
    events: int | None = None
    counts: int | None = None


@dataclass(frozen=True)
class Settings:
    """Every setting, valid.

    Attributes:
        warehouse: folder of all data (`FIREWALL_WAREHOUSE`); it need not exist yet.
        sources_file: where the sources are declared (`FIREWALL_SOURCES`); None when there is no such file.
        timezone: whose calendar days the partitions are (`FIREWALL_TIMEZONE`, an IANA name).
        geoip_db: MaxMind DB file of countries (`GEOIP_DB`).
        geoip_asn_db: MaxMind DB file of autonomous systems (`GEOIP_ASN_DB`); None when none is named.
        reload_minutes: after how many minutes a day that got more lines is asked for again, at the earliest
            (`FIREWALL_RELOAD_MINUTES`); 0: not before it is over.
        keep: how long what is kept (`FIREWALL_KEEP_RAW`, `FIREWALL_KEEP_REJECTED`, `FIREWALL_KEEP_EVENTS`,
            `FIREWALL_KEEP_COUNTS`).
        own_names: whether a report may name what is the site's own (`FIREWALL_REPORT_OWN_NAMES`): hidden or shown.
    """

    warehouse: Path
    sources_file: Path | None
    timezone: ZoneInfo
    geoip_db: Path
    geoip_asn_db: Path | None
    reload_minutes: int = 60
    keep: Keep = field(default_factory=Keep)
    own_names: bool = False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read and validate the settings; an empty variable counts as not set.

        Raises:
            SettingError: a value that cannot be used.
        """
        warehouse = _folder("FIREWALL_WAREHOUSE", environment.get("FIREWALL_WAREHOUSE") or CHECKOUT / "warehouse")
        asn = environment.get("GEOIP_ASN_DB")
        return cls(
            warehouse=warehouse,
            sources_file=_sources_file(environment.get("FIREWALL_SOURCES"), warehouse),
            timezone=zone("FIREWALL_TIMEZONE", environment.get("FIREWALL_TIMEZONE") or "UTC"),
            geoip_db=_existing("GEOIP_DB", environment.get("GEOIP_DB") or BUNDLED_GEOIP_DB),
            geoip_asn_db=_existing("GEOIP_ASN_DB", asn) if asn else None,
            reload_minutes=_number(
                "FIREWALL_RELOAD_MINUTES", environment.get("FIREWALL_RELOAD_MINUTES") or "60", 1_440
            ),
            keep=_keep(environment),
            own_names=_own_names(environment.get("FIREWALL_REPORT_OWN_NAMES") or "hidden"),
        )


def zone(name: str, value: str) -> ZoneInfo:
    """Return the IANA time zone `value`, given for the setting `name`.

    Raises:
        SettingError: no such zone.
    """
    if value not in available_timezones():
        raise SettingError(name, value, "it must be an IANA time zone such as UTC, Asia/Tokyo or Europe/Berlin")
    return ZoneInfo(value)


def _number(name: str, value: str, largest: int, least: int = 0) -> int:
    if not (value.isascii() and value.isdigit() and least <= int(value) <= largest):
        raise SettingError(name, value, f"it must be a whole number from {least} to {largest:,}")
    return int(value)


def _own_names(value: str) -> bool:
    if value not in {"hidden", "shown"}:
        raise SettingError("FIREWALL_REPORT_OWN_NAMES", value, "it must be hidden or shown")
    return value == "shown"


def _keep(environment: Mapping[str, str]) -> Keep:
    """Read how long what is kept.

    Raises:
        SettingError: a span that is no number of days, or counts that are kept for less long than events.
    """
    spans = {}
    for kind in Keep.__dataclass_fields__:
        name = f"FIREWALL_KEEP_{kind.upper()}"
        value = environment.get(name)
        spans[kind] = _number(name, value, LONGEST_KEPT, least=1) if value else None
    keep = Keep(**spans)
    if keep.counts is not None and (keep.events is None or keep.counts < keep.events):
        allowed = "counts outlive events: it must not be less than FIREWALL_KEEP_EVENTS, which must be set too"
        raise SettingError("FIREWALL_KEEP_COUNTS", keep.counts, allowed)
    return keep


def _absolute(name: str, value: str | Path) -> Path:
    try:
        path = Path(value).expanduser().absolute()
        path.exists()
    except (OSError, RuntimeError) as error:
        raise SettingError(name, value, f"it must be a path that can be looked up ({error})") from error
    return path


def _folder(name: str, value: str | Path) -> Path:
    path = _absolute(name, value)
    nearest = next(part for part in (path, *path.parents) if os.path.lexists(part))
    if not nearest.is_dir():
        raise SettingError(name, path, f"it must be a folder, existing or not, and {str(nearest)!r} is none")
    return path


def _existing(name: str, value: str | Path) -> Path:
    path = _absolute(name, value)
    if not path.is_file():
        raise SettingError(name, path, "it must be a MaxMind DB file (.mmdb) that exists and can be read")
    return path


def _sources_file(value: str | None, warehouse: Path) -> Path | None:
    path = _absolute("FIREWALL_SOURCES", value) if value else warehouse / "sources.toml"
    if not value and not os.path.lexists(path):
        return None
    if not path.is_file():
        raise SettingError("FIREWALL_SOURCES", path, "it must be a TOML file that exists and can be read")
    return path
