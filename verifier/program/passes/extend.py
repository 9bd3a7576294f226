"""Giving a program further cells: ghosts that remember what happened, in the blocks of those they belong to."""

from __future__ import annotations

from collections.abc import Sequence

from verifier.program.expr import At, Cell, Expr, Family, Op, Own, Read, Ref, Table
from verifier.program.program import Access, CellDecl, Instance, Program, Step, Sync
from verifier.records import dataclass, replace


@dataclass(frozen=True, slots=True)
class Extended:
    """A program with more cells: `first[t]` is the offset of the first new one in the blocks of template t."""

    program: Program
    first: tuple[int, ...]

    def own(self, template: int, number: int) -> Own:
        """New cell `number` of the running instance's block of `template`."""
        return Own(template, self.first[template] + number)

    def everywhere(self, template: int, number: int, name: str) -> Family:
        """New cell `number` of every instance of a template; index n is the instance with ordinal n."""
        mine = sorted((i for i in self.program.instances if i.template == template), key=lambda i: i.ordinal)
        return Family(name, tuple(i.lineage[0][1] + self.first[template] + number for i in mine))


def extended(program: Program, ghosts: Sequence[tuple[CellDecl, ...]]) -> Extended:
    """`program`, a raw one, with the cells `ghosts[t]` at the end of every block of template t, all of them zero.

    Nothing else changes: what named a cell by its number names the same cell by its new number. Raises ValueError for
    a composed program: the raw steps it was made of would be steps of another program.
    """
    if program.raw is not None or any(program.prelude):
        raise ValueError("only a raw program can be given more cells")
    moved: list[int] = []
    firsts: dict[tuple[int, int], int] = {}
    cells: list[CellDecl] = []
    initial: list[int] = []
    for i in program.instances:
        start, size = i.lineage[0][1], len(program.templates[i.template].cells)
        if start != len(moved):
            raise ValueError("the blocks of the instances do not follow one another")
        firsts[i.template, i.ordinal] = len(cells)
        moved += range(len(cells), len(cells) + size)
        cells += (*program.cells[start : start + size], *ghosts[i.template])
        initial += (*program.initial[start : start + size], *(0 for _ in ghosts[i.template]))
    move = _Mover(moved)
    made = replace(
        program,
        templates=tuple(
            replace(t, cells=(*t.cells, *ghosts[t.number]), steps=tuple(map(move.step, t.steps)))
            for t in program.templates
        ),
        instances=tuple(_relocated(i, firsts) for i in program.instances),
        cells=tuple(cells),
        initial=tuple(initial),
        sorts=tuple(
            replace(s, places=tuple(replace(p, cells=tuple(moved[c] for c in p.cells)) for p in s.places))
            for s in program.sorts
        ),
        clauses=tuple(replace(c, expr=move.expr(c.expr)) for c in program.clauses),
        views=tuple(replace(v, cells=tuple(moved[c] for c in v.cells)) for v in program.views),
    )
    return Extended(made, tuple(len(t.cells) for t in program.templates))


def _relocated(instance: Instance, firsts: dict[tuple[int, int], int]) -> Instance:
    return replace(instance, lineage=tuple((t, firsts[t, ordinal], ordinal) for t, _, ordinal in instance.lineage))


class _Mover:
    """Rewrites absolute cell numbers; a family that many steps share stays one object."""

    def __init__(self, moved: Sequence[int]) -> None:
        self._moved = moved
        self._families: dict[int, tuple[Family, Family]] = {}

    def step(self, s: Step) -> Step:
        offer = s.offer
        return replace(
            s,
            guard=self.expr(s.guard),
            updates=tuple((self.ref(r), self.expr(v)) for r, v in s.updates),
            accesses=tuple(Access(self.ref(a.ref), a.write, a.atomic, self.expr(a.when)) for a in s.accesses),
            sync=tuple(Sync(x.op, self.ref(x.ref)) for x in s.sync),
            offer=None
            if offer is None
            else replace(offer, channel=self.expr(offer.channel), values=tuple(map(self.expr, offer.values))),
        )

    def ref(self, r: Ref) -> Ref:
        match r:
            case Cell(number=n):
                return Cell(self._moved[n])
            case At(family=f, index=i):
                return At(self._family(f), self.expr(i))
            case _:
                return r

    def expr(self, e: Expr) -> Expr:
        match e:
            case Read(ref=r):
                return Read(self.ref(r))
            case Op(name=name, args=args):
                return Op(name, tuple(map(self.expr, args)))
            case Table(index=i):
                return replace(e, index=self.expr(i))
            case _:
                return e

    def _family(self, f: Family) -> Family:
        # By identity: hashing a long family costs more than all the rest. The pair keeps the key alive.
        known = self._families.get(id(f))
        if known is None:
            cells = tuple(n if n < 0 else self._moved[n] for n in f.cells)
            known = self._families[id(f)] = (f, replace(f, cells=cells))
        return known[1]
