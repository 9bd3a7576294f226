"""The predeclared functions, one small function each, looked up by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from verifier.golang import library, syntax as ast, types as t
from verifier.golang.check_convert import assign, incomparable, settle, settle_default
from verifier.golang.check_operand import Operand, deref, is_integer, is_string, is_untyped
from verifier.golang.check_operator import matched
from verifier.golang.check_show import describe, show
from verifier.golang.check_slice import append, copy
from verifier.golang.check_state import Checker
from verifier.source import fail

CLAUSE_BUILTINS = ("len", "cap", "min", "max")
"""Built-ins that only look: the ones a clause may use."""

_COUNTS = {
    "len": (1, 1),
    "cap": (1, 1),
    "make": (1, 3),
    "new": (1, 1),
    "delete": (2, 2),
    "clear": (1, 1),
    "panic": (1, 1),
    "recover": (0, 0),
    "copy": (2, 2),
    "close": (1, 1),
    "append": (1, 99),
    "min": (1, 99),
    "max": (1, 99),
    "print": (0, 99),
    "println": (0, 99),
}


def builtin(c: Checker, e: ast.Call, name: str) -> Operand:
    """A call of the predeclared function `name`."""
    fewest, most = _COUNTS.get(name, (0, 99))
    if not fewest <= len(e.args) <= most:
        how = "not enough" if len(e.args) < fewest else "too many"
        given = f"expected {fewest if len(e.args) < fewest else most}, found {len(e.args)}"
        raise fail(f"{how} arguments for {show(e)} ({given})", e.span)
    if name not in _BUILTINS:
        raise fail(f"{name} may only be used in a clause", e.span)
    return _BUILTINS[name](c, e)


def _nothing(e: ast.Call) -> Operand:
    return Operand(e, t.Mode.NOVALUE, t.VOID)


def _len(c: Checker, e: ast.Call) -> Operand:
    x, name = c.expr(e.args[0]), show(e.fun)
    if name == "len" and is_string(x.type):
        if isinstance(x.value, str):
            settle_default(c, x)
            return Operand(e, t.Mode.CONST, t.INT, len(x.value.encode()))
        raise fail(f"cannot take the length of {describe(x)}: strings are opaque constants here", e.span)
    behind = deref(x.type)
    u = t.underlying(behind) if behind is not None else t.underlying(x.type)
    if isinstance(u, t.Array):
        calls = _has_call(e.args[0])
        return Operand(e, t.Mode.VALUE if calls else t.Mode.CONST, t.INT, None if calls else u.length)
    if behind is None and (isinstance(u, t.Slice | t.Chan) or (isinstance(u, t.Map) and name == "len")):
        return Operand(e, t.Mode.VALUE, t.INT)
    raise fail(f"invalid argument: {describe(x)} for built-in {name}", e.args[0].span)


def _has_call(e: ast.Expr) -> bool:
    match e:
        case ast.Call():
            return True
        case ast.Unary(op="<-"):
            return True
        case ast.Selector() | ast.Star() | ast.Unary() | ast.TypeAssert():
            return _has_call(e.x)
        case ast.Index():
            return _has_call(e.x) or _has_call(e.index)
        case ast.Slicing():
            return any(part is not None and _has_call(part) for part in (e.x, e.low, e.high, e.most))
        case ast.CompositeLit():
            return any(_has_call(element.value) for element in e.elements)
        case _:
            return False


def _make(c: Checker, e: ast.Call) -> Operand:
    of = c.type_of(e.args[0])
    u = t.underlying(of)
    if not isinstance(u, t.Map | t.Slice | t.Chan):
        raise fail(
            f"invalid argument: cannot make {show(e.args[0])}; type must be slice, map, or channel", e.args[0].span
        )
    if isinstance(u, t.Chan) and u.elem is library.TIME:
        raise fail("channels of time.Time are those of timers only", e.args[0].span, "send a struct{} or an int")
    if isinstance(u, t.Slice) and len(e.args) < 2:
        raise fail(f"invalid operation: {show(e)} expects 2 or 3 arguments; found {len(e.args)}", e.span)
    if isinstance(u, t.Map | t.Chan) and len(e.args) > 2:
        raise fail(f"invalid operation: {show(e)} expects 1 or 2 arguments; found {len(e.args)}", e.span)
    sizes: list[int | str | bool | None] = []
    for size in e.args[1:]:
        n = c.expr(size)
        if not is_integer(n.type):
            raise fail(f"cannot convert {describe(n)} to type int", size.span)
        if isinstance(n.value, int) and n.value < 0:
            raise fail(f"invalid argument: index {describe(n)} must not be negative", size.span)
        sizes.append(settle(c, n, t.INT).value)
    match sizes:
        case [int() as length, int() as capacity] if length > capacity:
            raise fail("invalid argument: length and capacity swapped", e.args[1].span)
    return Operand(e, t.Mode.VALUE, of)


def _new(c: Checker, e: ast.Call) -> Operand:
    x = c.raw(e.args[0])
    if x.mode is t.Mode.TYPE:
        return Operand(e, t.Mode.VALUE, t.Pointer(c.type_of(e.args[0])))
    if c.lang < 126:
        raise fail(f"{show(e.args[0])} is not a type", e.args[0].span, "new(value) requires go1.26 or later")
    x = assign(c, c.expr(e.args[0]), None, "argument to new")
    return Operand(e, t.Mode.VALUE, t.Pointer(x.type))


def _delete(c: Checker, e: ast.Call) -> Operand:
    m = c.expr(e.args[0])
    u = t.underlying(m.type)
    if not isinstance(u, t.Map):
        raise fail(f"invalid argument: {describe(m)} is not a map", e.args[0].span)
    assign(c, c.expr(e.args[1]), u.key, "argument to delete")
    return _nothing(e)


def _clear(c: Checker, e: ast.Call) -> Operand:
    x = c.expr(e.args[0])
    if not isinstance(t.underlying(x.type), t.Map | t.Slice):
        raise fail(f"invalid argument: clear {describe(x)} must be a map or slice", e.args[0].span)
    return _nothing(e)


def _panic(c: Checker, e: ast.Call) -> Operand:
    assign(c, c.expr(e.args[0]), t.ANY, "argument to panic")
    return _nothing(e)


def _recover(_c: Checker, e: ast.Call) -> Operand:
    return Operand(e, t.Mode.VALUE, t.ANY)


def _close(c: Checker, e: ast.Call) -> Operand:
    x = c.expr(e.args[0])
    u = t.underlying(x.type)
    if not isinstance(u, t.Chan):
        raise fail(f"invalid operation: cannot close non-channel {describe(x)}", e.args[0].span)
    if u.direction == "receive":
        raise fail(f"invalid operation: cannot close receive-only channel {describe(x)}", e.args[0].span)
    return _nothing(e)


def _extreme(c: Checker, e: ast.Call) -> Operand:
    name = show(e.fun)
    best: Operand | None = None
    for arg in e.args:
        x = c.expr(arg)
        if not is_integer(x.type) and not (is_string(x.type) and x.value is not None):
            raise fail(f"invalid argument: {describe(x)} cannot be ordered", arg.span)
        best = x if best is None else _better(c, e, best, x, min if name == "min" else max)
    assert best is not None
    if not is_untyped(best.type):
        for arg in e.args:
            settle(c, Operand(arg, t.Mode.VALUE, c.info.types[arg].type), best.type)
    mode = t.Mode.VALUE if best.value is None else t.Mode.CONST
    return Operand(e, mode, best.type, best.value)


def _better(c: Checker, e: ast.Call, x: Operand, y: Operand, pick: Callable[[Any, Any], Any]) -> Operand:
    x, y = matched(c, e, x, y, show(e.fun))
    if x.type != y.type:
        raise fail(f"invalid argument: mismatched types {x.type} and {y.type} in {show(e)}", y.expr.span)
    if x.value is None or y.value is None:
        return Operand(y.expr, t.Mode.VALUE, x.type)
    return Operand(y.expr, t.Mode.CONST, x.type, pick(x.value, y.value))


def _print(c: Checker, e: ast.Call) -> Operand:
    for arg in e.args:
        x = assign(c, c.expr(arg), None, f"argument to built-in {show(e.fun)}")
        if incomparable(x.type) and isinstance(t.underlying(x.type), t.Struct):
            raise fail(f"invalid argument: {describe(x)} cannot be printed", arg.span)
    return _nothing(e)


_BUILTINS: dict[str, Callable[[Checker, ast.Call], Operand]] = {
    "len": _len,
    "cap": _len,
    "make": _make,
    "new": _new,
    "delete": _delete,
    "clear": _clear,
    "panic": _panic,
    "recover": _recover,
    "append": append,
    "copy": copy,
    "close": _close,
    "min": _extreme,
    "max": _extreme,
    "print": _print,
    "println": _print,
}
