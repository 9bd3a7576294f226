"""Expressions as tables: their value for every combination of values of what they read."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from itertools import product

from verifier.program.evaluate import Valuation, evaluate
from verifier.program.expr import Const, Expr, Fresh, Op, Read, Table, children
from verifier.program.semantics import ProgramFault

MAX_CASES = 4096
"""Combinations of values looked at for one expression."""

Case = tuple[tuple[int, ...], int | None]
"""The values of what is read, and that of the expression, None where it has none."""


class Cases:
    """Tables made once for expressions that differ only in which cells they read."""

    def __init__(self) -> None:
        self._known: dict[Hashable, list[Case]] = {}

    def of(self, e: Expr, reads: list[Expr], choices: tuple[Sequence[int], ...]) -> list[Case]:
        """Every case of `e`; `choices` are the values of each of its `reads`."""
        key = (_shape(e, reads), choices)
        if key not in self._known:
            self._known[key] = [(v, _outcome(e, dict(zip(reads, v, strict=True)))) for v in product(*choices)]
        return self._known[key]


def reads_of(e: Expr) -> Iterator[Expr]:
    """What `e` reads from the state; a read within the index of another one is part of that."""
    if isinstance(e, Read | Fresh):
        yield e
    else:
        for c in children(e):
            yield from reads_of(c)


def _shape(e: Expr, reads: list[Expr]) -> Hashable:
    match e:
        case Read() | Fresh():
            return "read", reads.index(e)
        case Table(values=values, index=index):
            return values, _shape(index, reads)
        case Op(name=name, args=args):
            return name, *(_shape(a, reads) for a in args)
    return e


def _outcome(e: Expr, known: dict[Expr, int]) -> int | None:
    try:
        return _compute(e, known)
    except ProgramFault:
        return None


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
