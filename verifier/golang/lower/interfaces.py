"""Conversions and interface values: one number, in the segment of its dynamic type (see `program.Union`)."""

from __future__ import annotations

from math import prod

from verifier.golang.lower.machine import Machine
from verifier.golang.lower.pending import SegmentKey
from verifier.golang.lower.storage import has_address, materialize, reference_sort, scalar, zero
from verifier.golang.lower.values import Value, is_func
from verifier.golang.types import NIL, Array, Basic, Interface, Map, Pointer, Slice, Struct, Type, underlying
from verifier.program.expr import ZERO, Const, Expr, Own, PerInstance, Read, any_of, both, op
from verifier.program.program import Bool, Enum_, Range, Reference, Union
from verifier.records import replace


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
    parts = packed(m, value.type)
    if parts is None:
        data = materialize(m, value.leaves[0], m.layouts.leaves(value.type)[0].spec)
        u = underlying(value.type)
        if isinstance(u, Basic) and u.name not in ("bool", "string"):
            _stay_inside(m, data, value.type, *integer_range(m, u))
        return op("+", first, op("-", data, Const(lowest)))
    data, step = ZERO, 1
    for leaf, (low, size) in zip(value.leaves, parts, strict=True):
        part = scalar(leaf)
        _stay_inside(m, part, value.type, low, low + size - 1)
        data = op("+", data, op("*", op("-", part, Const(low)), Const(step)))
        step *= size
    return op("+", first, data)


def _stay_inside(m: Machine, e: Expr, t: Type, low: int, high: int) -> None:
    """A value outside of its segment would be read as one of another type."""
    if isinstance(e, Read) and isinstance(e.ref, Own):
        return  # a cell holds nothing else
    outside = any_of(op("<", e, Const(low)), op("<", Const(high), e))
    m.fail_if(outside, "bound", f"a value of type {t} in an interface that is outside {low}..{high} (bounds: int)")


MOST_PACKED = 1000
"""Different values of a struct type that interfaces can hold."""


def packed(m: Machine, t: Type) -> tuple[tuple[int, int], ...] | None:
    """Least value and number of values of every field of a struct of numbers, strings and bools; else None."""
    if not isinstance(underlying(t), Struct | Array):
        return None
    parts = []
    for leaf in m.layouts.leaves(t):
        if isinstance(leaf.spec, Bool | Range | Enum_ | Reference | Union):
            return None
        u = underlying(leaf.spec)
        if not isinstance(u, Basic):
            return None
        low, high = (0, 1) if u.name == "bool" else integer_range(m, u)
        parts.append((0, len(m.layouts.strings)) if u.name == "string" else (low, high - low + 1))
    return tuple(parts) if prod(size for _, size in parts) <= MOST_PACKED else None


def is_held(m: Machine, t: Type) -> bool:
    """Whether interface values of a model can hold a value of this type: it is one number, or packed into one."""
    if isinstance(underlying(t), Struct | Array):
        return packed(m, t) is not None
    return isinstance(underlying(t), Basic | Pointer | Map | Slice) and len(m.layouts.leaves(t)) == 1


def segment(m: Machine, t: Type) -> tuple[Expr, int, Expr]:
    """First value, least contained value and last value of a dynamic type's segment in the interface domain."""
    has_address(m, t)
    if not is_held(m, t):
        assert m.where is not None
        raise m.unsupported(
            f"a value of type {t} in an interface is not supported yet",
            m.where,
            "put a pointer to it into the interface"
            if packed(m, t) is None and not isinstance(underlying(t), Struct | Array)
            else f"put a pointer to it into the interface: only structs of numbers, strings and bools with at most "
            f"{MOST_PACKED} values are kept there (bounds: int has a say)",
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
    return integers(t, m.settings.bounds.int)


def integers(t: Basic, bounds: tuple[int, int]) -> tuple[int, int]:
    """The values of an integer type within `bounds.int`."""
    low, high = bounds
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
    data = op("-", interface, first)
    parts = packed(m, t)
    if parts is None:
        return Value(t, (op("+", data, Const(lowest)),))
    leaves: list[Expr] = []
    for low, size in parts:
        leaves.append(op("+", op("%", data, Const(size)), Const(low)))
        data = op("/", data, Const(size))
    return Value(t, tuple(leaves))
