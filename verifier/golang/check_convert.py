"""Untyped values taking a type, assignability, comparability and conversions (Go spec, "Properties of types")."""

from __future__ import annotations

from verifier.golang import library, syntax as ast, types as t
from verifier.golang.check_const import representable
from verifier.golang.check_locker import no_copy, note_boxed
from verifier.golang.check_lookup import why_not_implements
from verifier.golang.check_operand import (
    UNTYPED_RUNE,
    Operand,
    PoisonedError,
    default_type,
    deref,
    is_boolean,
    is_integer,
    is_string,
    is_untyped,
)
from verifier.golang.check_show import constant, describe
from verifier.golang.check_state import Checker
from verifier.records import replace
from verifier.source import Span, fail

_NILABLE = (t.Pointer, t.Signature, t.Slice, t.Map, t.Chan)
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
SHIFTS = ("<<", ">>")


def implicit_type(x: Operand, target: t.Type) -> t.Type | None:
    """The type an untyped `x` takes where `target` is wanted; None when it cannot. Overflow counts as cannot."""
    if is_untyped(target):
        numeric = is_integer(x.type) and is_integer(target)
        if numeric:
            return UNTYPED_RUNE if UNTYPED_RUNE in (x.type, target) else t.UNTYPED_INT
        return target if x.type == target else None
    u = t.underlying(target)
    if x.is_nil:
        return target if isinstance(u, (*_NILABLE, t.Interface)) else None
    if isinstance(u, t.Interface):
        return default_type(x.type)
    if not isinstance(u, t.Basic):
        return None
    if x.value is not None:
        return target if representable(x.value, target) else None
    fits = is_boolean if is_boolean(x.type) else is_string if is_string(x.type) else is_integer
    return target if fits(target) else None


def settle(c: Checker, x: Operand, of: t.Type) -> Operand:
    """Give untyped `x` the type `of`, in the records too; what is below a constant never becomes a value."""
    if not is_untyped(x.type):
        return x
    _settle(c, x.expr, of)
    return x.typed(of)


def _settle(c: Checker, e: ast.Expr, of: t.Type) -> None:
    known = c.info.types.get(e)
    if known is None or not is_untyped(known.type):
        return
    c.info.types[e] = replace(known, type=of)
    if known.value is not None:
        return
    match e:
        case ast.Unary():
            _settle(c, e.x, of)
        case ast.Binary() if e.op in SHIFTS:
            if not is_untyped(of) and not is_integer(of):
                raise fail(f"invalid operation: shifted operand must be integer, not {of}", e.x.span)
            _settle(c, e.x, of)
        case ast.Binary() if e.op not in COMPARISONS:
            _settle(c, e.x, of)
            _settle(c, e.y, of)
        case ast.Call():
            for arg in e.args:
                _settle(c, arg, of)
        case _:
            pass


def settle_default(c: Checker, x: Operand) -> Operand:
    """Give untyped `x` its default type; a constant must fit."""
    of = default_type(x.type)
    if x.value is not None and not representable(x.value, of):
        raise fail(f"cannot use {describe(x)} as {of} value in this place (overflows)", x.expr.span)
    return settle(c, x, of)


def assignable(x: Operand, to: t.Type) -> str | None:
    """None when typed `x` can be assigned to `to`, else the reason in gc's words (perhaps empty)."""
    of, want = x.type, t.underlying(to)
    if of == to:
        return None
    declared = isinstance(of, t.Named | t.Basic) and isinstance(to, t.Named | t.Basic)
    if not declared and t.underlying(of) == want and not isinstance(of, t.Primitive):
        return None
    if not declared and _narrowed(of, to):
        return None
    if isinstance(want, t.Interface):
        why = why_not_implements(of, want)
        return None if why is None else f"{of} does not implement {to} ({why})"
    have = t.underlying(of)
    if isinstance(have, t.Interface) and why_not_implements(to, have) is None:
        return "need type assertion"
    return ""


def _narrowed(of: t.Type, to: t.Type) -> bool:
    """Whether a channel that sends and receives becomes one that only does one of both."""
    have, want = t.underlying(of), t.underlying(to)
    both = isinstance(have, t.Chan) and isinstance(want, t.Chan) and not have.direction
    unnamed = not (isinstance(of, t.Named) and isinstance(to, t.Named))
    return both and unnamed and have.elem == want.elem  # type: ignore[union-attr]


def assign(c: Checker, x: Operand, to: t.Type | None, context: str, at: Span | None = None) -> Operand:
    """Check that `x` may be assigned to a variable of type `to` (None: the variable takes x's type).

    `context` ends the message: `assignment`, `argument to f`, … Raises ModelError.
    """
    place = at or x.expr.span
    if to in c.broken:
        raise PoisonedError
    if to is None:
        if x.is_nil:
            raise fail(f"use of untyped nil in {context}", place)
        of = default_type(x.type)
        if x.value is not None and not representable(x.value, of):
            raise fail(f"cannot use {describe(x)} as {of} value in {context} (overflows)", place)
        no_copy(x)
        return settle(c, x, of)
    what = f"cannot use {describe(x)} as {to} value in {context}"
    if is_untyped(x.type):
        of_target = implicit_type(x, to)
        if of_target is None:
            too_large = isinstance(x.value, int) and is_integer(x.type) and is_integer(to)
            raise (
                fail(f"{what} (overflows)", place, f"constant {x.value} overflows {to}")
                if too_large
                else fail(what, place)
            )
        x = settle(c, x, of_target)
    why = assignable(x, to)
    if why is not None:
        raise fail(f"{what}: {why}" if why else what, place)
    no_copy(x)
    note_boxed(c, x, to)
    return x


def incomparable(of: t.Type) -> str | None:
    """Why values of the type cannot be compared with ==, in gc's words; None when they can."""
    u = t.underlying(of)
    if of is library.TIME:
        return "a model has no clock"
    match u:
        case t.Map() | t.Signature() | t.Slice():
            kind = {t.Map: "map", t.Signature: "func", t.Slice: "slice"}[type(u)]
            return f"{kind} can only be compared to nil"
        case t.Array():
            return f"{of} cannot be compared" if incomparable(u.elem) else None
        case t.Struct():
            if isinstance(of, t.Named) and of.origin is not None and not of.args and "·" in {f.name for f in u.fields}:
                # A stand-in for a type parameter.
                return "incomparable types in type set" if incomparable(u.fields[0].type) else None
            bad = next((f for f in u.fields if incomparable(f.type)), None)
            return f"struct containing {bad.type} cannot be compared" if bad else None
        case t.Primitive():
            return f"values of type {of} cannot be compared here"
        case _:
            return None


def has_nil(of: t.Type) -> bool:
    """A type whose zero value is written nil."""
    return isinstance(t.underlying(of), (*_NILABLE, t.Interface)) or of == t.NIL


def convert(c: Checker, x: Operand, to: t.Type, call: ast.Call) -> Operand:
    """The conversion `to(x)`. Raises ModelError when Go forbids it or models have no such values."""
    u = t.underlying(to)
    if x.value is not None and isinstance(u, t.Basic) and _same_kind(x.type, to):
        if not representable(x.value, to):
            raise fail(f"constant {constant(x.value)} overflows {to}", x.expr.span)
        if is_untyped(x.type):
            x = settle(c, x, to)
        return Operand(call, t.Mode.CONST, to, x.value)
    if is_untyped(x.type):
        of = implicit_type(x, to)
        if of is None:
            raise _cannot_convert(x, to)
        x = settle(c, x, of)
    if not _convertible(x, to):
        raise _cannot_convert(x, to)
    no_copy(x)
    note_boxed(c, x, to)
    return Operand(call, t.Mode.VALUE, to)


def _same_kind(of: t.Type, to: t.Type) -> bool:
    return any(kind(of) and kind(to) for kind in (is_integer, is_boolean, is_string))


def _convertible(x: Operand, to: t.Type) -> bool:
    if assignable(x, to) is None or _same_kind(x.type, to):
        return True
    have, want = t.underlying(x.type), t.underlying(to)
    if have == want and not isinstance(have, t.Primitive):
        return True
    if isinstance(x.type, t.Pointer) and isinstance(to, t.Pointer):
        inner, outer = deref(x.type), deref(to)
        return inner is not None and outer is not None and t.underlying(inner) == t.underlying(outer)
    return False


def _cannot_convert(x: Operand, to: t.Type) -> Exception:
    notes: tuple[str, ...] = ()
    if is_string(to) and (is_integer(x.type) or isinstance(t.underlying(x.type), t.Slice)):
        notes = ("strings are opaque constants here: they cannot be made from numbers or bytes",)
    elif isinstance(t.underlying(to), t.Slice) and is_string(x.type):
        notes = ("strings are opaque constants here: they cannot be taken apart",)
    return fail(f"cannot convert {describe(x)} to type {to}", x.expr.span, *notes)
