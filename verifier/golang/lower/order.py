"""Order of evaluation: what gc does where the Go specification leaves it open (lowering report, section 2).

Within one statement gc runs every call first, from left to right, and keeps the results; variables, fields, elements
and map entries are read afterwards, when the statement itself is carried out (cmd/compile/internal/walk/order.go).
`hoist` does the first half: it leaves results under their syntax node, where evaluating that node finds them.
"""

from __future__ import annotations

from collections.abc import Iterator

from verifier.golang import syntax as ast
from verifier.golang.facts import parts
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.storage import snapshot
from verifier.golang.lower.values import Value
from verifier.golang.types import Builtin, Chan, Map, Mode, Pointer, Slice, Type, underlying

_QUIET = ("len", "cap", "min", "max", "at")


def is_call(x: object, m: Machine) -> bool:
    """Whether `x` itself runs code: a receive, or a call that is neither a conversion nor a builtin that only looks."""
    if isinstance(x, ast.Unary) and x.op == "<-":
        return True
    if not isinstance(x, ast.Call):
        return False
    used = m.info.uses.get(x.fun) if isinstance(x.fun, ast.Ident) else None
    quiet = m.info.types[x.fun].mode is Mode.TYPE or (isinstance(used, Builtin) and used.name in _QUIET)
    return not quiet


def has_call(x: object, m: Machine) -> bool:
    """Whether evaluating `x` calls something that has not been called already."""
    if isinstance(x, ast.FuncLit) or x in m.hoisted:
        return False
    return is_call(x, m) or any(has_call(p, m) for p in parts(x))


def hoist(m: Machine, *xs: ast.Expr) -> None:
    """Run everything in `xs` that gc runs before it reads a variable, in source order, and keep the results."""
    if m.pure or not any(has_call(x, m) for x in xs):
        return
    for x in xs:
        for part in _early(m, x):
            m.hoisted[part] = snapshot(m, m.value(part))


def _early(m: Machine, x: object) -> Iterator[ast.Expr]:
    """The outermost parts of `x` that are carried out early: calls, and what gc turns into statements of their own."""
    if isinstance(x, ast.FuncLit) or x in m.hoisted or not isinstance(x, ast.Expr | ast.Element):
        return
    if early(m, x):
        yield x  # type: ignore[misc]
        return
    for p in parts(x):
        yield from _early(m, p)


def early(m: Machine, x: object) -> bool:
    """Whether gc carries `x` out before it reads the variables of the statement around it."""
    return is_call(x, m) or _becomes_a_statement(m, x)


def _becomes_a_statement(m: Machine, x: object) -> bool:
    match x:
        case ast.Call(fun=ast.Ident() as fun, args=(first, *_)) if isinstance(m.info.uses.get(fun), Builtin):
            measured = fun.name in ("len", "cap") and isinstance(
                underlying(m.info.types[first].type), Map | Slice | Chan
            )
            return m.info.types[x].mode is not Mode.CONST and (fun.name in ("min", "max") or measured)
        case ast.Binary(op="&&" | "||"):
            return m.info.types[x].mode is not Mode.CONST
        case ast.TypeAssert():
            # A pointer is taken out of an interface where it is used; anything else is copied out first.
            return not isinstance(underlying(m.info.types[x].type), Pointer | Map)
        case ast.CompositeLit() if x.type is not None and x in m.info.types:
            # Entries that are not constant are stored one by one, each with its own calls and reads.
            return isinstance(underlying(m.info.types[x].type), Map)
    return False


def operands(m: Machine, xs: tuple[ast.Expr, ...], wants: tuple[Type | None, ...]) -> list[Value]:
    """Several operands in gc's order: calls first, left to right, then the reads."""
    if len(xs) > 1:
        hoist(m, *xs)
    return [m.value(x, want) for x, want in zip(xs, wants, strict=True)]
