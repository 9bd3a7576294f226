"""Normal forms of expressions under an exchange of goroutines: equal forms mean equal behaviour after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from functools import cached_property
from math import prod

from verifier.program.expr import TRUE, At, Cell, Const, Expr, Family, Fresh, Judge, Op, Pc, Read, Ref, Table
from verifier.program.intervals import Ranges
from verifier.program.passes.cases import MAX_CASES, Case, Cases, reads_of
from verifier.program.passes.exchange import Exchange, Moves
from verifier.program.program import Alloc
from verifier.records import dataclass

PLAIN: Moves = {}
"""Of values that no exchange changes."""
_MIXED: Moves = {-(1 << 200): 0}
"""Of arithmetic on references: only looking at every case shows what it means."""

_BOOLEAN = ("==", "!=", "<", "<=", "and", "or", "not")


class Refused(Exception):
    """It cannot be shown that the exchange changes nothing."""


@dataclass(frozen=True)
class Scope:
    """Where an expression stands. `image`: the exchange is applied to it. `guard` holds wherever its value matters.

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

        Values outside are no case: forms are equal only if the exchange maps what is left of one side onto the other,
        so that a value outside falsifies both guards.
        """
        return self.ranges.given(self.guard)

    def values(self, e: Expr) -> Sequence[int]:
        """The values that a read can have."""
        if isinstance(e, Fresh):
            return self.fresh
        least, most = self.narrowed.of(e)
        return range(least, min(most, least + MAX_CASES) + 1)


class Forms:
    """Normal forms under one exchange.

    If the form of e with the exchange applied is the form of f without, then f has, in the state after the exchange,
    the value that e had, exchanged. Reads stay symbolic; constants, tables and families are exchanged; + and the
    connectives forget the order of their operands; what computes with references is looked at case by case.
    """

    def __init__(self, exchange: Exchange, cases: Cases) -> None:
        self._exchange = exchange
        self._cases = cases
        self._made: dict[tuple[int, ...], Hashable] = {}
        self._cells = exchange.program.cells
        self._families: dict[Family, tuple[Moves, bool]] = {}

    def value(self, e: Expr, want: Moves, scope: Scope) -> Hashable:
        """The form of `e` as a value that the exchange changes as `want` says."""
        if isinstance(e, Const):
            return "const", want.get(e.value, e.value) if scope.image else e.value
        kind = self._kind(e, scope)
        if kind is not None and kind != want:
            return self._by_cases(e, scope, want)
        match e:
            case Read(ref=Pc(instance=i)):
                return "at", self._exchange.instances[i] if scope.image else i
            case Read(ref=ref):
                return self.place(ref, scope)
            case Fresh():
                return ("fresh",)
            case Judge(op=call, result=result, valued=valued):
                # Who calls does not matter: the engines exchange the clients in the judge's state as well.
                made = self.value(call, self._exchange.calls, scope)
                if not self._exchange.results:
                    return "judge", made, self.value(result, PLAIN, scope)
                # A choice between values is another expression when they are exchanged.
                return "judge", made, self._by_cases(result, scope, self._exchange.results if valued else PLAIN)
            case Op(name="ite", args=(a, b, c)):
                return "ite", self.test(a, scope), self.value(b, want, scope), self.value(c, want, scope)
            case Op(name=name, args=args) if name in _BOOLEAN and name not in ("<", "<="):
                return self._logic(e, name, args, scope)
            case Op(name=name, args=args) if all(self._kind(a, scope) in (None, PLAIN) for a in args):
                parts = [self.value(a, PLAIN, scope) for a in (_flat("+", e) if name == "+" else args)]
                return name, _bag(parts) if name == "+" else tuple(parts)
        return self._by_cases(e, scope, want)

    def test(self, e: Expr, scope: Scope) -> Hashable:
        """The form of a condition: nil stays nil under an exchange, so a reference is one too."""
        kind = self._kind(e, scope)
        return self.value(e, PLAIN if kind is None or kind is _MIXED else kind, scope)

    def place(self, ref: Ref, scope: Scope) -> Hashable:
        """The form of a cell that is read or written."""
        cells = self._exchange.cells
        match ref:
            case Cell(number=n):
                return "cell", cells[n] if scope.image else n
            case At(family=f, index=index):
                if not self._family(f)[1] and self._kind(index, scope) in (None, PLAIN):
                    return "cells", f.cells, self.value(index, PLAIN, scope)
                return self._by_cases(index, scope, f)
        raise Refused(f"{ref} is not absolute")

    def moves(self, ref: Ref) -> Moves:
        """What the exchange does to the values of a cell that is written."""
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
            return self._by_cases(e, scope, PLAIN)
        kind = kinds[0] if kinds else PLAIN
        return name, _bag([self.value(a, kind, scope) for a in args])

    def _kind(self, e: Expr, scope: Scope) -> Moves | None:
        """How the exchange changes the values of `e`; None when it is constant: then whatever is asked for."""
        match e:
            case Const():
                return None
            case Read(ref=ref):
                return self._stored(ref)
            case Fresh():
                return PLAIN if scope.alloc is None else self._exchange.sorts[scope.alloc.sort]
            case Table(sort=sort):
                return self._exchange.sorts[sort] if sort >= 0 else PLAIN
            case Op(name="ite", args=(_, a, b)):
                kinds = [k for k in (self._kind(a, scope), self._kind(b, scope)) if k is not None]
                return None if not kinds else kinds[0] if kinds[0] == kinds[-1] else _MIXED
            case Judge():
                return PLAIN
            case Op(name=name) if name in _BOOLEAN:
                return PLAIN
            case Op(args=args):
                return PLAIN if all(self._kind(a, scope) in (None, PLAIN) for a in args) else _MIXED
        raise Refused(f"{e} is not absolute")

    def _stored(self, ref: Ref) -> Moves:
        match ref:
            case Cell(number=n):
                return self._exchange.stored(n)
            case At(family=f):
                return self._family(f)[0]
            case Pc():
                return PLAIN
        raise Refused(f"{ref} is not absolute")

    def _family(self, f: Family) -> tuple[Moves, bool]:
        """What the exchange does to the values in the cells of a family, and whether it moves any of the cells."""
        if f not in self._families:
            real = [n for n in f.cells if n >= 0]
            kinds = [self._exchange.stored(n) for n in real] or [PLAIN]
            kind = kinds[0] if all(k == kinds[0] for k in kinds) else _MIXED
            self._families[f] = kind, any(self._exchange.cells[n] != n for n in real)
        return self._families[f]

    def _by_cases(self, e: Expr, scope: Scope, result: Moves | Family) -> Hashable:
        """`e` as a table from the values of what it reads to its values, or to the cells of a family it selects."""
        reads = list(dict.fromkeys(reads_of(e)))
        kinds = [self._kind(r, scope) or PLAIN for r in reads]
        if _MIXED in kinds:
            raise Refused("what is read holds different things")
        choices = tuple(scope.values(r) for r in reads)
        if prod(map(len, choices)) > MAX_CASES:
            raise Refused("there are too many cases to look at")
        forms = tuple(self.value(r, kind, scope) for r, kind in zip(reads, kinds, strict=True))
        cases = self._cases.of(e, reads, choices)
        # The objects live as long as the program and its cases do.
        key = (id(cases), id(result), scope.image, *map(id, kinds))
        if key not in self._made:
            self._made[key] = frozenset(self._images(cases, result, kinds) if scope.image else _plain(cases, result))
        return "cases", forms, self._made[key]

    def _images(self, cases: list[Case], result: Moves | Family, kinds: list[Moves]) -> Iterator[Hashable]:
        cells = self._exchange.cells
        for values, found in cases:
            after = tuple(k.get(v, v) for k, v in zip(kinds, values, strict=True))
            if isinstance(result, Family):
                cell = _selected(result, found)
                yield after, None if cell is None else cells[cell]
            else:
                yield after, None if found is None else result.get(found, found)


def _plain(cases: list[Case], result: Moves | Family) -> Iterator[Hashable]:
    for values, found in cases:
        yield values, _selected(result, found) if isinstance(result, Family) else found


def _selected(f: Family, index: int | None) -> int | None:
    if index is None or not 0 <= index < len(f.cells) or f.cells[index] < 0:
        return None
    return f.cells[index]


def _bag(parts: list[Hashable]) -> Hashable:
    return frozenset(Counter(parts).items())


def _flat(name: str, e: Expr) -> Iterator[Expr]:
    """The operands of a chain of one operator."""
    if isinstance(e, Op) and e.name == name:
        for a in e.args:
            yield from _flat(name, a)
    else:
        yield e
