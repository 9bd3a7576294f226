"""For the evidence document: how likely a test is to see a failure, and the edit that would help, as Markdown."""

from __future__ import annotations

from verifier.evidence.odds import SHARE
from verifier.evidence.result import Property, Result
from verifier.report.fixes import all_properties
from verifier.report.markup import block, bullets, plain
from verifier.report.odds import odds_of, share


def seen_by_tests(result: Result, prop: Property) -> list[str]:
    """How many schedules show a failing property, and what -race says; nothing where nobody asked."""
    found = odds_of(result, prop)
    if found is None:
        return []
    if found.share is None:
        return [f"Share of schedules that show it: not counted, {plain(found.reason)}.", ""]
    lines = [
        f"**Share of schedules: {share(found.share)}** {plain(found.meaning)}; in a schedule {SHARE}.",
    ]
    if found.silent:
        lines += ["A race detector:", "", *bullets(plain(s) for s in found.silent)]
    return [*lines, ""]


def helps(result: Result) -> list[str]:
    """The smallest single edits with which the model is SAFE; nothing where nobody asked."""
    found = result.fixes
    if found is None or not (found.found or found.tried):
        return []
    lines = ["", "### One edit that would help", ""]
    if not found.found:
        return [*lines, f"None was found: {plain(found.reason)}."]
    for fix in found.found:
        lines += [
            f"{plain(fix.what[0].upper() + fix.what[1:])}. A suggestion, checked by `verify`: "
            f"{all_properties(fix.properties)} SAFE within {plain(fix.scope)}.",
            "",
            *block(fix.diff.split("\n"), "diff"),
            "",
        ]
    return lines[:-1]
