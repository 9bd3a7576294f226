"""Expressions and references of a `Program`: plain immutable data, never closures.

Every value is an integer; booleans are 0 and 1. Division and remainder truncate toward zero, as in Go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import is_

from verifier.records import dataclass, replace


@dataclass(frozen=True, slots=True)
class Const:
    """A literal value."""

    value: int


@dataclass(frozen=True, slots=True)
class Own:
    """The cell at `offset` of the running instance's block of `template`.

    `template` is the instance's own template, one of its ancestors (the goroutine that started it), a child
    it starts in this very step, or 0, the package: there is one package instance, so `Own(0, n)` is shared.
    """

    template: int
    offset: int


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell by its absolute number. Appears only after instantiation (`Program.concrete`) and in clauses."""

    number: int


@dataclass(frozen=True, slots=True)
class Pc:
    """The location of an instance, readable in clauses only (`at(role, label)`)."""

    instance: int


@dataclass(frozen=True, slots=True)
class Family:
    """Cells selected by a computed index, e.g. one field of every object of a type.

    `cells[i]` is an absolute cell number or -1 where no cell exists (index 0 of a reference: nil).
    Two families may share cells. Reading or writing at -1 or outside the tuple is a fault of the program.
    `stride` is the number of entries per object (or per goroutine) the index starts with: proofs need it to tell
    whose cell an index selects.
    """

    name: str
    cells: tuple[int, ...]
    stride: int = 1


@dataclass(frozen=True, slots=True)
class At:
    """The cell of `family` at a computed index."""

    family: Family
    index: Expr


Ref = Own | Cell | At | Pc


@dataclass(frozen=True, slots=True)
class Read:
    """The value in a cell, in the state before the step."""

    ref: Ref


@dataclass(frozen=True, slots=True)
class PerInstance:
    """A constant that differs per instance of `template` (self or ancestor): `values[ordinal]`."""

    template: int
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Me:
    """The number of the running instance plus one; never 0."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """The place number picked by the `alloc` of the same step."""


@dataclass(frozen=True, slots=True)
class Received:
    """Number `index` of the values that the other goroutine of a paired step hands over, one of `low..high`."""

    index: int
    low: int = 0
    high: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """`values[index]`: a constant table, e.g. from an object's place to the place of one of its fields.

    `sort` is the sort whose places the values are, -1 for plain numbers; `stride` as in `Family`.
    """

    values: tuple[int, ...]
    index: Expr
    sort: int = -1
    stride: int = 1


@dataclass(frozen=True, slots=True)
class Op:
    """An operator on integers: + - * / % & | ^ << >> == != < <= and or not neg ite.

    `and`, `or` and `ite` evaluate their later operands only when needed, so a guard may protect a read.
    """

    name: str
    args: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Judge:
    """The judge's next state when the running client's call of operation `op - 1` returns with outcome `result`.

    It also reads the judge's state and which calls the other clients are in (`Program.clients`), but not as an
    expression: when a call returns may be told apart from when others do by nobody but the judge (`passes/fuse`).
    `client` is the running client's number, -1 in a template. `valued`: the outcome is a value, or 0 for none.
    """

    op: Expr
    result: Expr
    client: int = -1
    valued: bool = False


Expr = Const | Read | PerInstance | Me | Fresh | Received | Table | Op | Judge

ZERO = Const(0)
ONE = Const(1)
TRUE = ONE
FALSE = ZERO


def const(value: int) -> Const:
    """`Const(value)`; booleans become 0 and 1."""
    return Const(int(value))


def go_div(a: int, b: int) -> int:
    """Integer division truncated toward zero (Go spec, "Arithmetic operators"); `b` is not 0."""
    q = abs(a) // abs(b)
    return q if (a < 0) == (b < 0) else -q


_FOLD: dict[str, Callable[..., int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "<<": lambda a, b: a << b,
    ">>": lambda a, b: a >> b,
    "==": lambda a, b: int(a == b),
    "!=": lambda a, b: int(a != b),
    "<": lambda a, b: int(a < b),
    "<=": lambda a, b: int(a <= b),
    "neg": lambda a: -a,
}


def op(name: str, *args: Expr) -> Expr:
    """An operator application, folded when the operands are constants."""
    if name == "not":
        return negate(args[0])
    if name == "and":
        return both(args[0], args[1])
    if name == "or":
        return either(args[0], args[1])
    if name == "ite":
        return ite(args[0], args[1], args[2])
    if name == "==":
        return equal(args[0], args[1])
    if name == "!=":
        return negate(equal(args[0], args[1]))
    values = [a.value for a in args if isinstance(a, Const)]
    if len(values) == len(args):
        if name in _FOLD and not (name in ("<<", ">>") and not 0 <= values[1] < 64):
            return Const(_FOLD[name](*values))
        if name in ("/", "%") and values[1] != 0:
            q = go_div(*values)
            return Const(q if name == "/" else values[0] - q * values[1])
    if name in ("+", "-") and args[1] == ZERO:
        return args[0]
    if name == "+" and args[0] == ZERO:
        return args[1]
    if name == "*" and ONE in args:
        return args[1] if args[0] == ONE else args[0]
    return Op(name, args)


def equal(a: Expr, b: Expr) -> Expr:
    """`a == b`, folded for constants and for identical pure operands."""
    if isinstance(a, Const) and isinstance(b, Const):
        return const(a.value == b.value)
    if a == b:
        return TRUE
    return Op("==", (a, b))


def negate(a: Expr) -> Expr:
    """Logical not."""
    if isinstance(a, Const):
        return const(not a.value)
    if isinstance(a, Op):
        if a.name == "not":
            return a.args[0]
        if a.name == "==":
            return Op("!=", a.args)
        if a.name == "!=":
            return Op("==", a.args)
    return Op("not", (a,))


def both(a: Expr, b: Expr) -> Expr:
    """Logical and; the left operand is evaluated first and may protect the right one."""
    if isinstance(a, Const):
        return b if a.value else FALSE
    if b == TRUE or a == b:
        return a
    return Op("and", (a, b))


def either(a: Expr, b: Expr) -> Expr:
    """Logical or; the right operand is evaluated only when the left one is false."""
    if isinstance(a, Const):
        return TRUE if a.value else b
    if b == FALSE or a == b:
        return a
    return Op("or", (a, b))


def all_of(*parts: Expr) -> Expr:
    """Conjunction of any number of conditions, left to right."""
    out: Expr = TRUE
    for p in parts:
        out = both(out, p)
    return out


def any_of(*parts: Expr) -> Expr:
    """Disjunction of any number of conditions, left to right."""
    out: Expr = FALSE
    for p in parts:
        out = either(out, p)
    return out


def ite(condition: Expr, then: Expr, other: Expr) -> Expr:
    """`then` if the condition holds, else `other`; only the chosen one is evaluated."""
    if isinstance(condition, Const):
        return then if condition.value else other
    return then if then == other else Op("ite", (condition, then, other))


def total(parts: list[Expr]) -> Expr:
    """The sum of the parts; 0 when there is none."""
    out: Expr = ZERO
    for p in parts:
        out = op("+", out, p)
    return out


def children(e: Expr) -> tuple[Expr, ...]:
    """The direct subexpressions, indices of references included."""
    match e:
        case Op():
            return e.args
        case Table():
            return (e.index,)
        case Judge():
            return (e.op, e.result)
        case Read(ref=At(index=i)):
            return (i,)
        case _:
            return ()


def refs(e: Expr) -> Iterator[Ref]:
    """Every reference read by `e`, those inside indices included."""
    if isinstance(e, Read):
        yield e.ref
    for c in children(e):
        yield from refs(c)


def rewrite(e: Expr, leaf: Callable[[Expr], Expr | None]) -> Expr:
    """Rebuild `e` bottom-up with folding. `leaf` sees every Read, PerInstance, Me, Fresh, Received and Judge *after*
    its index or operands were rebuilt and returns the replacement, or None to keep the node."""
    match e:
        case Const():
            return e
        case Op():
            args = tuple(rewrite(a, leaf) for a in e.args)
            return e if all(map(is_, args, e.args)) else op(e.name, *args)
        case Table():
            index = rewrite(e.index, leaf)
            if isinstance(index, Const) and 0 <= index.value < len(e.values):
                return Const(e.values[index.value])
            return e if index == e.index else replace(e, index=index)
        case Judge():
            judge = replace(e, op=rewrite(e.op, leaf), result=rewrite(e.result, leaf))
            return leaf(judge) or judge
        case Read(ref=At() as at):
            index = rewrite(at.index, leaf)
            kept: Expr = e if index == at.index else Read(at_cell(at.family, index))
            return leaf(kept) or kept
        case _:
            return leaf(e) or e


def at_cell(family: Family, index: Expr) -> At | Cell:
    """`At`, or the plain cell when the index is a constant that selects one."""
    if isinstance(index, Const) and 0 <= index.value < len(family.cells) and family.cells[index.value] >= 0:
        return Cell(family.cells[index.value])
    return At(family, index)
