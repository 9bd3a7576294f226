"""The edit that would help, on the page: in words, how far it was checked, and as a diff."""

from __future__ import annotations

from verifier.evidence.result import Result
from verifier.report.fixes import all_properties
from verifier.report.html.markup import Markup, tag


def suggestion(result: Result) -> Markup | None:
    """The smallest single edits with which the model is SAFE; None where nobody asked or nothing was to be fixed."""
    found = result.fixes
    if found is None or not (found.found or found.tried):
        return None
    parts = [tag("p", f"Not found: {found.reason}.")] if not found.found else []
    for fix in found.found:
        checked = f"A suggestion, checked by verify: {all_properties(fix.properties)} SAFE within {fix.scope}."
        parts += [tag("h3", fix.what), tag("p", checked), tag("pre", fix.diff, class_="block")]
    return tag("section", tag("h2", "One edit that would help"), parts, id="suggestion")
