"""Evaluating expressions on plain values: what the generated code of the engines must agree with."""

from __future__ import annotations

from collections.abc import Sequence

from verifier.program.expr import At, Cell, Const, Expr, Fresh, Judge, Op, Pc, Read, Ref, Table, go_div
from verifier.program.monitor import START
from verifier.program.semantics import ProgramFault
from verifier.records import dataclass


@dataclass(frozen=True, slots=True)
class Valuation:
    """A state in the open: values of all cells, locations of all instances, the place an alloc picked."""

    cells: Sequence[int]
    locations: Sequence[int]
    fresh: int = 0


def evaluate(e: Expr, v: Valuation) -> int:
    """The value of an expression over absolute references. Raises ProgramFault for a read that cannot be."""
    match e:
        case Const(value=value):
            return value
        case Fresh():
            return v.fresh
        case Read(ref=Pc(instance=i)):
            return v.locations[i]
        case Read(ref=ref):
            return v.cells[place(ref, v)]
        case Table(values=values, index=index):
            n = evaluate(index, v)
            if not 0 <= n < len(values):
                raise ProgramFault(f"table index {n} of {len(values)}")
            return values[n]
        case Op(name=name, args=args):
            return _apply(name, args, v)
        case Judge():
            # What the judge says belongs to a search; here only its place in the state counts.
            return START
    raise ProgramFault(f"not an absolute expression: {e}")


def place(ref: Ref, v: Valuation) -> int:
    """The number of the cell that `ref` selects."""
    match ref:
        case Cell(number=n):
            return n
        case At(family=f, index=index):
            n = evaluate(index, v)
            if not 0 <= n < len(f.cells) or f.cells[n] < 0:
                raise ProgramFault(f"no cell {f.name}[{n}]")
            return f.cells[n]
    raise ProgramFault(f"not an absolute cell: {ref}")


def _apply(name: str, args: tuple[Expr, ...], v: Valuation) -> int:
    first = evaluate(args[0], v)
    match name:
        case "not":
            return int(not first)
        case "neg":
            return -first
        case "and":
            return int(bool(first and evaluate(args[1], v)))
        case "or":
            return int(bool(first or evaluate(args[1], v)))
        case "ite":
            return evaluate(args[1] if first else args[2], v)
    return _binary(name, first, evaluate(args[1], v))


def _binary(name: str, a: int, b: int) -> int:
    if name in ("/", "%"):
        if b == 0:
            raise ProgramFault("division by zero")
        q = go_div(a, b)
        return q if name == "/" else a - b * q
    if name in ("<<", ">>"):
        if b < 0:
            raise ProgramFault("negative shift")
        return a << b if name == "<<" else a >> b
    match name:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "&":
            return a & b
        case "|":
            return a | b
        case "^":
            return a ^ b
        case "==":
            return int(a == b)
        case "!=":
            return int(a != b)
        case "<":
            return int(a < b)
        case "<=":
            return int(a <= b)
    raise ProgramFault(f"unknown operator {name}")
