"""Suggested fixes as text: what to change, how far that was checked, and the change as a unified diff."""

from __future__ import annotations

from verifier.evidence.fix import Fix
from verifier.evidence.result import Result
from verifier.report.lines import number


def sections(result: Result, verbose: bool) -> list[list[str]]:
    """The smallest fix with its diff, others of that size in a line; all diffs with `verbose`. Nothing if not asked."""
    found = result.fixes
    if found is None:
        return []
    if not found.found:
        return [[f"one fix    not found: {found.reason}"]]
    tried = f"the smallest of {number(found.known, 'edit')} known, {found.tried} tried"
    first, *others = found.found
    out = [_fix("one fix", first, tried)]
    for other in others:
        out.append(_fix("or", other, "") if verbose else [f"{'or':<11}{other.what}: SAFE, checked  (-v shows it)"])
    return out


def _fix(label: str, fix: Fix, tried: str) -> list[str]:
    return [
        f"{label:<11}{fix.what}: SAFE, checked",
        *([f"{'':<11}{tried}"] if tried else []),
        f"{'':<11}suggestion, checked by verify: {all_properties(fix.properties)} SAFE within",
        f"{'':<11}{fix.scope}",
        "",
        *fix.diff.split("\n"),
    ]


def all_properties(n: int) -> str:
    """`all 4 properties`."""
    return "1 property" if n == 1 else f"all {n} properties"
