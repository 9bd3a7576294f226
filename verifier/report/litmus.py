"""Litmus answers as text: a table outcome × memory model, then for every allowed outcome the reads that show it."""

from __future__ import annotations

from collections.abc import Sequence

from verifier.evidence.litmus import MODELS, LitmusResult, Outcome, Saw

_HEADINGS = {"SC": "SC", "TSO": "x86-TSO", "Go": "Go"}
_WORDS = {True: "allowed", False: "forbidden"}


def render(results: Sequence[LitmusResult]) -> str:
    """The table of all models, the witnesses, and the models no question could be asked about."""
    answered = [r for r in results if not r.reason]
    refused = [r for r in results if r.reason]
    lines = _table(answered) if answered else []
    for r in answered:
        for o in r.outcomes:
            if any(o.allowed):
                lines += ["", *_witness(r, o)]
    if refused:
        lines += ["", *(f"{r.model}: not asked: {r.reason}" for r in refused)]
    return "\n".join(lines).lstrip("\n") + "\n"


def _table(results: Sequence[LitmusResult]) -> list[str]:
    rows = [("", "outcome", *(_HEADINGS[m] for m in MODELS), "race")]
    for r in results:
        race = "race" if r.race else "none"
        if not r.outcomes:
            rows.append((r.model, "(no finally clause)", *("-" for _ in MODELS), race))
        for i, o in enumerate(r.outcomes):
            rows.append(
                (r.model if i == 0 else "", outcome(o), *(_WORDS[a] for a in o.allowed), race if i == 0 else "")
            )
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["   ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows]


def outcome(o: Outcome) -> str:
    """The outcome asked about: a failure, or the negation of the clause."""
    return o.formula if o.name == o.formula else _denied(o.formula)


def _denied(formula: str) -> str:
    """`not` in Go, without piling up: the clause `!(a && b)` asks about `a && b`."""
    if formula.startswith("!(") and _closes_at_end(formula[1:]):
        return formula[2:-1]
    return f"!({formula})"


def _closes_at_end(text: str) -> bool:
    depth = 0
    for i, c in enumerate(text):
        depth += (c == "(") - (c == ")")
        if depth == 0:
            return i == len(text) - 1
    return False


def _witness(r: LitmusResult, o: Outcome) -> list[str]:
    first = next(m for m, allowed in zip(MODELS, o.allowed, strict=True) if allowed)
    why = {
        "SC": "an interleaving shows it",
        "TSO": "no interleaving shows it; a store buffer does",
        "Go": "no interleaving and no x86 machine shows it; compilers and weaker machines may",
    }[first]
    head = f"{r.model}: {outcome(o)}: {why}"
    rows = [_saw(s) for s in o.witness]
    widths = [max((len(row[i]) for row in rows), default=0) for i in range(3)]
    return [head, *("  " + "   ".join(c.ljust(w) for c, w in zip(row, (*widths, 0), strict=True)) for row in rows)]


def _saw(s: Saw) -> tuple[str, str, str, str]:
    where = f"{s.span.brief} {s.text}" if s.span else s.text
    origin = f"from {s.writer}: {s.writer_text}" if s.writer else "the initial value"
    return s.goroutine, where, f"reads {s.location} = {s.value}", origin
