"""Package initialisers: run once, in order, before any goroutine; their result is the initial state."""

from __future__ import annotations

from dataclasses import dataclass

from verifier.golang.lower.link import Linker
from verifier.golang.lower.machine import Machine
from verifier.program.evaluate import Valuation, evaluate, place
from verifier.program.expr import Cell, Const, Expr, Own, PerInstance, Read, Ref, rewrite
from verifier.program.program import END, CellDecl, Fail, Step, high, low
from verifier.program.semantics import out_of_range
from verifier.source import Span, fail

_LIMIT = 100_000


@dataclass(slots=True)
class Started:
    """The state in which goroutines start, or the failure of an initialiser."""

    state: list[int]
    fail: Fail | None = None
    span: Span | None = None


def run_initialisers(m: Machine, linker: Linker, steps: list[Step]) -> Started:
    """Execute template 0 from its entry to its end."""
    state = [0] * linker.at.size
    domains = [linker.domain(spec) for i in linker.at.instances for _, spec in m.builders[i.template].cells]
    by_source: dict[int, list[Step]] = {}
    for s in steps:
        by_source.setdefault(s.src, []).append(s)
    location = 2
    for _ in range(_LIMIT):
        if location == END or location not in by_source:
            return Started(state)
        v = Valuation(state, (), 0)
        enabled = [s for s in by_source[location] if evaluate(_own(s.guard), v)]
        if not enabled:
            return Started(state, Fail("fatal", "all goroutines are asleep - deadlock!"), by_source[location][0].span)
        s = enabled[0]
        if s.fail is not None:
            return Started(state, s.fail, s.span)
        writes = [(place(_own_ref(r), v), evaluate(_own(e), v)) for r, e in s.updates]
        for c, value in writes:
            if not low(domains[c]) <= value <= high(domains[c], linker.sorts):
                text = out_of_range(CellDecl("an initial value", domains[c]), value, linker.sorts)
                return Started(state, Fail("bound", text), s.span)
            state[c] = value
        location = s.dst
    where = steps[0].span
    assert where is not None
    raise fail("a package initialiser does not end", where, "initialise with constants or literals")


def _own(e: Expr) -> Expr:
    def leaf(x: Expr) -> Expr | None:
        match x:
            case Read(ref=Own(offset=o)):
                return Read(Cell(o))
            case PerInstance(values=values):
                return Const(values[0])
            case _:
                return None

    return rewrite(e, leaf)


def _own_ref(r: Ref) -> Ref:
    return Cell(r.offset) if isinstance(r, Own) else r
