"""From a model file to programs: parse and check once, lower as often as needed."""

from __future__ import annotations

from functools import partial

from verifier.golang import syntax as ast
from verifier.golang.check import check
from verifier.golang.clients import Client, client, declarations as shared_by_clients
from verifier.golang.contents import facts_of
from verifier.golang.facts import Facts
from verifier.golang.lower.lower import Roles, lower
from verifier.golang.lower.machine import Settings
from verifier.golang.parse import parse_body, parse_declarations, parse_expression, parse_package
from verifier.golang.types import Package
from verifier.model.document import CLIENT, Bounds, Document, Role
from verifier.pipeline import owner
from verifier.pipeline.contract import told
from verifier.pipeline.options import Options
from verifier.program.passes.compose import compose
from verifier.program.program import Program
from verifier.records import dataclass, replace
from verifier.source import ModelError, fail, suggestion

ANY_EXPLORED = 2
"""Goroutines explored of a role with `count: any`."""

_ALONE = "`verify MODEL --scheme NAME` judges it under one, `verify compare MODEL` under all"

LOWERINGS = ("abstract", "runtime", "spurious", "unordered", "lost-update", "starvation")
"""abstract: a map access is one step, decides. runtime: the map's own steps, explains. spurious: TryLock may fail.
unordered: so it may, and what looks at a channel without ordering anything may say anything.
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
    fixed: str = ""
    """Why the model only makes sense with just these counts; empty where it does with others."""
    client: Client | None = None

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
        raise fail("a workload is no model before a scheme is chosen", document.schemes[0].span, _ALONE)
    language = 100 + int(document.go.split(".")[1])
    asked = document.linearizable
    declarations = parse_package([s.text for s in document.sources], document.declare)
    if asked is not None:
        declarations += parse_declarations(shared_by_clients(asked, declarations))
    counts = _counts(document, options)
    variable = owner.owned(declarations) if document.scheme else ""
    if variable and asked is not None:
        document, variable = owner.serving(document, variable), ""
        counts = _counts(document, options)
    if variable:
        document = owner.staffed(document, variable, counts)
        declarations = (*declarations, *owner.declarations(document))
        counts = (*counts, (document.roles[-1].name, 1))
    run = partial(owner.body, document=document) if variable else _body
    bodies = tuple((r.name, run(r), r.span) for r in document.roles)
    clauses = tuple((c.name, c.when, parse_expression(c.text), c.text.value.strip(), c.span) for c in document.clauses)
    try:
        package = check(declarations, bodies, clauses, language)
    except ModelError as error:
        raise told(error, document) if document.scheme else error from None
    clients = None if asked is None else client(asked, package)
    return Front(document, package, facts_of(package), counts, owner.FIXED if variable else "", clients)


def _body(role: Role) -> ast.Block:
    return parse_body(role.body)


def _counts(document: Document, options: Options) -> tuple[tuple[str, int], ...]:
    asked = dict(options.counts)
    clients = document.linearizable
    if clients is not None:
        if asked:
            raise fail("the goroutines of `linearizable:` are counted there, not by --count", clients.span)
        return (*((r.name, r.count or 1) for r in document.roles), (CLIENT, clients.goroutines))
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
        spurious=lowering in ("spurious", "unordered"),
        unordered=lowering == "unordered",
        rounds=lowering == "starvation",
        client=front.client,
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
    """The lowering proofs are about, whose races are all there are: with observations that order nothing left open."""
    return "unordered" if front.facts.looks else "spurious" if front.facts.uses_trylock else "abstract"
