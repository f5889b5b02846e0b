"""Which MaxMind DB files the settings may name; light to import, so that a wrong one is refused at start."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import maxminddb
from maxminddb import InvalidDatabaseError, Reader

from pipelines.settings import SettingError, Settings


class DamagedTreeError(ValueError):
    """A search tree with a way that leads nowhere, or round in circles."""


@dataclass(frozen=True)
class DatabaseKind:
    """What a setting's file must be.

    Attributes:
        setting: name of the setting.
        types: parts of the type that such a file gives itself; it has one of them.
        named: what its records name, in words.
        allowed: what the file must be, in words.
    """

    setting: str
    types: tuple[str, ...]
    named: str
    allowed: str

    @contextmanager
    def opened(self, path: Path) -> Iterator[Reader]:
        """Open a file of this kind; what proves damaged inside the block is refused like what cannot be opened.

        Raises:
            SettingError: the file is missing, cannot be read, is damaged or of another kind.
        """
        try:
            if not path.is_file():
                raise self.refusal(path, "there is no file")
            with maxminddb.open_database(path) as reader:
                database_type = reader.metadata().database_type
                if not any(word in database_type for word in self.types):
                    raise self.refusal(path, f"its type is {database_type!r}")
                yield reader
        except OSError as error:
            raise self.refusal(path, f"it cannot be read ({error.strerror})") from error
        except (InvalidDatabaseError, DamagedTreeError, UnicodeDecodeError, OverflowError) as error:
            raise self.refusal(path, "it is no such file or a damaged one") from error

    def refusal(self, path: Path, reason: str) -> SettingError:
        """Return the error that says why a file cannot be used."""
        return SettingError(self.setting, path, f"it must be {self.allowed}, but {reason}")


def country_kind(setting: str = "GEOIP_DB") -> DatabaseKind:
    """Return the kind whose records hold a country: what geoip2 reads with country(), city() and enterprise()."""
    allowed = "a MaxMind DB file of countries or cities (DB-IP Lite, GeoLite2 or GeoIP2)"
    return DatabaseKind(setting, ("Country", "City", "Enterprise"), "a country", allowed)


def network_kind(setting: str = "GEOIP_ASN_DB") -> DatabaseKind:
    """Return the kind whose records hold an autonomous system: what geoip2 reads with asn() and isp()."""
    allowed = "a MaxMind DB file of autonomous systems (DB-IP ASN Lite, GeoLite2 ASN or GeoIP2 ISP)"
    return DatabaseKind(setting, ("ASN", "ISP"), "an autonomous system", allowed)


def check_databases(settings: Settings) -> None:
    """Open the files that the settings name, and close them again.

    Raises:
        SettingError: one is missing, cannot be read, is damaged or of another kind.
    """
    with country_kind().opened(settings.geoip_db):
        pass
    if settings.geoip_asn_db:
        with network_kind().opened(settings.geoip_asn_db):
            pass
