"""Reads of objects that find one number in any case, because the goroutine put it there and nobody puts another one.

What that is says `ownership`: fields of objects of one's own, and fields that everybody only ever makes 0 once others
can see the object. Range over a map is the case in point: it marks all keys as not inserted since, and in a map that
nobody changes any more they stay so. What is never read is then never written (`slice`).
"""

from __future__ import annotations

from verifier.program.concrete import Concrete, bind, concrete
from verifier.program.expr import FALSE, At, Const, Expr, Read, Ref, at_cell, rewrite
from verifier.program.passes.footprint import Footprint
from verifier.program.passes.ownership import Ownership
from verifier.program.program import Access, Instance, Program, Step, Template
from verifier.records import replace


def foresee(program: Program) -> Program:
    """`program` with those numbers in place of those reads. Cells and steps keep theirs; `raw` is `program` itself.

    Only for programs whose objects are all alike (`Program.pools`): of others `ownership` knows nothing.
    """
    if not program.pools:
        return program
    steps = [c for i in program.goroutines for c in concrete(program, i.number) if c.step.guard != FALSE]
    owners = Ownership(program, Footprint(program), steps)
    at = {(c.instance, c.index): c for c in steps}
    templates = tuple(_foreseen(program, t, owners, at) for t in program.templates)
    if templates == program.templates:
        return program
    numbered = tuple(replace(t, steps=tuple(replace(s, origin=(n,)) for n, s in enumerate(t.steps))) for t in templates)
    return replace(program, templates=numbered, prelude=((),) * len(program.instances), raw=program)


def _foreseen(program: Program, t: Template, owners: Ownership, at: dict[tuple[int, int], Concrete]) -> Template:
    instances = [i for i in program.goroutines if i.template == t.number]

    def value(e: Expr, number: int) -> int | None:
        """What `e` is in step `number`, whoever takes it."""
        found: set[int | None] = set()
        for i in instances:
            if (i.number, number) in at:
                found.add(owners.value(at[i.number, number], _bound(e, i)))
        return found.pop() if len(found) == 1 else None

    def step(s: Step, number: int) -> Step:
        def leaf(e: Expr) -> Expr | None:
            known = value(e, number) if isinstance(e, Read) and isinstance(e.ref, At) else None
            return None if known is None else Const(known)

        def ref(r: Ref) -> Ref:
            return at_cell(r.family, rewrite(r.index, leaf)) if isinstance(r, At) else r

        return replace(
            s,
            guard=rewrite(s.guard, leaf),
            updates=tuple((ref(r), rewrite(v, leaf)) for r, v in s.updates),
            accesses=tuple(Access(ref(a.ref), a.write, a.atomic, rewrite(a.when, leaf)) for a in s.accesses),
        )

    return replace(t, steps=tuple(step(s, n) for n, s in enumerate(t.steps)))


def _bound(e: Expr, instance: Instance) -> Expr:
    """An expression as `instance` evaluates it."""
    return bind(Step(0, 0, e), instance, instance).guard
