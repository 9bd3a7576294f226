"""Composite literals: structs and arrays as values, maps, slices and `&T{}` as allocations."""

from __future__ import annotations

from verifier.golang import syntax as ast
from verifier.golang.lower import maps
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.order import hoist
from verifier.golang.lower.storage import allocate, function_in_data, numbers, snapshot, zero
from verifier.golang.lower.values import LeafValue, Value, is_func
from verifier.golang.types import Array, Map, Mode, Pointer, Primitive, Slice, Struct, Type, underlying
from verifier.program.expr import TRUE, ZERO, const
from verifier.records import dataclass


@dataclass(frozen=True, slots=True)
class _Part:
    path: str | int
    type: Type
    value: ast.Expr


def pointer_to(m: Machine, x: ast.CompositeLit) -> Value:
    """`&T{…}`: a new object."""
    t = m.info.types[x].type
    return allocate_value(m, Pointer(t), composite(m, x, t), x)


def allocate_value(m: Machine, t: Type, value: Value, at: ast.Expr) -> Value:
    """A new heap object of pointer type `t` that starts as `value`."""
    if m.layouts.by_content(t):
        return Value(t, (TRUE, *numbers(m, value)))
    return Value(t, (allocate(m, t, numbers(m, value), f"{value.type}@{at.span.site}"),))


def composite(m: Machine, x: ast.CompositeLit, t: Type) -> Value:
    """`T{…}`; with `t` a pointer type (elided `&T` in an outer literal) a new object."""
    u = underlying(t)
    match u:
        case Pointer():
            return allocate_value(m, t, composite(m, x, u.elem), x)
        case Struct():
            return _aggregate(m, t, _struct_parts(x, u))
        case Array():
            return _aggregate(m, t, _array_parts(m, x, u.elem))
        case Slice():
            return _slice(m, x, t, u)
        case Map():
            return _map(m, x, t, u)
        case Primitive():
            return zero(m, t)
        case _:
            raise m.unsupported(f"a composite literal of {t} is not supported", x.span)


def _struct_parts(x: ast.CompositeLit, t: Struct) -> list[_Part]:
    out = []
    by_name = {f.name: f for f in t.fields}
    for i, e in enumerate(x.elements):
        f = by_name[e.key.name] if isinstance(e.key, ast.Ident) else t.fields[i]
        out.append(_Part(f.name, f.type, e.value))
    return out


def _array_parts(m: Machine, x: ast.CompositeLit, elem: Type) -> list[_Part]:
    out, at = [], 0
    for e in x.elements:
        if e.key is not None:
            known = m.info.types[e.key].value
            assert isinstance(known, int)
            at = known
        out.append(_Part(at, elem, e.value))
        at += 1
    return out


def _values(m: Machine, parts: list[_Part]) -> list[Value]:
    hoist(m, *(p.value for p in parts))
    return [element(m, p.value, p.type) for p in parts]


def element(m: Machine, x: ast.Expr, t: Type) -> Value:
    """An element of a literal, whose own type may be elided."""
    if is_func(t):
        raise function_in_data(m, x.span)
    if isinstance(x, ast.CompositeLit) and x.type is None:
        return composite(m, x, t)
    return m.value(x, t)


def _aggregate(m: Machine, t: Type, parts: list[_Part]) -> Value:
    leaves = m.layouts.leaves(t)
    cells: dict[tuple[str | int, ...], LeafValue] = {x.path: ZERO for x in leaves}
    for p, value in zip(parts, _values(m, parts), strict=True):
        for x, v in zip(m.layouts.leaves(p.type), value.leaves, strict=True):
            cells[(p.path, *x.path)] = v
    return Value(t, tuple(cells[x.path] for x in leaves))


def _slice(m: Machine, x: ast.CompositeLit, t: Type, u: Slice) -> Value:
    parts = _array_parts(m, x, u.elem)
    length = max((int(p.path) + 1 for p in parts), default=0)
    return make_slice(m, t, length, x, parts)


def make_slice(m: Machine, t: Type, length: int, at: ast.Expr, parts: list[_Part] | None = None) -> Value:
    """A slice over a new array of constant length."""
    u = underlying(t)
    assert isinstance(u, Slice)
    whole = _aggregate(m, Array(m.layouts.longest_slice, u.elem), parts or [])
    leaf = allocate(m, t, numbers(m, whole), f"{t}@{at.span.site}")
    m.slice_lengths[m.tm.regions[-1]] = length
    if m.layouts.grows(t):
        return Value(t, (leaf, ZERO, const(length), const(length)))
    return Value(t, (leaf,))


def _map(m: Machine, x: ast.CompositeLit, t: Type, u: Map) -> Value:
    entries = []
    for e in x.elements:
        assert e.key is not None
        known = m.info.types[e.key]
        if known.mode is not Mode.CONST or known.value is None:
            raise m.unsupported(
                "a map literal with keys that are not constants is not supported yet",
                e.key.span,
                "make an empty map and assign the entries",
            )
        # Each entry is evaluated and stored before the next one is looked at, as gc does.
        value = snapshot(m, element(m, e.value, u.elem))
        index = maps.key_index(m, u, known.value)
        if not 0 <= index < m.layouts.map_keys(u):
            m.fail_if(TRUE, "bound", maps.outside_domain(m, u))
        entries.append((index, value))
    return Value(t, (maps.make_map(m, t, tuple(entries), f"map@{x.span.site}"),))


def new_object(m: Machine, x: ast.Call) -> Value:
    """`new(T)`, and since Go 1.26 `new(value)`."""
    known = m.info.types[x.args[0]]
    t = underlying(m.info.types[x].type)
    assert isinstance(t, Pointer)
    value = zero(m, t.elem) if known.mode is Mode.TYPE else m.value(x.args[0], t.elem)
    return allocate_value(m, t, value, x)
