"""Expressions as LLVM values over the words of a state, exact: wide enough for every result, or refused."""

from __future__ import annotations

from collections.abc import Callable

from verifier.explore.kernel.emit import Constants, Function, Value
from verifier.explore.kernel.judgecode import returned
from verifier.explore.kernel.words import NARROW, Unsupported, Words, signed
from verifier.explore.pyexpr import flatten
from verifier.program.expr import At, Cell, Const, Expr, Family, Fresh, Judge, Op, Pc, Read, Ref, Table, children
from verifier.program.intervals import Interval, Ranges
from verifier.program.layout import WORD, Layout, Slot
from verifier.program.monitor import Clients
from verifier.records import dataclass

FAULT = -1
"""What generated functions return when the program reads a cell that does not exist or divides by zero."""

_WIDE = 1 << 126
_COMPARISONS = {"==": Value.equals, "!=": Value.differs, "<": Value.below, "<=": Value.at_most}
_ARITHMETIC = {"+": Value.__add__, "-": Value.__sub__, "*": Value.__mul__}
_BITWISE = {"&": Value.__and__, "|": Value.__or__, "^": Value.__xor__}


@dataclass(frozen=True)
class Place:
    """A cell that a computed index selects: its position in bits, and the shape of its slot.

    `mask` and `low` are constants where all cells of the family are alike, else values read from tables. `index` is the
    index itself, known to select a cell.
    """

    index: Value
    position: Value
    mask: Value
    low: Value


@dataclass(frozen=True)
class Caller:
    """Who really takes a step whose code is that of a twin: the state as it is, and the number of the client."""

    words: Words
    client: Value


class Expressions:
    """Emits expressions into one function over one state. A fault of the program returns FAULT from the function."""

    def __init__(
        self,
        words: Words,
        layout: Layout,
        ranges: Ranges,
        constants: Constants,
        fresh: Value | None = None,
        clients: Clients | None = None,
        caller: Caller | None = None,
    ) -> None:
        self._clients = clients
        self._caller = caller
        self._f: Function = words.within
        self._words = words
        self._layout = layout
        self._ranges = ranges
        self._constants = constants
        self._fresh = fresh

    def value(self, e: Expr) -> Value:
        """An integer, i64 where that is certain to be enough, else i128. Raises Unsupported."""
        match e:
            case Const(value=v):
                return self._f.constant(v, _type((v, v)))
            case Fresh():
                assert self._fresh is not None
                return self._fresh
            case Read(ref=Cell(number=n)):
                slot = self._layout.cells[n]
                # What nobody writes takes no bits, and may be any number.
                constant = self._f.constant(slot.low, _type((slot.low, slot.low)))
                return self._words.value(slot) if slot.width else constant
            case Read(ref=Pc(instance=i)):
                return self._location(i)
            case Read(ref=At(family=family, index=index)):
                return self._read(self.place(family, index))
            case Table(values=values, index=index):
                if any(abs(v) >= NARROW for v in values):
                    raise Unsupported("a table of large numbers")
                return self._lookup(values, self._index(index, [True] * len(values)), "i64")
            case Op():
                found = self._operation(e)
                return found.truncated(_type(self._ranges.of(e))) if found.type != "i64" else found
            case Judge():
                return self._judge(e)
        raise TypeError(f"not an absolute expression: {e}")

    def _judge(self, e: Judge) -> Value:
        if self._clients is None:
            raise Unsupported("a judge of calls where no client is known")
        cells = self._layout.cells
        words = self._words if self._caller is None else self._caller.words
        pending = [words.value(cells[n]) for n in self._clients.pending]
        call = self.narrow(e.op)
        client: Value | int = e.client
        if self._caller is None:
            pending[e.client] = call
        else:
            client = self._caller.client
            pending = [client.equals(n).choose(call, p) for n, p in enumerate(pending)]
        return returned(self._f, words.value(cells[self._clients.state]), client, self.narrow(e.result), pending)

    def narrow(self, e: Expr) -> Value:
        """The value as an i64. Raises Unsupported where that may be too small."""
        value = self.value(e)
        if value.type != "i64":
            raise Unsupported("an index that may be very large")
        return value

    def test(self, e: Expr) -> Value:
        """Whether an expression is not 0."""
        match e:
            case Op(name="not", args=(a,)):
                return ~self.test(a)
            case Op(name="and" | "or" as name):
                return self._chain(name, flatten(name, e))
            case Op(name="==" | "!=" as name, args=(Read(ref=Cell() | Pc() as ref), Const(value=v))):
                found = self._matches(ref, v)
                return found if name == "==" else ~found
            case Op(name="==" | "!=" | "<" | "<=" as name, args=(a, b)):
                left, right = self._same_type(a, b)
                return _COMPARISONS[name](left, right)
            case Const(value=v):
                return self._f.constant(int(v != 0), "i1")
            case Read(ref=Cell(number=n)) if self._layout.cells[n].low == 0 and self._layout.cells[n].width:
                return ~self._matches(Cell(n), 0)
        return self.value(e).differs(0)

    def place(self, family: Family, index: Expr) -> Place:
        """Where the cell is that `index` selects."""
        slots = [None if n < 0 else self._layout.cells[n] for n in family.cells]
        at = self._index(index, [s is not None for s in slots])
        real = [s for s in slots if s is not None]
        if not real:
            # Nothing to select: the check of the index has returned already.
            zero = self._f.constant(0)
            return Place(zero, zero, zero, zero)
        position = self._lookup([0 if s is None else s.shift for s in slots], at, "i32")
        if any(abs(s.low) >= NARROW for s in real):
            raise Unsupported(f"large numbers in {family.name}")
        return Place(
            at,
            position,
            self._shape([None if s is None else s.mask for s in slots], at),
            self._shape([None if s is None else s.low for s in slots], at),
        )

    def with_cell(self, ref: Ref, use: Callable[[Value], None]) -> None:
        """Emit `use` of the number of the cell `ref` selects, for states in which it selects one."""
        if not isinstance(ref, At):
            raise TypeError(f"not a computed cell: {ref}")
        at = self.value(ref.index)
        with self._f.when(at.unsigned_below(len(ref.family.cells))):
            cell = self._lookup(ref.family.cells, at.truncated("i64"), "i64")
            with self._f.when(cell.at_least(0)):
                use(cell)

    def at(self, slot: Slot, code: int) -> Value:
        """Whether a slot holds a stored number."""
        if not slot.width:
            return self._f.constant(int(code == 0), "i1")
        return self._words.matches(slot, code + slot.low) or self._f.constant(0, "i1")

    def _shape(self, numbers: list[int | None], at: Value) -> Value:
        known = {n for n in numbers if n is not None}
        if len(known) == 1:
            return self._f.constant(signed(known.pop()))
        return self._lookup([signed(n or 0) for n in numbers], at, "i64")

    def _read(self, place: Place) -> Value:
        word = self._f.load(self._words.pointer, place.position >> 6)
        return ((word >> (place.position & WORD - 1)) & place.mask) + place.low

    def _lookup(self, values: list[int] | tuple[int, ...], at: Value, type: str) -> Value:
        return self._f.load(self._constants.array(self._f, values, type), at, type)

    def _index(self, index: Expr, exists: list[bool]) -> Value:
        """An index that selects something; FAULT is returned from the function where it does not.

        Written once: a chain of references, each the index of the next, would grow with every link otherwise.
        """
        found = self.value(index)
        least, most = self._ranges.of(index)
        inside = least >= 0 and most < len(exists)
        if not inside:
            with self._f.when(~found.unsigned_below(len(exists))):
                self._f.give(FAULT)
        at = found.truncated("i64")
        if not all(exists[least : most + 1] if inside else exists):
            there = self._lookup([int(x) for x in exists], at, "i8")
            with self._f.when(there.equals(0)):
                self._f.give(FAULT)
        return at

    def _location(self, instance: int) -> Value:
        codes, slot = self._layout.locations[instance], self._layout.pcs[instance]
        if not slot.width:
            return self._f.constant(codes[0])
        return self._lookup(codes, self._words.field(slot), "i64")

    def _matches(self, ref: Cell | Pc, value: int) -> Value:
        if isinstance(ref, Pc):
            slot = self._layout.pcs[ref.instance]
            code = self._layout.codes[ref.instance].get(value)
            if code is None:
                return self._f.constant(0, "i1")
            value = code
        else:
            slot = self._layout.cells[ref.number]
        if not slot.width:
            return self._f.constant(int(value == slot.low), "i1")
        return self._words.matches(slot, value) or self._f.constant(0, "i1")

    def _operation(self, e: Op) -> Value:
        name, args = e.name, e.args
        if name in ("and", "or", "not") or name in _COMPARISONS:
            return self.test(e).extended()
        if name == "ite":
            return self._conditional(e)
        if name == "neg":
            (a,) = args
            wide = _type(self._ranges.of(e), self._ranges.of(a))
            return self._f.constant(0, wide) - self.value(a).extended(wide, True)
        if name in _ARITHMETIC or name in _BITWISE:
            left, right = self._same_type(args[0], args[1], e)
            return (_ARITHMETIC.get(name) or _BITWISE[name])(left, right)
        if name in ("<<", ">>"):
            return self._shift(e)
        if name in ("/", "%"):
            left, right = self._same_type(args[0], args[1], e)
            if left.type != "i64":
                raise Unsupported("a division of very large numbers")
            least, most = self._ranges.of(args[1])
            if least <= 0 <= most:
                with self._f.when(right.equals(0)):
                    self._f.give(FAULT)
            return left.quotient(right) if name == "/" else left.remainder(right)
        raise ValueError(f"unknown operator {name}")

    def _shift(self, e: Op) -> Value:
        value, by = e.args
        least = self._ranges.of(by)[0]
        amount = self.narrow(by)
        if least < 0:
            with self._f.when(amount.below(0)):
                self._f.give(FAULT)
        if e.name == ">>":
            # A shift by the width or more is no number in LLVM; in Go it leaves only the sign.
            number = self.value(value)
            last = int(number.type[1:]) - 1
            capped = amount.unsigned_above(last).choose(self._f.constant(last), amount)
            return number.arithmetic_shift(capped.extended(number.type))
        if self._ranges.of(value) == (0, 0):
            # The only number that may be shifted further than any type is wide. Reading it may still be a fault.
            self.value(value)
            return self._f.constant(0)
        wide = _type(self._ranges.of(e), self._ranges.of(value))
        return self.value(value).extended(wide, True) << amount.extended(wide)

    def _same_type(self, a: Expr, b: Expr, result: Expr | None = None) -> tuple[Value, Value]:
        known = [self._ranges.of(x) for x in (a, b, result) if x is not None]
        left, right = self.value(a), self.value(b)
        wide = max(_type(*known), left.type, right.type, key=lambda t: int(t[1:]))
        return left.extended(wide, True), right.extended(wide, True)

    def _chain(self, name: str, parts: list[Expr]) -> Value:
        """`and` or `or`, left to right; an operand that may fault is evaluated only if the ones before ask for it."""
        going_on = name == "and"
        if not any(self._may_fault(p) for p in parts[1:]):
            out = self.test(parts[0])
            for p in parts[1:]:
                out = out & self.test(p) if going_on else out | self.test(p)
            return out
        found = self._f.variable(self.test(parts[0]), "i1")
        for p in parts[1:]:
            held = found.get()
            with self._f.when(held if going_on else ~held):
                found.set(self.test(p))
        return found.get()

    def _conditional(self, e: Op) -> Value:
        condition, then, other = e.args
        wide = _type(self._ranges.of(then), self._ranges.of(other))
        if not self._may_fault(then) and not self._may_fault(other):
            left, right = self.value(then).extended(wide, True), self.value(other).extended(wide, True)
            return self.test(condition).choose(left, right)
        found = self._f.variable(0, wide)

        def keep(x: Expr) -> Callable[[], None]:
            return lambda: found.set(self.value(x).extended(wide, True))

        self._f.either(self.test(condition), keep(then), keep(other))
        return found.get()

    def _may_fault(self, e: Expr) -> bool:
        match e:
            case Read(ref=At(family=family, index=index)):
                least, most = self._ranges.of(index)
                inside = least >= 0 and most < len(family.cells) and min(family.cells[least : most + 1]) >= 0
                if not inside:
                    return True
            case Table(values=values, index=index):
                least, most = self._ranges.of(index)
                if least < 0 or most >= len(values):
                    return True
            case Op(name="/" | "%" | "<<" | ">>", args=(_, b)):
                least, most = self._ranges.of(b)
                if least <= 0 <= most or least < 0:
                    return True
        return any(self._may_fault(x) for x in children(e))


def _type(*intervals: Interval) -> str:
    """The narrowest type that holds every number of the intervals, with room for a sign."""
    least, most = min(i[0] for i in intervals), max(i[1] for i in intervals)
    if least > -NARROW and most < NARROW:
        return "i64"
    if least > -_WIDE and most < _WIDE:
        return "i128"
    raise Unsupported("an expression whose value may be very large")
