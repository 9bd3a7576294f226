"""Interval analysis of expressions: which range checks can never fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from verifier.program.expr import (
    At,
    Cell,
    Const,
    Expr,
    Fresh,
    Judge,
    Me,
    Op,
    Own,
    Pc,
    PerInstance,
    Read,
    Received,
    Ref,
    Table,
)
from verifier.program.monitor import REFUTED
from verifier.program.program import Alloc, Program, high, low

Interval = tuple[int, int]
"""Least and greatest value, both included."""

_ANY: Interval = (-(1 << 200), 1 << 200)


class Ranges:
    """Intervals of the expressions of one program, from the domains of its cells.

    Sound because every update is range-checked: a cell never holds a value outside its domain.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self._cells = tuple((low(c.domain), high(c.domain, program.sorts)) for c in program.cells)
        self._own = {
            (t.number, offset): (low(c.domain), high(c.domain, program.sorts))
            for t in program.templates
            for offset, c in enumerate(t.cells)
        }
        self._known: dict[Ref, Interval] = {}
        self._layers: tuple[Mapping[Own, Interval], ...] = ()
        self._fresh: Interval = (1, max((len(s.places) for s in program.sorts), default=1))

    def for_alloc(self, alloc: Alloc | None) -> Ranges:
        """The same, knowing which places the alloc of a step can pick."""
        if alloc is None:
            return self
        candidates = [place for places in alloc.candidates for place in places] or [1]
        made = self._copy()
        made._fresh = (min(candidates), max(candidates))
        return made

    def holding(self, *layers: Mapping[Own, Interval]) -> Ranges:
        """The same, where these cells are known to hold no more than what the mappings say when asked.

        Not copied: a program has thousands of cells, and a step asks about a few. A cell is in one of them at most.
        """
        made = self._copy()
        made._layers = (*self._layers, *layers)
        return made

    def given(self, guard: Expr) -> Ranges:
        """The same, in states where `guard` holds: its comparisons of a cell with a constant narrow that cell."""
        known: dict[Ref, Interval] | None = None
        made = self
        for holds, part in _conjuncts(guard, True):
            found = _bound(part, holds)
            if found is not None:
                if known is None:
                    made, known = self._copy(), dict(self._known)
                    made._known = known
                ref, narrow = found
                known[ref] = narrow(made.of_ref(ref))
        return made

    def _copy(self) -> Ranges:
        """What `copy.copy` makes, without asking how: it is made for every condition of every step."""
        made = Ranges.__new__(Ranges)
        made.__dict__.update(self.__dict__)
        return made

    def of_ref(self, ref: Ref) -> Interval:
        """The values a cell (or any cell of a family) can hold."""
        known = self._known.get(ref) if self._known else None
        if known is not None:
            return known
        match ref:
            case Own():
                for layer in self._layers:
                    known = layer.get(ref)
                    if known is not None:
                        return known
                return self.domain(ref)
            case Cell():
                return self.domain(ref)
            case At(family=f):
                # From a family without cells nothing is ever read: any interval is right.
                return _hull([self._cells[n] for n in f.cells if n >= 0] or [(0, 0)])
            case Pc(instance=i):
                return 0, self._program.templates[self._program.instances[i].template].locations
        return _ANY

    def of(self, e: Expr) -> Interval:
        """The values `e` can take."""
        match e:
            case Const(value=v):
                return v, v
            case Read(ref=ref):
                return self.of_ref(ref)
            case PerInstance(values=values):
                return min(values), max(values)
            case Me():
                return 1, len(self._program.instances)
            case Fresh():
                return self._fresh
            case Received(low=least, high=most):
                return least, most
            case Table(values=values, index=index):
                least, most = self.of(index)
                inside = values[max(least, 0) : max(most + 1, 0)]
                return (min(inside), max(inside)) if inside else _ANY
            case Judge():
                return 0, REFUTED
            case Op(name=name, args=args):
                return self._op(name, args)
        return _ANY

    def fits(self, value: Expr, ref: Ref) -> bool:
        """Whether every value of `value` is one that each possible cell of `ref` can hold."""
        least, most = self.of(value)
        if isinstance(ref, At):
            bounds = [self._cells[n] for n in ref.family.cells if n >= 0]
            return all(a <= least and most <= b for a, b in bounds)
        a, b = self.domain(ref)
        return a <= least and most <= b

    def domain(self, ref: Ref) -> Interval:
        """The values a single cell may be given."""
        match ref:
            case Cell(number=n):
                return self._cells[n]
            case Own(template=t, offset=o):
                return self._own[t, o]
        raise TypeError(f"not a single cell: {ref}")

    def _op(self, name: str, args: tuple[Expr, ...]) -> Interval:
        if name in _TRUTH:
            return _TRUTH[name](*(self.of(a) for a in args))
        if name == "ite":
            return _hull([self.of(args[1]), self.of(args[2])])
        operation = _ARITHMETIC.get(name)
        return operation(*(self.of(a) for a in args)) if operation else _ANY


Narrow = Callable[[Interval], Interval]


def _conjuncts(e: Expr, holds: bool) -> list[tuple[bool, Expr]]:
    """Conditions that all follow from `e` being true (`holds`) or false, each with its own truth."""
    match e:
        case Op(name="not", args=(a,)):
            return _conjuncts(a, not holds)
        case Op(name="and" | "or" as name, args=args) if (name == "and") == holds:
            return [found for a in args for found in _conjuncts(a, holds)]
    return [(holds, e)]


_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_TURNED = {"==": "==", "!=": "!=", "<": ">", "<=": ">="}


def _bound(e: Expr, holds: bool) -> tuple[Ref, Narrow] | None:
    """What a comparison says about a cell; all reads of one expression see one state, computed indices too."""
    match e:
        case Read(ref=Cell() | Own() | At() as ref):
            name, value = "!=", 0
        case Op(name=found, args=(Read(ref=Cell() | Own() | At() as ref), Const(value=value))) if found in _TURNED:
            name = found
        case Op(name=found, args=(Const(value=value), Read(ref=Cell() | Own() | At() as ref))) if found in _TURNED:
            name = _TURNED[found]
        case _:
            return None
    return ref, _narrowing(name if holds else _OPPOSITE[name], value)


def _narrowing(name: str, value: int) -> Narrow:
    match name:
        case "==":
            return lambda i: (value, value) if i[0] <= value <= i[1] else i
        case "!=":
            return lambda i: _clip(i, i[0] + (i[0] == value), i[1] - (i[1] == value))
        case "<" | "<=":
            return lambda i: _clip(i, i[0], min(i[1], value - (name == "<")))
    return lambda i: _clip(i, max(i[0], value + (name == ">")), i[1])


def _clip(i: Interval, least: int, most: int) -> Interval:
    """The narrowed interval; one that would be empty belongs to a guard that never holds, and narrows nothing."""
    return (least, most) if least <= most else i


def _hull(intervals: list[Interval]) -> Interval:
    if not intervals:
        return _ANY
    return min(a for a, _ in intervals), max(b for _, b in intervals)


def _bits(a: Interval, b: Interval) -> Interval:
    most = 1 << max(x.bit_length() for x in (*a, *b))
    return (0 if a[0] >= 0 and b[0] >= 0 else -most), most - 1


def _and(a: Interval, b: Interval) -> Interval:
    """A number that is not negative leaves at most its own bits."""
    most = [x[1] for x in (a, b) if x[0] >= 0]
    return (0, min(most)) if most else _bits(a, b)


def _times(a: Interval, b: Interval) -> Interval:
    products = [x * y for x in a for y in b]
    return min(products), max(products)


_FAR = 300
"""Shift counts beyond this say nothing about a result any more."""


def _shift_left(a: Interval, by: Interval) -> Interval:
    """A negative count is a fault of the program, so it gives no result."""
    if by[1] > _FAR:
        return _ANY
    return _hull([(x, x) for x in (value << count for value in a for count in (max(by[0], 0), max(by[1], 0)))])


def _shift_right(a: Interval, by: Interval) -> Interval:
    ends = (min(max(by[0], 0), _FAR), min(max(by[1], 0), _FAR))
    return _hull([(x, x) for x in (value >> count for value in a for count in ends)])


def _quotient(a: Interval, _b: Interval) -> Interval:
    most = max(abs(a[0]), abs(a[1]))
    return (0 if a[0] >= 0 and _b[0] >= 0 else -most), most


def _remainder(a: Interval, b: Interval) -> Interval:
    most = max(abs(b[0]), abs(b[1]), 1) - 1
    return (0 if a[0] >= 0 else -most), (0 if a[1] <= 0 else most)


def _decided(yes: bool, no: bool) -> Interval:
    """A truth value: 1 when `yes` is certain, 0 when `no` is, else either."""
    return int(yes), int(not no)


def _equal(a: Interval, b: Interval) -> Interval:
    return _decided(a[0] == a[1] == b[0] == b[1], a[1] < b[0] or b[1] < a[0])


def _unequal(a: Interval, b: Interval) -> Interval:
    least, most = _equal(a, b)
    return 1 - most, 1 - least


def _certain(a: Interval) -> bool:
    return a[0] > 0 or a[1] < 0


_TRUTH: dict[str, Callable[..., Interval]] = {
    "==": _equal,
    "!=": _unequal,
    "<": lambda a, b: _decided(a[1] < b[0], a[0] >= b[1]),
    "<=": lambda a, b: _decided(a[1] <= b[0], a[0] > b[1]),
    "not": lambda a: _decided(a == (0, 0), _certain(a)),
    "and": lambda a, b: _decided(_certain(a) and _certain(b), (0, 0) in (a, b)),
    "or": lambda a, b: _decided(_certain(a) or _certain(b), a == b == (0, 0)),
}

_ARITHMETIC: dict[str, Callable[..., Interval]] = {
    "+": lambda a, b: (a[0] + b[0], a[1] + b[1]),
    "-": lambda a, b: (a[0] - b[1], a[1] - b[0]),
    "*": _times,
    "/": _quotient,
    "%": _remainder,
    "&": _and,
    "|": _bits,
    "^": _bits,
    "<<": _shift_left,
    ">>": _shift_right,
    "neg": lambda a: (-a[1], -a[0]),
}
