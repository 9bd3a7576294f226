"""What is left of an expression when only some cells are known: the rest is "any value", so conditions weaken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from verifier.program.expr import (
    FALSE,
    TRUE,
    Cell,
    Const,
    Expr,
    Op,
    Own,
    PerInstance,
    Read,
    all_of,
    any_of,
    children,
    negate,
    rewrite,
)
from verifier.program.program import PACKAGE

Environment = Mapping[int, int]
"""Known values: of a goroutine's own cells by offset, of package cell n by -1 - n."""

_LINEAR = frozenset({"+", "-", "neg", "==", "!=", "<", "<=", "and", "or", "not", "ite"})


def resolve(e: Expr, template: int, known: Environment) -> Expr:
    """`e` with the known own cells of `template` filled in and package cells named absolutely."""

    def leaf(x: Expr) -> Expr | None:
        match x:
            case Read(ref=Own(template=t, offset=o)) if t == PACKAGE:
                return Const(known[-1 - o]) if -1 - o in known else Read(Cell(o))
            case Read(ref=Own(template=t, offset=o)) if t == template and o in known:
                return Const(known[o])
            case PerInstance(template=t, values=values) if t == PACKAGE or len(set(values)) == 1:
                return Const(values[0])
            case _:
                return None

    return rewrite(e, leaf)


def refuted(condition: Expr) -> bool:
    """Whether what is known makes a condition false, whichever operand shows it."""
    match condition:
        case Const(value=v):
            return not v
        case Op(name="and", args=args):
            return any(refuted(a) for a in args)
        case Op(name="or", args=args):
            return all(refuted(a) for a in args)
    return False


def weakened(e: Expr, tracked: Mapping[int, int | None], positive: bool = True) -> Expr:
    """A condition over tracked cells alone that holds whenever `e` may (`positive`), or only when `e` must.

    `tracked[c]`: the greatest value the program can store in cell c where that is a limit of the model and not of
    Go, else None: conditions that test for it say nothing about Go, so they may go either way.
    """
    match e:
        case Op(name="not", args=(inner,)):
            return negate(weakened(inner, tracked, not positive))
        case Op(name="and", args=args):
            return all_of(*(weakened(a, tracked, positive) for a in args))
        case Op(name="or", args=args):
            return any_of(*(weakened(a, tracked, positive) for a in args))
    if exact(e, tracked) and not _tests_limit(e, tracked):
        return e
    return TRUE if positive else FALSE


def exact(e: Expr, tracked: Mapping[int, int | None]) -> bool:
    """Whether `e` is built from constants and tracked cells by operators of linear arithmetic alone."""
    match e:
        case Const():
            return True
        case Read(ref=Cell(number=n)):
            return n in tracked
        case Op(name=name, args=args):
            return name in _LINEAR and all(exact(a, tracked) for a in args)
    return False


def _tests_limit(e: Expr, tracked: Mapping[int, int | None]) -> bool:
    """Whether a comparison is about a value at the limit of an unlimited count."""
    limits = [limit for n in cells_read(e) if (limit := tracked[n]) is not None]
    return bool(limits) and any(value >= min(limits) - 1 for value in _constants(e))


def _constants(e: Expr) -> Iterator[int]:
    if isinstance(e, Const):
        yield e.value
    for c in children(e):
        yield from _constants(c)


def cells_read(e: Expr) -> frozenset[int]:
    """The cells that an exact expression reads."""
    match e:
        case Read(ref=Cell(number=n)):
            return frozenset((n,))
    return frozenset(n for c in children(e) for n in cells_read(c))


def own_reads(e: Expr, template: int) -> frozenset[int]:
    """The own cells of `template` that `e` reads, those in indices included."""
    found: set[int] = set()

    def leaf(x: Expr) -> Expr | None:
        match x:
            case Read(ref=Own(template=t, offset=o)) if t == template:
                found.add(o)
        return None

    rewrite(e, leaf)
    return frozenset(found)
