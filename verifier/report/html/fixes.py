"""Suggested fixes on a page: what to change, how far that was checked, and the change itself."""

from __future__ import annotations

from verifier.evidence.fix import Fix
from verifier.evidence.result import Result
from verifier.report.html.markup import Markup, coded, tag
from verifier.report.lines import number

KINDS = {"+": "added", "-": "removed", "@": "where"}


def fixes(result: Result) -> Markup | None:
    """The section; None where nobody asked."""
    found = result.fixes
    if found is None:
        return None
    if not found.found:
        return tag("section", tag("h2", "One fix"), tag("p", f"Not found: {found.reason}"), id="fixes")
    tried = f"The smallest of {number(found.known, 'edit')} known, {found.tried} tried."
    first, *others = found.found
    return tag(
        "section",
        tag("h2", "One fix"),
        tag("p", tried, class_="note"),
        _fix(first),
        [tag("details", tag("summary", "or ", coded(f.what)), _fix(f)) for f in others],
        id="fixes",
    )


def _kind(line: str) -> str:
    return "where" if line.startswith(("+++", "---")) else KINDS.get(line[:1], "")


def _fix(fix: Fix) -> Markup:
    lines = [tag("span", f"{line}\n", class_=_kind(line)) for line in fix.diff.split("\n")]
    which = "its property is" if fix.properties == 1 else f"all {fix.properties} properties are"
    return tag(
        "div",
        tag("p", tag("b", coded(fix.what))),
        tag("p", f"A suggestion, checked by verify: {which} SAFE within {fix.scope}."),
        tag("pre", lines, class_="diff", tabindex=0),
    )
