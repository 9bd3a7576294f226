"""From a model file to programs: parse and check once, lower as often as needed."""

from __future__ import annotations

from dataclasses import replace

from verifier.golang.check import check
from verifier.golang.contents import facts_of
from verifier.golang.facts import Facts
from verifier.golang.lower.lower import Roles, lower
from verifier.golang.lower.machine import Settings
from verifier.golang.parse import parse_body, parse_expression, parse_package
from verifier.golang.types import Package
from verifier.model.document import Bounds, Document
from verifier.pipeline.options import Options
from verifier.program.passes.compose import compose
from verifier.program.program import Program
from verifier.records import dataclass
from verifier.source import fail, suggestion

ANY_EXPLORED = 2
"""Goroutines explored of a role with `count: any`."""

LOWERINGS = ("abstract", "runtime", "spurious", "lost-update", "starvation")
"""abstract: a map access is one step, decides. runtime: the map's own steps, explains. spurious: TryLock may fail.
lost-update: the abstract one with ghosts, in which a lost update is a failure. starvation: the abstract one with the
rounds of endless loops marked. Besides, `ordered1` and so on, with ghosts for the edges under `ordered:`."""

GHOSTLY = ("lost-update", "ordered")
"""How the names of lowerings begin that are given ghosts (`pipeline.instrumented`)."""


@dataclass(frozen=True, slots=True)
class Front:
    """A checked model with what is needed to lower it."""

    document: Document
    package: Package
    facts: Facts
    counts: tuple[tuple[str, int], ...]

    @property
    def language(self) -> int:
        """Go 1.N as 100 + N."""
        return 100 + int(self.document.go.split(".")[1])

    @property
    def map_rules(self) -> str:
        """Whose map: swiss since Go 1.24, hmap before."""
        return "swiss" if self.language >= 124 else "hmap"


def read_front(document: Document, options: Options) -> Front:
    """Parse and check the Go of a model. Raises ModelError with every error found."""
    if document.schemes and not document.scheme:
        raise fail("a workload is no model before a scheme is chosen", document.schemes[0].span, "--scheme NAME")
    language = 100 + int(document.go.split(".")[1])
    declarations = parse_package([s.text for s in document.sources], document.declare)
    bodies = tuple((r.name, parse_body(r.body), r.span) for r in document.roles)
    clauses = tuple((c.name, c.when, parse_expression(c.text), c.text.value.strip(), c.span) for c in document.clauses)
    package = check(declarations, bodies, clauses, language)
    return Front(document, package, facts_of(package), _counts(document, options))


def _counts(document: Document, options: Options) -> tuple[tuple[str, int], ...]:
    asked = dict(options.counts)
    names = [r.name for r in document.roles]
    for name in asked:
        if name not in names:
            where = document.roles[0].span
            raise fail(f"--count names '{name}', which is no role of this model", where, *suggestion(name, names))
    return tuple((r.name, asked.get(r.name, ANY_EXPLORED if r.count is None else r.count)) for r in document.roles)


def program(front: Front, lowering: str = "abstract", bounds: Bounds | None = None) -> Program:
    """Lower and compose. The runtime lowering drops the user's clauses: they are judged on the abstract one."""
    runtime = front.map_rules if lowering == "runtime" else ""
    settings = Settings(
        bounds or front.document.bounds,
        front.language,
        runtime,
        spurious=lowering == "spurious",
        rounds=lowering == "starvation",
    )
    package = front.package if lowering == "abstract" else replace(front.package, clauses=())
    raw = lower(package, front.document.name, Roles(front.counts), settings, front.document.files, front.facts)
    if lowering.startswith(GHOSTLY):
        # Imported here: few models ask for these properties.
        from verifier.pipeline.instrumented import instrumented

        raw = instrumented(front.document, raw, lowering)
    return compose(raw)


def lowered(front: Front, name: str) -> Program:
    """The program of a lowering by its full name: the kind, then the bounds that differ from the model's."""
    kind, *changes = name.split(".")
    bounds = front.document.bounds
    for change in changes:
        which = change.rstrip("0123456789")
        number = int(change.removeprefix(which))
        bounds = replace(bounds, heap=number) if which == "heap" else replace(bounds, goroutines=number)
    return program(front, kind, bounds)


def lowering_for_proofs(front: Front) -> str:
    """The lowering proofs are about: races of models with TryLock are judged with failures it need not have."""
    return "spurious" if front.facts.uses_trylock else "abstract"
