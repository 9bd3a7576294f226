"""Dead cells: a private cell is zero wherever its value can no longer be read.

Without this a model has up to 2.5 times more states (lowering report, section 3): two states that differ only in a
forgotten temporary are the same state.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from verifier.golang.lower.templates import Builder
from verifier.program.expr import ZERO, At, Expr, Own, Ref, refs
from verifier.program.program import Step
from verifier.records import replace

Live = list[set[int]]


def zero_dead_cells(builders: Sequence[Builder]) -> None:
    """Drop dead stores and zero every frame cell where it dies, in all templates. Steps must be closed (renumbered)."""
    live = [liveness(b) for b in builders]
    for b in builders[1:]:
        b.steps = [_with_kills(builders, live, b, s) for s in b.steps]


def liveness(b: Builder) -> Live:
    """The frame cells whose value may still be read, for every location."""
    frame = {o for o, private in enumerate(b.frame) if private}
    size = 1 + max((max(s.src, s.dst) for s in b.steps), default=2)
    live: Live = [set() for _ in range(size)]
    facts = [(s, _uses(b.number, s) & frame, definitions(b.number, s) & frame) for s in reversed(b.steps)]
    changed = True
    while changed:
        changed = False
        for s, uses, defined in facts:
            new = uses if s.fail is not None else uses | (live[s.dst] - defined)
            if not new <= live[s.src]:
                live[s.src] |= new
                changed = True
    return live


def _uses(template: int, s: Step) -> set[int]:
    out: set[int] = set()
    for e in _read_expressions(s):
        out |= {r.offset for r in refs(e) if isinstance(r, Own) and r.template == template}
    return out


def _read_expressions(s: Step) -> Iterable[Expr]:
    yield s.guard
    for ref, e in s.updates:
        yield e
        yield from _index(ref)
    for a in s.accesses:
        yield a.when
        yield from _index(a.ref)
    for k in s.sync:
        yield from _index(k.ref)
    if s.offer is not None:
        yield s.offer.channel
        yield from s.offer.values


def _index(ref: Ref) -> Iterable[Expr]:
    if isinstance(ref, At):
        yield ref.index


def definitions(template: int, s: Step) -> set[int]:
    """The cells of the template that a step writes."""
    return {r.offset for r, _ in s.updates if isinstance(r, Own) and r.template == template}


def _with_kills(builders: Sequence[Builder], live: list[Live], b: Builder, s: Step) -> Step:
    if s.fail is not None:
        return replace(s, updates=())
    before, after = live[b.number][s.src], live[b.number][s.dst]
    updates = [(r, e) for r, e in s.updates if _kept(builders, live, b.number, after, r)]
    kills = sorted(before - after)
    return replace(s, updates=(*updates, *((Own(b.number, o), ZERO) for o in kills)))


def _kept(builders: Sequence[Builder], live: list[Live], template: int, after: set[int], r: Ref) -> bool:
    """Whether a store is still of use; operands of a started goroutine are when its body reads them."""
    if not isinstance(r, Own) or not builders[r.template].frame[r.offset]:
        return True
    if r.template == template:
        return r.offset in after
    return r.template != 0 and r.offset in live[r.template][2]
