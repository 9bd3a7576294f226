"""Addressable operands: variables, fields, elements, indirections. Checks of the place itself stay pending.

A left side evaluates its operands first and is checked only when the assignment happens (Go spec, "Assignment
statements"); so a `Loc` carries the checks, and only what has to be loaded *on the way* is checked at once.
"""

from __future__ import annotations

from verifier.golang import syntax as ast
from verifier.golang.lower.elements import slot, view
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.storage import (
    deref,
    function_in_data,
    has_address,
    inside,
    load,
    materialize,
    pin,
    reference_sort,
    scalar,
    snapshot,
)
from verifier.golang.lower.values import Check, Dyn, Interior, Loc, Region, Value, is_func
from verifier.golang.lower.variables import variable
from verifier.golang.types import Array, Map, Pointer, Slice, StructField, Var, underlying
from verifier.program.expr import Const, Expr, any_of, const, equal, op
from verifier.records import replace

OUT_OF_RANGE = "runtime error: index out of range"


def place(m: Machine, x: ast.Expr) -> Loc | None:
    """The place `x` denotes, or None when it is not addressable (or its value is known without one)."""
    found = operand(m, x)
    return found if isinstance(found, Loc) else None


def operand(m: Machine, x: ast.Expr) -> Loc | Value:
    """The place of `x` when it has one, else its value: evaluated once in either case."""
    match x:
        case ast.Ident():
            var = m.info.uses.get(x) or m.info.defs.get(x)
            return variable(m, var) if isinstance(var, Var) else m.value(x)
        case ast.Star():
            return pointee(m, m.value(x.x))
        case ast.Selector() if x in m.info.selections and m.info.selections[x].kind == "field":
            return follow(m, operand(m, x.x), m.info.selections[x].path)
        case ast.Index() if not isinstance(underlying(m.info.types[x.x].type), Map):
            return _element(m, x)
        case _:
            return m.value(x)


def through(m: Machine, base: Loc | Value) -> Loc | Value:
    """`base` with an implicit dereference when it is a pointer."""
    if not isinstance(underlying(base.type), Pointer):
        return base
    return pointee(m, load(m, base) if isinstance(base, Loc) else base)


def pointee(m: Machine, pointer: Value) -> Loc | Value:
    """What a pointer points to: a place, or only a value where the pointer is kept by content."""
    if m.layouts.by_content(pointer.type):
        return inside(m, pointer)
    return deref(m, pointer.leaves[0], pointer.type)


def follow(m: Machine, base: Loc | Value, path: tuple[StructField, ...]) -> Loc | Value:
    """Walk a chain of fields, dereferencing pointers on the way."""
    for f in path:
        base = through(m, base)
        if isinstance(base, Loc):
            base = replace(base, path=(*base.path, f.name), type=f.type)
        else:
            base = field_of(m, base, f)
    return base


def field_of(m: Machine, value: Value, f: StructField) -> Value:
    """A field of a struct value that is not addressable."""
    if is_func(f.type):
        raise function_in_data(m)
    leaves = m.layouts.leaves(value.type)
    chosen = tuple(v for x, v in zip(leaves, value.leaves, strict=True) if x.path and x.path[0] == f.name)
    return Value(f.type, chosen)


def _element(m: Machine, x: ast.Index) -> Loc | Value:
    base_type = underlying(m.info.types[x.x].type)
    if isinstance(base_type, Slice):
        return slice_element(m, m.value(x.x), x)
    base = through(m, operand(m, x.x))
    if not isinstance(base, Loc):
        return element_of(m, base, scalar(m.value(x.index).leaves[0]))
    array = underlying(base.type)
    assert isinstance(array, Array)
    return at_index(m, base, scalar(m.value(x.index).leaves[0]), const(array.length), array.length, array)


def element_of(m: Machine, value: Value, index: Expr) -> Value:
    """An element of an array value that has no place; the index is checked now."""
    array = underlying(value.type)
    assert isinstance(array, Array)
    m.fail_if(any_of(op("<", index, Const(0)), op("<=", const(array.length), index)), "panic", OUT_OF_RANGE)
    size = len(m.layouts.leaves(array.elem))
    if isinstance(index, Const):
        start = size * (index.value if 0 <= index.value < array.length else 0)
        return Value(array.elem, value.leaves[start : start + size])
    specs = m.layouts.leaves(array.elem)
    out: list[Expr] = []
    for k, leaf in enumerate(specs):
        column = [materialize(m, value.leaves[i * size + k], leaf.spec) for i in range(array.length)]
        chosen: Expr = column[-1]
        for i in reversed(range(array.length - 1)):
            chosen = op("ite", equal(index, Const(i)), column[i], chosen)
        out.append(chosen)
    return Value(array.elem, tuple(out))


def at_index(m: Machine, base: Loc, index: Expr, length: Expr, size: int, array: Array | Slice) -> Loc:
    """An element of an array place; the bounds check stays pending."""
    outside = any_of(op("<", index, Const(0)), op("<=", length, index))
    checks = base.checks if outside == Const(0) else (*base.checks, Check(outside, "panic", OUT_OF_RANGE))
    if isinstance(index, Const):
        # Out of range is a panic for certain; any in-range path keeps the machine well formed behind it.
        step: int | Dyn = index.value if 0 <= index.value < size else 0
    else:
        step = Dyn(index, size)
    return replace(base, path=(*base.path, step), type=array.elem, checks=checks)


def slice_element(m: Machine, value: Value, x: ast.Index) -> Loc:
    """An element of a slice; that the index is within the length stays to be checked."""
    u = underlying(value.type)
    assert isinstance(u, Slice)
    grows = m.layouts.grows(value.type)
    index = m.value(x.index)
    if grows:
        # Offset and length are cells: the pending checks must see those of now.
        value, index = snapshot(m, value), snapshot(m, index)
    v, i = view(m, value), scalar(index.leaves[0])
    if not grows:
        base = deref(m, v.pointer, v.type)
        return at_index(m, replace(base, checks=()), i, v.length, m.layouts.longest_slice, u)
    inside = slot(m, v, i, u.elem)
    outside = any_of(op("<", i, Const(0)), op("<=", v.length, i))
    return replace(inside, checks=(Check(outside, "panic", OUT_OF_RANGE), *inside.checks))


def as_pointer(m: Machine, base: Loc) -> Value:
    """`&place` as a pointer value; the place's own nil check is made here, as Go does."""
    t = Pointer(base.type)
    has_address(m, t)
    m.settle_checks(base.checks)
    sort = reference_sort(m, t)
    if isinstance(base.base, Region):
        if not any(isinstance(c, Dyn) for c in base.path):
            return Value(t, (m.address(base, sort),))
    elif not base.path:
        return Value(t, (base.base.pointer,))
    return Value(t, (Interior(pin(m, replace(base, checks=()))),))
