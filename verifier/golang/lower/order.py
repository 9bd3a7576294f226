"""Order of evaluation: what gc does where the Go specification leaves it open (lowering report, section 2)."""

from __future__ import annotations

from verifier.golang import syntax as ast
from verifier.golang.facts import parts
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.storage import snapshot
from verifier.golang.lower.values import Value
from verifier.golang.types import Builtin, Mode, Type

_QUIET = ("len", "cap", "min", "max", "at")


def has_call(x: object, m: Machine) -> bool:
    """Whether evaluating `x` calls something: such operands are evaluated before any variable is read, as gc does."""
    if isinstance(x, ast.FuncLit):
        return False
    if isinstance(x, ast.Call):
        used = m.info.uses.get(x.fun) if isinstance(x.fun, ast.Ident) else None
        quiet = m.info.types[x.fun].mode is Mode.TYPE or (isinstance(used, Builtin) and used.name in _QUIET)
        if not quiet:
            return True
    return any(has_call(p, m) for p in parts(x))


def operands(m: Machine, xs: tuple[ast.Expr, ...], wants: tuple[Type | None, ...]) -> list[Value]:
    """Several operands in gc's order: those with calls first, left to right, then the loads of the others."""
    out: dict[int, Value] = {}
    for i, x in enumerate(xs):
        if has_call(x, m):
            value = m.value(x, wants[i])
            out[i] = snapshot(m, value) if len(xs) > 1 else value
    for i, x in enumerate(xs):
        if i not in out:
            out[i] = m.value(x, wants[i])
    return [out[i] for i in range(len(xs))]
