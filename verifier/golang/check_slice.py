"""`s[i:j]`, `append` and `copy`."""

from __future__ import annotations

from verifier.golang import syntax as ast, types as t
from verifier.golang.check_convert import assign, settle
from verifier.golang.check_operand import Operand, deref, is_integer, is_string
from verifier.golang.check_show import describe, show
from verifier.golang.check_state import Checker
from verifier.source import fail


def slicing(c: Checker, e: ast.Slicing) -> Operand:
    """`s[i:j]` and `s[i:j:k]` of a slice, an array variable or a pointer to one."""
    x = c.expr(e.x)
    if is_string(x.type):
        raise fail(f"cannot slice {describe(x)}: strings are opaque constants here", e.span, "compare whole strings")
    behind = deref(x.type)
    u = t.underlying(behind) if behind is not None else t.underlying(x.type)
    length: int | None = None
    match u:
        case t.Array():
            if behind is None and x.mode is not t.Mode.VARIABLE:
                raise fail(f"invalid operation: {show(e.x)} (slice of unaddressable value)", e.x.span)
            of: t.Type = t.Slice(u.elem)
            length = u.length
        case t.Slice() if behind is None:
            of = x.type
        case _:
            raise fail(f"cannot slice {describe(x)}", e.x.span)
    _bounds(c, e, length)
    return Operand(e, t.Mode.VALUE, of)


def _bounds(c: Checker, e: ast.Slicing, length: int | None) -> None:
    known: list[tuple[int, ast.Expr]] = []
    for part in (e.low, e.high, e.most):
        if part is None:
            continue
        i = c.expr(part)
        if not is_integer(i.type):
            raise fail(f"invalid argument: index {describe(i)} must be integer", part.span)
        i = settle(c, i, t.INT)
        if isinstance(i.value, int):
            if i.value < 0:
                raise fail(f"invalid argument: index {describe(i)} must not be negative", part.span)
            if length is not None and i.value > length:
                raise fail(f"invalid argument: index {i.value} out of bounds [0:{length + 1}]", part.span)
            if known and known[-1][0] > i.value:
                raise fail(f"invalid slice indices: {i.value} < {known[-1][0]}", part.span)
            known.append((i.value, part))


def append(c: Checker, e: ast.Call) -> Operand:
    """`append(s, values…)` and `append(s, other...)`."""
    s = c.expr(e.args[0])
    u = t.underlying(s.type)
    if s.is_nil:
        raise fail("first argument to append must be a typed slice; have untyped nil", e.args[0].span)
    if not isinstance(u, t.Slice):
        raise fail(f"invalid argument: {describe(s)} is not a slice", e.args[0].span)
    if e.spread:
        if len(e.args) != 2:
            raise fail(f"can only use ... with the one argument after the slice in {show(e)}", e.span)
        assign(c, c.expr(e.args[1]), t.Slice(u.elem), "argument to append")
        return Operand(e, t.Mode.VALUE, s.type)
    for arg in e.args[1:]:
        assign(c, c.expr(arg), u.elem, "argument to append")
    return Operand(e, t.Mode.VALUE, s.type)


def copy(c: Checker, e: ast.Call) -> Operand:
    """`copy(to, from)`."""
    to, source = c.expr(e.args[0]), c.expr(e.args[1])
    if not isinstance(t.underlying(to.type), t.Slice):
        raise fail(f"invalid argument: copy expects slice arguments; found {describe(to)}", e.args[0].span)
    if t.underlying(to.type) != t.underlying(source.type):
        raise fail(f"invalid argument: arguments to copy {describe(to)} and {describe(source)} differ", e.args[1].span)
    return Operand(e, t.Mode.VALUE, t.INT)
