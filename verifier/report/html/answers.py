"""The top of a page: the verdict, what was asked, and a row for each property."""

from __future__ import annotations

from verifier.evidence.counts import counted
from verifier.evidence.result import Property, Result
from verifier.report.html.markup import Markup, join, tag
from verifier.report.html.shown import Shown
from verifier.report.lines import beyond, how, number, said
from verifier.report.outcome import subject
from verifier.report.smallprint import summed_up
from verifier.verdict import Verdict

TONES = {"SAFE": "good", "UNSAFE": "bad", "FAIL": "bad", "UNKNOWN": "open", "ERROR": "broken"}
"""The colour of a word. Only SAFE is green."""
SIGNS = {"good": "\u2713", "bad": "\u2717", "open": "?", "broken": "!"}
"""The same for those who do not see colours."""


def chip(word: str, tone: str = "") -> Markup:
    """A verdict as a small label."""
    tone = tone or TONES.get(word, "open")
    return tag("span", tag("span", SIGNS[tone], class_="sign", aria_hidden="true"), word, class_=f"chip {tone}")


def header(result: Result) -> Markup:
    """The verdict and what it is about."""
    word, words = summed_up(result)
    tone = TONES[word]
    counts = ", ".join(counted(n, role) for role, n in result.explored.counts)
    facts = [counts, number(result.explored.states, "state"), f"Go {result.go} rules"]
    return tag(
        "header",
        tag("p", f"verify  {result.path}" + (f"  under {result.scheme}" if result.scheme else ""), class_="path"),
        tag("h1", result.title or result.model),
        tag(
            "div",
            tag("span", SIGNS[tone], class_="sign", aria_hidden="true"),
            tag("strong", word, id="verdict", data_verdict=result.verdict.value, data_exit=result.exit_code),
            tag("span", words, class_="words"),
            tag("span", f"exit status {result.exit_code}", class_="exit"),
            class_=f"verdict {tone}",
        ),
        tag("p", join(*(tag("span", f) for f in facts if f)), class_="facts"),
        _about(result.subject.about) if result.subject else None,
        _decision(result),
    )


def _about(text: str) -> Markup:
    """What the model's author says about it: paragraphs, whose lines are broken anew."""
    return join(*(tag("p", part.strip(), class_="about") for part in text.split("\n\n") if part.strip()))


def _decision(result: Result) -> Markup | None:
    found = result.subject.decision if result.subject else None
    if found is None:
        return None
    words = [found.question, f"chosen: {found.chosen}" if found.chosen else "", found.record]
    return tag("p", tag("b", "Decision "), "  ".join(w for w in words if w), class_="about")


def properties(result: Result, schedules: list[Shown]) -> Markup:
    """A row for each property, then what holds beyond what was explored."""
    rows = [_row(result, p, schedules) for p in result.properties]
    rows += [_beyond(*line) for line in beyond(result)]
    if not rows:
        return tag("p", "Nothing was checked, so nothing is established.")
    head = tag("tr", *(tag("th", words, scope="col") for words in ("Verdict", "Property", "What was found", "How")))
    return tag("table", tag("thead", head), tag("tbody", rows), class_="properties")


def _row(result: Result, prop: Property, schedules: list[Shown]) -> Markup:
    at = next((n for n, s in enumerate(schedules) if s.prop is prop), None)
    # What is SAFE but was expected to be something else is as bad as the exit status says.
    tone = "bad" if prop.verdict is Verdict.SAFE and not prop.as_expected else TONES[prop.verdict.value]
    words = said(prop).removeprefix(prop.name).lstrip(": ") if prop.kind != prop.name else said(prop)
    link = None if at is None else tag("a", "schedule", href=f"#schedule-{at}", class_="jump", data_show=at)
    return tag(
        "tr",
        tag("td", chip(prop.verdict.value, tone)),
        tag("th", prop.name, tag("small", prop.kind) if prop.kind != prop.name else None, scope="row"),
        tag("td", words, tag("code", prop.formula, class_="formula") if prop.formula else None),
        tag("td", how(result, prop), link),
        data_property=subject(prop),
        data_verdict=prop.verdict.value,
    )


def _beyond(word: str, about: str, words: str, shown: str) -> Markup:
    proved = {"ok": "SAFE", "FAIL": "UNSAFE"}.get(word)
    label = chip(proved) if proved else tag("span", "not shown", class_="chip none")
    return tag(
        "tr", tag("td", label), tag("th", about, scope="row"), tag("td", words), tag("td", shown), class_="beyond"
    )
