"""The schedules of a page: a tab for each, the stepper, and the state beside the source."""

from __future__ import annotations

from verifier.evidence.result import Result
from verifier.report.blocks import block
from verifier.report.html.answers import TONES, chip
from verifier.report.html.intervals import intervals
from verifier.report.html.markup import Markup, coded, prose, tag
from verifier.report.html.shown import Shown
from verifier.report.html.source import source
from verifier.report.html.timeline import listing, timeline
from verifier.report.lines import steps
from verifier.report.meanings import why_tests_pass
from verifier.report.odds import lines as odds
from verifier.report.smallprint import replay
from verifier.report.why import why

KEYS = (("\u2190 \u2192", "step"), ("Home End", "start, end"), ("e", "first error"), ("1 \u2026 9", "schedule"))
LABEL = 11
"""Characters of the label before what is known of odds."""
_WORDS = {"seen": "seen", "perhaps": "open", "can happen": "bad"}


def schedules(result: Result, found: list[Shown]) -> Markup | None:
    """The section; without a schedule only the source."""
    if not found:
        shown = source(result)
        return tag("section", tag("h2", "Model"), shown, id="schedules", class_="plain") if shown else None
    tabs = [_tab(n, s) for n, s in enumerate(found)]
    return tag(
        "section",
        tag("h2", "Schedules"),
        tag("div", tabs, role="tablist", aria_label="Schedules", class_="tabs") if len(found) > 1 else None,
        [_panel(result, n, s, len(found) > 1) for n, s in enumerate(found)],
        _stepper(len(found)),
        tag("div", _state(), source(result), class_="two"),
        id="schedules",
    )


def _label(shown: Shown) -> Markup:
    if shown.word in TONES:
        return chip(shown.word)
    return tag("span", shown.word, class_=f"chip {'none' if shown.word == 'seen' else _WORDS[shown.word]}")


def _tab(n: int, shown: Shown) -> Markup:
    key = tag("kbd", str(n + 1), aria_hidden="true") if n < 9 else None
    return tag(
        "button",
        key,
        tag("span", shown.title, class_="title"),
        _label(shown),
        type="button",
        role="tab",
        id=f"tab-{n}",
        aria_controls=f"schedule-{n}",
        aria_selected="false" if n else "true",
        tabindex=-1 if n else 0,
        data_show=n,
    )


def _panel(result: Result, n: int, shown: Shown, tabbed: bool) -> Markup:
    how = {"role": "tabpanel", "aria_labelledby": f"tab-{n}"} if tabbed else {}
    return tag(
        "section",
        tag("h3", shown.title, " ", _label(shown), tag("small", steps(shown.trace.rows))),
        tag("p", shown.sentence) if shown.sentence else None,
        _what(shown),
        _tests(result, shown),
        timeline(shown, n) if shown.drawn.rows else tag("p", "No step is taken: this is so at the start."),
        tag("details", tag("summary", "The same, a row for each step"), tag("div", listing(shown), class_="scroll"))
        if shown.drawn.rows
        else None,
        tag("p", tag("span", "Walk it again: "), tag("code", replay(result, shown.trace)), class_="replay"),
        class_="schedule",
        id=f"schedule-{n}",
        data_schedule=n,
        **how,
    )


def _what(shown: Shown) -> Markup | None:
    """What goes wrong, in the words of Go's own reports; of a history the picture of its calls."""
    if shown.trace.history is not None:
        return intervals(shown.trace)
    if shown.prop is None or not shown.bad:
        return None
    lines = block(shown.prop)
    return tag("pre", "\n".join(lines[1:-1]), class_="block") if lines else None


def _tests(result: Result, shown: Shown) -> Markup | None:
    """Why it goes wrong, and why nobody may have noticed yet; how likely that is, where somebody asked."""
    if shown.prop is None or not shown.bad:
        return None
    reasons = [tag("p", coded(line)) for line in why(shown.trace)]
    counted = odds(result, shown.prop, LABEL)
    if counted:
        said = "\n".join(line[4:] for line in counted)
        return tag("div", reasons, tag("p", tag("b", "Would a test have seen it?")), tag("pre", said), class_="tests")
    words = why_tests_pass(shown.prop, result.subject)
    green = tag("p", tag("b", "Why tests may be green. "), prose(words)) if words else None
    return tag("div", reasons, green, class_="tests") if reasons or green else None


def _stepper(many: int) -> Markup:
    buttons = [
        ("first", "\u21e4", "to the start"),
        ("back", "\u2190", "one step back"),
        ("on", "\u2192", "one step on"),
        ("last", "\u21e5", "to the end"),
    ]
    drawn = [tag("button", sign, type="button", id=f"go-{name}", aria_label=label) for name, sign, label in buttons]
    jump = tag("button", "First error", type="button", id="go-error")
    keys = [
        tag("span", [tag("kbd", k) for k in key.split(" ")], f" {words}") for key, words in KEYS[: 4 if many > 1 else 3]
    ]
    return tag(
        "div",
        tag("div", drawn, jump, tag("output", id="position"), class_="buttons", role="group", aria_label="Steps"),
        tag("p", id="now", aria_live="polite"),
        tag("p", keys, class_="keys", id="keys"),
        class_="stepper",
    )


def _state() -> Markup:
    """Tables that the script fills for the current step."""
    tables = (
        ("goroutines", "Goroutines", ("goroutine", "where it is, and why it waits")),
        ("locks", "Locks", ("lock", "who", "since")),
        ("objects", "Shared objects", ("object", "value")),
    )
    return tag(
        "section",
        tag("h3", "State ", tag("small", id="moment"), id="state-title"),
        [_table(*t) for t in tables],
        tag(
            "details",
            tag("summary", "Every cell that is not zero ", tag("span", id="cell-count")),
            tag("table", tag("tbody", id="cells"), class_="small"),
        ),
        tag("p", id="unwalked", hidden=True),
        class_="state",
        aria_labelledby="state-title",
    )


def _table(name: str, title: str, columns: tuple[str, ...]) -> Markup:
    head = tag("tr", [tag("th", c, scope="col") for c in columns])
    body = tag("tbody", id=name)
    return tag("table", tag("caption", title), tag("thead", head), body, class_="small", id=f"{name}-table")
