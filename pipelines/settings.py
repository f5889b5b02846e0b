"""The settings of the product: read once from the environment, validated, each with a default that works."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

CHECKOUT = Path(__file__).resolve().parents[1]
SQL_FOLDER = CHECKOUT / "sql"
BUNDLED_GEOIP_DB = CHECKOUT / "warehouse" / "geoip" / "dbip-country-lite-2026-06.mmdb"


class SettingError(ValueError):
    """A setting that cannot be used: one sentence with its name, its value and what is allowed."""

    def __init__(self, name: str, value: object, allowed: str) -> None:
        super().__init__(f"{name} is {str(value)!r}: {allowed}")
        self.name = name
        self.value = value
        self.allowed = allowed


@dataclass(frozen=True)
class Settings:
    """Every setting, valid.

    Attributes:
        warehouse: folder of all data (`FIREWALL_WAREHOUSE`); it need not exist yet.
        sources_file: where the sources are declared (`FIREWALL_SOURCES`); None when there is no such file.
        timezone: whose calendar days the partitions are (`FIREWALL_TIMEZONE`, an IANA name).
        geoip_db: MaxMind DB file of countries (`GEOIP_DB`).
        geoip_asn_db: MaxMind DB file of autonomous systems (`GEOIP_ASN_DB`); None when none is named.
    """

    warehouse: Path
    sources_file: Path | None
    timezone: ZoneInfo
    geoip_db: Path
    geoip_asn_db: Path | None

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
        )


def zone(name: str, value: str) -> ZoneInfo:
    """Return the IANA time zone `value`, given for the setting `name`.

    Raises:
        SettingError: no such zone.
    """
    if value not in available_timezones():
        raise SettingError(name, value, "it must be an IANA time zone such as UTC, Asia/Tokyo or Europe/Berlin")
    return ZoneInfo(value)


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
