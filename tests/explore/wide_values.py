"""Expressions for random programs: every operator, protected reads, tables, computed places, large numbers."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from verifier.program.expr import At, Cell, Const, Expr, Family, Me, Op, Own, PerInstance, Read, Ref, Table
from verifier.program.program import Bool, Domain, Sort, high, low

from .machines import Decl

LARGE = (1 << 20, (1 << 62) - 1, 1 << 62, -(1 << 62), (1 << 63) - 1, 1 << 63, -(1 << 63), (1 << 64) - 1)
ARITHMETIC = ("+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>")
TRUTH = ("==", "!=", "<", "<=", "and", "or")


class Values:
    """Makes expressions over the cells declared so far."""

    def __init__(self, r: Random) -> None:
        self.r = r
        self.blocks = r.randint(0, 3)
        self.large = r.random() < 0.3
        """Whether there are numbers that compiled code may have to leave to the reference."""
        self.package: list[Decl] = []
        self.own: list[Decl] = []
        self.sorts: tuple[Sort, ...] = ()
        self.families: list[Family] = []
        self.me: Callable[[int], Ref] = lambda n: Own(1, n)
        self.inside = True
        self.careful = False
        """Whether every expression has to have a value."""

    def _cell(self) -> Ref:
        """A cell with a fixed place."""
        if self.r.random() < 0.5:
            return self.me(self.r.randrange(len(self.own)))
        n = self.r.randrange(len(self.package))
        return Own(0, n) if self.inside else Cell(n)

    def _ref(self) -> Ref:
        return self._at(self.r.choice(self.families), 2) if self.r.random() < 0.3 else self._cell()

    def _at(self, family: Family, depth: int) -> At:
        return At(family, self._index(tuple(n >= 0 for n in family.cells), depth))

    def _index(self, exists: tuple[bool, ...], depth: int) -> Expr:
        """Mostly an index of something that exists; now and then whatever an expression yields."""
        r = self.r
        good = [n for n, there in enumerate(exists) if there]
        if not good or (r.random() < 0.01 and not self.careful):
            return self.value(depth)
        if r.random() < 0.3:
            return Const(r.choice(good))
        if r.random() < 0.5:
            return Table(tuple(r.choice(good) for _ in range(4)), Op("&", (self.value(depth), Const(3))))
        x = self.value(depth - 1)
        return Op("ite", (_among(x, good), x, Const(r.choice(good))))

    def value(self, depth: int) -> Expr:
        """Any number."""
        r = self.r
        if depth <= 0 or r.random() < 0.25:
            return self._leaf()
        kind = r.random()
        if kind < 0.12:
            family = r.choice(self.families)
            return Read(self._at(family, depth - 1)) if max(family.cells) >= 0 or not self.careful else self._leaf()
        if kind < 0.2:
            values = tuple(r.choice([-3, 0, 1, 2, 1 << 61 if self.large else 5]) for _ in range(r.randint(1, 4)))
            return Table(values, self._index((True,) * len(values), depth - 1))
        if kind < 0.35:
            return self.test(depth)
        if kind < 0.5:
            return Op("ite", (self.test(depth - 1), self.value(depth - 1), self.value(depth - 1)))
        if kind < 0.56:
            return Op("neg", (self.value(depth - 1),))
        name = r.choice(ARITHMETIC)
        left, right = self.value(depth - 1), self.value(depth - 1)
        if name in ("/", "%") and (r.random() < 0.97 or self.careful):
            right = Op("|", (right, Const(1))) if r.random() < 0.3 else Const(r.choice([3, -2]))
        if name in ("<<", ">>"):
            # Now and then by a negative number, never by one that would make the reference fill the memory.
            fine = r.random() < 0.98 or self.careful
            right = self._count(right) if fine else Op("-", (Op("&", (right, Const(3))), Const(1)))
        return Op(name, (left, right))

    def _count(self, x: Expr) -> Expr:
        """How far to shift: mostly a little, sometimes by a word or more."""
        far = self.large and self.r.random() < 0.5
        if self.r.random() < 0.5:
            return Const(self.r.choice([62, 63, 64, 70] if far else [0, 1, 3]))
        return Op("&", (x, Const(127 if far else self.r.choice([1, 3]))))

    def _leaf(self) -> Expr:
        r = self.r
        kind = r.random()
        if kind < 0.3:
            return Const(r.choice(LARGE if self.large and r.random() < 0.3 else [0, 1, 2, -1, -7, 5]))
        if self.inside and kind < 0.36:
            return Me() if r.random() < 0.5 else PerInstance(0, (r.randint(-2, 2),))
        return Read(self._cell())

    def test(self, depth: int) -> Expr:
        """A truth value; the second operand of `and` and `or` may be a read the first one protects."""
        r = self.r
        if r.random() < 0.25:
            family = r.choice(self.families)
            x = self.value(depth - 1)
            good = _among(x, [n for n, cell in enumerate(family.cells) if cell >= 0])
            there = Op(r.choice(["==", "<"]), (Read(At(family, x)), Const(r.randint(-1, 2))))
            return Op("and", (good, there)) if r.random() < 0.5 else Op("or", (Op("not", (good,)), there))
        if r.random() < 0.2:
            return Op("not", (self.value(depth - 1),))
        name = r.choice(TRUTH)
        if r.random() < 0.4:
            return Op(r.choice(["==", "!=", "<"]), (Read(self._cell()), Const(r.randint(-2, 3))))
        return Op(name, (self.value(depth - 1), self.value(depth - 1)))

    def _assigned(self, ref: Ref) -> Expr:
        """Mostly a value that the cell can hold."""
        domains = [self._domain(n) for n in _cells(ref)] or [Bool()]
        if isinstance(ref, Own) and ref.template:
            domains = [self.own[ref.offset][1]]
        least, most = max(map(low, domains)), min(high(d, self.sorts) for d in domains)
        kind = self.r.random()
        if kind < 0.15 or least > most:
            return self.value(2)
        if kind < 0.45:
            return Const(self.r.randint(least, min(most, least + 3)))
        if kind < 0.55:
            return Const(most)
        x = self.value(2)
        width = (most - least + 1).bit_length() - 1
        return Op("+", (Op("&", (x, Const((1 << width) - 1))), Const(least)))

    def _domain(self, cell: int) -> Domain:
        return self.package[cell][1]


def _among(x: Expr, good: list[int]) -> Expr:
    """Whether `x` is one of some numbers."""
    if good and good == list(range(good[0], good[-1] + 1)):
        return Op("and", (Op("<=", (Const(good[0]), x)), Op("<", (x, Const(good[-1] + 1)))))
    out: Expr = Const(0)
    for n in good:
        out = Op("or", (out, Op("==", (x, Const(n)))))
    return out


def _cells(ref: Ref) -> list[int]:
    match ref:
        case Own(template=0, offset=n) | Cell(number=n):
            return [n]
        case At(family=family):
            return [n for n in family.cells if n >= 0]
    return []
