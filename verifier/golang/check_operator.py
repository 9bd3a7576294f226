"""Operators: unary, binary, comparison, shift, indirection."""

from __future__ import annotations

from verifier.golang import check_const, syntax as ast, types as t
from verifier.golang.check_convert import (
    COMPARISONS,
    SHIFTS,
    assignable,
    has_nil,
    implicit_type,
    incomparable,
    settle,
    settle_default,
)
from verifier.golang.check_operand import (
    Operand,
    default_type,
    deref,
    is_boolean,
    is_integer,
    is_string,
    is_untyped,
)
from verifier.golang.check_show import describe, show
from verifier.golang.check_state import Checker
from verifier.source import fail


def star(c: Checker, e: ast.Star) -> Operand:
    """`*x`: a pointer type or an indirection."""
    x = c.raw(e.x)
    if x.mode is t.Mode.TYPE:
        return Operand(e, t.Mode.TYPE, t.Pointer(c.type_of(e.x)))
    if x.mode in (t.Mode.BUILTIN, t.Mode.NOVALUE, t.Mode.PACKAGE) or isinstance(x.type, t.Tuple):
        x = c.expr(e.x)
    if x.is_nil:
        raise fail("invalid operation: cannot indirect nil", e.x.span)
    behind = deref(x.type)
    if behind is None:
        raise fail(f"invalid operation: cannot indirect {describe(x)}", e.x.span)
    return Operand(e, t.Mode.VARIABLE, behind)


def unary(c: Checker, e: ast.Unary) -> Operand:
    """`op x` with op one of + - ! ^ & <-."""
    if e.op == "&":
        return _address(c, e)
    if e.op == "<-":
        return _receive(c, e)
    x = c.expr(e.x)
    allowed = is_boolean(x.type) if e.op == "!" else is_integer(x.type)
    if not allowed:
        raise fail(f"invalid operation: operator {e.op} not defined on {describe(x)}", e.x.span)
    if x.value is None:
        return Operand(e, t.Mode.VALUE, x.type)
    return _folded(e, check_const.unary(e.op, x.value, x.type), x.type)


def _receive(c: Checker, e: ast.Unary) -> Operand:
    if c.in_clause:
        raise fail("a clause may not receive from a channel", e.span, "it may look at `len` of a channel")
    x = c.expr(e.x)
    u = t.underlying(x.type)
    if not isinstance(u, t.Chan):
        raise fail(f"invalid operation: cannot receive from non-channel {describe(x)}", e.span)
    if u.direction == "send":
        raise fail(f"invalid operation: cannot receive from send-only channel {describe(x)}", e.span)
    return Operand(e, t.Mode.COMMAOK, u.elem)


def _address(c: Checker, e: ast.Unary) -> Operand:
    if c.in_clause:
        raise fail("a clause may not take an address", e.span, "compare with a variable that holds the pointer")
    x = c.expr(e.x)
    if x.mode is not t.Mode.VARIABLE and not isinstance(e.x, ast.CompositeLit):
        notes = ("map elements are not addressable: copy it to a variable first",)
        in_map = x.mode is t.Mode.MAPINDEX
        raise fail(f"invalid operation: cannot take address of {describe(x)}", e.x.span, *(notes if in_map else ()))
    return Operand(e, t.Mode.VALUE, t.Pointer(x.type))


def _folded(e: ast.Expr, value: check_const.Value | None, of: t.Type) -> Operand:
    """A constant result of type `of`. Raises ModelError when it does not fit."""
    assert value is not None
    x = Operand(e, t.Mode.CONST, of, value)
    if not is_untyped(of) and not check_const.representable(value, of):
        raise fail(f"{describe(x)} overflows {of}", e.span)
    if check_const.too_big(value):
        raise fail("constant overflow", e.span)
    return x


def binary(c: Checker, e: ast.Binary) -> Operand:
    """`x op y`."""
    return arithmetic(c, e, c.expr(e.x), c.expr(e.y), e.op)


def arithmetic(c: Checker, e: ast.Expr, x: Operand, y: Operand, op: str) -> Operand:
    """`x op y` for checked operands; `e` is the node the result belongs to (in `x op= y` the left side)."""
    if op in SHIFTS:
        return _shift(c, e, x, y, op)
    x, y = matched(c, e, x, y, op)
    if op in COMPARISONS:
        return _comparison(c, e, x, y, op)
    if x.type != y.type:
        raise _mismatched(e, x, y, op)
    _defined(x, op)
    if op in ("/", "%") and y.value == 0 and is_integer(y.type):
        raise fail("invalid operation: division by zero", y.expr.span)
    if x.value is not None and y.value is not None:
        return _folded(e, check_const.binary(op, x.value, y.value), x.type)
    if is_string(x.type):
        raise fail(
            f"cannot concatenate {describe(x if x.value is None else y)}: strings are opaque constants here",
            e.span,
            "only constant strings can be joined",
        )
    return Operand(e, t.Mode.VALUE, x.type)


def _defined(x: Operand, op: str) -> None:
    if op in ("&&", "||"):
        fine = is_boolean(x.type)
    else:
        fine = is_integer(x.type) or (op == "+" and is_string(x.type))
    if not fine:
        raise fail(f"invalid operation: operator {op} not defined on {describe(x)}", x.expr.span)


def _mismatched(e: ast.Expr, x: Operand, y: Operand, op: str) -> Exception:
    text = f"{show(x.expr)} {op} {show(y.expr)}"
    return fail(f"invalid operation: {text} (mismatched types {x.type} and {y.type})", e.span)


def matched(c: Checker, e: ast.Expr, x: Operand, y: Operand, op: str) -> tuple[Operand, Operand]:
    """Both operands with untyped ones converted to the other's type."""
    if not (is_untyped(x.type) or is_untyped(y.type)) or (x.is_nil and y.is_nil):
        return x, y
    to_x, to_y = implicit_type(x, y.type), implicit_type(y, x.type)
    if is_untyped(x.type) and is_untyped(y.type):
        if to_x is None or to_y is None:
            raise _mismatched(e, x, y, op)
        return settle(c, x, to_x), settle(c, y, to_x)
    loose, other, of = (x, y, to_x) if is_untyped(x.type) else (y, x, to_y)
    if of is None:
        raise _unfit(e, loose, other, x, y, op)
    settled = settle(c, loose, of)
    return (settled, y) if loose is x else (x, settled)


def _unfit(e: ast.Expr, loose: Operand, other: Operand, x: Operand, y: Operand, op: str) -> Exception:
    text = f"{show(x.expr)} {op} {show(y.expr)}"
    if loose.is_nil:
        return fail(f"invalid operation: {text} (mismatched types {x.type} and {y.type})", loose.expr.span)
    if isinstance(loose.value, int) and is_integer(loose.type) and is_integer(other.type):
        return fail(f"{describe(loose)} overflows {other.type}", loose.expr.span)
    if isinstance(t.underlying(other.type), t.Basic):
        same = any(kind(loose.type) and kind(other.type) for kind in (is_integer, is_string, is_boolean))
        if not same:
            return fail(f"invalid operation: {text} (mismatched types {x.type} and {y.type})", e.span)
    return fail(f"cannot convert {describe(loose)} to type {other.type}", loose.expr.span)


def _comparison(c: Checker, e: ast.Expr, x: Operand, y: Operand, op: str) -> Operand:
    text = f"{show(x.expr)} {op} {show(y.expr)}"
    if x.is_nil and y.is_nil:
        raise fail(f"invalid operation: {text} (operator {op} not defined on nil)", e.span)
    if assignable(x, y.type) is not None and assignable(y, x.type) is not None:
        raise _mismatched(e, x, y, op)
    why = _uncomparable(x, y) if op in ("==", "!=") else _unordered(x, y, op)
    if why is not None:
        raise fail(f"invalid operation: {text} ({why})", e.span)
    if x.value is not None and y.value is not None:
        return Operand(e, t.Mode.CONST, t.UNTYPED_BOOL, check_const.compare(op, x.value, y.value))
    # The operands reach their final type here; the result stays an untyped bool.
    if is_untyped(x.type):
        settle_default(c, x)
        settle_default(c, y)
    return Operand(e, t.Mode.VALUE, t.UNTYPED_BOOL)


def _nil(x: Operand) -> bool:
    return isinstance(x.expr, ast.Ident) and x.expr.name == "nil"


def _uncomparable(x: Operand, y: Operand) -> str | None:
    if _nil(x) or _nil(y):
        other = y if _nil(x) else x
        return None if has_nil(other.type) else f"mismatched types {x.type} and {y.type}"
    return incomparable(x.type) or incomparable(y.type)


def _unordered(x: Operand, y: Operand, op: str) -> str | None:
    if is_integer(x.type) or (is_string(x.type) and x.value is not None and y.value is not None):
        return None
    if is_string(x.type):
        return "strings are opaque constants here, they have no order"
    return f"operator {op} not defined on {_kind(x.type)}"


def _kind(of: t.Type) -> str:
    u = t.underlying(default_type(of))
    return u.name if isinstance(u, t.Basic) else type(u).__name__.lower()


def _shift(c: Checker, e: ast.Expr, x: Operand, y: Operand, op: str) -> Operand:
    text = f"{show(x.expr)} {op} {show(y.expr)}"
    if not is_integer(x.type):
        raise fail(f"invalid operation: shifted operand {describe(x)} must be integer", x.expr.span)
    if not is_integer(y.type):
        raise fail(f"invalid operation: shift count {describe(y)} must be integer", y.expr.span)
    if isinstance(y.value, int) and y.value < 0:
        raise fail(f"invalid operation: negative shift count {describe(y)}", y.expr.span)
    if is_untyped(y.type):
        y = settle(c, y, t.Basic("uint"))
    if isinstance(x.value, int) and isinstance(y.value, int):
        value = check_const.shift(op, x.value, y.value)
        if value is None:
            raise fail(f"invalid operation: invalid shift count {text}", y.expr.span)
        return _folded(e, value, x.type)
    # An untyped constant shifted by a variable count takes the type that its context wants.
    return Operand(e, t.Mode.VALUE, x.type)
