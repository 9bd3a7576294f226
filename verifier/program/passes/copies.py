"""Cells of a goroutine that hold the same value wherever it stands count as one: whoever reads a copy reads the first.

Passing arguments copies references from cell to cell, and what a run of steps wrote under one name it must find again
under another (`symbolic`). Which cells are equal where is a matter of the goroutine's own steps: nobody else writes
them. The partition of cells by value is followed forward along all ways (Kildall, "A unified approach to global program
optimization", POPL 1973, global common subexpressions).
"""

from __future__ import annotations

from verifier.program.expr import At, Expr, Judge, Own, Read, Ref, at_cell, children, rewrite
from verifier.program.passes.registers import named_elsewhere
from verifier.program.program import PACKAGE, Access, Program, Step, Sync, Template
from verifier.records import replace

Classes = dict[int, object]
"""The value of each cell as the analysis names it: cells with equal names are equal."""


def merge_copies(program: Program) -> Program:
    """`program` with copies read under one name. Cells and steps keep their numbers; `raw` is `program` itself.

    Only for programs whose goroutines start none and are named by no clause: others' cells are read from elsewhere.
    """
    if any(s.spawn is not None or s.offer is not None for t in program.templates for s in t.steps):
        return program
    elsewhere = named_elsewhere(program)
    templates = tuple(t if t.number == PACKAGE else _merged(program, t, elsewhere) for t in program.templates)
    numbered = tuple(replace(t, steps=tuple(replace(s, origin=(n,)) for n, s in enumerate(t.steps))) for t in templates)
    return replace(program, templates=numbered, prelude=((),) * len(program.instances), raw=program)


def _merged(program: Program, t: Template, elsewhere: set[tuple[int, int]]) -> Template:
    free = [o for o in range(len(t.cells)) if (t.number, o) not in elsewhere]
    starts = {program.starts[i.number] for i in program.instances if i.template == t.number}
    known = _classes(t, free, starts)

    def first(o: int, location: int) -> int:
        classes = known.get(location, {})
        if o not in classes:
            return o
        domain = t.cells[o].domain
        return min(p for p in free if classes[p] == classes[o] and t.cells[p].domain == domain)

    def step(s: Step) -> Step:
        def own(r: Own) -> Own:
            return Own(t.number, first(r.offset, s.src)) if r.template == t.number else r

        def leaf(e: Expr) -> Expr | None:
            return Read(own(e.ref)) if isinstance(e, Read) and isinstance(e.ref, Own) else None

        def ref(r: Ref) -> Ref:
            return at_cell(r.family, rewrite(r.index, leaf)) if isinstance(r, At) else r

        return replace(
            s,
            guard=rewrite(s.guard, leaf),
            updates=tuple((ref(r), rewrite(v, leaf)) for r, v in s.updates),
            accesses=tuple(Access(ref(a.ref), a.write, a.atomic, rewrite(a.when, leaf)) for a in s.accesses),
            sync=tuple(Sync(k.op, ref(k.ref)) for k in s.sync),
        )

    return replace(t, steps=tuple(step(s) for s in t.steps))


def _classes(t: Template, free: list[int], starts: set[int]) -> dict[int, Classes]:
    """The partition at every location, as fine as some way there demands."""
    leaving: dict[int, list[tuple[int, Step]]] = {}
    for n, s in enumerate(t.steps):
        leaving.setdefault(s.src, []).append((n, s))
    arrivals: dict[int, dict[object, Classes]] = {at: {"start": {o: o for o in free}} for at in starts}
    known: dict[int, Classes] = {}
    todo = sorted(starts)
    while todo:
        location = todo.pop()
        joined = _joined(list(arrivals[location].values()), free)
        if known.get(location) == joined:
            continue
        known[location] = joined
        for n, s in leaving.get(location, ()):
            if s.fail is None:
                arrivals.setdefault(s.dst, {})[n] = _after(t, s, joined)
                todo.append(s.dst)
    return known


def _joined(arriving: list[Classes], free: list[int]) -> Classes:
    """Cells are equal if they are on every way; a class is named after its first cell."""
    names: dict[tuple[object, ...], int] = {}
    return {o: names.setdefault(tuple(c[o] for c in arriving), o) for o in free}


def _after(t: Template, s: Step, before: Classes) -> Classes:
    """The partition after a step: its values are all computed in the state before it."""
    out = dict(before)
    for ref, value in s.updates:
        if not isinstance(ref, Own) or ref.template != t.number or ref.offset not in out:
            continue
        match value:
            case Read(ref=Own(template=number, offset=o)) if number == t.number and o in before:
                out[ref.offset] = before[o]
            case _ if _same_every_time(value):
                out[ref.offset] = "computed", value
            case _:
                out[ref.offset] = "written", ref.offset
    return out


def _same_every_time(e: Expr) -> bool:
    return not isinstance(e, Judge) and all(_same_every_time(x) for x in children(e))
