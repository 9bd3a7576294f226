"""Slices that grow or share arrays: append, s[i:j], copy, make, clear (runtime/slice.go).

Such a slice is a reference to its array, an offset, a length and a capacity. The array is `bounds.slice` elements that
can be touched; the capacity is Go's own, so that `append` writes in place, or moves, exactly where Go does.
"""

from __future__ import annotations

from collections.abc import Sequence

from verifier.golang import syntax as ast
from verifier.golang.lower.elements import View, beyond, slot, view
from verifier.golang.lower.growth import capacities
from verifier.golang.lower.interfaces import convert
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.order import hoist
from verifier.golang.lower.pending import TableKey
from verifier.golang.lower.places import operand, through
from verifier.golang.lower.storage import allocate, numbers, pin, reference_sort, scalar, snapshot
from verifier.golang.lower.values import LeafValue, Loc, Region, Value
from verifier.golang.types import INT, Array, Slice, Type, underlying
from verifier.program.expr import TRUE, ZERO, Const, Expr, Own, Read, Ref, Table, any_of, const, equal, ite, op
from verifier.program.program import Access, Kind, Range

Elements = Sequence[tuple[Expr, ...]]
"""The leaves of each element; further ones are zero."""

_OUT_OF_RANGE = "runtime error: slice bounds out of range"


def made(m: Machine, t: Type, pointer: LeafValue, offset: Expr, length: Expr, capacity: Expr) -> Value:
    """A slice value, kept in cells of its own."""
    whole = Value(t, numbers(m, Value(t, (pointer, offset, length, capacity))))
    return snapshot(m, whole)


def make(m: Machine, t: Type, x: ast.Call) -> Value:
    """`make([]T, n)` and `make([]T, n, c)` (runtime/slice.go:100)."""
    sizes = [snapshot(m, m.value(a, INT)) for a in x.args[1:]]
    n, c = scalar(sizes[0].leaves[0]), scalar(sizes[-1].leaves[0])
    m.fail_if(op("<", n, ZERO), "panic", "runtime error: makeslice: len out of range")
    m.fail_if(op("<", c, n), "panic", "runtime error: makeslice: cap out of range")
    m.fail_if(op("<", const(m.layouts.longest_slice), n), "bound", beyond(m))
    m.fail_if(op("<", const(m.layouts.most_capacity), c), "bound", beyond(m))
    pointer = allocate(m, t, tuple(ZERO for _ in m.layouts.object_leaves(t)), f"{t}@{x.span.site}")
    return made(m, t, pointer, ZERO, n, c)


def append(m: Machine, x: ast.Call) -> Value:
    """`append(s, values…)` and `append(s, other...)` (runtime/slice.go:178).

    Within the capacity the elements go into the array that others may share; beyond it everything moves to a new one.
    """
    t = m.info.types[x].type
    u = underlying(t)
    assert isinstance(u, Slice)
    hoist(m, *x.args)
    base = snapshot(m, convert(m, m.value(x.args[0]), t))
    if x.spread:
        more = view(m, snapshot(m, m.value(x.args[1], t)))
        new: Elements = _read(m, more, u.elem)
        return _appended(m, t, u.elem, base, new, more.length, x)
    values = [snapshot(m, m.value(a, u.elem)) for a in x.args[1:]]
    new = [numbers(m, v) for v in values]
    return base if not new else _appended(m, t, u.elem, base, new, const(len(new)), x)


def _appended(m: Machine, t: Type, elem: Type, base: Value, new: Elements, count: Expr, x: ast.Call) -> Value:
    v, longest = view(m, base), m.layouts.longest_slice
    out = m.temps(t, "appended")
    total = op("+", v.length, count)
    room, grow, done = m.new(), m.new(), m.new()
    m.branch(op("<=", total, v.capacity), room, grow)
    m.cur = room
    end = op("+", v.offset, total)
    m.fail_if(op("<", const(longest), end), "bound", beyond(m))
    whole = numbers(m, Value(t, (v.pointer, v.offset, total, v.capacity)))
    rest = View(v.pointer, op("+", v.offset, v.length), count, count, v.type)
    _write(m, rest, elem, new, "append into the array", tuple(zip(out, whole, strict=True)))
    m.goto(done)
    m.cur = grow
    m.fail_if(op("<", const(longest), total), "bound", beyond(m))
    old = _read(m, v, elem)
    capacity = _grown(m, elem, total, v.capacity)
    leaves = tuple(e for i in range(longest) for e in _moved(m, elem, i, v.length, old, new))
    pointer = allocate(m, t, leaves, f"{t}@{x.span.site}")
    whole = numbers(m, Value(t, (pointer, ZERO, total, capacity)))
    m.step(updates=tuple(zip(out, whole, strict=True)))
    m.label(done)
    return Value(t, tuple(Read(o) for o in out))


def _grown(m: Machine, elem: Type, needed: Expr, capacity: Expr) -> Expr:
    """The capacity of the new array: twice the old one or what is needed, rounded up to a size class."""
    wanted = m.temp("wanted", Range(0, 2 * m.layouts.longest_slice))
    doubled = op("+", capacity, capacity)
    m.step(updates=((wanted, ite(op("<", doubled, needed), needed, doubled)),))
    table = capacities(elem, m.layouts.longest_slice)
    if table is None:
        assert m.where is not None
        raise m.unsupported(f"append to a slice of {elem} is not supported yet", m.where, "append pointers")
    capacity_cell = m.temp("capacity", Range(0, m.layouts.most_capacity))
    m.step(updates=((capacity_cell, Table(table, Read(wanted))),))
    return Read(capacity_cell)


def _moved(m: Machine, elem: Type, i: int, length: Expr, old: Elements, new: Elements) -> list[Expr]:
    """Element `i` of the new array: an old one, then the new ones behind them."""
    out: list[Expr] = []
    for k in range(len(m.layouts.leaves(elem))):
        e: Expr = ZERO
        for j in range(min(i + 1, len(new))):
            e = ite(equal(length, const(i - j)), new[j][k], e)
        out.append(ite(op("<", const(i), length), old[i][k], e))
    return out


def slicing(m: Machine, x: ast.Slicing) -> Value:
    """`s[i:j]` and `s[i:j:k]`: another slice of the same array."""
    t = m.info.types[x].type
    parts = [p for p in (x.low, x.high, x.most) if p is not None]
    hoist(m, x.x, *parts)
    pointer, offset, length, capacity = _sliced(m, t, x.x)
    low, high, most = (None if p is None else _index(m, p) for p in (x.low, x.high, x.most))
    i, j, k = low or ZERO, high or length, most or capacity
    wrong = any_of(op("<", capacity, k), op("<", k, j), op("<", j, i), op("<", i, ZERO))
    m.fail_if(wrong, "panic", _OUT_OF_RANGE)
    return made(m, t, pointer, op("+", offset, i), op("-", j, i), op("-", k, i))


def _index(m: Machine, x: ast.Expr) -> Expr:
    return scalar(snapshot(m, m.value(x)).leaves[0])


def _sliced(m: Machine, t: Type, x: ast.Expr) -> tuple[LeafValue, Expr, Expr, Expr]:
    """The array behind what is sliced, and where in it: a slice, an array variable, or a pointer to one."""
    if isinstance(underlying(m.info.types[x].type), Slice):
        v = view(m, snapshot(m, m.value(x)))
        return v.pointer, v.offset, v.length, v.capacity
    place = through(m, operand(m, x))
    array = underlying(place.type)
    assert isinstance(array, Array)
    if not isinstance(place, Loc):
        raise m.unsupported("slicing this array is not supported yet", x.span, "store it in a variable")
    if array.length > m.layouts.longest_slice:
        m.fail_if(TRUE, "bound", beyond(m))
    m.settle_checks(place.checks)
    return _address(m, place, t), ZERO, const(array.length), const(array.length)


def _address(m: Machine, place: Loc, t: Type) -> LeafValue:
    """The array's place, as what a slice refers to."""
    sort = reference_sort(m, t)
    place = pin(m, place)
    if not isinstance(place.base, Region) and not place.path:
        m.sort_entries.setdefault(sort, {})
        return Table((m.pend(TableKey(place.base.sort, (), sort)),), place.base.pointer)
    return m.address(place, sort)


def copy(m: Machine, x: ast.Call) -> Value:
    """`copy(to, from)`: as many elements as both have; all are read before the first is written."""
    hoist(m, *x.args)
    return copied(m, *(snapshot(m, m.value(a)) for a in x.args))


def copied(m: Machine, into: Value, out_of: Value) -> Value:
    """The copying itself, and how many elements there were."""
    u = underlying(into.type)
    assert isinstance(u, Slice)
    to, source = view(m, into), view(m, out_of)
    count = m.temp("copied", Range(0, m.layouts.most_capacity))
    m.step(updates=((count, ite(op("<", to.length, source.length), to.length, source.length)),))
    n = Read(count)
    values = _read(m, View(source.pointer, source.offset, n, n, source.type), u.elem)
    _write(m, View(to.pointer, to.offset, n, n, to.type), u.elem, values, "copy into the array")
    return Value(INT, (n,))


def clear(m: Machine, value: Value) -> None:
    """`clear(s)`: every element becomes zero."""
    u = underlying(value.type)
    assert isinstance(u, Slice)
    width = len(m.layouts.leaves(u.elem))
    zeros = [tuple(ZERO for _ in range(width)) for _ in range(m.layouts.longest_slice)]
    _write(m, view(m, snapshot(m, value)), u.elem, zeros, "clear the array")


def _read(m: Machine, v: View, elem: Type) -> list[tuple[Expr, ...]]:
    """All elements of a slice, in one step; those behind its end are zero."""
    longest, specs = m.layouts.longest_slice, m.layouts.leaves(elem)
    cells = [m.temps(elem, "e") for _ in range(longest)]
    m.fail_if(op("<", const(longest), op("+", v.offset, v.length)), "bound", beyond(m))
    src, dst = m.here(), m.new()
    for n in range(longest + 1):
        refs = [[m.ref(slot(m, v, const(i), elem), x.path) for x in specs] for i in range(n)] if _may(v, n) else []
        updates: list[tuple[Ref, Expr]] = []
        for i, row in enumerate(cells):
            updates += [(c, Read(refs[i][k]) if i < len(refs) else ZERO) for k, c in enumerate(row)]
        reads = tuple(Access(r, write=False, atomic=False) for row in refs for r in row)
        kind = Kind.PLAIN if reads else Kind.LOCAL
        guard = equal(v.length, const(n))
        m.edge(src, dst, guard=guard, updates=tuple(updates), accesses=reads, kind=kind, detail="read the elements")
    m.cur = dst
    return [tuple(Read(c) for c in row) for row in cells]


def _write(
    m: Machine, v: View, elem: Type, values: Elements, detail: str, also: tuple[tuple[Own, Expr], ...] = ()
) -> None:
    """Write the elements of a slice in one step."""
    specs = m.layouts.leaves(elem)
    src, dst = m.here(), m.new()
    for n in range(min(len(values), m.layouts.longest_slice) + 1):
        refs = [[m.ref(slot(m, v, const(i), elem), x.path) for x in specs] for i in range(n)] if _may(v, n) else []
        updates = [(r, values[i][k]) for i, row in enumerate(refs) for k, r in enumerate(row)]
        writes = tuple(Access(r, write=True, atomic=False) for row in refs for r in row)
        kind = Kind.PLAIN if writes else Kind.LOCAL
        guard = equal(v.length, const(n))
        m.edge(src, dst, guard=guard, updates=(*updates, *also), accesses=writes, kind=kind, detail=detail)
    m.cur = dst


def _may(v: View, n: int) -> bool:
    """Whether a slice can have `n` elements, as far as that is known now: what is not, is not looked at."""
    known = not isinstance(v.length, Const) or v.length.value == n
    return known and v.pointer != ZERO
