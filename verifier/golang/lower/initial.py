"""Package initialisers: run once, in order, before any goroutine; their result is the initial state."""

from __future__ import annotations

from verifier.golang.lower.link import Linker
from verifier.golang.lower.machine import Machine
from verifier.program.evaluate import Valuation, evaluate, place
from verifier.program.expr import At, Cell, Const, Expr, Own, PerInstance, Read, Ref, rewrite
from verifier.program.program import END, Alloc, CellDecl, Fail, Step, high, low
from verifier.program.semantics import no_block, out_of_range
from verifier.records import dataclass
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
    taken: set[tuple[int, int]] = set()
    for _ in range(_LIMIT):
        if location == END or location not in by_source:
            return Started(state)
        v = Valuation(state, (), 0)
        enabled = [s for s in by_source[location] if evaluate(_own(s.guard), v)]
        if not enabled:
            return Started(state, Fail("fatal", "all goroutines are asleep - deadlock!"), by_source[location][0].span)
        s = enabled[0]
        if len(enabled) > 1 and s.span is not None:
            raise fail("a package initialiser with a choice is not supported yet", s.span, "make the choice in a role")
        if s.fail is not None:
            return Started(state, s.fail, s.span)
        if s.alloc is not None:
            place_number = _pick(s.alloc, taken)
            if place_number == 0:
                return Started(state, Fail("bound", no_block(s.alloc.site)), s.span)
            v = Valuation(state, (), place_number)
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


def _pick(a: Alloc, taken: set[tuple[int, int]]) -> int:
    """The next block of a site, 0 when all are taken. Initialisers run once: nothing is recycled."""
    for candidates in a.candidates:
        for number in candidates:
            if (a.sort, number) not in taken:
                taken.add((a.sort, number))
                return number
    return 0


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
    if isinstance(r, At):
        return At(r.family, _own(r.index))
    return Cell(r.offset) if isinstance(r, Own) else r
