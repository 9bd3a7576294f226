"""Reading, writing, declaring and allocating: where Go values meet the cells of the machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from verifier.golang.lower.machine import Machine
from verifier.golang.lower.pending import FamilyKey, SegmentKey
from verifier.golang.lower.values import (
    Address,
    Binding,
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
from verifier.golang.types import INT, Basic, Interface, Map, Pointer, Slice, Type, Var, underlying
from verifier.program.expr import (
    FALSE,
    ZERO,
    At,
    Const,
    Expr,
    Family,
    Fresh,
    Own,
    PerInstance,
    Read,
    Ref,
    both,
    equal,
    op,
)
from verifier.program.program import Access, Alloc, Kind
from verifier.source import Span


def materialize(m: Machine, leaf: LeafValue, spec: Spec, span: Span | None = None) -> Expr:
    """A leaf as an expression that a cell of `spec` can hold. Functions are refused: they must be known statically."""
    if isinstance(leaf, Address):
        return m.number(leaf, reference_sort(m, spec))
    if isinstance(leaf, Interior):
        return scalar(m.address(leaf.loc, reference_sort(m, spec)))
    if isinstance(leaf, FuncVal):
        place = span or m.where
        assert place is not None
        raise m.unsupported(
            "a function value stored in data is not supported yet",
            place,
            "keep functions in variables that are assigned once, or call the function directly",
        )
    return leaf


def scalar(leaf: LeafValue) -> Expr:
    """A leaf that is known to be a plain number."""
    assert not isinstance(leaf, Address | Interior | FuncVal)
    return leaf


def reference_sort(m: Machine, spec: Spec) -> str:
    """The sort key of what a cell of this spec refers to."""
    assert isinstance(spec, Pointer | Map | Slice) or isinstance(underlying(spec), Pointer | Map | Slice)  # type: ignore[arg-type]
    m.sort_types.setdefault(m.layouts.object_key(spec), spec)  # type: ignore[arg-type]
    return m.layouts.object_key(spec)  # type: ignore[arg-type]


def numbers(m: Machine, value: Value) -> tuple[Expr, ...]:
    """All leaves of a value as expressions."""
    specs = m.layouts.leaves(value.type)
    return tuple(materialize(m, leaf, s.spec) for leaf, s in zip(value.leaves, specs, strict=True))


def zero(m: Machine, t: Type) -> Value:
    """The zero value of a type."""
    return Value(t, tuple(ZERO for _ in m.layouts.leaves(t)))


def load(m: Machine, loc: Loc, detail: str = "") -> Value:
    """The value in a place. A shared place takes a step into scratch cells; a private one is read where it is used."""
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


def snapshot(m: Machine, value: Value) -> Value:
    """The value with every leaf that reads a cell copied, so that later steps cannot change it."""
    if m.pure or all(isinstance(x, Address | Interior | FuncVal | Const | PerInstance) for x in value.leaves):
        return value
    updates: list[tuple[Ref, Expr]] = []

    def save(e: Expr, spec: Spec) -> Expr:
        t = m.temp("s", spec)
        updates.append((t, e))
        return Read(t)

    kept = Value(
        value.type,
        tuple(
            x if isinstance(x, Address | Interior | FuncVal | Const | PerInstance) else save(x, s.spec)
            for x, s in zip(value.leaves, m.layouts.leaves(value.type), strict=True)
        ),
    )
    m.step(updates=tuple(updates))
    return kept


def convert(m: Machine, value: Value, t: Type) -> Value:
    """The value as `t`: nil becomes a typed zero, a concrete value moves into an interface."""
    if isinstance(value.type, Basic) and value.type.name == "untyped nil":
        return zero(m, t)
    if isinstance(underlying(t), Interface) and not isinstance(underlying(value.type), Interface):
        return Value(t, (into_interface(m, value),))
    return replace(value, type=t) if not is_func(t) else value


def into_interface(m: Machine, value: Value) -> Expr:
    """An interface value: the segment of its dynamic type, then the value (see `program.Union`)."""
    leaves = m.layouts.leaves(value.type)
    if len(leaves) != 1:
        assert m.where is not None
        raise m.unsupported(
            f"a value of type {value.type} in an interface is not supported yet",
            m.where,
            "put a pointer to it into the interface",
        )
    data = materialize(m, value.leaves[0], leaves[0].spec)
    first, lowest, _ = segment(m, value.type)
    return op("+", first, op("-", data, Const(lowest)))


def segment(m: Machine, t: Type) -> tuple[Expr, int, Expr]:
    """First value, least contained value and last value of a dynamic type's segment in the interface domain."""
    key = m.layouts.key(t)
    m.segments.setdefault(key, t)
    u = underlying(t)
    if isinstance(u, Pointer | Map | Slice):
        reference_sort(m, t)
        m.sort_entries.setdefault(m.layouts.object_key(t), {})
    lowest = integer_range(m, u)[0] if isinstance(u, Basic) and u.name not in ("bool", "string") else 0
    first = PerInstance(0, (m.pend(SegmentKey(key)),))
    last = PerInstance(0, (m.pend(SegmentKey(key, last=True)),))
    return first, lowest, last


def integer_range(m: Machine, t: Basic) -> tuple[int, int]:
    """The values an integer variable of this type can have in the model: its type's, cut to `bounds.int`."""
    low, high = m.settings.bounds.int
    if t.name.startswith("u"):
        low = max(low, 0)
    bits = t.name.lstrip("uint").rstrip("ptr")
    if bits.isdigit():
        size = int(bits) - (0 if t.name.startswith("u") else 1)
        high = min(high, 2**size - 1)
        low = max(low, 0 if t.name.startswith("u") else -(2**size))
    return low, high


def holds_type(m: Machine, interface: Expr, t: Type) -> Expr:
    """Whether an interface value has dynamic type `t`."""
    first, _, last = segment(m, t)
    return both(op("<=", first, interface), op("<=", interface, last))


def from_interface(m: Machine, interface: Expr, t: Type) -> Value:
    """The value inside an interface, given that its dynamic type is `t`."""
    first, lowest, _ = segment(m, t)
    return Value(t, (op("+", op("-", interface, first), Const(lowest)),))


def allocate(m: Machine, t: Type, leaves: tuple[Expr, ...], name: str) -> LeafValue:
    """A heap object for a reference of type `t` (pointer, map or slice) with the given initial cells.

    A site that runs once has one block per goroutine and a constant address. A site that can run again has
    `bounds.heap` blocks, recycled when no live reference reaches them.
    """
    sort = reference_sort(m, t)
    specs = m.layouts.object_leaves(t)
    blocks = m.settings.bounds.heap if m.loop_depth else 1
    region = m.region(name, specs, sort, private=False, blocks=blocks)
    m.expose(region)
    if blocks == 1:
        updates = tuple((Own(m.tm.number, region.offset + i), v) for i, v in enumerate(leaves))
        m.step(updates=updates)
        return Address(region)
    m.enter(sort, region, ())
    pointer = m.temp("new", t)
    site = f"{region.template}:{region.offset}"
    fresh: list[tuple[Ref, Expr]] = [(pointer, Fresh())]
    fresh += [(_fresh_cell(m, sort, x.path), v) for x, v in zip(specs, leaves, strict=True)]
    m.step(updates=tuple(fresh), kind=Kind.PLAIN, detail="allocate", alloc=Alloc(-1, region.template, (), site))
    return Read(pointer)


def _fresh_cell(m: Machine, sort: str, path: tuple[str | int, ...]) -> At:
    return At(Family(f"?{m.pend(FamilyKey(sort, path))}", ()), Fresh())


def park(m: Machine, value: Value, save: Callable[[Expr, Spec], Expr]) -> Value:
    """The value with everything computed kept in cells that `save` provides, for a use at another time or place."""
    specs = m.layouts.leaves(value.type) if not is_func(value.type) else ()
    out: list[LeafValue] = []
    for i, leaf in enumerate(value.leaves):
        match leaf:
            case FuncVal():
                recv = leaf.recv
                out.append(leaf if recv is None else replace(leaf, recv=park(m, recv, save)))
            case Address() | Const() | PerInstance():
                out.append(leaf)
            case Interior():
                out.append(Interior(park_loc(m, leaf.loc, save)))
            case _:
                out.append(save(leaf, specs[i].spec))
    return Value(value.type, tuple(out))


def park_loc(m: Machine, loc: Loc, save: Callable[[Expr, Spec], Expr]) -> Loc:
    """A place with its pointer and computed indices kept in cells."""
    base = loc.base
    if isinstance(base, Deref):
        base = Deref(base.sort, save(base.pointer, m.sort_types[base.sort]))
    path = tuple(Dyn(save(c.index, INT), c.size) if isinstance(c, Dyn) else c for c in loc.path)
    return replace(loc, base=base, path=path)


def pin(m: Machine, loc: Loc) -> Loc:
    """The place with its pointer and indices copied to scratch cells, so that later assignments cannot move it."""
    updates: list[tuple[Ref, Expr]] = []

    def save(e: Expr, spec: Spec) -> Expr:
        if isinstance(e, Const | PerInstance) or m.pure:
            return e
        t = m.temp("p", spec)
        updates.append((t, e))
        return Read(t)

    pinned = park_loc(m, loc, save)
    if updates:
        m.step(updates=tuple(updates))
    return pinned


def declare(m: Machine, var: Var, value: Value) -> Binding:
    """A local variable with its initial value: a known value, private cells, shared cells, or a box per iteration."""
    binding = Binding()
    m.env.names[var] = binding
    if is_func(var.type):
        binding.value = value
        return binding
    value = convert(m, value, var.type)
    shared = m.facts.shared(var)
    settled = var not in m.facts.assigned and var not in m.facts.mutated
    fixed = Address | Const | PerInstance if var in m.facts.captured else Address | Const | PerInstance | Interior
    if settled and not var.package and all(isinstance(x, fixed) for x in value.leaves):
        binding.value = value
        return binding
    leaves = m.layouts.leaves(var.type)
    sort = m.layouts.key(var.type)
    if shared and m.loop_depth:
        m.sort_types.setdefault(sort, Pointer(var.type))
        box = allocate(m, Pointer(var.type), numbers(m, value), var.name)
        binding.loc = Loc(Deref(sort, scalar(box)), (), var.type, shared=True)
        return binding
    region = m.region(var.name, leaves, sort, private=not shared)
    binding.loc = Loc(region, (), var.type, shared=shared)
    if leaves:
        m.step(updates=tuple((m.ref(binding.loc, x.path), v) for x, v in zip(leaves, numbers(m, value), strict=True)))
    return binding


def variable(m: Machine, var: Var) -> Loc | Value:
    """What `var` stands for at this point: its place, or the value that is known now.

    A private variable of the goroutine that started this one is copied at the `go` statement, as gc does for
    captured variables that are never reassigned.
    """
    binding = m.env.find(var)
    assert binding is not None, f"{var.name} has no binding"
    if binding.value is not None:
        return binding.value
    loc = binding.loc
    assert loc is not None
    if isinstance(loc.base, Region):
        if loc.shared or loc.base.template in (m.tm.number, 0):
            return loc
        return Loc(captured(m, binding, var.name, m.layouts.leaves(var.type)), (), var.type, shared=False)
    pointer = loc.base.pointer
    if isinstance(pointer, Read) and isinstance(pointer.ref, Own) and pointer.ref.template != m.tm.number:
        region = captured(m, binding, var.name + "&", (Leaf((), Pointer(var.type)),))
        return replace(loc, base=Deref(loc.base.sort, Read(Own(m.tm.number, region.offset))))
    return loc


def captured(m: Machine, binding: Binding, name: str, leaves: tuple[Leaf, ...]) -> Region:
    """The private copy of a captured binding in the template under construction, filled in by its `go` step."""
    table = m.captures.setdefault(m.tm.number, {})
    if id(binding) not in table:
        region = m.region(name, leaves, "", private=True)
        table[id(binding)] = (binding, region)
    return table[id(binding)][1]


def is_nil(leaf: LeafValue) -> Expr:
    """Whether a reference is nil; constant addresses never are."""
    return FALSE if isinstance(leaf, Address | Interior) else equal(scalar(leaf), ZERO)


def deref(m: Machine, pointer: LeafValue, t: Type) -> Loc:
    """The place a pointer of type `t` points to, with the nil check still pending."""
    u = underlying(t)
    elem = u.elem if isinstance(u, Pointer) else u
    if isinstance(pointer, Address):
        return Loc(pointer.region, pointer.path, elem, shared=not pointer.region.private)
    if isinstance(pointer, Interior):
        return replace(pointer.loc, type=elem)
    pointer = scalar(pointer)
    sort = reference_sort(m, t)
    m.sort_entries.setdefault(sort, {})
    check = Check(equal(pointer, ZERO), "panic", "runtime error: invalid memory address or nil pointer dereference")
    return Loc(Deref(sort, pointer), (), elem, shared=True, checks=(check,))
