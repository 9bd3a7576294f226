"""How the objects that references lead to are named where a goroutine stands (`tokens`), and what is in them."""

from __future__ import annotations

from collections.abc import Iterator

from verifier.program.concrete import Concrete
from verifier.program.expr import At, Cell, Const, Expr, Fresh, Op, Read, Ref, Table, children, refs
from verifier.program.passes.footprint import Bits, Footprint, bits, root
from verifier.program.passes.tokens import Computed, Known, Named, New, Slot, Token, Unknown
from verifier.program.program import PACKAGE, Program
from verifier.program.semantics import recycled_blocks


class Naming:
    """Names objects of one program. `pooled`: the cells of all objects that are allocated."""

    def __init__(self, program: Program, footprint: Footprint) -> None:
        self._program = program
        self.footprint = footprint
        self.pooled = bits(n for block in recycled_blocks(program) for n in block)

    def is_shared(self, cell: int) -> bool:
        """Whether a cell is one of the package, with a name."""
        return cell < len(self._program.templates[PACKAGE].cells) and not 1 << cell & self.pooled

    def value(self, known: Known, e: Expr) -> Token | None:
        """The token of a value that is a copy of something followed; None for a reference computed in another way."""
        match e:
            case Read(ref=Cell(number=n)) if n in known.values:
                return known.values[n]
            case Read(ref=At()):
                found = self.inside(known, e)
                return Computed(e) if found is None else found
            case Fresh():
                return New()
            case Const(value=v):
                return v
        # All values of a step are computed in one state: where they are written alike they are one.
        return None if self.tokens(known, e) else Computed(e)

    def inside(self, known: Known, e: Expr) -> Token | None:
        """What is in a field of an object, where that is known."""
        if not isinstance(e, Read) or not isinstance(e.ref, At) or not isinstance(e.ref.index, Read):
            return None
        return known.inside.get((self.object(known, e.ref), self.footprint.cells(e.ref)))

    def tokens(self, known: Known, e: Expr) -> set[Token]:
        """The objects that a value may be a reference to, of those that are followed."""
        match e:
            case Read(ref=Cell(number=n)):
                return {known.values[n]} if n in known.values else set()
            case Read(ref=At()):
                inside = self.inside(known, e)
                return set() if inside is None or isinstance(inside, int) else {inside}
            case Fresh():
                return {New()}
            case Op(name="ite", args=(_, a, b)):
                return self.tokens(known, a) | self.tokens(known, b)
            case Op(name="==" | "!=" | "<" | "<=" | "and" | "or" | "not"):
                return set()
            case Read() | Const():
                return set()
            case Table(index=index):
                return self.tokens(known, index)
        found: set[Token] = set()
        for x in children(e):
            found |= self.tokens(known, x)
        return found

    def object(self, known: Known, ref: Ref) -> Token:
        """The object that a computed cell is in."""
        if not isinstance(ref, At):
            return Named(ref.number) if isinstance(ref, Cell) and self.is_shared(ref.number) else Unknown()
        base = root(ref)
        found = None if base is None else self.value(known, base)
        return Unknown() if found is None else found

    def from_outside(self, known: Known, value: Expr, mine: Bits) -> bool:
        """Whether a value is read where no object of one's own is stored. `mine`: the cells of the goroutine."""
        match value:
            case Read(ref=Cell(number=n)):
                return not 1 << n & (mine | self.pooled)
            case Read(ref=At() as ref):
                return known.others(self.object(known, ref))
        return False

    def written(self, c: Concrete, known: Known, settled: Bits) -> dict[Slot, Token]:
        """What is known of fields once a step has written some, before anything is lost by that.

        `settled`: the cells that are only ever made 0 in objects others can see.
        """
        out = dict(known.inside)
        for ref, value in c.step.updates:
            cells = self.footprint.cells(ref) & self.pooled
            if not cells:
                continue
            target, new = self.object(known, ref), self.value(known, value)
            for slot in [s for s in out if s[1] & cells and not known.distinct(s[0], target)]:
                # Writing 0 changes no 0, whosever it is.
                if not (new == 0 and out[slot] == 0):
                    del out[slot]
            exact = isinstance(ref, At) and isinstance(ref.index, Read | Fresh) and ref.family.cells[0] < 0
            # What is neither a number nor a copy of a reference is of no use, and would be known of less the more is.
            useful = isinstance(new, int) or (new is not None and not isinstance(new, Computed))
            if exact and useful and (target in known.own or (new == 0 and not cells & ~settled)):
                out[target, cells] = new
        return out


def accesses(c: Concrete) -> Iterator[tuple[Ref, bool]]:
    """Every cell that a step reads or writes in order to do what it does."""
    for ref in all_refs(c):
        yield ref, False
    for a in c.step.accesses:
        yield a.ref, a.write
    if c.step.fail is None:
        for ref, _ in c.step.updates:
            yield ref, True


def all_refs(c: Concrete) -> Iterator[Ref]:
    """Every cell that a step reads: in its guard, its values and its indices."""
    step = c.step
    for e in (step.guard, *(v for _, v in step.updates), *(a.when for a in step.accesses)):
        yield from refs(e)
    for ref in (*(r for r, _ in step.updates), *(a.ref for a in step.accesses)):
        if isinstance(ref, At):
            yield from refs(ref.index)


def indexed(footprint: Footprint, steps: list[Concrete]) -> Bits:
    """The cells that some step finds by computing which: they have names that are not followed."""
    found = 0
    for c in steps:
        for ref, _ in accesses(c):
            found |= footprint.cells(ref) if isinstance(ref, At) else 0
    return found
