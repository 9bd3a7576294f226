"""What a slice is made of, and its elements as places."""

from __future__ import annotations

from verifier.golang.lower.machine import Machine
from verifier.golang.lower.pending import LengthKey
from verifier.golang.lower.storage import deref, reference_sort, scalar
from verifier.golang.lower.values import Address, Check, Dyn, LeafValue, Loc, Value
from verifier.golang.types import Type
from verifier.program.expr import ZERO, Const, Expr, Table, const, op
from verifier.records import dataclass, replace


@dataclass(frozen=True, slots=True)
class View:
    """A slice value, taken apart: its array, where in it the slice begins, its length and capacity."""

    pointer: LeafValue
    offset: Expr
    length: Expr
    capacity: Expr
    type: Type


def view(m: Machine, value: Value) -> View:
    """The parts of a slice value. One that never grows or shares its array is the array alone."""
    if m.layouts.grows(value.type):
        pointer, *rest = value.leaves
        offset, length, capacity = map(scalar, rest)
        return View(pointer, offset, length, capacity, value.type)
    length = _fixed_length(m, value)
    return View(value.leaves[0], ZERO, length, length, value.type)


def slice_length(m: Machine, value: Value) -> Expr:
    """`len` of a slice; 0 for nil."""
    return view(m, value).length


def _fixed_length(m: Machine, value: Value) -> Expr:
    leaf = value.leaves[0]
    if isinstance(leaf, Address):
        return const(m.slice_lengths[leaf.region])
    sort = reference_sort(m, value.type)
    m.sort_entries.setdefault(sort, {})
    return Table((m.pend(LengthKey(sort)),), scalar(leaf))


def beyond(m: Machine) -> str:
    """The failure of a slice that has more elements than the model keeps."""
    return f"a slice with more than {m.layouts.longest_slice} elements (bounds: slice)"


def slot(m: Machine, v: View, index: Expr, elem: Type) -> Loc:
    """The place of an element within the length; the check that the model keeps it stays pending."""
    size = m.layouts.longest_slice
    base = deref(m, v.pointer, v.type)
    position = op("+", v.offset, index)
    step: int | Dyn = Dyn(position, size)
    checks: tuple[Check, ...] = ()
    if isinstance(position, Const):
        # Beyond the array it is a failure for certain; any path inside keeps the machine well formed behind it.
        step = position.value if 0 <= position.value < size else 0
    if m.layouts.grows(v.type):
        outside = op("<=", const(size), position)
        checks = (Check(outside, "bound", beyond(m)),) if outside != Const(0) else ()
    return replace(base, path=(*base.path, step), type=elem, checks=checks)
