"""One file of HTML that shows a `Result`: the verdict first, then what it rests on. Nothing is loaded from anywhere."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from verifier.evidence.exhibit import Exhibit
from verifier.evidence.result import Result
from verifier.report.html.answers import TONES, chip, header, properties
from verifier.report.html.data import page_data
from verifier.report.html.fixes import fixes
from verifier.report.html.graphsvg import graphs
from verifier.report.html.markup import Markup, data, join, raw, tag
from verifier.report.html.proof import proof
from verifier.report.html.schedule import schedules
from verifier.report.html.scope import again, coverage, scope
from verifier.report.html.shown import shown
from verifier.report.outcome import Failed
from verifier.report.smallprint import summed_up

TITLES = {
    "properties": "Properties",
    "schedules": "Schedules",
    "graph": "State graph",
    "fixes": "One fix",
    "proof": "Any number",
    "coverage": "Coverage",
    "scope": "Rests on",
    "reproduce": "Reproduce",
}
NO_SCRIPT = "Without scripts this page still shows every schedule; only stepping through their states is missing."


def html_page(result: Result, exhibit: Exhibit | None = None) -> str:
    """The page. Equal results and exhibits give equal text: there is no clock and no duration in it."""
    exhibit = exhibit or Exhibit()
    found = shown(result)
    asked = tag("section", tag("h2", "Properties"), properties(result, found), id="properties")
    sections = {
        "properties": asked,
        "schedules": schedules(result, found),
        "fixes": fixes(result),
        "graph": graphs(exhibit, found),
        "proof": proof(result),
        "coverage": coverage(result),
        "scope": scope(result),
        "reproduce": again(result),
    }
    if not any(s.bad for s in found):
        # Nothing went wrong: what was proved comes first, the schedules are examples.
        order = ("properties", "proof", "coverage", "fixes", "schedules", "graph", "scope", "reproduce")
        sections = {name: sections[name] for name in order}
    links = [tag("a", TITLES[name], href=f"#{name}") for name, made in sections.items() if made is not None]
    word, _ = summed_up(result)
    body = join(
        tag("a", "To the verdict", href="#verdict", class_="skip"),
        header(result),
        tag("nav", links, aria_label="Sections"),
        tag("noscript", tag("p", NO_SCRIPT, class_="note")),
        tag("main", *sections.values()),
        tag("script", data(page_data(result, found, exhibit)), type="application/json", id="data"),
    )
    return _whole(f"{word}: {result.model}", body)


def failed_page(failed: Failed) -> str:
    """The page of a model that got no verdict: what was wrong with it."""
    word = failed.verdict.value
    body = join(
        tag(
            "header",
            tag("p", f"verify  {failed.path}", class_="path"),
            tag("h1", failed.model),
            tag("div", chip(word), f" no verdict, exit status {failed.exit_code}", class_=f"verdict {TONES[word]}"),
        ),
        tag("main", tag("pre", failed.message, class_="block")),
    )
    return _whole(f"{word}: {failed.model}", body)


def _whole(title: str, body: Markup) -> str:
    style, script = _asset("style.css"), _asset("script.js")
    rules = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; "
        f"style-src '{_digest(style)}'; script-src '{_digest(script)}'"
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=rules),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("link", rel="icon", href="data:,"),
        tag("style", raw(style)),
    )
    return f"<!doctype html>\n{tag('html', head, tag('body', body, tag('script', raw(script))), lang='en')}\n"


def _asset(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """How a Content-Security-Policy names the one inline script, or style, that may run."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
