"""Where raw logs are looked for: sources.toml, the folders below raw/, and the files of each."""

import os
from datetime import date
from ipaddress import ip_network
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipelines.settings import SettingError
from pipelines.sources import Found, Source, find_files, load_sources
from tests.raw_logs import Site, packet

DAY = date(2020, 4, 3)
LINE = packet("2020-04-03T12:00:00Z")
ZONES = "it must be an IANA time zone such as UTC, Asia/Tokyo or Europe/Berlin"
ADDRESSES = 'it must be a list such as ["203.0.113.7", "2001:db8::/32"]'


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "warehouse")


def found(site: Site) -> Found:
    return find_files(site.settings())


def names(site: Site) -> list[tuple[str, str]]:
    """Return (source, name) of every file found, in order."""
    return [(file.source.name, file.name) for file in found(site).files]


def refusal(site: Site, toml: str) -> str:
    """Return what is said of a sources.toml that is refused, with its path written PATH."""
    path = site.declare(toml)
    with pytest.raises(SettingError) as refused:
        load_sources(site.settings())
    return str(refused.value).replace(str(path), "PATH")


def test_without_a_declaration_each_folder_is_a_source(site: Site) -> None:
    site.drop("gate/a.log", [LINE])
    site.drop("attic/2020/04/b.log", [LINE])
    assert load_sources(site.settings()) == (Source("attic"), Source("gate"))
    assert names(site) == [("attic", "attic/2020/04/b.log"), ("gate", "gate/a.log")]
    assert found(site).problems == ()


def test_a_source_has_the_settings_that_its_entry_gives(site: Site) -> None:
    site.declare(
        """
        [[source]]
        name = "gate"
        path = "/var/log/gate/*.log"
        format = "netfilter"
        timezone = "Asia/Tokyo"
        own_addresses = ["203.0.113.7", "198.51.100.0/24", "2001:db8::1/32"]

        [[source]]
        name = "attic"
        """
    )
    assert load_sources(site.settings()) == (
        Source(
            name="gate",
            path="/var/log/gate/*.log",
            format="netfilter",
            timezone=ZoneInfo("Asia/Tokyo"),
            own_addresses=(ip_network("203.0.113.7/32"), ip_network("198.51.100.0/24"), ip_network("2001:db8::/32")),
        ),
        Source(name="attic", path=None, format="detect", timezone=ZoneInfo("UTC"), own_addresses=()),
    )


@pytest.mark.parametrize(
    ("toml", "expected"),
    [
        (
            '[[source]]\nname = "gate"\npaht = "x"',
            "a key of [[source]] number 1 in PATH is 'paht': the keys are name, path, format, timezone, own_addresses",
        ),
        ('[[sources]]\nname = "gate"', "PATH is 'sources': the file may hold nothing but [[source]] tables"),
        ('[source]\nname = "gate"', "source in PATH is \"{'name': 'gate'}\": write each source as a [[source]] table"),
        ("source = 5", "source in PATH is '5': write each source as a [[source]] table"),
        ("source = [5]", "source in PATH is '[5]': write each source as a [[source]] table"),
        (
            '[[source]]\nname = "one"\n[[source]]\npath = "x"',
            "name of [[source]] number 2 in PATH is '': it must be a name that can be a folder's, without '/'",
        ),
        (
            '[[source]]\nname = "../gate"',
            "name of [[source]] number 1 in PATH is '../gate': it must be a name that can be a folder's, without '/'",
        ),
        (
            '[[source]]\nname = ".."',
            "name of [[source]] number 1 in PATH is '..': it must be a name that can be a folder's, without '/'",
        ),
        ("[[source]]\nname = 5", "name of [[source]] number 1 in PATH is '5': it must be text in quotes, without NUL"),
        (
            '[[source]]\nname = "a"\npath = "b\\u0000"',
            "path of [[source]] number 1 in PATH is 'b\\x00': it must be text in quotes, without NUL",
        ),
        (
            '[[source]]\nname = "a"\npath = ["b"]',
            "path of [[source]] number 1 in PATH is \"['b']\": it must be text in quotes, without NUL",
        ),
        (
            '[[source]]\nname = "a"\ntimezone = "JST"',
            f"timezone of [[source]] number 1 in PATH is 'JST': {ZONES}",
        ),
        (
            '[[source]]\nname = "a"\n[[source]]\nname = "b"\n[[source]]\nname = "a"',
            "name of a source in PATH is 'a': each source needs a name of its own",
        ),
        (
            '[[source]]\nname = "a"\nown_addresses = "203.0.113.7"',
            f"own_addresses of [[source]] number 1 in PATH is '203.0.113.7': {ADDRESSES}",
        ),
    ],
)
def test_a_declaration_that_cannot_be_used_is_refused(site: Site, toml: str, expected: str) -> None:
    assert refusal(site, toml) == expected


@pytest.mark.parametrize("value", ['"203.0.113"', '"203.0.113.0/33"', '"gate.example"', "5", "true", "1.5", "[]", '""'])
def test_an_own_address_that_is_none_is_refused(site: Site, value: str) -> None:
    said = refusal(site, f'[[source]]\nname = "a"\nown_addresses = ["198.51.100.1", {value}]')
    written = {"true": "True", '""': ""}.get(value, value.strip('"'))
    assert said == (
        f"own_addresses of [[source]] number 1 in PATH is {written!r}: "
        "each must be an IP address or a network such as 203.0.113.0/24, in quotes"
    )


def test_a_format_that_is_none_is_refused_with_those_there_are(site: Site) -> None:
    said = refusal(site, '[[source]]\nname = "a"\nformat = "iptables"')
    assert said.startswith("format of [[source]] number 1 in PATH is 'iptables': it must be 'detect' or one of ")
    assert "netfilter" in said


@pytest.mark.parametrize("content", [b"[[source]\nname", b"[[source]]\nname", b"name = \xff", b'a = "\xe3"', b"\0"])
def test_a_file_that_is_no_toml_is_refused(site: Site, content: bytes) -> None:
    path = site.declare("")
    path.write_bytes(content)
    with pytest.raises(SettingError) as refused:
        load_sources(site.settings())
    said = str(refused.value)
    assert said.startswith(f"FIREWALL_SOURCES is {str(path)!r}: it must be a readable TOML file (")
    assert "\n" not in said


def test_globs_are_relative_to_the_file_that_declares_them(site: Site, tmp_path: Path) -> None:
    for name in ("logs/a.log", "logs/b.txt", "logs/2020/c.log", "logs/2020/04/d.log", "away/e.log"):
        path = tmp_path / "conf" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    conf = tmp_path / "conf" / "sources.toml"
    conf.write_text(
        f"""
        [[source]]
        name = "flat"
        path = "logs/*.log"
        [[source]]
        name = "deep"
        path = "logs/**/*.log"
        [[source]]
        name = "absolute"
        path = "{tmp_path}/conf/away/?.log"
        """
    )
    files = find_files(site.settings(FIREWALL_SOURCES=str(conf)))
    assert [(file.source.name, file.name.removeprefix(f"{tmp_path}/conf/")) for file in files.files] == [
        ("flat", "logs/a.log"),
        ("deep", "logs/2020/04/d.log"),
        ("deep", "logs/2020/c.log"),
        ("absolute", "away/e.log"),
    ]
    assert all(Path(file.name).is_absolute() for file in files.files)
    assert files.problems == ()


def test_what_the_folder_of_the_declaration_is_called_is_no_pattern(tmp_path: Path) -> None:
    site = Site(tmp_path / "ware[house]*?")
    site.drop("gate/a.log", [LINE])
    site.drop("other/b.log", [LINE])
    site.declare('[[source]]\nname = "named"\npath = "raw/other/*.log"')
    assert names(site) == [("named", "other/b.log"), ("gate", "gate/a.log")]


def test_a_path_may_start_at_home(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "own.log").touch()
    site.declare('[[source]]\nname = "gate"\npath = "~/*.log"')
    assert names(site) == [("gate", f"{tmp_path}/own.log")]


def test_a_folder_as_path_stands_for_all_below_it(site: Site, tmp_path: Path) -> None:
    for name in ("logs/a", "logs/deep/b", "logs/.hidden/c", "logs/.d"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    site.declare(f'[[source]]\nname = "gate"\npath = "{tmp_path}/logs"')
    assert names(site) == [("gate", f"{tmp_path}/logs/a"), ("gate", f"{tmp_path}/logs/deep/b")]


def test_a_source_has_its_path_and_its_folder(site: Site, tmp_path: Path) -> None:
    (tmp_path / "far.log").touch()
    site.drop("gate/near.log", [LINE])
    site.declare(f'[[source]]\nname = "gate"\npath = "{tmp_path}/far.log"')
    assert names(site) == [("gate", "gate/near.log"), ("gate", f"{tmp_path}/far.log")]


@pytest.mark.parametrize("path", ["logs/*.log", "/nowhere/at/all/**", "~no-such-user/*.log"])
def test_a_glob_that_matches_nothing_is_a_problem_and_no_stop(site: Site, path: str) -> None:
    site.drop("attic/a.log", [LINE])
    site.declare(f'[[source]]\nname = "gate"\npath = "{path}"')
    whole = os.path.join(site.folder, path)  # noqa: PTH118 - a pattern
    assert found(site).problems == (f"source 'gate' has no files: nothing matches {whole!r}",)
    assert names(site) == [("attic", "attic/a.log")]
    parsed = site.parse(DAY)
    assert parsed.problems == found(site).problems
    assert parsed.days[DAY].events == 1


def test_an_empty_folder_is_a_problem(site: Site) -> None:
    (site.warehouse.raw / "gate" / "2020").mkdir(parents=True)
    assert found(site).problems == (f"source 'gate' has no files: nothing matches '{site.warehouse.raw}/gate'",)


def test_a_warehouse_without_raw_files_is_no_problem(site: Site) -> None:
    assert found(site) == Found((), ())
    assert site.parse(DAY).days[DAY].lines == 0


def test_a_file_that_two_sources_match_belongs_to_the_first(site: Site) -> None:
    site.drop("gate/a.log", [LINE])
    site.drop("gate/b.log", [LINE])
    site.declare(
        """
        [[source]]
        name = "first"
        path = "raw/gate/a*"
        [[source]]
        name = "second"
        path = "raw/gate/*"
        """
    )
    assert names(site) == [("first", "gate/a.log"), ("second", "gate/b.log")]
    assert found(site).problems == ()
    assert site.parse(DAY).days[DAY].events == 2


def test_a_file_that_is_linked_is_read_once(site: Site) -> None:
    path = site.drop("gate/b.log", [LINE])
    (site.warehouse.raw / "gate" / "c.log").symlink_to(path)
    (site.warehouse.raw / "late").mkdir()
    (site.warehouse.raw / "late" / "a.log").symlink_to(path)
    assert names(site) == [("gate", "gate/b.log")]
    assert found(site).problems == ()


def test_linked_folders_are_read_and_circles_are_not_run_round(site: Site, tmp_path: Path) -> None:
    (tmp_path / "mount").mkdir()
    (tmp_path / "mount" / "a.log").write_text(f"{LINE}\n")
    (site.warehouse.raw / "gate").mkdir(parents=True)
    (site.warehouse.raw / "gate" / "2020").symlink_to(tmp_path / "mount")
    (site.warehouse.raw / "attic").symlink_to(tmp_path / "mount")
    (tmp_path / "mount" / "back").symlink_to(site.warehouse.raw / "gate")
    (tmp_path / "mount" / "self").symlink_to("self")
    assert names(site) == [("attic", "attic/a.log"), ("attic", "attic/self")]
    parsed = site.parse(DAY)
    assert parsed.days[DAY].events == 1
    assert parsed.problems == ("'attic/self' cannot be read: Too many levels of symbolic links",)


def test_hidden_files_are_passed_over(site: Site) -> None:
    for name in ("gate/.a.log.swp", "gate/.git/b.log", ".trash/c.log", "gate/d.log"):
        site.drop(name, [LINE])
    (site.warehouse.raw / ".gitkeep").touch()
    assert names(site) == [("gate", "gate/d.log")]
    assert found(site).problems == ()


def test_a_file_that_lies_beside_the_sources_folders_is_a_problem(site: Site) -> None:
    site.drop("gate/a.log", [LINE])
    site.drop("ufw.log", [LINE])
    site.drop("kern.log", [LINE])
    expected = (
        f"'ufw.log' lies directly in {str(site.warehouse.raw)!r} and is not read: "
        "put it into a folder named for its source"
    )
    assert found(site).problems == (expected.replace("ufw", "kern"), expected)
    site.declare('[[source]]\nname = "flat"\npath = "raw/*.log"')
    assert found(site).problems == ()
    assert names(site) == [("flat", "kern.log"), ("flat", "ufw.log"), ("gate", "gate/a.log")]


def test_any_name_of_a_file_will_do(site: Site) -> None:
    odd = ["'", '"; drop table events; --', "two\nlines", "*", "[a]", "?", " ", "a b", "%41", "$HOME", "{}", "ü", "\\"]
    raw = os.fsencode(site.warehouse.raw)
    for name in [*(os.fsencode(name) for name in odd), b"\xff\xfe.log"]:
        os.makedirs(os.path.join(raw, b"gate " + name), exist_ok=True)  # noqa: PTH103, PTH118 - no text
        with open(os.path.join(raw, b"gate " + name, name), "wb") as file:  # noqa: PTH118, PTH123 - no text
            file.write(f"{LINE}\n".encode())
    expected = {(f"gate {name}", f"gate {name}/{name}") for name in odd}
    expected.add((r"gate \xff\xfe.log", r"gate \xff\xfe.log/\xff\xfe.log"))
    assert set(names(site)) == expected
    parsed = site.parse(DAY)
    assert parsed.problems == ()
    assert {(row["sensor"], row["file"]) for row in site.rows("parsed", DAY)} == expected
    assert {(row["sensor"], row["file"]) for row in site.rows("accounts", DAY)} == expected
    assert {(row["sensor"], row["file"]) for row in site.raw_files().values()} == expected


def test_a_name_that_is_a_pattern_matches_as_one(site: Site, tmp_path: Path) -> None:
    for name in ("[1].log", "1.log"):
        (tmp_path / name).touch()
    site.declare(f'[[source]]\nname = "gate"\npath = "{tmp_path}/[[]1].log"')
    assert names(site) == [("gate", f"{tmp_path}/[1].log")]


def test_the_order_is_the_same_every_time(site: Site) -> None:
    for name in ("b/2.log", "a/z.log", "b/10.log", "a/y/x.log"):
        site.drop(name, [LINE])
    expected = [("a", "a/z.log"), ("a", "a/y/x.log"), ("b", "b/10.log"), ("b", "b/2.log")]
    assert names(site) == expected
