"""The report as a browser shows it, without a network: drawn, filtered, narrow and wide, dark and printed."""

import base64
import json
import shutil
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from pipelines.report.period import named_period
from pipelines.report.report import Report, make_report
from pipelines.report.wording import LANGUAGES, Code
from tests.story import Story

selenium = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")

pytest.importorskip("axe_core_python", reason="axe-core-python is not installed")
selenium_wait = pytest.importorskip("selenium.webdriver.support.wait")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="Chromium or chromedriver is not installed: apt-get install chromium-driver"
)

WIDE, NARROW = 1280, 360
SECONDS = 30
DRAWN = "return document.documentElement.classList.contains('drawn')"
OVERFLOW = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
SHOWN = "return Number(document.getElementById('status').textContent.replace(/[^0-9]/g, ''))"
FIRST_COUNTRY = "return document.querySelector('#country-list data').value"
BRIGHTNESS = """
const channels = (colour) => colour.match(/[0-9.]+/g).slice(0, 3).map(Number);
const sum = (colour) => channels(colour).reduce((one, other) => one + other, 0);
const style = getComputedStyle(document.body);
return [sum(style.backgroundColor), sum(style.color)];
"""
AXE = """
const done = arguments[arguments.length - 1];
axe.run(document, {resultTypes: ['violations']}).then((found) => done({
  passes: found.passes.length,
  violations: found.violations.map((fault) => ({
    id: fault.id, impact: fault.impact, targets: fault.nodes.slice(0, 5).map((node) => node.target.join(' ')),
  })),
}));
"""
SERIOUS = ("serious", "critical")
# Sums of red, green and blue, of 765 at most.
DARKEST, LIGHTEST = 150, 600
A4_INCHES = {"paperWidth": 8.27, "paperHeight": 11.69}


class Browser:
    """Headless Chromium that is offline, and notes what is asked for and complained of."""

    def __init__(self) -> None:
        options = selenium.ChromeOptions()
        options.binary_location = CHROMIUM
        for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--force-device-scale-factor=1"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = selenium.Chrome(options=options, service=selenium.ChromeService(DRIVER))
        self.driver.set_script_timeout(SECONDS)
        self.tell("Network.enable")
        offline = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
        self.tell("Network.emulateNetworkConditions", **offline)

    def tell(self, command: str, **parameters: object) -> Any:  # noqa: ANN401 - what the command returns
        return self.driver.execute_cdp_cmd(command, parameters)

    def ask(self, script: str) -> Any:  # noqa: ANN401 - what the script returns
        return self.driver.execute_script(script)

    def open(self, path: Path, width: int = WIDE, scheme: str = "light") -> None:
        self.tell("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        self.tell("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.driver.get(path.as_uri())
        self.wait(DRAWN)

    def wait(self, script: str) -> None:
        selenium_wait.WebDriverWait(self.driver, SECONDS).until(lambda _: self.ask(script))

    def requests(self) -> list[str]:
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        sent = [message["params"] for message in messages if message["method"] == "Network.requestWillBeSent"]
        urls = [request["request"]["url"] for request in sent]
        # The icon of a date field is the browser's own.
        return [url for url in urls if not url.startswith("data:")]

    def complaints(self) -> list[str]:
        return [entry["message"] for entry in self.driver.get_log("browser")]


@pytest.fixture(scope="module")
def report(story: Story) -> Report:
    return make_report(story.settings, named_period("2020-Q2"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = Browser()
    yield found
    found.driver.quit()


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_the_page_is_drawn_without_a_request_or_an_error(
    browser: Browser, report: Report, code: Code, width: int
) -> None:
    browser.open(report.pages[code], width)
    assert browser.complaints() == []
    assert browser.requests() == [report.pages[code].as_uri()]
    assert browser.ask(OVERFLOW) <= 0
    assert browser.ask("return document.querySelectorAll('#map svg path').length") > 170
    assert browser.ask("return document.querySelectorAll('#timeline svg path').length") > 91


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize(("width", "scheme"), [(WIDE, "light"), (NARROW, "light"), (WIDE, "dark")])
def test_axe_finds_no_serious_fault(browser: Browser, report: Report, code: Code, width: int, scheme: str) -> None:
    axe = files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    browser.open(report.pages[code], width, scheme)
    browser.ask(f"{axe}; window.axe = axe;")
    found = browser.driver.execute_async_script(AXE)
    assert [(fault["id"], fault["targets"]) for fault in found["violations"] if fault["impact"] in SERIOUS] == []
    assert found["passes"] > 20


def test_brushing_the_timeline_and_choosing_a_country_filter_the_rest(
    browser: Browser, report: Report, story: Story
) -> None:
    browser.open(report.pages["en"])
    everything = browser.ask(SHOWN)
    assert everything == report.figures.totals.events
    timeline = browser.driver.find_element("css selector", "#timeline svg")
    width = timeline.size["width"]
    actions = selenium.ActionChains(browser.driver).scroll_to_element(timeline)
    actions.move_to_element_with_offset(timeline, -width // 10, 0).click_and_hold()
    actions.move_to_element_with_offset(timeline, width // 10, 0).release().perform()
    browser.wait(f"{SHOWN} < {everything}")
    first, last = (browser.ask(f"return document.getElementById('{end}').value") for end in ("from", "to"))
    countries = story.ask("select country, events from top_countries_between(?, ?)", first, last)
    [(events,)] = story.ask("select events from period_totals_between(?, ?)", first, last)
    assert browser.ask(SHOWN) == events
    assert int(browser.ask(FIRST_COUNTRY)) == countries[0][1]
    browser.ask("document.querySelector('#country-list button').click()")
    assert browser.ask(SHOWN) == countries[0][1]
    browser.ask("document.getElementById('reset').click()")
    browser.wait(f"{SHOWN} == {everything}")
    assert browser.complaints() == []


def test_a_click_on_the_map_chooses_the_country(browser: Browser, report: Report) -> None:
    browser.open(report.pages["en"])
    world = browser.driver.find_element("css selector", "#map svg")
    # East of the middle and north of it: China, in a map of Europe's kind.
    x, y = round(world.size["width"] * 0.28), -round(world.size["height"] * 0.2)
    selenium.ActionChains(browser.driver).scroll_to_element(world).move_to_element_with_offset(
        world, x, y
    ).click().perform()
    china = next(country for country in report.figures.countries if country.country == "CN")
    browser.wait(f"{SHOWN} == {china.events}")


def test_dark_is_light_on_dark(browser: Browser, report: Report) -> None:
    browser.open(report.pages["en"], scheme="dark")
    background, text = browser.ask(BRIGHTNESS)
    assert background < DARKEST
    assert text > LIGHTEST
    browser.open(report.pages["en"])
    background, text = browser.ask(BRIGHTNESS)
    assert text < DARKEST
    assert background > LIGHTEST


def test_it_prints_on_a4(browser: Browser, report: Report) -> None:
    browser.open(report.pages["en"])
    printed = browser.tell("Page.printToPDF", printBackground=False, preferCSSPageSize=True, **A4_INCHES)
    assert base64.b64decode(printed["data"]).startswith(b"%PDF")
    browser.tell("Emulation.setEmulatedMedia", media="print")
    # The width of an A4 page between its margins, at 96 dots per inch.
    browser.tell("Emulation.setDeviceMetricsOverride", width=688, height=1000, deviceScaleFactor=1, mobile=False)
    assert browser.ask(OVERFLOW) <= 0
    cut = (
        "return [...document.querySelectorAll('svg')].filter((each) => each.getBoundingClientRect().right > 689).length"
    )
    assert browser.ask(cut) == 0
