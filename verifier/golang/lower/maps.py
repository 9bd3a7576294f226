"""Map operations: the map object behind a reference, keys inside the model's domain, and the fragments of `gosem`."""

from __future__ import annotations

from types import ModuleType

from verifier.golang import syntax as ast
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.storage import allocate, deref, function_in_data, is_nil, numbers, scalar
from verifier.golang.lower.values import Dyn, LeafValue, Loc, Value, is_func
from verifier.golang.types import INT, Basic, Map, Pointer, Type, underlying
from verifier.gosem import gomap, hmap, swiss
from verifier.gosem.gomap import MapObject
from verifier.program.expr import ZERO, Const, Expr, Own, Read, Ref, any_of, both, const, ite, negate, op, total
from verifier.program.program import Bool, Domain


def map_type(t: Type) -> Map:
    """The map type underneath."""
    u = underlying(t)
    assert isinstance(u, Map)
    return u


def rules(m: Machine) -> ModuleType:
    """The map semantics in use: abstract, or the runtime's own steps."""
    return {"": gomap, "swiss": swiss, "hmap": hmap}[m.settings.runtime]


def extra(m: Machine) -> tuple[object, ...]:
    """The scratch-cell maker the runtime fragments ask for; the abstract ones need none."""
    return (m.temp,) if m.settings.runtime else ()


def map_object(m: Machine, value: Value) -> MapObject:
    """The map object a map value refers to, as `gosem` wants it."""
    t = map_type(value.type)
    leaf = value.leaves[0]
    keys = m.layouts.map_keys(t)
    base = deref(m, leaf, value.type)
    inner = [x.path for x in m.layouts.leaves(t.elem)]

    def cells(*path: str | int | Expr) -> Ref:
        where = tuple(p if isinstance(p, str | int) else _index(p, keys) for p in path)
        return m.ref(Loc(base.base, where, t, shared=True))

    slot: tuple[str, ...] = ("slots",) if m.settings.runtime else ()

    def values(k: Expr | int) -> tuple[Ref, ...]:
        return tuple(cells(*slot, k, "value", *p) for p in inner)

    return MapObject(cells, keys, is_nil(leaf), values)


def _index(e: Expr, size: int) -> int | Dyn:
    return e.value if isinstance(e, Const) and 0 <= e.value < size else Dyn(e, size)


def key_value(m: Machine, t: Map, x: ast.Expr) -> Expr:
    """A key operand inside the domain; a key outside it is a `bound` failure, never another key."""
    value = m.value(x, t.key)
    u = underlying(t.key)
    if not isinstance(u, Basic):
        raise m.unsupported(
            f"map keys of type {t.key} are not supported yet", x.span, "use a string, integer or bool key"
        )
    leaf = scalar(value.leaves[0])
    size = m.layouts.map_keys(t)
    if u.name not in ("bool", "string"):
        outside = any_of(op("<", leaf, ZERO), op("<=", Const(size), leaf))
        m.fail_if(outside, "bound", outside_domain(m, t))
        if isinstance(leaf, Const) and not 0 <= leaf.value < size:
            return ZERO
    return leaf


def outside_domain(m: Machine, t: Map) -> str:
    """The message for a key that the model has no room for."""
    return f"integer map key outside 0..{m.layouts.map_keys(t) - 1} (bounds: keys)"


def lookup(m: Machine, x: ast.Index) -> tuple[Value, Expr]:
    """`m[k]`: the value (zero when absent) and whether it was there."""
    holder = m.value(x.x)
    t = map_type(holder.type)
    return lookup_at(m, holder, key_value(m, t, x.index))


def lookup_at(m: Machine, holder: Value, key: Expr) -> tuple[Value, Expr]:
    """`holder[key]` for operands that were evaluated before."""
    t = map_type(holder.type)
    if is_func(t.elem):
        raise function_in_data(m)
    obj = map_object(m, holder)
    if m.pure:
        there = both(negate(obj.is_nil), Read(obj.cells(key, "present")))
        return Value(t.elem, tuple(ite(there, Read(r), ZERO) for r in obj.values(key))), there
    out = m.temps(t.elem, "v")
    found = m.temp("found", Bool())
    pointerlike = {"pointerlike": isinstance(underlying(t.elem), Pointer)} if m.settings.runtime else {}
    m.fragment(rules(m).lookup(obj, key, out, found, *extra(m), **pointerlike))
    return Value(t.elem, tuple(Read(r) for r in out)), Read(found)


def assign(m: Machine, holder: Value, key: Expr, value: Value) -> None:
    """`holder[key] = value`; assigning to a nil map panics here, in phase two."""
    m.fragment(rules(m).assign(map_object(m, holder), key, numbers(m, value), *extra(m)))


def delete(m: Machine, holder: Value, key: Expr) -> None:
    """`delete(holder, key)`."""
    m.fragment(rules(m).delete(map_object(m, holder), key, *extra(m)))


def clear(m: Machine, holder: Value) -> None:
    """`clear(holder)`."""
    m.fragment(rules(m).clear(map_object(m, holder), *extra(m)))


def length(m: Machine, holder: Value) -> Value:
    """`len(holder)`: a header read that never checks the write flag."""
    obj = map_object(m, holder)
    if m.pure:
        present = [both(negate(obj.is_nil), Read(obj.cells(k, "present"))) for k in range(obj.keys)]
        return Value(INT, (total(present),))
    out = m.temp("len", INT)
    m.fragment(rules(m).length(obj, out))
    return Value(INT, (Read(out),))


def make_map(m: Machine, t: Type, entries: tuple[tuple[int, Value], ...], name: str) -> LeafValue:
    """A new map with the given entries (key index, value)."""
    u = map_type(t)
    specs = m.layouts.object_leaves(t)
    cells: dict[tuple[str | int, ...], Expr] = {x.path: ZERO for x in specs}
    for slot, (key, value) in enumerate(dict(entries).items()):
        fixed: dict[tuple[str | int, ...], Expr]
        if m.settings.runtime:
            at: tuple[str | int, ...] = ("slots", slot)
            fixed = {(*at, "full"): const(1), (*at, "key"): const(key), ("stored", key): const(1)}
        else:
            at = (key,)
            fixed = {(*at, "present"): const(1)}
        cells.update(fixed)
        for x, v in zip(m.layouts.leaves(u.elem), numbers(m, value), strict=True):
            cells[(*at, "value", *x.path)] = v
    if m.settings.runtime:
        cells[("used",)] = const(len(dict(entries)))
    return allocate(m, t, tuple(cells[x.path] for x in specs), name)


def key_index(m: Machine, t: Map, value: int | str | bool) -> int:
    """The position of a constant key in the domain of `t`."""
    if isinstance(value, str):
        return m.layouts.strings.index(value)
    return int(value)


def scratch_bits(m: Machine, n: int, name: str) -> tuple[Own, ...]:
    """Visited bits of an iteration."""
    bit: Domain = Bool()
    return tuple(m.temp(f"{name}{i}", bit) for i in range(n))
