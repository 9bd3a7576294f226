"""Reading, writing and allocating: where Go values meet the cells of the machine."""

from __future__ import annotations

from collections.abc import Callable

from verifier.golang.lower.machine import Machine
from verifier.golang.lower.pending import FamilyKey
from verifier.golang.lower.values import (
    Address,
    Check,
    Deref,
    Dyn,
    FuncVal,
    Interior,
    Leaf,
    LeafValue,
    Loc,
    Region,
    Spec,
    Value,
    is_func,
)
from verifier.golang.types import INT, Chan, Map, Named, Pointer, Slice, Tuple, Type, underlying
from verifier.program.expr import (
    FALSE,
    ZERO,
    At,
    Const,
    Expr,
    Family,
    Fresh,
    Op,
    Own,
    PerInstance,
    Read,
    Ref,
    Table,
    equal,
    negate,
    op,
)
from verifier.program.program import Access, Alloc, Kind
from verifier.records import replace
from verifier.source import ModelError, Span


def materialize(m: Machine, leaf: LeafValue, spec: Spec, span: Span | None = None) -> Expr:
    """A leaf as an expression that a cell of `spec` can hold. Functions are refused: they must be known statically."""
    if isinstance(leaf, Address):
        return m.number(leaf, reference_sort(m, spec))
    if isinstance(leaf, Interior):
        return scalar(m.address(leaf.loc, reference_sort(m, spec)))
    if isinstance(leaf, FuncVal):
        raise function_in_data(m, span)
    return leaf


def scalar(leaf: LeafValue) -> Expr:
    """A leaf that is known to be a plain number."""
    assert not isinstance(leaf, Address | Interior | FuncVal)
    return leaf


def reference_sort(m: Machine, spec: Spec) -> str:
    """The sort key of what a cell of this spec refers to."""
    assert isinstance(spec, Pointer | Map | Slice | Chan) or isinstance(underlying(spec), Pointer | Map | Slice | Chan)  # type: ignore[arg-type]
    m.sort_types.setdefault(m.layouts.object_key(spec), spec)  # type: ignore[arg-type]
    return m.layouts.object_key(spec)  # type: ignore[arg-type]


def numbers(m: Machine, value: Value) -> tuple[Expr, ...]:
    """All leaves of a value as expressions."""
    _no_function(m, value.type)
    specs = m.layouts.leaves(value.type)
    return tuple(materialize(m, leaf, s.spec) for leaf, s in zip(value.leaves, specs, strict=True))


def zero(m: Machine, t: Type) -> Value:
    """The zero value of a type; that of a function has one leaf, as every function value has."""
    return Value(t, (ZERO,) if is_func(t) else tuple(ZERO for _ in m.layouts.leaves(t)))


def load(m: Machine, loc: Loc, detail: str = "") -> Value:
    """The value in a place. A shared place takes a step into scratch cells; a private one is read where it is used."""
    _no_function(m, loc.type)
    m.settle_checks(loc.checks)
    leaves = m.layouts.leaves(loc.type)
    refs = [m.ref(loc, x.path) for x in leaves]
    if not loc.shared or m.pure or not leaves:
        return Value(loc.type, tuple(Read(r) for r in refs))
    out = m.temps(loc.type, "t")
    m.step(
        updates=tuple((t, Read(r)) for t, r in zip(out, refs, strict=True)),
        accesses=tuple(Access(r, write=False, atomic=False) for r in refs),
        kind=Kind.PLAIN,
        detail=detail,
    )
    return Value(loc.type, tuple(Read(t) for t in out))


def store(m: Machine, loc: Loc, value: Value, detail: str = "") -> None:
    """Write a value of the place's own type; the checks of the left side are made now (phase two)."""
    _no_function(m, loc.type)
    m.settle_checks(loc.checks)
    leaves = m.layouts.leaves(loc.type)
    new = numbers(m, value)
    refs = [m.ref(loc, x.path) for x in leaves]
    if not refs:
        return
    m.step(
        updates=tuple(zip(refs, new, strict=True)),
        accesses=tuple(Access(r, write=True, atomic=False) for r in refs) if loc.shared else (),
        kind=Kind.PLAIN if loc.shared else Kind.LOCAL,
        detail=detail,
    )


def _no_function(m: Machine, t: Type) -> None:
    if is_func(t):
        raise function_in_data(m)


def function_in_data(m: Machine, span: Span | None = None) -> ModelError:
    """The error for a function that is stored: functions must be known before the program runs."""
    place = span or m.where
    assert place is not None
    return m.unsupported(
        "a function value stored in data is not supported yet",
        place,
        "keep functions in variables that are assigned once, or call the function directly",
    )


def snapshot(m: Machine, value: Value) -> Value:
    """The value with every leaf that reads a cell copied, so that later steps cannot change it."""
    updates: list[tuple[Ref, Expr]] = []

    def save(e: Expr, spec: Spec) -> Expr:
        t = m.temp("s", spec)
        updates.append((t, e))
        return Read(t)

    if m.pure:
        return value
    kept = park(m, value, save, pinned=True)
    if updates:
        m.step(updates=tuple(updates))
    return kept


class Observed(Exception):
    """An address taken for unobservable is observed after all: lower again, without keeping `type` by content."""

    def __init__(self, type_: Named) -> None:
        super().__init__(str(type_))
        self.type = type_


def has_address(m: Machine, t: Type) -> None:
    """Insist that a pointer type is kept as an address. Raises Observed."""
    u = underlying(t)
    if m.layouts.by_content(t) and isinstance(u, Pointer) and isinstance(u.elem, Named):
        raise Observed(u.elem)


def inside(m: Machine, pointer: Value) -> Value:
    """What a pointer that is kept by content points to; nil panics now."""
    u = underlying(pointer.type)
    assert isinstance(u, Pointer)
    m.settle_checks((Check(negate(scalar(pointer.leaves[0])), "panic", NIL_DEREFERENCE),))
    return Value(u.elem, pointer.leaves[1:])


NIL_DEREFERENCE = "runtime error: invalid memory address or nil pointer dereference"


def allocate(m: Machine, t: Type, leaves: tuple[Expr, ...], name: str) -> LeafValue:
    """A heap object for a reference of type `t` (pointer, map or slice) with the given initial cells.

    A site that runs once has one block per goroutine and a constant address. A site that can run again has
    `bounds.heap` blocks, recycled when no live reference reaches them.
    """
    has_address(m, t)
    sort = reference_sort(m, t)
    specs = m.layouts.object_leaves(t)
    pooled = sort in m.settings.pooled
    blocks = m.blocks() if m.loop_depth else 1
    region = _pool(m, specs, sort) if pooled else m.region(name, specs, sort, private=False, blocks=blocks)
    m.expose(region)
    if blocks > 1 and m.tm.number:
        m.allocated[sort] = None
    if blocks == 1 and not pooled:
        updates = tuple((Own(m.tm.number, region.offset + i), v) for i, v in enumerate(leaves))
        m.step(updates=updates)
        return Address(region)
    m.enter(sort, region, ())
    pointer = m.temp("new", t)
    fresh: list[tuple[Ref, Expr]] = [(pointer, Fresh())]
    fresh += [(_fresh_cell(m, sort, x.path), v) for x, v in zip(specs, leaves, strict=True)]
    m.step(updates=tuple(fresh), kind=Kind.PLAIN, detail="allocate", alloc=Alloc(-1, region.template, (), region.site))
    return Read(pointer)


def _pool(m: Machine, leaves: tuple[Leaf, ...], sort: str) -> Region:
    """The blocks of the package from which objects of a pooled sort are allocated, by anybody."""
    # A map and a variable that holds one are of one sort, but not of one shape.
    key = (sort, leaves)
    if key not in m.pools:
        here, m.tm = m.tm, m.builders[0]
        m.pools[key] = m.region(sort, leaves, sort, private=False, blocks=max(m.settings.bounds.heap, 2))
        m.tm = here
        m.enter(sort, m.pools[key], ())
    return m.pools[key]


def _fresh_cell(m: Machine, sort: str, path: tuple[str | int, ...]) -> At:
    return At(Family(f"?{m.pend(FamilyKey(sort, path))}", ()), Fresh())


Save = Callable[[Expr, Spec], Expr]
"""Keeps the value of an expression for a cell of the given spec somewhere, and reads it there."""


def park(m: Machine, value: Value, save: Save, pinned: bool = False) -> Value:
    """The value with everything computed kept in cells that `save` provides, for a use at another time or place.

    `pinned`: interior addresses are left alone, their own cells keep as long as they are used here.
    """
    specs = _specs(m, value.type)
    out: list[LeafValue] = []
    for leaf, spec in zip(value.leaves, specs, strict=True):
        match leaf:
            case FuncVal():
                recv = leaf.recv
                out.append(leaf if recv is None else replace(leaf, recv=park(m, recv, save, pinned)))
            case Address() | Const() | PerInstance():
                out.append(leaf)
            case Interior():
                out.append(leaf if pinned else Interior(park_loc(m, leaf.loc, save)))
            case _:
                assert spec is not None
                out.append(save(leaf, spec))
    return Value(value.type, tuple(out))


def _specs(m: Machine, t: Type) -> list[Spec | None]:
    """What the leaves of a value of this type hold; None for a function."""
    if is_func(t):
        return [None]
    if isinstance(t, Tuple):
        return [spec for part in t.types for spec in _specs(m, part)]
    return [x.spec for x in m.layouts.leaves(t)]


def park_loc(m: Machine, loc: Loc, save: Save) -> Loc:
    """A place with its pointer and computed indices kept in cells; its pending checks look at those."""
    kept: dict[Expr, Expr] = {}

    def remember(e: Expr, spec: Spec) -> Expr:
        if isinstance(e, Const | PerInstance):
            return e
        if e not in kept:
            kept[e] = save(e, spec)
        return kept[e]

    base = loc.base
    if isinstance(base, Deref):
        base = Deref(base.sort, remember(base.pointer, m.sort_types[base.sort]))
    path = tuple(Dyn(remember(c.index, INT), c.size) if isinstance(c, Dyn) else c for c in loc.path)
    checks = tuple(replace(c, condition=_renamed(c.condition, kept)) for c in loc.checks)
    return replace(loc, base=base, path=path, checks=checks)


def _renamed(e: Expr, kept: dict[Expr, Expr]) -> Expr:
    if e in kept:
        return kept[e]
    if isinstance(e, Op):
        return op(e.name, *(_renamed(a, kept) for a in e.args))
    if isinstance(e, Table):
        return replace(e, index=_renamed(e.index, kept))
    return e


def pin(m: Machine, loc: Loc) -> Loc:
    """The place with its pointer and indices copied to scratch cells, so that later assignments cannot move it."""
    updates: list[tuple[Ref, Expr]] = []

    def save(e: Expr, spec: Spec) -> Expr:
        t = m.temp("p", spec)
        updates.append((t, e))
        return Read(t)

    if m.pure:
        return loc
    pinned = park_loc(m, loc, save)
    if updates:
        m.step(updates=tuple(updates))
    return pinned


def is_nil(leaf: LeafValue) -> Expr:
    """Whether a reference is nil; constant addresses never are."""
    return FALSE if isinstance(leaf, Address | Interior) else equal(scalar(leaf), ZERO)


def deref(m: Machine, pointer: LeafValue, t: Type) -> Loc:
    """The place a pointer of type `t` points to, with the nil check still pending."""
    has_address(m, t)
    u = underlying(t)
    elem = u.elem if isinstance(u, Pointer) else u
    if isinstance(pointer, Address):
        return Loc(pointer.region, pointer.path, elem, shared=not pointer.region.private)
    if isinstance(pointer, Interior):
        return replace(pointer.loc, type=elem)
    pointer = scalar(pointer)
    sort = reference_sort(m, t)
    m.sort_entries.setdefault(sort, {})
    check = Check(equal(pointer, ZERO), "panic", NIL_DEREFERENCE)
    return Loc(Deref(sort, pointer), (), elem, shared=True, checks=(check,))
