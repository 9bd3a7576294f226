"""What goes wrong in a model, as places of its source: what is touched without protection, and who waits where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from verifier.evidence.result import Property, Result
from verifier.explore.races import cells_of
from verifier.program.concrete import concrete
from verifier.program.expr import At, Cell, Expr, refs
from verifier.program.program import Program, Step
from verifier.records import dataclass
from verifier.source import LIBRARY, Span
from verifier.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Touch:
    """A place in the source that touches a location, for writing or only for reading."""

    span: Span
    write: bool


@dataclass(frozen=True, slots=True)
class Trouble:
    """`shown`: the accesses of the schedules that show what is wrong. `all`: every access to the same locations.

    `waits`: where goroutines hang or hold what others wait for.
    """

    shown: tuple[Touch, ...]
    all: tuple[Touch, ...]
    waits: tuple[Span, ...]


def trouble(result: Result, program: Program) -> Trouble:
    """The trouble of a judged model, lowered to `program`."""
    bad = [p for p in result.properties if p.verdict is Verdict.UNSAFE]
    shown = tuple(dict.fromkeys(t for p in bad for t in _shown(p)))
    names = {name for p in bad for name in _locations(p, program)}
    touched = tuple(dict.fromkeys(_touching(program.raw or program, names)))
    traces = [p.trace for p in bad if p.trace is not None]
    waits = [w.span for t in traces for w in t.waiting] + [h.span for t in traces for h in t.held]
    return Trouble(shown, touched, tuple(dict.fromkeys(s for s in waits if s is not None)))


def _shown(p: Property) -> Iterator[Touch]:
    if p.trace is None:
        return
    for access in p.trace.race:
        if access.span is not None:
            yield Touch(access.span, access.write)


def _locations(p: Property, program: Program) -> Iterator[str]:
    """The names of the cells that a property is about."""
    if p.trace is not None:
        yield from (access.location for access in p.trace.race)
        if p.trace.lost is not None:
            yield p.trace.lost.location
    for clause in program.clauses:
        if clause.name == p.name and clause.when == p.kind:
            yield from (program.cells[n].name for n in _read(clause.expr))


def _read(e: Expr) -> Iterator[int]:
    for ref in refs(e):
        match ref:
            case Cell(number=n):
                yield n
            case At(family=f):
                yield from (n for n in f.cells if n >= 0)


def _touching(program: Program, names: set[str]) -> Iterator[Touch]:
    wanted = {n for n, c in enumerate(program.cells) if c.name in names}
    for i in program.goroutines:
        for c in concrete(program, i.number):
            hits = [a for a in c.step.accesses if not wanted.isdisjoint(cells_of(a))]
            where = place(c.step)
            if hits and where is not None:
                yield Touch(where, any(a.write for a in hits))


def place(step: Step) -> Span | None:
    """Where a step stands in the model's own text: where it is called, for one of the library."""
    spans: Iterable[Span | None] = [step.span, *(call.called_at for call in reversed(step.stack))]
    return next((s for s in spans if s is not None and s.file != LIBRARY), None)
