"""Shared cells: variables and temporaries of one name and type that are never needed at the same time are one cell.

Every inlined call brings fresh cells, so a method called at ten places has ten copies of each of its locals. A register
allocator would give them one place, and so does this: greedy colouring of the interference graph (Chaitin 1982), among
cells that reports call by one name. At every location the same values are kept as before, in fewer cells: states
correspond one to one. States get narrower, and all that goes over the cells of a template gets shorter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from verifier.golang.lower.dead import definitions, liveness
from verifier.golang.lower.link import cell_name
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.templates import Builder
from verifier.golang.lower.values import Spec
from verifier.program.expr import At, Expr, Judge, Op, Own, Read, Ref, Table
from verifier.program.program import Access, Bool, Enum_, Range, Reference, Step, Sync, Union
from verifier.records import replace


def share_cells(m: Machine) -> None:
    """Merge cells in every template that is no initialiser. Steps must be closed; what is dead need not be zero yet."""
    foreign = _foreign(m.builders)
    moved: dict[int, dict[int, int]] = {}
    for b in m.builders[1:]:
        _name_private(m, b)
        moved[b.number] = _colours(m, b, foreign)
    for b in m.builders[1:]:
        _compact(b, moved[b.number])
    for b in m.builders:
        b.steps = [_step(s, moved) for s in b.steps]


def _foreign(builders: Sequence[Builder]) -> set[tuple[int, int]]:
    """Cells that steps of another template touch: what a started goroutine is given. They stay as they are."""
    out: set[tuple[int, int]] = set()

    def seen(template: int) -> Callable[[Own], Own]:
        def look(ref: Own) -> Own:
            if ref.template != template:
                out.add((ref.template, ref.offset))
            return ref

        return look

    for b in builders:
        for s in b.steps:
            _mapped(s, seen(b.number))
    return out


def _name_private(m: Machine, b: Builder) -> None:
    """Give the cells of private regions the names that reports use, and let go of the regions: nothing points there."""
    kept = []
    for r in b.regions:
        if not r.private:
            kept.append(r)
            continue
        for leaf in r.leaves:
            offset = r.offset + r.index[leaf.path]
            b.cells[offset] = (cell_name(m, r, leaf.path), b.cells[offset][1])
    b.regions = kept


def _colours(m: Machine, b: Builder, foreign: set[tuple[int, int]]) -> dict[int, int]:
    """For each cell the one whose place it takes; itself for the others."""
    live = [sum(1 << o for o in found) for found in liveness(b)]
    conflicts = [0] * len(b.cells)
    at_start = live[2] if len(live) > 2 else 0
    for o in range(len(b.cells)):
        if at_start >> o & 1:
            conflicts[o] |= at_start
    for s in b.steps:
        defined = definitions(b.number, s)
        beside = live[s.dst] | sum(1 << o for o in defined)
        for o in defined:
            conflicts[o] |= beside
    leaders: dict[tuple[str, str], list[tuple[int, int, int]]] = {}
    to = {o: o for o in range(len(b.cells))}
    for o, (name, spec) in enumerate(b.cells):
        if not b.frame[o] or (b.number, o) in foreign:
            continue
        group = leaders.setdefault((name, _spec_key(m, spec)), [])
        for n, (leader, members, hostile) in enumerate(group):
            if not conflicts[o] & members and not hostile >> o & 1:
                to[o] = leader
                group[n] = (leader, members | 1 << o, hostile | conflicts[o])
                break
        else:
            group.append((o, 1 << o, conflicts[o]))
    return to


def _spec_key(m: Machine, spec: Spec) -> str:
    return repr(spec) if isinstance(spec, Bool | Range | Enum_ | Reference | Union) else m.layouts.key(spec)


def _compact(b: Builder, to: dict[int, int]) -> None:
    """Drop the cells that were merged into others; `to` then leads to the new numbers."""
    kept = [o for o in range(len(b.cells)) if to[o] == o]
    number = {old: new for new, old in enumerate(kept)}
    b.cells = [b.cells[o] for o in kept]
    b.frame = [b.frame[o] for o in kept]
    for r in b.regions:
        r.offset = number[r.offset] if r.size else 0
    for o in to:
        to[o] = number[to[o]]


def _step(s: Step, moved: dict[int, dict[int, int]]) -> Step:
    def move(ref: Own) -> Own:
        new = moved.get(ref.template, {}).get(ref.offset, ref.offset)
        return ref if new == ref.offset else Own(ref.template, new)

    made = _mapped(s, move)
    return replace(made, updates=tuple((r, e) for r, e in made.updates if e != Read(r)))


def _mapped(s: Step, move: Callable[[Own], Own]) -> Step:
    """The step with its own cells renamed. Nothing is folded: what linking fills in is not known yet."""

    def expr(e: Expr) -> Expr:
        match e:
            case Read(ref=r):
                new = ref(r)
                return e if new is r else Read(new)
            case Op():
                args = tuple(map(expr, e.args))
                return e if all(a is b for a, b in zip(args, e.args, strict=True)) else Op(e.name, args)
            case Table():
                index = expr(e.index)
                return e if index is e.index else replace(e, index=index)
            case Judge():
                return replace(e, op=expr(e.op), result=expr(e.result))
            case _:
                return e

    def ref(r: Ref) -> Ref:
        if isinstance(r, Own):
            return move(r)
        if isinstance(r, At):
            index = expr(r.index)
            return r if index is r.index else At(r.family, index)
        return r

    offer = s.offer
    if offer is not None:
        offer = replace(offer, channel=expr(offer.channel), values=tuple(map(expr, offer.values)))
    return replace(
        s,
        guard=expr(s.guard),
        updates=tuple((ref(r), expr(e)) for r, e in s.updates),
        accesses=tuple(Access(ref(a.ref), a.write, a.atomic, expr(a.when)) for a in s.accesses),
        sync=tuple(Sync(k.op, ref(k.ref)) for k in s.sync),
        offer=offer,
    )
