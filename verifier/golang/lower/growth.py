"""How much room `append` makes: Go's growth rule and the size classes of its allocator, on 64-bit machines."""

from __future__ import annotations

from verifier.golang.types import (
    Array,
    Basic,
    Chan,
    Interface,
    Map,
    Pointer,
    Primitive,
    Signature,
    Slice,
    Struct,
    Type,
    underlying,
)

_SIZES = {"bool": 1, "int8": 1, "uint8": 1, "int16": 2, "uint16": 2, "int32": 4, "uint32": 4, "string": 16}
_PRIMITIVES = {
    "sync.Mutex": (8, 4),
    "sync.RWMutex": (24, 4),
    "atomic.Bool": (4, 4),
    "atomic.Int32": (4, 4),
    "atomic.Uint32": (4, 4),
    "atomic.Int64": (8, 8),
    "atomic.Uint64": (8, 8),
    "atomic.Uintptr": (8, 8),
    "atomic.Pointer": (8, 8),
    "atomic.Value": (16, 8),
}
"""Size and alignment in bytes."""

_CLASSES = (
    *(8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 240, 256, 288, 320, 352, 384, 416, 448),
    *(480, 512, 576, 640, 704, 768, 896, 1024, 1152, 1280, 1408, 1536, 1792, 2048, 2304, 2688, 3072, 3200, 3456, 4096),
)
"""internal/runtime/gc/sizeclasses.go:98, as far as arrays of models go."""

_HEADER = 8
_WITHOUT_HEADER = 512
"""Objects with pointers that are larger have a header (runtime/msize.go:20)."""


def capacities(elem: Type, longest: int) -> tuple[int, ...] | None:
    """The capacity that an array of 0, 1, … 2·longest elements is rounded up to; None where that is not known."""
    found = _size(elem)
    if found is None:
        return None
    size = found[0]
    if size == 0:
        return tuple(range(2 * longest + 1))  # runtime/slice.go:206: no memory, no rounding
    rounded = [_rounded(n * size, _has_pointers(elem)) for n in range(2 * longest + 1)]
    return None if None in rounded else tuple(r // size for r in rounded if r is not None)


def largest(types: frozenset[Type], longest: int, written: int) -> int:
    """The largest capacity, and the largest offset, that slices of these types can have in a model."""
    elems = (underlying(t) for t in types)
    tables = (capacities(u.elem, longest) for u in elems if isinstance(u, Slice))
    return max(2 * longest, written, *(max(table) for table in tables if table is not None), 0)


def _rounded(size: int, pointers: bool) -> int | None:
    """runtime/msize.go:16."""
    header = _HEADER if pointers and size > _WITHOUT_HEADER else 0
    fitting = next((c for c in _CLASSES if c >= size + header), None)
    return 0 if size == 0 else None if fitting is None else fitting - header


def _size(t: Type) -> tuple[int, int] | None:
    """Size and alignment of a type on a 64-bit machine."""
    u = underlying(t)
    match u:
        case Basic():
            size = _SIZES.get(u.name, 8)
            return size, min(size, 8)
        case Pointer() | Map() | Chan() | Signature():
            return 8, 8
        case Interface():
            return 16, 8
        case Slice():
            return 24, 8
        case Array():
            inner = _size(u.elem)
            return None if inner is None else (inner[0] * u.length, inner[1])
        case Primitive():
            return _PRIMITIVES.get(u.name)
        case Struct():
            return _struct(u)
        case _:
            return None


def _struct(t: Struct) -> tuple[int, int] | None:
    at, widest, last = 0, 1, 1
    for f in t.fields:
        found = _size(f.type)
        if found is None:
            return None
        last, align = found
        at = -(-at // align) * align + last
        widest = max(widest, align)
    if at and last == 0:
        at += 1  # a pointer to the last field must not point behind the struct (cmd/compile/internal/types/size.go)
    return -(-at // widest) * widest, widest


def _has_pointers(t: Type) -> bool:
    u = underlying(t)
    match u:
        case Basic():
            return u.name == "string"
        case Array():
            return _has_pointers(u.elem)
        case Struct():
            return any(_has_pointers(f.type) for f in u.fields)
        case Primitive():
            return u.name in ("atomic.Pointer", "atomic.Value")
        case _:
            return True
