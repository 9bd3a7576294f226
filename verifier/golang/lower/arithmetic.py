"""Integer operators with Go's run-time checks; a result that Go would wrap around is a limit of the model."""

from __future__ import annotations

from verifier.golang.lower.machine import Machine
from verifier.golang.types import Basic, Type, underlying
from verifier.program.expr import FALSE, TRUE, ZERO, Const, Expr, Op, any_of, children, const, equal, op

_COMPARES = ("<", "<=", ">", ">=")
_GROWS = ("+", "-", "*", "<<", "&^", "^")
_LEAST = -(2**63)
_WIDEST = 62
"""Shift counts above this leave every integer type."""


def arithmetic(m: Machine, name: str, a: Expr, b: Expr, t: Type) -> Expr:
    """`a name b` for operands of type `t`."""
    if name in ("/", "%"):
        m.fail_if(equal(b, ZERO), "panic", "runtime error: integer divide by zero")
        if b == ZERO:
            return ZERO
    if name in ("<<", ">>"):
        m.fail_if(op("<", b, ZERO), "panic", "runtime error: negative shift amount")
        m.fail_if(op("<", Const(_WIDEST), b), "bound", f"a shift by more than {_WIDEST} (bounds: int)")
        if isinstance(b, Const) and not 0 <= b.value <= _WIDEST:
            return ZERO
    if name in (">", ">="):
        return op({">": "<", ">=": "<="}[name], b, a)
    result = op("&", a, op("-", op("neg", b), Const(1))) if name == "&^" else op(name, a, b)
    return result if name in _COMPARES or name not in _GROWS else in_type(m, result, t)


def in_type(m: Machine, e: Expr, t: Type) -> Expr:
    """`e`, checked to be a value of the integer type `t`: Go would wrap it around, the model does not."""
    least, most = limits(t)
    if isinstance(e, Const):
        outside: Expr = const(not least <= e.value <= most)
    else:
        # Cells hold small numbers: only a shift takes a sum or product of a few of them out of 64 bits.
        low = op("<", e, Const(least)) if least > _LEAST or _shifts(e) else FALSE
        high = op("<", Const(most), e) if most < -_LEAST - 1 or _shifts(e) else FALSE
        outside = any_of(low, high)
    m.fail_if(outside, "bound", f"a value of type {t} would wrap around (bounds: int)")
    return ZERO if outside == TRUE else e


def limits(t: Type) -> tuple[int, int]:
    """The least and the greatest value of an integer type in Go; int and uint have 64 bits."""
    u = underlying(t)
    name = u.name if isinstance(u, Basic) else "int"
    digits = "".join(c for c in name if c.isdigit())
    bits = int(digits) if digits else 64
    if name.startswith("uint"):
        return 0, 2**bits - 1
    return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1


def _shifts(e: Expr) -> bool:
    return (isinstance(e, Op) and e.name == "<<") or any(_shifts(c) for c in children(e))
