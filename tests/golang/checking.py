"""Checking Go from test texts, and reading the corpora."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from verifier.golang import types as t
from verifier.golang.check import check
from verifier.golang.parse import parse_body, parse_declarations, parse_expression
from verifier.model.document import Text
from verifier.source import Diagnostic, ModelError


def text(value: str, file: str) -> Text:
    return Text(value, file, 1, tuple(1 for _ in value.split("\n")))


@dataclass(frozen=True)
class Model:
    """Go for one check: declarations, bodies by role, clauses (all `always`)."""

    declare: str = ""
    bodies: dict[str, str] = field(default_factory=dict)
    clauses: dict[str, str] = field(default_factory=dict)
    lang: int = 127

    def check(self) -> t.Package:
        decls = parse_declarations(text(self.declare, "declare"))
        blocks = [(role, parse_body(text(body, role))) for role, body in self.bodies.items()]
        exprs = [(name, parse_expression(text(e, name)), e) for name, e in self.clauses.items()]
        return check(
            decls,
            tuple((role, block, block.span) for role, block in blocks),
            tuple((name, "always", e, shown, e.span) for name, e, shown in exprs),
            self.lang,
        )

    def errors(self) -> tuple[Diagnostic, ...]:
        with pytest.raises(ModelError) as caught:
            self.check()
        return caught.value.diagnostics

    def first(self) -> str:
        """The first error as `file:line:col: message`."""
        first = self.errors()[0]
        return f"{first.span}: {first.message}"


def corpus(name: str) -> dict[str, dict[str, str]]:
    """Case → its parts (`declare`, `body`, `error`) from a file of cases."""
    cases: dict[str, dict[str, str]] = {}
    whole = (Path(__file__).parent / name).read_text(encoding="utf-8")
    for chunk in whole.split("\n== ")[1:]:
        title, *parts = chunk.rstrip("\n").split("\n-- ")
        cases[title] = {kind: rest for kind, _, rest in (part.partition(" --\n") for part in parts)}
    return cases


def walk(node: object) -> list[object]:
    """Every syntax node below `node`, itself included."""
    if isinstance(node, tuple):
        return [found for part in node for found in walk(part)]
    if not hasattr(node, "span") or not hasattr(type(node), "__slots__"):
        return []
    return [node, *(found for name in type(node).__slots__ for found in walk(getattr(node, name)))]
