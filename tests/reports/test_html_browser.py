"""The page in a real browser: stepping by keyboard, nothing loaded, nothing on the console, both colour schemes."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.catalogue import ROOT
from tests.reports.results import TABLE
from verifier.evidence.exhibit import Exhibit
from verifier.evidence.result import Result
from verifier.model.read import read_model
from verifier.pipeline import Options, verify
from verifier.pipeline.exhibit import exhibit
from verifier.report.html.page import html_page

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"]
FLAGS += ["--disable-background-networking", "--disable-component-update"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium on this machine (apt-get install chromium): HTML pages are not tried in a browser")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        launched = started.chromium.launch(executable_path=found, args=FLAGS)
        yield launched
        launched.close()


class Opened:
    """A page in a browser without a network, with everything that it asked for or complained about."""

    def __init__(self, browser: Any, folder: Path, text: str, width: int = 1280, scheme: str = "light") -> None:
        self.path = folder / "page.html"
        self.said: list[str] = []
        self.asked: list[str] = []
        context = browser.new_context(
            offline=True, viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
        )
        self.page = context.new_page()
        self.page.on("console", lambda m: self.said.append(f"{m.type}: {m.text}"))
        self.page.on("pageerror", lambda e: self.said.append(str(e)))
        self.page.on("request", lambda r: self.asked.append(r.url))
        self.show(text)

    def show(self, text: str) -> None:
        """Another page in the same window."""
        self.path.write_text(text, encoding="utf-8")
        self.said.clear()
        self.asked.clear()
        self.page.goto(self.path.as_uri())

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def text(self, query: str) -> str:
        return str(self.page.locator(query).inner_text())

    def all(self, query: str) -> list[str]:
        return [str(t) for t in self.page.locator(query).all_inner_texts()]

    @property
    def column(self) -> str:
        """The step whose column is marked, in the schedule that is shown."""
        return str(self.page.locator(".schedule:not([hidden]) thead .current").inner_text())


def judged(name: str) -> tuple[Result, Exhibit]:
    document = read_model(str(ROOT / "models" / f"{name}.yaml"))
    result = verify(document, Options(any_number=False))
    return result, exhibit(document, result)


@pytest.fixture(scope="module")
def deadlock() -> str:
    return html_page(*judged("rwmutex-recursive-rlock"))


def test_stepping_shows_every_state_and_where_it_is_in_the_source(browser: Any, tmp_path: Path, deadlock: str) -> None:
    opened = Opened(browser, tmp_path, deadlock)
    opened.press("Home")
    assert (opened.column, opened.text("#position")) == ("start", "step 0 of 3")
    assert opened.all("#locks tr") == ["c.mu\tfree\t"]
    assert opened.all("#goroutines .status") == ["can move", "can move"]
    opened.press("ArrowRight")
    assert opened.column == "1"
    assert opened.text("#now") == "Step 1. sum: c.mu.RLock()"
    assert opened.all("#locks tr") == ["c.mu\tread-held by sum\tstep 1 :20"]
    assert opened.all(".line.step .no") == ["20"]
    assert opened.all(".line:has(.tags span) .no") == ["14", "28"]
    opened.press("ArrowRight")
    assert opened.all("#locks tr") == ["c.mu\tread-held by sum\tstep 1 :20", "c.mu\tnext writer put\tstep 2 :28"]
    assert "put waits in Lock of c.mu since step 2" in opened.all("#goroutines .why")[0]
    assert opened.all("#goroutines .why")[1] == "c.mu is read-locked by sum since step 1 (line 20)"
    assert opened.all(".tags .waits") == ["sum waits", "put waits"]
    assert opened.page.locator(".spot.now.stuck").count() == 1
    opened.press("ArrowRight", "ArrowRight")
    assert (opened.column, opened.text("#moment")) == ("3", "where step 3 waits")
    opened.press("ArrowLeft", "ArrowLeft")
    assert opened.column == "1"
    opened.press("End")
    assert opened.column == "3"
    opened.page.locator("#go-back").click()
    opened.page.locator(".schedule:not([hidden]) [data-go='1']").click()
    assert opened.column == "1"
    assert opened.page.locator(".schedule:not([hidden]) [aria-current='step']").inner_text() == "1"
    assert opened.said == []


def test_the_first_error_and_the_schedule_are_one_key_away(browser: Any, tmp_path: Path, deadlock: str) -> None:
    opened = Opened(browser, tmp_path, deadlock)
    assert opened.column == "2"
    opened.press("Home", "e")
    assert opened.column == "2"
    assert "WAITS" in opened.text("#now")
    opened.press("2")
    assert opened.page.locator("[aria-selected='true']").get_attribute("id") == "tab-1"
    assert opened.all(".schedule:not([hidden]) h3")[0].startswith("sometimes b is stored")
    assert not opened.page.locator("#go-error").is_visible()
    assert opened.column == "4"
    opened.page.keyboard.press("9")
    assert opened.column == "4"
    # Where one was in a schedule is kept.
    opened.press("ArrowLeft", "1", "2")
    assert opened.column == "3"
    opened.page.locator("#properties .jump").first.click()
    assert opened.page.locator("[aria-selected='true']").get_attribute("id") == "tab-0"
    opened.page.goto(f"{opened.path.as_uri()}#schedule-1")
    opened.page.reload()
    assert opened.page.locator("[aria-selected='true']").get_attribute("id") == "tab-1"
    assert opened.said == []


def test_no_page_loads_or_complains_about_anything(browser: Any, tmp_path: Path, deadlock: str) -> None:
    pages = {name: html_page(TABLE[name]) for name in ("safe", "starvation", "mixed", "error", "empty")}
    pages |= {name: html_page(*judged(name)) for name in ("unprotected", "linearizable/rwmutex-unchecked")}
    opened = Opened(browser, tmp_path, deadlock)
    for name, text in pages.items():
        opened.show(text)
        opened.press("Home", "ArrowRight", "End", "e", "2", "ArrowLeft", "1")
        assert (name, opened.said) == (name, [])
        assert (name, opened.asked) == (name, [opened.path.as_uri()])
    # What these checks rest on: something loaded, or a script that is not ours, is noticed.
    opened.show(deadlock.replace("<main>", "<main><script>alert(1)</script><img src='x.png'>"))
    assert len([s for s in opened.said if "Content Security Policy" in s or "violates" in s]) >= 2


CONTRAST = """() => {
  const parse = (c) => c.match(/[\\d.]+/g).map(Number);
  const linear = (v) => v / 255 <= .04045 ? v / 255 / 12.92 : ((v / 255 + .055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => .2126 * linear(r) + .7152 * linear(g) + .0722 * linear(b);
  const under = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
  const poor = [];
  for (const e of document.querySelectorAll("body *")) {
    if (e.closest("svg, script, style") || !e.checkVisibility() || e.matches(".unseen, .skip")) continue;
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim())) continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(under(e))].sort((x, y) => y - x);
    let faint = false;
    for (let p = e; p; p = p.parentElement) faint ||= getComputedStyle(p).opacity !== "1";
    if (faint || (a + .05) / (b + .05) < 4.5) poor.push(`${e.tagName} ${e.className} ${e.textContent.slice(0, 30)}`);
  }
  return poor;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_both_colour_schemes(browser: Any, tmp_path: Path, deadlock: str, scheme: str) -> None:
    opened = Opened(browser, tmp_path, deadlock, scheme=scheme)
    for text in (deadlock, html_page(TABLE["mixed"]), html_page(TABLE["error"]), html_page(TABLE["safe"])):
        opened.show(text)
        assert opened.page.evaluate(CONTRAST) == []
        back = opened.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        brightness = sum(map(int, re.findall(r"\d+", back)[:3])) / 3
        assert (brightness > 128) == (scheme == "light")


def test_a_keyboard_and_a_screen_reader_find_everything(browser: Any, tmp_path: Path, deadlock: str) -> None:
    opened = Opened(browser, tmp_path, deadlock)
    page = opened.page
    named = "(e) => e.ariaLabel || e.textContent.trim() || e.labels?.length"
    assert page.evaluate(f"[...document.querySelectorAll('button, svg, select')].every({named})")
    levels = page.evaluate("[...document.querySelectorAll('h1, h2, h3, h4')].map((h) => Number(h.tagName[1]))")
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert page.locator("#now").get_attribute("aria-live") == "polite"
    assert page.evaluate("[...document.querySelectorAll('th')].every((th) => th.scope)")
    # Every stop of the tab key shows where it is.
    stops = []
    for _ in range(40):
        page.keyboard.press("Tab")
        stop = page.evaluate("(({id, tagName, className}) => `${tagName} ${id} ${className}`)(document.activeElement)")
        if stop.startswith("BODY"):
            break
        stops.append(stop)
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none", stop
    assert [s for s in stops if "tab-0" in s] and [s for s in stops if "go-error" in s]
    # On a tab the arrows choose the tab, as they do everywhere; elsewhere they step.
    page.locator("#tab-0").focus()
    opened.press("ArrowRight")
    assert page.evaluate("document.activeElement.id") == "tab-1"
    assert page.locator("[aria-selected='true']").get_attribute("id") == "tab-1"


def test_a_narrow_window_and_paper_lose_nothing(browser: Any, tmp_path: Path, deadlock: str) -> None:
    opened = Opened(browser, tmp_path, deadlock, width=360)
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 360
    opened.page.emulate_media(media="print")
    opened.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert opened.page.locator(".schedule").count() == 2
    for n in range(2):
        assert opened.page.locator(f"#schedule-{n} .listing").is_visible()
    assert opened.page.locator(".file").is_visible()
    opened.page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert opened.page.locator("details[open]").count() == 0
