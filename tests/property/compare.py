"""One small program through the whole product, held against the interpreter."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from verifier.model.read import read_model
from verifier.pipeline import Options, verify
from verifier.verdict import Verdict

from . import programs as go
from .interpreter import Findings, judge
from .text import to_yaml

Clause = tuple[str, str, str]
MOST_FINALS = 8
"""Final states that get a clause of their own."""


@dataclass(frozen=True)
class Comparison:
    """`kind`: "undecided" (the interpreter hit a limit), "racy", "race-free". `unknown` are the properties the product
    answers UNKNOWN, `differences` the ones it answers otherwise than the interpreter."""

    kind: str
    differences: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def compare(program: go.Program, folder: Path, limit: int = 20_000, dialect: str = "plain") -> Comparison:
    """Judge `program` by both."""
    found = judge(program, limit)
    if not found.decided:
        return Comparison("undecided")
    clauses = () if found.race else wanted_clauses(found)
    expected = {"race": unsafe_if(bool(found.race))}
    if not found.race:
        expected |= {"panic": unsafe_if(found.panic), "fatal": unsafe_if(found.fatal)}
        expected["deadlock"] = unsafe_if(found.deadlock)
        expected |= {name: unsafe_if(name.startswith("not")) for _, name, _ in clauses}
    answers = product_verdicts(to_yaml(program, clauses, dialect), folder)
    pairs = [(name, want, answers.get(name)) for name, want in expected.items()]
    unknown = tuple(name for name, _, got in pairs if got is Verdict.UNKNOWN)
    different = tuple(
        f"{name}: product {got.name if got else 'silent'}, interpreter {want.name}"
        for name, want, got in pairs
        if got is not want and got is not Verdict.UNKNOWN
    )
    return Comparison("racy" if found.race else "race-free", different, unknown)


def unsafe_if(violated: bool) -> Verdict:
    return Verdict.UNSAFE if violated else Verdict.SAFE


def wanted_clauses(found: Findings) -> tuple[Clause, ...]:
    """Clauses that pin down what the interpreter saw; those named `not…` must be UNSAFE, the others SAFE.

    The final states are exactly the interpreter's: it is always one of them, and each is one of them. The same for
    the values of (x, y) in every state on the way.
    """
    pairs = [f"x == {x} && y == {y}" for x, y in sorted(found.seen_xy)]
    clauses = [("always", "on the way", any_of(pairs))]
    clauses += [("sometimes", f"seen {i}", text) for i, text in enumerate(pairs)]
    clauses.append(("sometimes", "not seen", "x == 50"))
    finals = [" && ".join(f"{name} == {value}" for name, value in f) for f in sorted(found.finals)]
    if finals:
        clauses.append(("finally", "in the end", any_of(finals)))
        clauses += [("finally", f"not always other {i}", f"!({text})") for i, text in enumerate(finals[:MOST_FINALS])]
    return tuple(clauses)


def any_of(texts: list[str]) -> str:
    return " || ".join(f"({t})" for t in texts)


def product_verdicts(text: str, folder: Path) -> dict[str, Verdict]:
    """The product's verdict per property of a model file."""
    path = folder / "model.yaml"
    path.write_text(text)
    return {p.name: p.verdict for p in verify(read_model(str(path)), Options()).properties}
