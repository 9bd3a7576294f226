"""Local variables: how they are declared, what they stand for, and what a started goroutine takes along of them."""

from __future__ import annotations

from verifier.golang.lower.interfaces import convert
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.storage import allocate, load, numbers, park, scalar
from verifier.golang.lower.templates import Capture
from verifier.golang.lower.values import (
    Address,
    Binding,
    Deref,
    FuncVal,
    Interior,
    LeafValue,
    Loc,
    Region,
    Spec,
    Value,
    is_func,
)
from verifier.golang.types import Pointer, Var
from verifier.program.expr import Const, Expr, Own, PerInstance, Read, refs
from verifier.records import replace


def declare(m: Machine, var: Var, value: Value) -> Binding:
    """A local variable with its initial value: a known value, private cells, shared cells, or a box per iteration."""
    binding = Binding()
    m.env.names[var] = binding
    if is_func(var.type):
        binding.value = convert(m, value, var.type)
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
    """What `var` stands for at this point: its place, or the value that is known now."""
    binding = m.env.find(var)
    assert binding is not None, f"{var.name} has no binding"
    return resolve(m, var, binding)


def resolve(m: Machine, var: Var, binding: Binding) -> Loc | Value:
    """What a binding stands for in the goroutine under construction.

    A private variable of the goroutine that started this one is copied at the `go` statement, as gc does for
    captured variables that are never reassigned; of a box the pointer is copied.
    """
    if binding.value is not None:
        elsewhere = any(_foreign(m, leaf) for leaf in binding.value.leaves)
        return _captured(m, var, binding) if elsewhere else binding.value
    loc = binding.loc
    assert loc is not None
    if isinstance(loc.base, Region):
        mine = loc.shared or loc.base.template in (m.tm.number, 0)
    else:
        mine = not _foreign(m, loc.base.pointer)
    return loc if mine else _captured(m, var, binding)


def _foreign(m: Machine, leaf: LeafValue) -> bool:
    """Whether a leaf reads private cells of another goroutine."""
    match leaf:
        case FuncVal():
            return leaf.recv is not None and any(_foreign(m, x) for x in leaf.recv.leaves)
        case Interior():
            return isinstance(leaf.loc.base, Deref) and _foreign(m, leaf.loc.base.pointer)
        case Address():
            return False
        case _:
            return any(isinstance(r, Own) and r.template not in (m.tm.number, 0) for r in refs(leaf))


def _captured(m: Machine, var: Var, binding: Binding) -> Loc | Value:
    """The copy in the goroutine under construction, filled in by the `go` step that starts it."""
    table = m.captures.setdefault(m.tm.number, {})
    if id(binding) not in table:
        table[id(binding)] = _capture(m, var, binding)
    return table[id(binding)].stands_for


def _capture(m: Machine, var: Var, binding: Binding) -> Capture:
    cells: list[Own] = []

    def save(e: Expr, spec: Spec) -> Expr:
        cells.append(m.temp(var.name, spec))
        return Read(cells[-1])

    if binding.value is not None:
        value = park(m, binding.value, save)
        return Capture(var, binding, tuple(cells), value)
    loc = binding.loc
    assert loc is not None
    if isinstance(loc.base, Deref):
        box = Deref(loc.base.sort, save(loc.base.pointer, Pointer(var.type)))
        return Capture(var, binding, tuple(cells), replace(loc, base=box))
    region = m.region(var.name, m.layouts.leaves(var.type), "", private=True)
    copies = tuple(Own(m.tm.number, region.offset + i) for i in range(region.size))
    return Capture(var, binding, copies, Loc(region, (), var.type, shared=False))


def contents(m: Machine, c: Capture) -> tuple[Expr, ...]:
    """What the starting goroutine puts into the cells of a capture."""
    found = resolve(m, c.var, c.binding)
    if isinstance(found, Loc):
        return (found.base.pointer,) if isinstance(found.base, Deref) else numbers(m, load(m, found))
    out: list[Expr] = []

    def collect(e: Expr, _spec: Spec) -> Expr:
        out.append(e)
        return e

    park(m, found, collect)
    return tuple(out)
