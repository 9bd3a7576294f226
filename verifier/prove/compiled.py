"""Steps of a role as Python functions of a `Context`: generated once, run in every configuration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from verifier.program.expr import At, Cell, Const, Expr, Fresh, Me, Op, Own, PerInstance, Read, Ref, Table, go_div
from verifier.program.program import Fail, Range, Step, Union
from verifier.prove.context import Context
from verifier.prove.shape import NotCovered, Role, Shape
from verifier.prove.values import HALF, NAME, Value
from verifier.records import dataclass

Evaluate = Callable[[Context], Value]
Condition = Callable[[Context], bool]


@dataclass(frozen=True, slots=True)
class Target:
    """A cell to be read or written: the package's or the goroutine's own (`cells` empty), or one of a family.

    `absolute` is the number of the package's or of the first goroutine's own cell, `kind` its kind if it is a lock's.
    """

    package: bool
    cell: int
    absolute: int
    kind: str | None = None
    cells: tuple[int, ...] = ()
    stride: int = 1
    index: Evaluate | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """A memory access of a step."""

    target: Target
    when: Condition
    write: bool
    plain: bool


@dataclass(frozen=True, slots=True)
class Compiled:
    """A step, ready to run. `locks`: what it does to which locks. `values` are those of `targets`."""

    step: Step
    guard: Condition
    targets: tuple[Target, ...]
    values: Callable[[Context], tuple[Value, ...]]
    direct: bool
    """All it changes are plain cells that are known before it runs: no lock, and nothing behind a reference."""
    accesses: tuple[Access, ...]
    fail: Fail | None
    locks: tuple[tuple[str, Target], ...]
    own_reads: bool
    block: int | None
    """Which recyclable block of the role the step allocates, None: none."""
    number: int
    """Tells the steps of a machine apart."""


class Compiler:
    """Compiles the steps of one role."""

    def __init__(self, shape: Shape, role: Role) -> None:
        self.shape = shape
        self.role = role
        shown = (segments_plus, segments_minus) if self._keeps_integers_in_interfaces() else (plus, minus)
        self.constants: dict[str, object] = {"plus": shown[0], "minus": shown[1], "times": times, "binary": binary}
        self._indices: dict[Expr, int] = {}
        self._made: dict[str, Callable[[Context], Any]] = {}

    def _keeps_integers_in_interfaces(self) -> bool:
        unions = [c.domain for c in self.shape.program.cells if isinstance(c.domain, Union)]
        return any(isinstance(inner, Range) for u in unions for _, _, inner in u.alternatives)

    def step(self, s: Step, number: int) -> Compiled:
        """One step. Raises NotCovered for forms the method does not handle, those of `shape.beyond` left out."""
        release = any(k.op == "runlock" for k in s.sync)
        fatal = s.fail is not None and s.fail.kind == "fatal" and "RUnlock" in s.fail.message
        targets = tuple(self.target(r) for r, _ in s.updates)
        return Compiled(
            s,
            self._evaluated(self.test(s.guard)),
            targets,
            self._evaluated(f"({''.join(f'{self.source(e)},' for _, e in s.updates)})"),
            not s.sync and all(t.index is None and t.kind is None for t in targets),
            tuple(
                Access(self.target(a.ref), self._evaluated(self.test(a.when)), a.write, not a.atomic)
                for a in s.accesses
            ),
            s.fail,
            tuple((k.op, self.target(k.ref)) for k in s.sync),
            release or fatal,
            self._block(s),
            number,
        )

    def _block(self, s: Step) -> int | None:
        if s.alloc is None:
            return None
        place = s.alloc.candidates[0][0]
        for n, (sort, number, _, _) in enumerate(self.role.blocks):
            if (sort, number) == (s.alloc.sort, place):
                return n
        raise NotCovered("an allocation without a block")

    def target(self, r: Ref) -> Target:
        """A reference as something to read or write."""
        match r:
            case Own(template=0, offset=o):
                return self._direct(True, o, o)
            case Own(template=t, offset=o) if t == self.role.template:
                return self._direct(False, o, self.role.first + o)
            case Cell(number=n) if n < self.shape.size:
                return self._direct(True, n, n)
            case At(family=f, index=i):
                return Target(False, -1, -1, None, f.cells, f.stride, self._evaluated(self.source(i)))
        raise NotCovered("a cell of another goroutine")

    def _direct(self, package: bool, cell: int, absolute: int) -> Target:
        return Target(package, cell, absolute, self.shape.lock_cells.get(absolute))

    def _evaluated(self, code: str) -> Callable[[Context], Any]:
        """Python text as a function of the context. Many steps share theirs, and compiling it takes long."""
        made = self._made.get(code)
        if made is None:
            made = self._made[code] = eval(f"lambda X: {code}", self.constants)
        return made

    def test(self, e: Expr) -> str:
        """The Python text of a condition, whose value is a bool; any value is true and false."""
        match e:
            case Const(value=v):
                return str(v != 0)
            case Op(name="not" | "and" | "or" | "==" | "!=" | "<" | "<="):
                return self.source(e)
        return f"X.truth({self.source(e)})"

    def source(self, e: Expr) -> str:
        """The Python text of an expression."""
        match e:
            case Const(value=v):
                return str(v)
            case Read(ref=r):
                return self._read(r)
            case PerInstance(template=0, values=values):
                return str(values[0])
            case PerInstance(template=t, values=values) if t == self.role.template:
                return f"X.mine({values[0]})"
            case Me():
                return f"X.mine({NAME})"
            case Fresh():
                return "X.fresh"
            case Table(values=values, index=i, sort=s, stride=n):
                return f"X.table({self._name(values)}, {s}, {n}, {self.source(i)})"
            case Op(name="not", args=(a,)):
                return f"(not {self.test(a)})"
            case Op(name="and" | "or" as name, args=(a, b)):
                return f"({self.test(a)} {name} {self.test(b)})"
            case Op(name="ite", args=(condition, a, b)):
                return f"({self.source(a)} if {self.test(condition)} else {self.source(b)})"
            case Op(name=name, args=args):
                return self._operator(name, [self.source(a) for a in args])
        raise NotCovered("an expression over another goroutine")

    def _read(self, r: Ref) -> str:
        t = self.target(r)
        if isinstance(r, At):
            number = self._indices.setdefault(r.index, len(self._indices))
            return f"X.at({self._name(r.family.cells)}, {r.family.stride}, {self.source(r.index)}, {number})"
        if self.shape.lock_cells.get(t.absolute) == "readers":
            return f"X.package_readers({t.cell})" if t.package else f"X.own_readers({t.absolute})"
        return f"X.c.package[{t.cell}]" if t.package else f"X.me.cells[{t.cell}]"

    def _name(self, value: tuple[int, ...]) -> str:
        for name, known in self.constants.items():
            if known is value:
                return name
        name = f"c{len(self.constants)}"
        self.constants[name] = value
        return name

    def _operator(self, name: str, a: list[str]) -> str:
        match name:
            case "==":
                return f"X.equal({a[0]}, {a[1]})"
            case "!=":
                return f"(not X.equal({a[0]}, {a[1]}))"
            case "<" | "<=":
                return f"X.less({a[0]}, {a[1]}, {name == '<='})"
            case "+" | "-" | "*":
                return f"{ {'+': 'plus', '-': 'minus', '*': 'times'}[name] }({a[0]}, {a[1]})"
            case "neg":
                return f"minus(0, {a[0]})"
            case _:
                return f"binary({name!r}, {a[0]}, {a[1]})"


_INT64 = 1 << 63


def _wrapped(r: int, a: int, b: int) -> Value:
    """A result beyond 64 bits is any value, unless it is a reference or an index that starts with one."""
    return r if -_INT64 <= r < _INT64 or a >= HALF or b >= HALF else None


def plus(a: Value, b: Value) -> Value:
    """Sum; any value absorbs."""
    return None if a is None or b is None else _wrapped(a + b, a, b)


def minus(a: Value, b: Value) -> Value:
    """Difference; any value absorbs."""
    return None if a is None or b is None else _wrapped(a - b, a, b)


def segments_plus(a: Value, b: Value) -> Value:
    """Sum where interface values are made of integers: these are larger than any of them."""
    return None if a is None or b is None else a + b


def segments_minus(a: Value, b: Value) -> Value:
    """Difference, likewise."""
    return None if a is None or b is None else a - b


def times(a: Value, b: Value) -> Value:
    """Product; any value absorbs."""
    return None if a is None or b is None else _wrapped(a * b, a, b)


def binary(name: str, a: Value, b: Value) -> Value:
    """The other integer operators; division by zero is guarded by the program."""
    if a is None or b is None:
        return None
    match name:
        case "/":
            return go_div(a, b) if b else None
        case "%":
            return a - go_div(a, b) * b if b else None
        case "&":
            return a & b
        case "|":
            return a | b
        case "^":
            return a ^ b
        case "<<":
            return _wrapped(a << b, a, b) if 0 <= b < 64 else None
        case ">>":
            return a >> b if 0 <= b < 64 else None
    raise NotCovered(f"the operator {name}")
