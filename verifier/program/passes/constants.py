"""Fold what has only one value, and drop the steps that can never be taken.

A pointer that is never assigned again selects one lock; a flag that is only set and cleared within one fused step is
never seen set. Decided by the intervals of `values`, which hold in every reachable state.
"""

from __future__ import annotations

from verifier.program.expr import TRUE, At, Const, Expr, Own, Read, Ref, all_of, at_cell, rewrite
from verifier.program.intervals import Ranges
from verifier.program.passes.footprint import conjuncts
from verifier.program.passes.values import Values, certain, constant
from verifier.program.program import Access, Program, Step, Sync
from verifier.records import replace


def fold_constants(program: Program) -> Program:
    """`program` with constants in place of reads that give one value, and without dead steps and idle writes.

    `origin` names the steps of `program`, which is `raw`; the first state stays as it is.
    """
    values = Values(program)
    templates = []
    for t in program.templates:
        steps = []
        for n, step in enumerate(t.steps):
            ranges = values.at(t.number, step)
            if ranges is not None:
                steps.append(replace(_Folder(values, t.number, step, ranges).step(), origin=(n,)))
        templates.append(replace(t, steps=tuple(steps)))
    return replace(program, templates=tuple(templates), prelude=((),) * len(program.instances), raw=program)


class _Folder:
    """Folds one step. `ranges`: the values where it is enabled."""

    def __init__(self, values: Values, template: int, step: Step, ranges: Ranges) -> None:
        self._values = values
        self._step = step
        self._ranges = ranges
        self._before = values.standing(template, step)

    def step(self) -> Step:
        """The step with everything decided that can be."""
        s = self._step
        return replace(
            s,
            guard=self._guard(s.guard),
            updates=self._updates(),
            accesses=tuple(
                Access(self._ref(a.ref), a.write, a.atomic, self._expr(a.when, self._ranges)) for a in s.accesses
            ),
            sync=tuple(Sync(x.op, self._ref(x.ref)) for x in s.sync),
        )

    def _guard(self, guard: Expr) -> Expr:
        """Without the conditions that always hold there, each judged knowing those before it."""
        ranges, kept = self._before, []
        for part in conjuncts(guard):
            if certain(ranges.of(part)) is not True:
                kept.append(self._expr(part, ranges))
            ranges = ranges.given(part)
        return all_of(*kept) if kept else TRUE

    def _updates(self) -> tuple[tuple[Ref, Expr], ...]:
        updates = [(self._ref(ref), self._expr(value, self._ranges), ref) for ref, value in self._step.updates]
        # Through an index another update of this very step may come first: then writing the old value back is one, too.
        if any(isinstance(ref, At) for ref, _, _ in updates):
            return tuple((ref, value) for ref, value, _ in updates)
        return tuple((ref, value) for ref, value, old in updates if not self._idle(old, value))

    def _idle(self, ref: Ref, value: Expr) -> bool:
        """Whether the write leaves the cell as it is."""
        return isinstance(value, Const) and isinstance(ref, Own) and self._ranges.of_ref(ref) == (value.value,) * 2

    def _expr(self, e: Expr, ranges: Ranges) -> Expr:
        def leaf(x: Expr) -> Expr | None:
            if not isinstance(x, Read):
                return None
            named = Read(self._values.name(x.ref))
            value = constant(ranges, named) if isinstance(named.ref, Own) else None
            return named if value is None else Const(value)

        return rewrite(e, leaf)

    def _ref(self, ref: Ref) -> Ref:
        if isinstance(ref, At):
            ref = at_cell(ref.family, self._expr(ref.index, self._ranges))
        return self._values.name(ref)
