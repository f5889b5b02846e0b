"""The settings: their defaults, and one clear sentence for each value that cannot be used."""

import os
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipelines.settings import CHECKOUT, SettingError, Settings
from tests.raw_logs import Site, packet

DAY = date(2020, 4, 3)


def sentence(environment: dict[str, str]) -> str:
    """Return what the settings say of an environment that they refuse."""
    with pytest.raises(SettingError) as refused:
        Settings.from_environment(environment)
    return str(refused.value)


def test_the_defaults_work(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("FIREWALL_WAREHOUSE", "FIREWALL_SOURCES", "FIREWALL_TIMEZONE", "GEOIP_DB", "GEOIP_ASN_DB"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    settings = Settings.from_environment()
    assert settings.warehouse == CHECKOUT / "warehouse"
    assert settings.timezone == ZoneInfo("UTC")
    assert settings.geoip_db.read_bytes()[-1000:].count(b"\xab\xcd\xefMaxMind.com") == 1
    assert settings.geoip_asn_db is None


def test_an_empty_variable_counts_as_not_set(tmp_path: Path) -> None:
    names = ("FIREWALL_SOURCES", "FIREWALL_TIMEZONE", "GEOIP_DB", "GEOIP_ASN_DB")
    folder = {"FIREWALL_WAREHOUSE": str(tmp_path)}
    assert Settings.from_environment(folder | dict.fromkeys(names, "")) == Settings.from_environment(folder)
    assert Settings.from_environment({"FIREWALL_WAREHOUSE": ""}).warehouse == CHECKOUT / "warehouse"


def test_the_environment_is_read_at_the_call(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FIREWALL_WAREHOUSE", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("FIREWALL_TIMEZONE", "Asia/Tokyo")
    settings = Settings.from_environment()
    assert settings.warehouse == tmp_path / "elsewhere"
    assert settings.timezone == ZoneInfo("Asia/Tokyo")


def test_paths_are_absolute_and_may_start_at_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "countries.mmdb").touch()
    settings = Settings.from_environment({"FIREWALL_WAREHOUSE": "~/firewall", "GEOIP_DB": "countries.mmdb"})
    assert settings.warehouse == tmp_path / "home" / "firewall"
    assert settings.geoip_db == tmp_path / "countries.mmdb"


def test_sources_are_declared_in_the_warehouse_unless_said_otherwise(tmp_path: Path) -> None:
    site = Site(tmp_path / "warehouse")
    assert site.settings().sources_file is None
    default = site.declare("")
    other = tmp_path / "other.toml"
    other.touch()
    assert site.settings().sources_file == default
    assert site.settings(FIREWALL_SOURCES=str(other)).sources_file == other


def test_the_warehouse_need_not_exist(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there"
    assert Settings.from_environment({"FIREWALL_WAREHOUSE": str(folder)}).warehouse == folder
    assert not (tmp_path / "not").exists()


@pytest.mark.parametrize("name", ["file", "file/below/it", "loop", "nowhere"])
def test_a_warehouse_that_cannot_be_a_folder_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "nowhere").symlink_to("gone")
    path = tmp_path / name
    obstacle = tmp_path / name.removesuffix("/below/it")
    allowed = f"it must be a folder, existing or not, and {str(obstacle)!r} is none"
    assert sentence({"FIREWALL_WAREHOUSE": str(path)}) == f"FIREWALL_WAREHOUSE is {str(path)!r}: {allowed}"


@pytest.mark.parametrize("value", ["~no-such-user/logs", "x" * 300])
@pytest.mark.parametrize("name", ["FIREWALL_WAREHOUSE", "FIREWALL_SOURCES", "GEOIP_DB", "GEOIP_ASN_DB"])
def test_a_path_that_cannot_be_looked_up_is_refused(name: str, value: str) -> None:
    assert sentence({name: value}).startswith(f"{name} is {value!r}: it must be a path that can be looked up (")


@pytest.mark.parametrize("kind", ["missing", "folder", "link to nowhere"])
@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("FIREWALL_SOURCES", "it must be a TOML file that exists and can be read"),
        ("GEOIP_DB", "it must be a MaxMind DB file (.mmdb) that exists and can be read"),
        ("GEOIP_ASN_DB", "it must be a MaxMind DB file (.mmdb) that exists and can be read"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, name: str, allowed: str, kind: str) -> None:
    path = tmp_path / "named"
    if kind == "folder":
        path.mkdir()
    if kind == "link to nowhere":
        path.symlink_to("gone")
    assert sentence({name: str(path)}) == f"{name} is {str(path)!r}: {allowed}"


@pytest.mark.parametrize("kind", ["folder", "link to nowhere"])
def test_a_sources_file_of_the_warehouse_that_cannot_be_read_is_not_passed_over(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "sources.toml"
    if kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("gone")
    allowed = "it must be a TOML file that exists and can be read"
    assert sentence({"FIREWALL_WAREHOUSE": str(tmp_path)}) == f"FIREWALL_SOURCES is {str(path)!r}: {allowed}"


@pytest.mark.parametrize("value", ["JST-9", "Tokyo", "asia/tokyo", "+09:00", "../../etc/passwd", "/etc/localtime", " "])
def test_a_zone_that_is_none_is_refused(value: str) -> None:
    allowed = "it must be an IANA time zone such as UTC, Asia/Tokyo or Europe/Berlin"
    assert sentence({"FIREWALL_TIMEZONE": value}) == f"FIREWALL_TIMEZONE is {value!r}: {allowed}"


def test_own_names_are_hidden_or_shown() -> None:
    assert not Settings.from_environment({}).own_names
    assert Settings.from_environment({"FIREWALL_REPORT_OWN_NAMES": "shown"}).own_names
    with pytest.raises(SettingError, match="FIREWALL_REPORT_OWN_NAMES is 'yes': it must be hidden or shown"):
        Settings.from_environment({"FIREWALL_REPORT_OWN_NAMES": "yes"})


def test_an_error_tells_its_parts(tmp_path: Path) -> None:
    with pytest.raises(SettingError) as refused:
        Settings.from_environment({"GEOIP_DB": os.fspath(tmp_path)})
    error = refused.value
    assert (error.name, error.value) == ("GEOIP_DB", tmp_path)
    assert str(error) == f"{error.name} is {str(error.value)!r}: {error.allowed}"


def test_the_zone_of_a_warehouse_is_fixed_by_its_first_load(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.drop("gate/a.log", [packet("2020-04-03T12:00:00Z")])
    site.parse(DAY, FIREWALL_TIMEZONE="Asia/Tokyo")
    before = site.content()
    with pytest.raises(SettingError) as refused:
        site.parse(DAY, FIREWALL_TIMEZONE="Europe/Berlin")
    assert str(refused.value) == (
        "FIREWALL_TIMEZONE is 'Europe/Berlin': "
        "the partitions of this warehouse are days of 'Asia/Tokyo': use that, or another folder"
    )
    with pytest.raises(SettingError, match="FIREWALL_TIMEZONE is 'UTC'"):
        site.parse(DAY)
    assert site.content() == before
    assert site.parse(DAY, FIREWALL_TIMEZONE="Asia/Tokyo").days[DAY].events == 1
