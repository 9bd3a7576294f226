"""Expressions of a `Program` over integers as SMT-LIB text; constants stay Python integers as long as they can."""

from __future__ import annotations

from collections.abc import Callable

from verifier.program.expr import Const, Expr, Op, Read, Ref, Table, go_div

Term = int | str
"""An integer term: a constant, or SMT-LIB text of sort Int. Booleans are 0 and 1, as in a `Program`."""

_ARITHMETIC = {"+": "+", "-": "-", "*": "*"}
_COMPARISONS = {"==": "=", "<": "<", "<=": "<="}


class NotExpressible(Exception):
    """An operator has no translation; the message names it."""


def text(term: Term) -> str:
    """A term as SMT-LIB text."""
    if isinstance(term, str):
        return term
    return str(term) if term >= 0 else f"(- {-term})"


def negated(condition: str) -> str:
    """The negation of a condition; negating twice gives the condition back."""
    if condition in ("true", "false"):
        return "false" if condition == "true" else "true"
    return condition[5:-1] if condition.startswith("(not ") else f"(not {condition})"


def conjunction(parts: list[str]) -> str:
    """All of the conditions."""
    kept = [p for p in parts if p != "true"]
    return "true" if not kept else kept[0] if len(kept) == 1 else f"(and {' '.join(kept)})"


def disjunction(parts: list[str]) -> str:
    """Any of the conditions."""
    kept = [p for p in parts if p != "false"]
    return "false" if not kept else kept[0] if len(kept) == 1 else f"(or {' '.join(kept)})"


def equal(a: Term, b: Term) -> str:
    """The condition that two terms are equal."""
    if a == b:
        return "true"
    if isinstance(a, int) and isinstance(b, int):
        return "false"
    return f"(= {text(a)} {text(b)})"


def select(condition: str, then: Term, other: Term) -> Term:
    """`then` if the condition holds, else `other`."""
    if condition in ("true", "false"):
        return then if condition == "true" else other
    return then if then == other else f"(ite {condition} {text(then)} {text(other)})"


def lookup(values: tuple[int, ...], index: Term, missing: int = -1) -> Term:
    """`values[index]`, `missing` outside."""
    if isinstance(index, int):
        return values[index] if 0 <= index < len(values) else missing
    out: Term = missing
    for position, value in enumerate(values):
        out = select(equal(index, position), value, out)
    return out


def condition(e: Expr, read: Callable[[Ref], Term]) -> str:
    """An expression as a condition."""
    match e:
        case Op(name="and", args=args):
            return _lazy([condition(a, read) for a in args], "false", conjunction)
        case Op(name="or", args=args):
            return _lazy([condition(a, read) for a in args], "true", disjunction)
        case Op(name="not", args=(a,)):
            return negated(condition(a, read))
        case Op(name="!=", args=(a, b)):
            return negated(equal(term(a, read), term(b, read)))
        case Op(name="==", args=(a, b)):
            return equal(term(a, read), term(b, read))
        case Op(name=("<" | "<=") as name, args=(a, b)):
            return _compare(name, term(a, read), term(b, read))
        case _:
            return negated(equal(term(e, read), 0))


def _lazy(parts: list[str], decides: str, join: Callable[[list[str]], str]) -> str:
    return decides if decides in parts else join(parts)


def _compare(name: str, a: Term, b: Term) -> str:
    if isinstance(a, int) and isinstance(b, int):
        return "true" if (a < b if name == "<" else a <= b) else "false"
    return f"({_COMPARISONS[name]} {text(a)} {text(b)})"


def term(e: Expr, read: Callable[[Ref], Term]) -> Term:
    """An expression as an integer term. Raises NotExpressible for bit operators on unknown operands and for what
    only makes sense inside a running program."""
    match e:
        case Const(value=value):
            return value
        case Read(ref=ref):
            return read(ref)
        case Table(values=values, index=index):
            return lookup(values, term(index, read))
        case Op(name="ite", args=(c, a, b)):
            return select(condition(c, read), term(a, read), term(b, read))
        case Op(name=("and" | "or" | "not" | "==" | "!=" | "<" | "<=")):
            return select(condition(e, read), 1, 0)
        case Op(name="neg", args=(a,)):
            return _arithmetic("-", 0, term(a, read))
        case Op(name=name, args=(a, b)):
            return _arithmetic(name, term(a, read), term(b, read))
        case _:
            raise NotExpressible(f"{type(e).__name__.lower()} has no meaning here")


def _arithmetic(name: str, a: Term, b: Term) -> Term:
    if isinstance(a, int) and isinstance(b, int):
        known = {"+": a + b, "-": a - b, "*": a * b, "&": a & b, "|": a | b, "^": a ^ b}
        if name in known:
            return known[name]
        if name in ("/", "%") and b != 0:
            return go_div(a, b) if name == "/" else a - b * go_div(a, b)
    x, y = text(a), text(b)
    if name in _ARITHMETIC:
        return f"({name} {x} {y})"
    if name in ("/", "%"):
        # Go truncates toward zero, SMT-LIB's div and mod are Euclidean.
        q = f"(ite (= (< {x} 0) (< {y} 0)) (div (abs {x}) (abs {y})) (- (div (abs {x}) (abs {y}))))"
        return q if name == "/" else f"(- {x} (* {y} {q}))"
    raise NotExpressible(f"the operator {name} on values that are not constants")
