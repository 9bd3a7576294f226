"""Cells of a goroutine that are never needed at the same time share one: an inlined call has many, a state has few.

A cell is zero wherever its value can no longer be read. Where two cells of one kind are not both of use anywhere, one
of them can stand for both, as registers do for the variables of a compiled program (Chaitin et al., "Register
allocation via coloring", Computer Languages 1981).
"""

from __future__ import annotations

from verifier.program.expr import ZERO, At, Expr, Own, Read, Ref, at_cell, refs, rewrite
from verifier.program.intervals import Ranges
from verifier.program.passes.footprint import Footprint, numbers
from verifier.program.program import PACKAGE, Access, Program, Step, Sync, Template
from verifier.records import replace

Cells = frozenset[int]
"""Offsets of cells in the block of a template."""


def share_registers(program: Program) -> Program:
    """`program` with fewer cells written. Cells and steps keep their numbers; a cell that is not written has no bits.

    Only for programs whose goroutines start none and are named by no clause: others' cells are read from elsewhere.
    """
    if any(s.spawn is not None or s.offer is not None for t in program.templates for s in t.steps):
        return program
    elsewhere = named_elsewhere(program)
    templates = tuple(t if t.number == PACKAGE else _shared(program, t, elsewhere) for t in program.templates)
    numbered = tuple(replace(t, steps=tuple(replace(s, origin=(n,)) for n, s in enumerate(t.steps))) for t in templates)
    return replace(program, templates=numbered, prelude=((),) * len(program.instances), raw=program)


def named_elsewhere(program: Program) -> set[tuple[int, int]]:
    """(template, offset) of the cells that somebody reads or writes under another name, or looks at as an object."""
    footprint = Footprint(program)
    seen = 0
    for clause in program.clauses:
        seen |= footprint.reads(clause.expr)
    for sort in program.sorts:
        for place in sort.places:
            for n in place.cells:
                seen |= 1 << n
    for t in program.templates:
        for s in t.steps:
            for ref in _all_refs(s):
                if not isinstance(ref, Own) or ref.template not in (t.number, PACKAGE):
                    seen |= footprint.cells(ref)
    if program.clients is not None:
        for n in (*program.clients.ghosts, *program.clients.pending):
            seen |= 1 << n
    out: set[tuple[int, int]] = set()
    for n in numbers(seen):
        for i in program.instances:
            offset = n - i.lineage[0][1]
            if 0 <= offset < len(program.templates[i.template].cells):
                out.add((i.template, offset))
    return out


def _all_refs(s: Step) -> list[Ref]:
    found: list[Ref] = []
    for e in _expressions(s):
        found += refs(e)
    for ref in (*(r for r, _ in s.updates), *(a.ref for a in s.accesses), *(k.ref for k in s.sync)):
        found.append(ref)
        if isinstance(ref, At):
            found += refs(ref.index)
    return found


def _expressions(s: Step) -> list[Expr]:
    return [s.guard, *(v for _, v in s.updates), *(a.when for a in s.accesses)]


def _shared(program: Program, t: Template, elsewhere: set[tuple[int, int]]) -> Template:
    ranges = Ranges(program)
    # A write that may be out of range has to stay, whether anybody reads the cell or not.
    doubtful = {
        r.offset for s in t.steps for r, v in s.updates if isinstance(r, Own) and not _always_fits(ranges, s, r, v)
    }
    free = frozenset(
        o
        for o in range(len(t.cells))
        if (t.number, o) not in elsewhere and o not in doubtful and _starts_zero(program, t, o)
    )
    live = _liveness(t, free)
    conflicts: dict[int, set[int]] = {o: set() for o in free}
    for location in live.values():
        for o in location:
            conflicts[o] |= location
    for s in t.steps:
        # What a step writes must not replace what it leaves alone.
        after = live.get(s.dst, frozenset()) if s.fail is None else frozenset()
        written = _written(t, s) & free & after
        for o in written:
            conflicts[o] |= after
            for other in after:
                conflicts[other].add(o)
    stands: dict[int, int] = {}
    members: dict[int, set[int]] = {}
    for o in sorted(free, key=lambda o: (-len(conflicts[o]), o)):
        for first, inside in members.items():
            if t.cells[first].domain == t.cells[o].domain and not inside & conflicts[o]:
                stands[o] = first
                inside.add(o)
                break
        else:
            stands[o] = o
            members[o] = {o}
    return replace(t, steps=tuple(_renamed(t, s, stands, live) for s in t.steps))


def _always_fits(ranges: Ranges, step: Step, ref: Ref, value: Expr) -> bool:
    return ranges.for_alloc(step.alloc).given(step.guard).fits(value, ref)


def _starts_zero(program: Program, t: Template, offset: int) -> bool:
    return all(program.initial[i.lineage[0][1] + offset] == 0 for i in program.instances if i.template == t.number)


def _written(t: Template, s: Step) -> Cells:
    return frozenset(r.offset for r, _ in s.updates if isinstance(r, Own) and r.template == t.number)


def _liveness(t: Template, free: Cells) -> dict[int, frozenset[int]]:
    """The cells whose value may still be read, at each location."""
    live: dict[int, frozenset[int]] = {}
    facts = []
    for s in t.steps:
        uses = frozenset(r.offset for r in _reads(s) if isinstance(r, Own) and r.template == t.number) & free
        facts.append((s, uses, _written(t, s)))
    changed = True
    while changed:
        changed = False
        for s, uses, written in reversed(facts):
            after = frozenset() if s.fail is not None else live.get(s.dst, frozenset())
            new = live.get(s.src, frozenset()) | uses | (after - written)
            if new != live.get(s.src):
                live[s.src] = new
                changed = True
    return live


def _reads(s: Step) -> list[Ref]:
    out: list[Ref] = []
    for e in _expressions(s):
        out += refs(e)
    for ref in (*(r for r, _ in s.updates), *(a.ref for a in s.accesses), *(k.ref for k in s.sync)):
        if isinstance(ref, At):
            out += refs(ref.index)
    return out


def _renamed(t: Template, s: Step, stands: dict[int, int], live: dict[int, frozenset[int]]) -> Step:
    """A step with the cells that stand for others; those that are of no use after it are zeroed."""

    def leaf(e: Expr) -> Expr | None:
        return Read(own(e.ref)) if isinstance(e, Read) and isinstance(e.ref, Own) else None

    def own(r: Own) -> Own:
        return Own(t.number, stands.get(r.offset, r.offset)) if r.template == t.number else r

    def ref(r: Ref) -> Ref:
        if isinstance(r, At):
            return at_cell(r.family, rewrite(r.index, leaf))
        return own(r) if isinstance(r, Own) else r

    before, after = (live.get(x, frozenset()) for x in (s.src, s.dst))
    updates: list[tuple[Ref, Expr]] = []
    for r, value in s.updates:
        if isinstance(r, Own) and r.template == t.number and r.offset in stands and r.offset not in after:
            continue
        updates.append((ref(r), rewrite(value, leaf)))
    kept = {stands[o] for o in after if o in stands}
    cleared = sorted({stands[o] for o in before if o in stands} - kept)
    return replace(
        s,
        guard=rewrite(s.guard, leaf),
        updates=(*updates, *((Own(t.number, o), ZERO) for o in cleared)),
        accesses=tuple(Access(ref(a.ref), a.write, a.atomic, rewrite(a.when, leaf)) for a in s.accesses),
        sync=tuple(Sync(k.op, ref(k.ref)) for k in s.sync),
    )
