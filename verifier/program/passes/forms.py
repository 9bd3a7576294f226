"""Normal forms of expressions under a swap of two goroutines: equal forms mean equal behaviour after the swap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod

from verifier.program.evaluate import Valuation, evaluate
from verifier.program.expr import TRUE, At, Cell, Const, Expr, Family, Fresh, Op, Pc, Read, Ref, Table, children
from verifier.program.intervals import Ranges
from verifier.program.passes.swap import Moves, Swap
from verifier.program.program import Alloc
from verifier.program.semantics import ProgramFault

MAX_CASES = 4096
"""Combinations of values looked at for one expression."""

PLAIN: Moves = {}
"""Of values that no swap changes."""
_MIXED: Moves = {-(1 << 200): 0}
"""Of arithmetic on references: only looking at every case shows what it means."""

_BOOLEAN = ("==", "!=", "<", "<=", "and", "or", "not")


class Refused(Exception):
    """It cannot be shown that the swap changes nothing."""


@dataclass(frozen=True)
class Scope:
    """Where an expression stands. `image`: the swap is applied to it. `guard` holds wherever its value matters.

    `fresh`: the places that the step's alloc may pick.
    """

    ranges: Ranges
    image: bool
    guard: Expr = TRUE
    alloc: Alloc | None = None
    fresh: tuple[int, ...] = ()

    @cached_property
    def narrowed(self) -> Ranges:
        """The values of cells where the expression matters.

        Values outside are no case: forms are equal only if the swap maps what is left of one side onto the other, so
        that a value outside falsifies both guards.
        """
        return self.ranges.given(self.guard)

    def values(self, e: Expr) -> Sequence[int]:
        """The values that a read can have."""
        if isinstance(e, Fresh):
            return self.fresh
        least, most = self.narrowed.of(e)
        return range(least, min(most, least + MAX_CASES) + 1)


class Forms:
    """Normal forms under one swap.

    If the form of e with the swap applied is the form of f without, then f has, in the swapped state, the swapped value
    that e has in the state. Reads stay symbolic; constants, tables and families are swapped; + and the connectives
    forget the order of their operands; what computes with references is looked at case by case.
    """

    def __init__(self, swap: Swap) -> None:
        self._swap = swap
        self._cells = swap.program.cells
        self._families: dict[Family, tuple[Moves, bool]] = {}

    def value(self, e: Expr, want: Moves, scope: Scope) -> Hashable:
        """The form of `e` as a value that the swap changes as `want` says."""
        if isinstance(e, Const):
            return "const", want.get(e.value, e.value) if scope.image else e.value
        kind = self._kind(e, scope)
        if kind is not None and kind != want:
            return self._by_cases(e, scope, lambda v: want.get(v, v))
        match e:
            case Read(ref=Pc(instance=i)):
                return "at", self._swap.instances[i] if scope.image else i
            case Read(ref=ref):
                return self.place(ref, scope)
            case Fresh():
                return ("fresh",)
            case Op(name="ite", args=(a, b, c)):
                return "ite", self.test(a, scope), self.value(b, want, scope), self.value(c, want, scope)
            case Op(name=name, args=args) if name in _BOOLEAN and name not in ("<", "<="):
                return self._logic(e, name, args, scope)
            case Op(name=name, args=args) if all(self._kind(a, scope) in (None, PLAIN) for a in args):
                parts = [self.value(a, PLAIN, scope) for a in (_flat("+", e) if name == "+" else args)]
                return name, _bag(parts) if name == "+" else tuple(parts)
        return self._by_cases(e, scope, lambda v: want.get(v, v))

    def test(self, e: Expr, scope: Scope) -> Hashable:
        """The form of a condition: nil stays nil under a swap, so a reference is one too."""
        kind = self._kind(e, scope)
        return self.value(e, PLAIN if kind is None or kind is _MIXED else kind, scope)

    def place(self, ref: Ref, scope: Scope) -> Hashable:
        """The form of a cell that is read or written."""
        cells = self._swap.cells
        match ref:
            case Cell(number=n):
                return "cell", cells[n] if scope.image else n
            case At(family=f, index=index):
                if not self._family(f)[1] and self._kind(index, scope) in (None, PLAIN):
                    return "cells", f.cells, self.value(index, PLAIN, scope)
                inside = range(len(f.cells))
                return self._by_cases(
                    index,
                    scope,
                    lambda i: cells[f.cells[i]] if i in inside and f.cells[i] >= 0 else None,
                    lambda i: f.cells[i] if i in inside and f.cells[i] >= 0 else None,
                )
        raise Refused(f"{ref} is not absolute")

    def moves(self, ref: Ref) -> Moves:
        """What the swap does to the values of a cell that is written."""
        kind = self._stored(ref)
        if kind is _MIXED:
            raise Refused("the cells of a family hold different things")
        return kind

    def _logic(self, e: Expr, name: str, args: tuple[Expr, ...], scope: Scope) -> Hashable:
        if name == "not":
            return name, self.test(args[0], scope)
        if name in ("and", "or"):
            return name, _bag([self.test(a, scope) for a in _flat(name, e)])
        kinds = [k for k in (self._kind(a, scope) for a in args) if k is not None]
        if _MIXED in kinds or any(k != kinds[0] for k in kinds):
            return self._by_cases(e, scope, lambda v: v)
        kind = kinds[0] if kinds else PLAIN
        return name, _bag([self.value(a, kind, scope) for a in args])

    def _kind(self, e: Expr, scope: Scope) -> Moves | None:
        """How the swap changes the values of `e`; None when it is constant: then whatever is asked for."""
        match e:
            case Const():
                return None
            case Read(ref=ref):
                return self._stored(ref)
            case Fresh():
                return PLAIN if scope.alloc is None else self._swap.sorts[scope.alloc.sort]
            case Table(sort=sort):
                return self._swap.sorts[sort] if sort >= 0 else PLAIN
            case Op(name="ite", args=(_, a, b)):
                kinds = [k for k in (self._kind(a, scope), self._kind(b, scope)) if k is not None]
                return None if not kinds else kinds[0] if kinds[0] == kinds[-1] else _MIXED
            case Op(name=name) if name in _BOOLEAN:
                return PLAIN
            case Op(args=args):
                return PLAIN if all(self._kind(a, scope) in (None, PLAIN) for a in args) else _MIXED
        raise Refused(f"{e} is not absolute")

    def _stored(self, ref: Ref) -> Moves:
        match ref:
            case Cell(number=n):
                return self._swap.moves(self._cells[n].domain)
            case At(family=f):
                return self._family(f)[0]
            case Pc():
                return PLAIN
        raise Refused(f"{ref} is not absolute")

    def _family(self, f: Family) -> tuple[Moves, bool]:
        """What the swap does to the values in the cells of a family, and whether it moves any of the cells."""
        if f not in self._families:
            real = [n for n in f.cells if n >= 0]
            kinds = [self._swap.moves(self._cells[n].domain) for n in real] or [PLAIN]
            kind = kinds[0] if all(k == kinds[0] for k in kinds) else _MIXED
            self._families[f] = kind, any(self._swap.cells[n] != n for n in real)
        return self._families[f]

    def _by_cases(
        self,
        e: Expr,
        scope: Scope,
        image: Callable[[int], int | None],
        same: Callable[[int], int | None] = lambda v: v,
    ) -> Hashable:
        """`e` as a table from the values of what it reads; `image` and `same` make a result of its value."""
        reads = list(dict.fromkeys(_reads(e)))
        kinds = [self._kind(r, scope) or PLAIN for r in reads]
        if _MIXED in kinds:
            raise Refused("what is read holds different things")
        choices = [scope.values(r) for r in reads]
        if prod(map(len, choices)) > MAX_CASES:
            raise Refused("there are too many cases to look at")
        forms = tuple(self.value(r, kind, scope) for r, kind in zip(reads, kinds, strict=True))
        cases: list[Hashable] = []
        for values in product(*choices):
            try:
                found: int | None = _compute(e, dict(zip(reads, values, strict=True)))
            except ProgramFault:
                found = None
            if found is not None:
                found = image(found) if scope.image else same(found)
            if scope.image:
                values = tuple(k.get(v, v) for k, v in zip(kinds, values, strict=True))
            cases.append((values, found))
        return "cases", forms, frozenset(cases)


def _bag(parts: list[Hashable]) -> Hashable:
    return frozenset(Counter(parts).items())


def _flat(name: str, e: Expr) -> Iterator[Expr]:
    """The operands of a chain of one operator."""
    if isinstance(e, Op) and e.name == name:
        for a in e.args:
            yield from _flat(name, a)
    else:
        yield e


def _reads(e: Expr) -> Iterator[Expr]:
    """What `e` reads from the state; a read within the index of another one is part of that."""
    if isinstance(e, Read | Fresh):
        yield e
    else:
        for c in children(e):
            yield from _reads(c)


def _compute(e: Expr, known: dict[Expr, int]) -> int:
    match e:
        case Const(value=v):
            return v
        case Read() | Fresh():
            return known[e]
        case Table(values=values, index=index):
            n = _compute(index, known)
            if not 0 <= n < len(values):
                raise ProgramFault(f"table index {n} of {len(values)}")
            return values[n]
        case Op(name="and" | "or" as name, args=(a, b)):
            first = _compute(a, known)
            return int(bool(first)) if bool(first) == (name == "or") else int(bool(_compute(b, known)))
        case Op(name="ite", args=(a, b, c)):
            return _compute(b if _compute(a, known) else c, known)
        case Op(name=name, args=args):
            return evaluate(Op(name, tuple(Const(_compute(a, known)) for a in args)), Valuation((), ()))
    raise ProgramFault(f"not an absolute expression: {e}")
