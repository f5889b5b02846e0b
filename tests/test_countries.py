"""The reference table of countries: complete, consistent, and right where a reader would notice."""

import csv
import math
import shutil
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import NamedTuple

import duckdb
import maxminddb
import pytest
from maxminddb.decoder import Decoder

CHECKOUT = Path(__file__).parents[1]
TABLE = CHECKOUT / "sql" / "reference" / "countries.csv"
COUNTRY_DATABASE = CHECKOUT / "warehouse" / "geoip" / "dbip-country-lite-2026-06.mmdb"

HEADER = "country,country_name,country_name_ja,continent,latitude,longitude,recognised_by_japan,sovereign,in_iso_3166"

# As the maintenance agency of ISO 3166-1 lists them: 249.
ISO_3166_1 = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR
GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT
JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY
MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM
PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW
SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ
UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
CODES = {*ISO_3166_1.split(), "XK"}

# Latitude from south to north, longitude from west to east. Oceania spans the date line, Europe ends with Siberia.
BOUNDS = {
    "AF": (-35, 38, -26, 60),
    "AN": (-90, -45, -180, 180),
    "AS": (-12, 56, 25, 147),
    "EU": (34, 82, -25, 105),
    "NA": (7, 84, -130, -30),
    "OC": (-48, 22, 95, 360 - 124),
    "SA": (-56, 13, -82, -34),
}

# Each holder of territories with the codes of all of them.
TERRITORIES = {
    "AU": "CC CX HM NF",
    "CN": "HK MO",
    "DK": "FO GL",
    "FI": "AX",
    "FR": "BL GF GP MF MQ NC PF PM RE TF WF YT",
    "GB": "AI BM FK GG GI GS IM IO JE KY MS PN SH TC VG",
    "NL": "AW BQ CW SX",
    "NO": "BV SJ",
    "NZ": "TK",
    "US": "AS GU MP PR UM VI",
}

# Names are read aloud: no "(Keeling)", no "Korea, Republic of". The last two are recognised_by_japan and sovereign.
FACTS = [
    ("AI", "Anguilla", "アンギラ", "NA", False, "GB"),
    ("AQ", "Antarctica", "南極", "AN", False, "AQ"),
    ("AX", "Åland Islands", "オーランド諸島", "EU", False, "FI"),
    ("BR", "Brazil", "ブラジル", "SA", True, "BR"),
    ("CI", "Côte d'Ivoire", "コートジボワール", "AF", True, "CI"),
    ("CK", "Cook Islands", "クック諸島", "OC", True, "CK"),
    ("CN", "China", "中国", "AS", True, "CN"),
    ("CZ", "Czechia", "チェコ", "EU", True, "CZ"),
    ("EH", "Western Sahara", "西サハラ", "AF", False, "EH"),
    ("GB", "United Kingdom", "英国", "EU", True, "GB"),
    ("GE", "Georgia", "ジョージア", "AS", True, "GE"),
    ("GF", "French Guiana", "仏領ギアナ", "SA", False, "FR"),
    ("GL", "Greenland", "グリーンランド", "NA", False, "DK"),
    ("HK", "Hong Kong", "香港", "AS", False, "CN"),
    ("IR", "Iran", "イラン", "AS", True, "IR"),
    ("JP", "Japan", "日本", "AS", True, "JP"),
    ("KP", "North Korea", "北朝鮮", "AS", False, "KP"),
    ("KR", "South Korea", "韓国", "AS", True, "KR"),
    ("NA", "Namibia", "ナミビア", "AF", True, "NA"),
    ("NU", "Niue", "ニウエ", "OC", True, "NU"),
    ("PR", "Puerto Rico", "プエルトリコ", "NA", False, "US"),
    ("PS", "Palestine", "パレスチナ", "AS", False, "PS"),
    ("RE", "Réunion", "レユニオン", "AF", False, "FR"),
    ("RU", "Russia", "ロシア", "EU", True, "RU"),
    ("TR", "Turkey", "トルコ", "AS", True, "TR"),
    ("TW", "Taiwan", "台湾", "AS", False, "TW"),
    ("US", "United States", "米国", "NA", True, "US"),
    ("VA", "Vatican City", "バチカン", "EU", True, "VA"),
    ("VN", "Vietnam", "ベトナム", "AS", True, "VN"),
    ("XK", "Kosovo", "コソボ", "EU", True, "XK"),
]

# Capitals from an atlas (degrees), and how far from them (km) the country's farthest reasonable point may lie.
CAPITALS = [
    ("AI", 18.22, -63.06, 20),
    ("AU", -35.31, 149.12, 2500),
    ("BR", -15.79, -47.88, 1500),
    ("CN", 39.90, 116.41, 1500),
    ("DE", 52.52, 13.40, 400),
    ("FJ", -18.14, 178.44, 150),
    ("GB", 51.51, -0.13, 500),
    ("GM", 13.45, -16.58, 300),
    ("HK", 22.30, 114.17, 30),
    ("IN", 28.61, 77.21, 1000),
    ("IS", 64.15, -21.94, 250),
    ("JP", 35.68, 139.77, 300),
    ("KI", 1.33, 172.98, 50),
    ("KR", 37.57, 126.98, 250),
    ("KW", 29.38, 47.98, 120),
    ("NA", -22.56, 17.08, 300),
    ("NZ", -41.29, 174.78, 500),
    ("RU", 55.76, 37.62, 4000),
    ("SG", 1.35, 103.82, 30),
    ("TW", 25.03, 121.57, 200),
    ("UA", 50.45, 30.52, 400),
    ("US", 38.91, -77.04, 2200),
    ("VA", 41.90, 12.45, 2),
    ("VN", 21.03, 105.85, 1000),
    ("XK", 42.66, 21.17, 60),
    ("ZA", -25.75, 28.19, 800),
]

LOAD = """
select
    count(*) as rows_read,
    count(country) as codes,
    count(*) filter (where recognised_by_japan) as recognised,
    max(country_name_ja) filter (where country = 'NA') as namibia,
    max(latitude) filter (where country = 'VA') as vatican,
    count(*) filter (where continent = 'NA' and sovereign = 'US') as american
from read_csv(
    'sql/reference/countries.csv',
    header = true,
    auto_detect = false,
    columns = {
        'country': 'varchar', 'country_name': 'varchar', 'country_name_ja': 'varchar', 'continent': 'varchar',
        'latitude': 'double', 'longitude': 'double', 'recognised_by_japan': 'boolean', 'sovereign': 'varchar',
        'in_iso_3166': 'boolean'
    }
)
"""
# In North America, the United States and two of its territories: Puerto Rico and the Virgin Islands.
LOADED = (250, 250, 196, "ナミビア", 41.9, 3)


class Country(NamedTuple):
    """One row of the table."""

    country: str
    country_name: str
    country_name_ja: str
    continent: str
    latitude: float
    longitude: float
    recognised_by_japan: bool
    sovereign: str
    in_iso_3166: bool


def _table() -> list[Country]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, strict=True))
    return [
        Country(
            country=row["country"],
            country_name=row["country_name"],
            country_name_ja=row["country_name_ja"],
            continent=row["continent"],
            latitude=float(row["latitude"]),
            longitude=float(row["longitude"]),
            recognised_by_japan={"true": True, "false": False}[row["recognised_by_japan"]],
            sovereign=row["sovereign"],
            in_iso_3166={"true": True, "false": False}[row["in_iso_3166"]],
        )
        for row in rows
    ]


@pytest.fixture(scope="module")
def table() -> list[Country]:
    return _table()


@pytest.fixture(scope="module")
def by_code(table: list[Country]) -> dict[str, Country]:
    return {row.country: row for row in table}


def _kilometres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Great-circle distance of two (latitude, longitude) points on a sphere of 6,371 km."""
    (south, west), (north, east) = (tuple(map(math.radians, point)) for point in (one, other))
    chord = math.sin((north - south) / 2) ** 2 + math.cos(south) * math.cos(north) * math.sin((east - west) / 2) ** 2
    return 2 * 6371 * math.asin(math.sqrt(chord))


def _codes_of_country_database() -> set[str]:
    """Every ISO code in the database's data section.

    The section is read once from front to back, which takes three milliseconds; the reader's own iterator repeats each
    record for each of 1.4 million networks and takes six seconds.
    Layout: https://maxmind.github.io/MaxMind-DB/
    """
    with maxminddb.open_database(COUNTRY_DATABASE) as reader:
        metadata = reader.metadata()
    content = COUNTRY_DATABASE.read_bytes()
    tree_bytes = metadata.node_count * metadata.record_size // 4
    offset = start = tree_bytes + 16
    end = content.rindex(b"\xab\xcd\xefMaxMind.com")
    decoder = Decoder(content, start)
    codes: set[str] = set()
    while offset < end:
        record, offset = decoder.decode(offset)
        if isinstance(record, dict):
            parts = [part for part in record.values() if isinstance(part, dict)]
            codes |= {str(part["iso_code"]) for part in parts if "iso_code" in part}
    return codes


def test_file_is_plain_text_without_stray_blanks() -> None:
    text = TABLE.read_bytes().decode("utf-8")
    lines = text.split("\n")
    assert lines[0] == HEADER
    assert lines.pop() == ""
    assert text == unicodedata.normalize("NFC", text)
    fields = [field for line in csv.reader(lines, strict=True) for field in line]
    assert len(fields) == 251 * 9
    assert [field for field in fields if field != field.strip() or not field or not field.isprintable()] == []


def test_every_iso_code_and_kosovo_once_in_order(table: list[Country]) -> None:
    assert len(table) == len(CODES) == 250
    assert [row.country for row in table] == sorted(CODES)


@pytest.mark.parametrize("column", ["country_name", "country_name_ja"])
def test_names_are_unique_and_can_be_read_aloud(table: list[Country], column: str) -> None:
    names = [getattr(row, column) for row in table]
    assert len(set(names)) == 250
    assert [name for name in names if set(name) & set('(),;"()、,&')] == []


def test_japanese_names_are_written_in_japanese(table: list[Country]) -> None:
    blocks = {unicodedata.name(letter).split()[0] for row in table for letter in row.country_name_ja}
    assert blocks == {"KATAKANA", "KATAKANA-HIRAGANA", "CJK", "HIRAGANA"}


def test_japan_recognises_195_states(table: list[Country]) -> None:
    recognised = {row.country for row in table if row.recognised_by_japan}
    assert len(recognised) == 196
    assert len(recognised - {"JP"}) == 195
    # All 193 members of the United Nations but Japan and North Korea, and four that are none.
    assert len(recognised & set(ISO_3166_1.split()) - {"JP", "CK", "NU", "VA"}) == 193 - 2
    assert {"CK", "NU", "VA", "XK"} < recognised


def test_only_kosovo_has_a_code_that_iso_did_not_assign(table: list[Country]) -> None:
    assert {row.country for row in table if row.in_iso_3166} == set(ISO_3166_1.split())
    assert sum(row.in_iso_3166 for row in table) == 249


def test_what_is_neither_recognised_nor_a_territory(table: list[Country]) -> None:
    unrecognised = {row.country for row in table if not row.recognised_by_japan and row.sovereign == row.country}
    assert unrecognised == {"AQ", "EH", "KP", "PS", "TW"}


def test_no_territory_is_a_recognised_state(table: list[Country]) -> None:
    assert [row for row in table if row.recognised_by_japan and row.sovereign != row.country] == []


def test_territories_and_their_sovereigns(table: list[Country]) -> None:
    expected = {territory: holder for holder, codes in TERRITORIES.items() for territory in codes.split()}
    assert {row.country: row.sovereign for row in table if row.sovereign != row.country} == expected


def test_sovereign_is_a_country_and_its_own_sovereign(table: list[Country], by_code: dict[str, Country]) -> None:
    assert [row.country for row in table if by_code[row.sovereign].sovereign != row.sovereign] == []


def test_points_lie_within_their_continent(table: list[Country]) -> None:
    outside = []
    for row in table:
        south, north, west, east = BOUNDS[row.continent]
        longitude = row.longitude % 360 if east > 180 else row.longitude
        if not (south <= row.latitude <= north and west <= longitude <= east and -180 <= row.longitude <= 180):
            outside.append(row)
    assert outside == []


def test_every_continent_has_countries(table: list[Country]) -> None:
    assert {row.continent for row in table} == set(BOUNDS)


def test_points_are_distinct(table: list[Country]) -> None:
    assert len({(row.latitude, row.longitude) for row in table}) == 250


@pytest.mark.parametrize("fact", FACTS, ids=[fact[0] for fact in FACTS])
def test_known_country(by_code: dict[str, Country], fact: tuple[str, str, str, str, bool, str]) -> None:
    row = by_code[fact[0]]
    found = (row.country, row.country_name, row.country_name_ja, row.continent, row.recognised_by_japan, row.sovereign)
    assert found == fact


@pytest.mark.parametrize(("code", "latitude", "longitude", "within"), CAPITALS, ids=[place[0] for place in CAPITALS])
def test_known_place(by_code: dict[str, Country], code: str, latitude: float, longitude: float, within: float) -> None:
    row = by_code[code]
    assert _kilometres((row.latitude, row.longitude), (latitude, longitude)) <= within


def test_duckdb_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CHECKOUT)
    with duckdb.connect() as connection:
        assert connection.execute(LOAD).fetchall() == [LOADED]


def test_duckdb_shell_reads_it() -> None:
    shell = shutil.which("duckdb", path=str(Path(sys.executable).parent)) or shutil.which("duckdb")
    assert shell, "the DuckDB shell is missing: pip install duckdb-cli"
    answer = subprocess.run(
        [shell, "-no-init", "-csv", "-noheader", "-c", LOAD],
        cwd=CHECKOUT,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert list(csv.reader(answer.stdout.splitlines())) == [[str(value) for value in LOADED]]


def test_country_database_has_no_other_codes(by_code: dict[str, Country]) -> None:
    codes = _codes_of_country_database()
    assert {"JP", "US", "CN", "NA"} <= codes
    assert codes - set(by_code) == set()
