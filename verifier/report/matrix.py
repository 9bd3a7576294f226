"""Several models side by side: a row a model, a column a property. `-` means "not asked", never "fine"."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from verifier.evidence.result import Property, Result
from verifier.report.outcome import Entry, Failed, exit_code, judged
from verifier.verdict import Verdict, combine

_ORDER = (
    "race",
    "fatal",
    "panic",
    "deadlock",
    "lost-update",
    "starvation",
    "always",
    "sometimes",
    "finally",
    "ordered",
)
_ANY = "any N"


def render(entries: Sequence[Entry]) -> str:
    """The matrix with a total line. Models that could not be read have a row of their own."""
    kinds = _kinds(entries)
    proofs = any(p.any_number for e in entries if isinstance(e, Result) for p in e.properties)
    header = ("", *kinds, *((_ANY,) if proofs else ()), "states", "as expected")
    rows = [header, *(_row(e, kinds, proofs) for e in entries)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(header))]
    states = len(header) - 2
    lines = [
        "   ".join(c.rjust(w) if i == states else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True)))
        for row in rows
    ]
    return "\n".join([*(line.rstrip() for line in lines), "", total(entries)]) + "\n"


def _kinds(entries: Sequence[Entry]) -> tuple[str, ...]:
    """Columns: every kind somebody asked for, the known ones in a fixed order."""
    asked = {p.kind for e in entries if isinstance(e, Result) for p in e.properties}
    return (*(k for k in _ORDER if k in asked), *sorted(asked - set(_ORDER)))


def _row(entry: Entry, kinds: tuple[str, ...], proofs: bool) -> tuple[str, ...]:
    if isinstance(entry, Failed):
        return (entry.model, *(entry.cell for _ in kinds), *((entry.cell,) if proofs else ()), "-", "NO: not checked")
    cells = (cell([p for p in entry.properties if p.kind == kind]) for kind in kinds)
    proved = (any_number(entry),) if proofs else ()
    return (entry.model, *cells, *proved, f"{entry.explored.states:,}", as_expected(entry))


def cell(asked: Sequence[Property]) -> str:
    """The gravest verdict among the properties of one kind, with the steps of the shortest failure."""
    if not asked:
        return "-"
    verdict = combine(p.verdict for p in asked)
    surprise = "" if all(p.as_expected for p in asked) else " !"
    if verdict is Verdict.SAFE:
        return f"ok{surprise}"
    if verdict is Verdict.UNKNOWN:
        return f"???{surprise}"
    lengths = [p.steps for p in asked if p.verdict is verdict and p.trace]
    return f"{verdict.value}{f' {min(lengths)}' if lengths else ''}{surprise}"


def any_number(result: Result) -> str:
    """Whether race, fatal and panic hold for any number of goroutines; `-` where no proof was tried."""
    proofs = [p.any_number.verdict for p in result.properties if p.any_number]
    if not proofs:
        return "-"
    verdict = combine(proofs)
    return {Verdict.SAFE: "proved", Verdict.UNKNOWN: "???"}.get(verdict, verdict.value)


def as_expected(result: Result) -> str:
    """`yes`, or which properties are not as the model expects."""
    wrong = [p.name for p in result.properties if not p.as_expected]
    if not result.properties:
        return "NO: nothing was checked"
    return f"NO: {', '.join(wrong)}" if wrong else "yes"


def total(entries: Sequence[Entry], noun: str = "model") -> str:
    """`29 models: 28 as expected, 1 UNSAFE; exit status 1`."""
    outcomes = Counter(_outcome(e) for e in entries)
    parts = [f"{outcomes['ok']} as expected"]
    parts += [f"{outcomes[v]} {text}" for v, text in _WRONG.items() if outcomes[v]]
    code = exit_code(entries)
    number = len(entries)
    tail = f"; exit status {code}" if code else ""
    return f"{number} {noun}{'' if number == 1 else 's'}: {', '.join(parts)}{tail}"


_WRONG = {"fail": "not as expected", "unknown": "not finished", "error": "in error", "unread": "not checked"}


def _outcome(entry: Entry) -> str:
    if isinstance(entry, Failed):
        return "unread"
    worst = combine(judged(p) for p in entry.properties)
    return {Verdict.SAFE: "ok", Verdict.UNSAFE: "fail", Verdict.UNKNOWN: "unknown", Verdict.ERROR: "error"}[worst]
