"""The page as text: what every result must have on it, what must not be in it, how it is escaped."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from tests.catalogue import ROOT
from tests.reports.results import TABLE
from verifier.evidence.fix import Fix, Fixes
from verifier.evidence.odds import Odds
from verifier.evidence.result import Result
from verifier.records import dataclass, field
from verifier.report.html.markup import coded, data, prose, tag
from verifier.report.html.page import failed_page, html_page
from verifier.report.html.shown import shown
from verifier.report.meanings import why_tests_pass
from verifier.report.outcome import Failed, subject
from verifier.report.smallprint import summed_up
from verifier.report.timeline import grid
from verifier.report.why import why
from verifier.verdict import Verdict

VOID = {"meta", "link", "br", "col"}
EVERY = pytest.mark.parametrize("result", TABLE.values(), ids=list(TABLE))


@dataclass
class Node:
    name: str
    attributes: dict[str, str]
    children: list[Node | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(c if isinstance(c, str) else c.text for c in self.children)

    def all(self, name: str = "", **attributes: str | None) -> list[Node]:
        """Every element below with that name and those attributes; None: it has the attribute."""
        found = []
        for c in self.children:
            if isinstance(c, str):
                continue
            wanted = {k.rstrip("_").replace("_", "-"): v for k, v in attributes.items()}
            if name in ("", c.name) and all(
                k in c.attributes and v in (None, c.attributes[k]) for k, v in wanted.items()
            ):
                found.append(c)
            found += c.all(name, **attributes)
        return found


class Reader(HTMLParser):
    """A tree of a page; elements that are not closed in order are an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.root = Node("", {})
        self.open = [self.root]
        self.feed(text)
        self.close()
        assert self.open == [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({k for k, _ in attrs}) == len(attrs), f"an attribute twice: {attrs}"
        node = Node(tag, {k: v or "" for k, v in attrs})
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self.open.pop().name == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def page(result: Result) -> Node:
    return Reader(html_page(result)).root


@EVERY
def test_the_verdict_is_that_of_the_text(result: Result) -> None:
    (verdict,) = page(result).all("strong", id="verdict")
    word, words = summed_up(result)
    assert verdict.text == word
    assert verdict.attributes["data-verdict"] == result.verdict.value
    assert verdict.attributes["data-exit"] == str(result.exit_code)
    assert words in page(result).all("header")[0].text


@EVERY
def test_every_property_has_a_row_with_its_verdict(result: Result) -> None:
    rows = page(result).all("tr", data_property=None)
    assert [r.attributes["data-property"] for r in rows] == [subject(p) for p in result.properties]
    for row, prop in zip(rows, result.properties, strict=True):
        (chip,) = [n for n in row.all("span") if n.attributes.get("class", "").startswith("chip")]
        assert prop.verdict.value in chip.text
        green = "good" in chip.attributes["class"].split()
        assert green == (prop.verdict is Verdict.SAFE and prop.as_expected)
        assert prop.reason in row.text
        assert prop.formula in row.text


@EVERY
def test_nothing_is_greener_than_the_verdict(result: Result) -> None:
    drawn = page(result)
    (banner,) = [n for n in drawn.all("div") if n.attributes.get("class", "").startswith("verdict")]
    fine = result.verdict is Verdict.SAFE and result.exit_code == 0
    assert ("good" in banner.attributes["class"].split()) == fine
    proved = result.any_number is not None and result.any_number.verdict is Verdict.SAFE
    green = [n for n in drawn.all() if "good" in n.attributes.get("class", "").split()]
    safe = sum(p.verdict is Verdict.SAFE and p.as_expected for p in result.properties)
    assert len(green) == fine + safe + 2 * proved


@EVERY
def test_every_row_of_every_schedule_is_there(result: Result) -> None:
    drawn = page(result)
    for n, s in enumerate(shown(result)):
        (panel,) = drawn.all("section", id=f"schedule-{n}")
        (table,) = panel.all("table", class_="timeline") + panel.all("table", class_="timeline narrow")
        made = s.drawn
        rows = table.all("tr", data_goroutine=None)
        assert [r.attributes["data-goroutine"] for r in rows] == list(made.goroutines)
        for row, name in zip(rows, made.goroutines, strict=True):
            cells = row.all("td")
            assert len(cells) == len(made.rows) + 1
            for cell, drawn_row in zip(cells[1:], made.rows, strict=True):
                expected = drawn_row.cells[made.goroutines.index(name)]
                if expected.moves and drawn_row.number:
                    assert expected.text.replace(" ", "") in cell.text.replace(" ", "")
                    assert (
                        expected.place in [p.attributes.get("title", p.text) for p in cell.all("span", class_="place")]
                        or not expected.place
                    )
                    assert expected.mark.removeprefix("<- ") in cell.text
        buttons = [b.attributes["data-go"] for b in table.all("button")]
        assert buttons == [str(k) for k in range(len(s.rows) + 1)]


@EVERY
def test_equal_results_give_equal_pages_and_no_clock_is_in_them(result: Result) -> None:
    assert html_page(result) == html_page(result)
    assert f"{result.explored.seconds:.2f}s" not in html_page(result)


@EVERY
def test_nothing_is_loaded(result: Result) -> None:
    drawn = page(result)
    for node in drawn.all():
        assert "src" not in node.attributes and "style" not in node.attributes
        assert not [k for k in node.attributes if k.startswith("on")]
        if node.name in ("a", "link"):
            assert node.attributes["href"].startswith(("#", "data:,"))
    (rules,) = [m.attributes["content"] for m in drawn.all("meta", http_equiv="Content-Security-Policy")]
    assert rules.startswith("default-src 'none';") and "unsafe" not in rules
    assert not re.search(r"https?:|@import|url\(", "".join(n.text for n in drawn.all("style")))


@EVERY
def test_names_are_unique_and_what_is_referred_to_exists(result: Result) -> None:
    drawn = page(result)
    names = [n.attributes["id"] for n in drawn.all(id=None)]
    assert len(names) == len(set(names))
    referred = [
        n.attributes[k] for k in ("aria-controls", "aria-labelledby") for n in drawn.all(**{k.replace("-", "_"): None})
    ]
    referred += [a.attributes["href"][1:] for a in drawn.all("a")]
    assert {r for r in referred if r not in names} == set()


@EVERY
def test_the_data_fits_the_schedules(result: Result) -> None:
    (script,) = page(result).all("script", type="application/json")
    found = json.loads(script.text)
    assert [len(s["rows"]) for s in found] == [len(s.rows) + 1 for s in shown(result)]
    assert all(0 <= s["error"] < len(s["rows"]) for s in found)


def test_what_protective_steps_are_worth_is_never_green() -> None:
    drawn = page(TABLE["safe"])
    (table,) = drawn.all("table", class_="small mutants")
    rows = table.all("tr")[1:]
    assert TABLE["safe"].mutants is not None
    assert len(rows) == len(TABLE["safe"].mutants)
    assert "race in 4 steps" in rows[0].text
    assert "not noticed" in rows[1].text
    assert not [n for n in table.all() if "good" in n.attributes.get("class", "")]


def test_a_fix_is_shown_with_its_diff_and_how_far_it_was_checked() -> None:
    fix = Fix("take `mu` first", "--- a\n+++ a\n@@ -1 +1 @@\n-<old>\n+<new>", "every interleaving of 1 get", 2)
    drawn = page(replace(TABLE["race"], fixes=Fixes((fix, replace(fix, what="or so")), 3, 7)))
    (section,) = drawn.all("section", id="fixes")
    assert "all 2 properties are SAFE within every interleaving of 1 get" in section.text
    diff = section.all("pre")[0]
    assert diff.text.strip() == fix.diff
    assert [(n.attributes["class"], n.text.strip()) for n in diff.all("span")][3:] == [
        ("removed", "-<old>"),
        ("added", "+<new>"),
    ]
    none = page(replace(TABLE["race"], fixes=Fixes((), 7, 7, "no single edit is enough")))
    assert "no single edit is enough" in none.all("section", id="fixes")[0].text
    assert page(TABLE["race"]).all("section", id="fixes") == []


def test_the_first_error_is_where_the_timeline_marks_it() -> None:
    (race,) = [s for s in shown(TABLE["race"]) if s.prop]
    assert race.first_error == 3
    (deadlock,) = shown(TABLE["deadlock"])
    assert deadlock.first_error == 2
    assert grid(deadlock.trace).rows[1].cells[1].mark == "WAITS"


HOSTILE = "</script><script>alert(1)</script><!-- & \"'> \x00 \u2028 <img src=x onerror=alert(1)>"


def test_what_the_user_wrote_cannot_become_markup() -> None:
    result = TABLE["deadlock"]
    assert result.subject is not None
    bad = replace(result.properties[1], name=HOSTILE, formula=HOSTILE, kind="always", sentence=HOSTILE)
    assert bad.trace is not None
    steps = tuple(replace(s, text=HOSTILE, goroutine=HOSTILE) for s in bad.trace.steps)
    trace = replace(bad.trace, steps=steps, goroutines=(HOSTILE, "put"), columns=(HOSTILE,), start=(HOSTILE,))
    file = replace(result.subject.files[0], path=HOSTILE, lines=(HOSTILE, "x"))
    wrong = replace(
        result,
        title=HOSTILE,
        model=HOSTILE,
        path=HOSTILE,
        notes=(HOSTILE,),
        properties=(replace(bad, trace=trace),),
        subject=replace(result.subject, about=HOSTILE, files=(file,)),
    )
    text = html_page(wrong)
    drawn = Reader(text).root
    assert len(drawn.all("script")) == 2
    assert drawn.all("img") == []
    assert "\x00" not in text and "<!--" not in text
    assert "alert(1)" in drawn.all("h1")[0].text


def test_json_cannot_end_its_element() -> None:
    written = data({"a": "</script><!--\u2028&"})
    assert not set("<>&\u2028") & set(written)
    assert json.loads(written) == {"a": "</script><!--\u2028&"}


def test_text_is_escaped_and_markup_is_not() -> None:
    assert tag("p", "<b>", tag("i", "&"), None, ["x", tag("b", "y")]) == "<p>&lt;b&gt;<i>&amp;</i>x<b>y</b></p>"
    assert tag("p", title='"<', hidden=False, id=None) == '<p title="&quot;&lt;"></p>'


def test_everything_a_page_is_made_of_is_installed_with_the_modules() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = settings["tool"]["setuptools"]["package-data"]["verifier"]
    for name in ("style.css", "script.js"):
        path = (ROOT / "verifier" / "report" / "html" / name).relative_to(ROOT / "verifier")
        assert any(path.match(p) for p in patterns), name


def test_a_model_without_a_verdict_has_a_page_that_says_so() -> None:
    drawn = Reader(failed_page(Failed("m", "m.yaml", "m.yaml:1:1: error: <no>", 2))).root
    assert "ERROR" in drawn.all("header")[0].text
    assert "m.yaml:1:1: error: <no>" in drawn.all("pre")[0].text
    assert [n for n in drawn.all() if "good" in n.attributes.get("class", "").split()] == []
    assert "UNKNOWN" in Reader(failed_page(Failed("m", "m.yaml", "interrupted", 3))).root.all("header")[0].text


def test_the_page_says_why_and_why_tests_may_be_green_in_the_words_of_the_document() -> None:
    case = TABLE["race"]
    prop = next(p for p in case.properties if p.kind == "race")
    assert case.subject is not None and prop.trace is not None
    # A model with nothing that orders by luck: the page has to look at the model too.
    readers = replace(case, subject=replace(case.subject, cites=("sync/rwmutex.go:72",)))
    for found in (case, readers):
        page = html_page(found)
        assert str(prose(why_tests_pass(prop, found.subject))) in page
        assert all(str(coded(line)) in page for line in why(prop.trace))
    assert "happens to order them" not in html_page(readers)


def test_odds_are_on_the_page_where_somebody_asked() -> None:
    case = TABLE["race"]
    prop = next(p for p in case.properties if p.kind == "race")
    counted = Odds(prop.name, prop.kind, 12, 3, "", "of the schedules", ("-race sees it",), ())
    page = html_page(replace(case, odds=(counted,)))
    assert "0.0012 % of the schedules" in page and "Why tests may be green" not in page
