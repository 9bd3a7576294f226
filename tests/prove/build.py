"""From Go text to the programs a proof and its cross-check need, and what exploration says about a few goroutines."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from verifier.explore.search import Limits, explore
from verifier.golang.check import check
from verifier.golang.facts import collect
from verifier.golang.parse import parse_body, parse_declarations
from verifier.model.document import Bounds, Document, Role, Text
from verifier.model.read import read_model
from verifier.pipeline.load import Front, program
from verifier.program.program import Program
from verifier.prove.anynumber import Attempt, attempt
from verifier.prove.ghosts import Ghosts
from verifier.prove.machine import Machine
from verifier.prove.shape import shape
from verifier.prove.values import INT
from verifier.source import Span

FILE = "case.yaml"
PROVED_KINDS = ("race", "fatal", "panic")
LANGUAGE = 127


@dataclass(frozen=True)
class Case:
    """The Go of a model without counts: every role stands for any number of goroutines."""

    declare: str
    roles: dict[str, str]
    bounds: Bounds = field(default_factory=Bounds)


def front(case: Case) -> Front:
    """Parsed and checked."""
    lines: list[str] = []

    def text(value: str) -> Text:
        first = len(lines) + 1
        rows = value.split("\n")
        lines.extend(rows)
        return Text(value, FILE, first, tuple(1 for _ in rows))

    declare = text(case.declare) if case.declare else None
    roles = []
    for name, body in case.roles.items():
        told = text(body)
        roles.append(Role(name, 1, told, Span(FILE, told.line, 1)))
    declarations = parse_declarations(declare) if declare is not None else ()
    package = check(declarations, tuple((r.name, parse_body(r.body), r.span) for r in roles), (), LANGUAGE)
    document = Document(FILE, "case", "", "", "1.27", declare, tuple(roles), (), (), (), case.bounds, tuple(lines))
    return Front(document, package, collect(package), tuple((r.name, 1) for r in roles))


def of_file(path: str) -> Front:
    """The front end's view of a model file, clauses left out."""
    from verifier.pipeline.load import read_front
    from verifier.pipeline.options import Options

    made = read_front(read_model(path), Options())
    return replace(made, package=replace(made.package, clauses=()))


def for_proof(made: Front, lowering: str = "abstract") -> Program:
    """The program a proof works on: two goroutines a role, at least two blocks a site, integers uncut."""
    bounds = replace(made.document.bounds, heap=max(2, made.document.bounds.heap), int=INT)
    return program(replace(made, counts=tuple((r, 2) for r, _ in made.counts)), lowering, bounds)


def machine(made: Front) -> Machine:
    """The abstract machine of a model."""
    return Machine(shape(for_proof(made)))


def prove(
    made: Front, largest: int = 2, seconds: float = 20.0, ghosts: Ghosts | None = None, **exactly: int
) -> Attempt:
    """Try to prove it."""
    ends = time.monotonic() + seconds
    return attempt(for_proof(made), lambda: time.monotonic() > ends, exactly, largest, ghosts)


@dataclass(frozen=True)
class Concrete:
    """What exploring a few goroutines found: the kinds of violations, and whether it saw every state."""

    kinds: frozenset[str]
    complete: bool


def explored(made: Front, count: int, states: int) -> Concrete:
    """Explore `count` goroutines of each role on the concrete heap."""
    bounds = replace(made.document.bounds, heap=max(4, made.document.bounds.heap))
    few = program(replace(made, counts=tuple((r, count) for r, _ in made.counts)), "abstract", bounds)
    found = explore(few, Limits(max_states=states, graph_edges=0), stop_when=frozenset({"race"}))
    kinds = frozenset(v.kind for v in found.violations if v.kind in PROVED_KINDS)
    return Concrete(kinds, found.complete and found.first("bound") is None)


def bug(made: Front, states: int = 30_000) -> str:
    """The first race, fatal error or panic that two or three goroutines a role show; empty when there is none."""
    for count in (1, 2, 3):
        kinds = explored(made, count, states).kinds
        if kinds:
            return f"{sorted(kinds)[0]} with {count} a role"
    return ""
