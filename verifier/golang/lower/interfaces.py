"""Conversions and interface values: one number, in the segment of its dynamic type (see `program.Union`)."""

from __future__ import annotations

from dataclasses import replace

from verifier.golang.lower.machine import Machine
from verifier.golang.lower.pending import SegmentKey
from verifier.golang.lower.storage import has_address, materialize, reference_sort, zero
from verifier.golang.lower.values import Value, is_func
from verifier.golang.types import NIL, Basic, Interface, Map, Pointer, Slice, Type, underlying
from verifier.program.expr import Const, Expr, PerInstance, both, op


def convert(m: Machine, value: Value, t: Type) -> Value:
    """The value as `t`: nil becomes a typed zero, a concrete value moves into an interface."""
    if value.type == NIL:
        return zero(m, t)
    if isinstance(underlying(t), Interface) and not isinstance(underlying(value.type), Interface):
        return Value(t, (into_interface(m, value),))
    if isinstance(underlying(t), Pointer) and m.layouts.object_key(t) != m.layouts.object_key(value.type):
        assert m.where is not None
        raise m.unsupported(
            f"a conversion from {value.type} to {t} is not supported yet", m.where, "use one type for the object"
        )
    return replace(value, type=t) if not is_func(t) else value


def into_interface(m: Machine, value: Value) -> Expr:
    """An interface value: the segment of its dynamic type, then the value (see `program.Union`)."""
    first, lowest, _ = segment(m, value.type)
    data = materialize(m, value.leaves[0], m.layouts.leaves(value.type)[0].spec)
    return op("+", first, op("-", data, Const(lowest)))


def is_held(m: Machine, t: Type) -> bool:
    """Whether interface values of a model can hold a value of this type: it is one number."""
    return isinstance(underlying(t), Basic | Pointer | Map | Slice) and len(m.layouts.leaves(t)) == 1


def segment(m: Machine, t: Type) -> tuple[Expr, int, Expr]:
    """First value, least contained value and last value of a dynamic type's segment in the interface domain."""
    has_address(m, t)
    if not is_held(m, t):
        assert m.where is not None
        raise m.unsupported(
            f"a value of type {t} in an interface is not supported yet",
            m.where,
            "put a pointer to it into the interface",
        )
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
