"""Which absolute cells references, expressions and steps can touch, as sets of bits."""

from __future__ import annotations

from collections.abc import Iterable

from verifier.program.expr import TRUE, At, Cell, Const, Expr, Family, Fresh, Op, Own, Pc, Read, Ref, children, refs
from verifier.program.program import Program, Reference, Step, Union
from verifier.program.semantics import recycled_blocks
from verifier.records import dataclass

Bits = int
"""A set of cells: bit n is cell n."""


class Footprint:
    """Cells of one program. An `Own` reference stands for the cells of every instance that may use it."""

    def __init__(self, program: Program) -> None:
        self._own: dict[tuple[int, int], Bits] = {}
        for instance in program.instances:
            template, first, _ = instance.lineage[0]
            for offset in range(len(program.templates[template].cells)):
                self._own[template, offset] = self._own.get((template, offset), 0) | 1 << (first + offset)
        self._families: dict[int, tuple[Family, Bits]] = {}

    def cells(self, ref: Ref) -> Bits:
        """Every cell that `ref` itself may be; not what its index reads. A location (`Pc`) is no cell."""
        match ref:
            case Cell(number=n):
                return 1 << n
            case Own(template=t, offset=o):
                return self._own.get((t, o), 0)
            case At(family=f):
                # By identity, as hashing a long family costs more than all the rest; kept alive by the value.
                known = self._families.get(id(f))
                if known is None:
                    known = self._families[id(f)] = (f, bits(n for n in f.cells if n >= 0))
                return known[1]
            case Pc():
                return 0

    def reads(self, e: Expr) -> Bits:
        """Every cell that evaluating `e` may read."""
        found = 0
        for ref in refs(e):
            found |= self.cells(ref)
        return found

    def index(self, ref: Ref) -> Bits:
        """The cells read to find out which cell `ref` is."""
        return self.reads(ref.index) if isinstance(ref, At) else 0


@dataclass(frozen=True, slots=True)
class Touched:
    """What one step reads (guard, values, places) and writes, and what decides which accesses it makes."""

    reads: Bits
    writes: Bits
    places: Bits


def touched(footprint: Footprint, step: Step) -> Touched:
    """The cells of a step: a failing one writes nothing."""
    reads = footprint.reads(step.guard)
    writes = places = 0
    if step.fail is None:
        for ref, value in step.updates:
            reads |= footprint.reads(value) | footprint.index(ref)
            writes |= footprint.cells(ref)
    for a in step.accesses:
        places |= footprint.reads(a.when) | footprint.index(a.ref)
    return Touched(reads, writes, places)


def feeding(found: Bits, needs: Iterable[tuple[Bits, Bits]]) -> Bits:
    """`found` and all it is computed from; `needs` are the updates, as (cells written, cells read)."""
    before = -1
    while before != found:
        before = found
        for written, read in needs:
            if written & found:
                found |= read
    return found


def bits(cells: Iterable[int]) -> Bits:
    """The set of these cells."""
    found = 0
    for n in cells:
        found |= 1 << n
    return found


def numbers(cells: Bits) -> list[int]:
    """The members of a set of cells, in order."""
    out: list[int] = []
    while cells:
        lowest = cells & -cells
        out.append(lowest.bit_length() - 1)
        cells ^= lowest
    return out


def collected(program: Program) -> Bits:
    """What the collector looks at, none without recycled blocks or allocations: references, and whole blocks."""
    allocates = any(s.alloc is not None for t in program.templates for s in t.steps)
    if not program.recycled and not allocates:
        return 0
    pointing = bits(n for n, c in enumerate(program.cells) if isinstance(c.domain, Reference | Union))
    return pointing | bits(n for block in recycled_blocks(program) for n in block)


def root(ref: At) -> Expr | None:
    """The reference that an index into the cells of objects begins with."""
    e: Expr = ref.index
    while isinstance(e, Op) and e.name in ("+", "*"):
        e = e.args[0]
    return e if isinstance(e, Read | Fresh | Const) else None


def conjuncts(e: Expr) -> list[Expr]:
    """The conditions that together are `e`."""
    if isinstance(e, Op) and e.name == "and":
        return [x for a in e.args for x in conjuncts(a)]
    return [] if e == TRUE else [e]


def mentions_fresh(e: Expr) -> bool:
    """Whether `e` needs the place picked by an alloc: a guard cannot, it is judged before."""
    return isinstance(e, Fresh) or any(mentions_fresh(x) for x in children(e))


def reads_more(e: Expr) -> bool:
    """Whether `e` depends on more than cells: where instances are, or which place an alloc picked."""
    return mentions_fresh(e) or any(isinstance(r, Pc) for r in refs(e))
