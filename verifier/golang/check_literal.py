"""Literals: basic, composite (with elided inner types) and function literals."""

from __future__ import annotations

from verifier.golang import syntax as ast, types as t
from verifier.golang.check_const import representable
from verifier.golang.check_convert import assign, settle
from verifier.golang.check_operand import UNTYPED_RUNE, Operand, deref, is_integer
from verifier.golang.check_show import constant, describe, nearest, show
from verifier.golang.check_state import Checker
from verifier.golang.check_types import function_info
from verifier.source import Note, Span, fail


def basic(_c: Checker, e: ast.BasicLit) -> Operand:
    """A number, a character or a string."""
    kinds = {"INT": t.UNTYPED_INT, "CHAR": UNTYPED_RUNE, "STRING": t.UNTYPED_STRING}
    if e.kind not in kinds:
        raise fail(f"{e.kind.lower()} literals are not supported", e.span)
    return Operand(e, t.Mode.CONST, kinds[e.kind], e.value)


def function(c: Checker, e: ast.FuncLit) -> Operand:
    """`func(…) … { … }`: its body is checked at once, in the scope where it stands."""
    if c.in_clause:
        raise fail("a clause may not contain a function literal", e.span)
    info = function_info(c, e.type)
    c.info.literals[e] = info
    c.info.types[e.type] = t.TypeAndValue(info.signature, t.Mode.TYPE)
    c.check_function(c, info, None, e.body)
    return Operand(e, t.Mode.VALUE, info.signature)


def composite(c: Checker, e: ast.CompositeLit) -> Operand:
    """`T{…}`."""
    if e.type is None:
        raise fail("invalid composite literal: missing type", e.span)
    of = _literal_type(c, e.type, e)
    return _filled(c, e, of, of)


def _literal_type(c: Checker, e: ast.Expr, literal: ast.CompositeLit) -> t.Type:
    counted = isinstance(e, ast.ArrayType) and isinstance(e.length, ast.Ident) and e.length.name == "..."
    if not counted or not isinstance(e, ast.ArrayType):
        return c.type_of(e)
    # The length is known only after the indices are; they are constants, so look at them first.
    of = t.Array(_count(c, literal), c.type_of(e.elem))
    c.info.types[e] = t.TypeAndValue(of, t.Mode.TYPE)
    return of


def _count(c: Checker, e: ast.CompositeLit) -> int:
    longest = position = 0
    for element in e.elements:
        if element.key is not None:
            position = _position(c, element.key, None)
        position += 1
        longest = max(longest, position)
    return longest


def _filled(c: Checker, e: ast.CompositeLit, of: t.Type, base: t.Type) -> Operand:
    u = t.underlying(base)
    match u:
        case t.Struct():
            _struct(c, e, base, u)
        case t.Array():
            _sequence(c, e, u.elem, u.length)
        case t.Slice():
            _sequence(c, e, u.elem, None)
        case t.Map():
            _map(c, e, u)
        case t.Primitive():
            if e.elements:
                raise fail(f"cannot set fields of {base}: they are not exported", e.span)
        case _:
            raise fail(f"invalid composite literal type {of}", e.span)
    return Operand(e, t.Mode.VALUE, of)


def _element(c: Checker, e: ast.Expr, of: t.Type, context: str) -> Operand:
    """Check an element or key that must have type `of`; an elided literal takes it (or what it points to)."""
    if not isinstance(e, ast.CompositeLit) or e.type is not None:
        return assign(c, c.expr(e), of, context)
    x = _filled(c, e, of, deref(of) or of)
    c.record(x)
    return x


def _struct(c: Checker, e: ast.CompositeLit, of: t.Type, u: t.Struct) -> None:
    keyed = [element for element in e.elements if element.key is not None]
    if keyed and len(keyed) < len(e.elements):
        odd = next(element for element in e.elements if element.key is None)
        raise fail("mixture of field:value and value elements in struct literal", odd.span)
    if keyed:
        _keyed(c, e, of, u)
        return
    for element, f in zip(e.elements, u.fields, strict=False):
        _element(c, element.value, f.type, "struct literal")
    if len(e.elements) > len(u.fields):
        raise fail(f"too many values in struct literal of type {of}", e.elements[len(u.fields)].span)
    if 0 < len(e.elements) < len(u.fields):
        missing = ", ".join(f.name for f in u.fields[len(e.elements) :])
        raise fail(f"too few values in struct literal of type {of}", e.span, f"missing: {missing}")


def _keyed(c: Checker, e: ast.CompositeLit, of: t.Type, u: t.Struct) -> None:
    fields = {f.name: f for f in u.fields}
    seen: dict[str, Span] = {}
    for element in e.elements:
        key = element.key
        if not isinstance(key, ast.Ident):
            raise fail(f"invalid field name {show(key) if key else ''} in struct literal", element.span)
        if key.name not in fields:
            message = f"unknown field {key.name} in struct literal of type {of}"
            raise fail(message, key.span, *nearest(key.name, fields))
        if key.name in seen:
            note = Note("previous value", seen[key.name])
            raise fail(f"duplicate field name {key.name} in struct literal", key.span, note)
        seen[key.name] = key.span
        _element(c, element.value, fields[key.name].type, "struct literal")


def _position(c: Checker, key: ast.Expr, length: int | None) -> int:
    x = c.expr(key)
    if not isinstance(x.value, int) or not is_integer(x.type):
        raise fail(f"index {show(key)} must be integer constant", key.span)
    if x.value < 0:
        raise fail(f"invalid argument: index {describe(x)} must not be negative", key.span)
    if not representable(x.value, t.INT):
        raise fail(f"cannot use {describe(x)} as int value in array or slice literal (overflows)", key.span)
    settle(c, x, t.INT)
    if length is not None and x.value >= length:
        raise fail(f"invalid argument: index {x.value} out of bounds [0:{length}]", key.span)
    return x.value


def _sequence(c: Checker, e: ast.CompositeLit, elem: t.Type, length: int | None) -> None:
    seen: set[int] = set()
    position = 0
    for element in e.elements:
        if element.key is not None:
            position = _position(c, element.key, length)
        if length is not None and position >= length:
            raise fail(f"invalid argument: index {position} out of bounds [0:{length}]", element.span)
        if position in seen:
            raise fail(f"duplicate index {position} in array or slice literal", element.span)
        seen.add(position)
        _element(c, element.value, elem, "array or slice literal")
        position += 1


def _map(c: Checker, e: ast.CompositeLit, u: t.Map) -> None:
    seen: dict[tuple[t.Type, int | str | bool], Span] = {}
    for element in e.elements:
        if element.key is None:
            raise fail("missing key in map literal", element.span)
        key = _element(c, element.key, u.key, "map literal")
        if key.value is not None:
            identity = (key.type, key.value)
            if identity in seen:
                note = Note("previous key", seen[identity])
                raise fail(f"duplicate key {constant(key.value)} in map literal", element.key.span, note)
            seen[identity] = element.key.span
        _element(c, element.value, u.elem, "map literal")
