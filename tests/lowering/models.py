"""Models built from Go text, without a file: what the tests of the lowering hand to the pipeline."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from verifier.evidence.result import Result
from verifier.model.document import CHECKS, Bounds, ClauseText, Document, Role, Text
from verifier.pipeline import Options, verify
from verifier.source import Span
from verifier.verdict import Verdict

MODELS = sorted((Path(__file__).resolve().parents[2] / "models").glob("*.yaml"))
"""The catalogue."""

FILE = "case.yaml"

LIMIT = 200_000
"""States explored at most for one case."""


@dataclass(frozen=True)
class Go:
    """The Go of a model: `declare` and one body per role, with a count or once. `finally_`: clauses by their text."""

    roles: dict[str, str | tuple[int, str]]
    declare: str = ""
    go: str = "1.27"
    bounds: Bounds = field(default_factory=Bounds)
    finally_: tuple[str, ...] = ()
    always: tuple[str, ...] = ()
    sometimes: tuple[str, ...] = ()


class _File:
    """The lines of a model file under construction, so that every span points at real text."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def text(self, value: str) -> Text:
        first = len(self.lines) + 1
        rows = value.split("\n")
        self.lines += rows
        return Text(value, FILE, first, tuple(1 for _ in rows))


def document(model: Go) -> Document:
    """The model as the reader of model files would hand it out."""
    file = _File()
    declare = file.text(model.declare) if model.declare else None
    roles = []
    for name, told in model.roles.items():
        count, body = told if isinstance(told, tuple) else (1, told)
        text = file.text(body)
        roles.append(Role(name, count, text, Span(FILE, text.line, 1)))
    clauses = []
    for when, texts in (("finally", model.finally_), ("always", model.always), ("sometimes", model.sometimes)):
        for k, clause in enumerate(texts):
            text = file.text(clause)
            clauses.append(ClauseText(f"{when}{k}: {clause}", when, text, Span(FILE, text.line, 1)))
    return Document(
        path=FILE,
        name="case",
        title="",
        about="",
        go=model.go,
        declare=declare,
        roles=tuple(roles),
        clauses=tuple(clauses),
        checks=CHECKS,
        expect=(),
        bounds=model.bounds,
        lines=tuple(file.lines),
    )


def judge(model: Go, limit: int = LIMIT) -> Result:
    """What the product says about a model. Raises ModelError."""
    return verify(document(model), Options(max_states=limit, any_number=False))


def verdicts(model: Go) -> dict[str, Verdict]:
    """Verdict by property."""
    return {p.name: p.verdict for p in judge(model).properties}


def bounded(**limits: int | tuple[int, int]) -> Bounds:
    """Bounds that differ from the usual ones."""
    return replace(Bounds(), **limits)  # type: ignore[arg-type]
