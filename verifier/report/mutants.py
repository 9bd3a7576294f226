"""Mutants as text: each protective step, what was done to it, and which property then no longer holds."""

from __future__ import annotations

from collections.abc import Sequence

from verifier.evidence.mutant import IDLE, Mutant
from verifier.evidence.result import Result
from verifier.report.lines import number, steps
from verifier.verdict import Verdict

MOST = 48
"""Characters of a step or an edit in the table."""


def section(result: Result) -> list[str]:
    """The table of a result's mutants; nothing where nobody asked."""
    found = result.mutants
    if found is None:
        return []
    held = [p.name for p in result.properties if p.verdict is Verdict.SAFE and p.kind != "sometimes"]
    if not held:
        return ["mutants    no property is known to hold, so nothing can be seen to protect it"]
    shown = [m for m in found if m.why != IDLE]
    idle = len(found) - len(shown)
    lines = [f"mutants    {headline(found)}"]
    if idle:
        lines.append(f"           {number(idle, 'more edit')} of code that no goroutine of this model runs")
    return [*lines, *rows(shown)]


def headline(found: Sequence[Mutant]) -> str:
    """How many of the protective steps are load-bearing."""
    shown = [m for m in found if m.why != IDLE]
    if not shown:
        return "nothing found that could be taken away or weakened: no lock, no check, no atomic operation"
    needed = sum(m.needed for m in shown)
    open_ = sum(m.verdict is Verdict.UNKNOWN for m in shown)
    rest = len(shown) - needed - open_
    parts = [f"{needed} of {number(len(shown), 'edit')} of protective steps {'is' if needed == 1 else 'are'} noticed"]
    parts += [f"{rest} {'is' if rest == 1 else 'are'} not"] if rest else []
    parts += [f"{open_} not decided"] if open_ else []
    return ", ".join(parts)


def rows(found: Sequence[Mutant]) -> list[str]:
    """A line for each mutant; what is not noticed has its reason on a line below."""
    cells = [(m.span.words if m.span else "", _cut(m.step or m.edit), _cut(m.what), outcome(m), m) for m in found]
    if not cells:
        return []
    wide = [max(len(c[n]) for c in cells) for n in (0, 1, 2)]  # type: ignore[arg-type]
    out: list[str] = []
    for where, step, what, said, m in cells:
        out.append(f"  {where:<{wide[0]}}  {step:<{wide[1]}}  {what:<{wide[2]}}  {said}".rstrip())
        if not m.needed and (m.why or m.note):
            out.append(f"  {'':<{wide[0]}}    {m.why or m.note}")
    return out


def outcome(m: Mutant) -> str:
    """`race in 2 steps`, or that nobody notices."""
    if m.needed:
        return m.broken[0] + (f" in {steps(m.steps)}" if m.steps else "")
    return "not noticed" if m.verdict is Verdict.SAFE else "not decided"


def _cut(text: str) -> str:
    return text if len(text) <= MOST else text[: MOST - 1].rstrip() + "…"
