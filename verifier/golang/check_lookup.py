"""Finding fields and methods through embedding, and method sets (Go spec, "Selectors" and "Method sets")."""

from __future__ import annotations

from collections.abc import Iterator

from verifier.golang import library, types as t
from verifier.golang.check_operand import deref
from verifier.records import dataclass


@dataclass(frozen=True, slots=True)
class Found:
    """A field or method found from a type.

    `path` leads to the field (included) or to the embedded field whose method it is; `indirect` says that a pointer
    was followed on the way, the receiver itself included. Exactly one of field, func, primitive, abstract is set.
    """

    path: tuple[t.StructField, ...]
    indirect: bool
    field: t.StructField | None = None
    func: t.Func | None = None
    primitive: t.Primitive | None = None
    abstract: t.Signature | None = None

    def signature(self, name: str) -> t.Signature:
        """The signature of the method found under `name`."""
        if self.func is not None:
            return self.func.signature
        if self.primitive is not None:
            return library.methods(self.primitive)[name]
        assert self.abstract is not None
        return self.abstract

    @property
    def needs_pointer(self) -> bool:
        """A method with a pointer receiver."""
        if self.func is not None:
            return self.func.recv is not None and isinstance(self.func.recv.type, t.Pointer)
        return self.primitive is not None


@dataclass(frozen=True, slots=True)
class _Place:
    """One embedded type on the way down."""

    type: t.Type
    path: tuple[t.StructField, ...]
    indirect: bool


def lookup(of: t.Type, name: str) -> Found | str | None:
    """The field or method `name` of `of` at the shallowest depth; "ambiguous" when there are several there."""
    behind = deref(of)
    if isinstance(of, t.Named) and behind is not None:
        return _only([f for f in _here(_Place(behind, (), True), name) if f.field])
    if behind is not None and isinstance(t.underlying(behind), t.Interface):
        return None
    level = [_Place(behind or of, (), behind is not None)]
    seen: set[t.Named] = set()
    while level:
        fresh = [p for p in level if p.type not in seen]
        seen.update(p.type for p in fresh if isinstance(p.type, t.Named))
        found = [f for place in fresh for f in _here(place, name)]
        if found:
            return _only(found)
        level = [below for place in fresh for below in _embedded(place)]
    return None


def _only(found: list[Found]) -> Found | str | None:
    return found[0] if len(found) == 1 else "ambiguous" if found else None


def _here(place: _Place, name: str) -> Iterator[Found]:
    of, path, indirect = place.type, place.path, place.indirect
    if isinstance(of, t.Named) and name in of.methods:
        yield Found(path, indirect, func=of.methods[name])
        return
    if isinstance(of, t.Primitive) and name in library.methods(of):
        yield Found(path, indirect, primitive=of)
    waiters = library.WAITERS
    if of is library.COND and isinstance(waiters.type, t.Primitive) and name in library.methods(waiters.type):
        yield Found((*path, waiters), indirect, primitive=waiters.type)
    u = t.underlying(of)
    if isinstance(u, t.Interface):
        for method, signature in u.methods:
            if method == name:
                yield Found(path, indirect, abstract=signature)
    if isinstance(u, t.Struct):
        for f in u.fields:
            if f.name == name:
                yield Found((*path, f), indirect, field=f)


def _embedded(place: _Place) -> Iterator[_Place]:
    u = t.underlying(place.type)
    for f in u.fields if isinstance(u, t.Struct) else ():
        if f.embedded:
            behind = deref(f.type)
            yield _Place(behind or f.type, (*place.path, f), place.indirect or behind is not None)


def members(of: t.Type) -> set[str]:
    """Every field and method name reachable from `of`, for suggestions."""
    names: set[str] = set()
    level = [_Place(deref(of) or of, (), False)]
    for _ in range(5):
        for place in level:
            if isinstance(place.type, t.Named):
                names |= set(place.type.methods)
            if isinstance(place.type, t.Primitive):
                names |= set(library.methods(place.type))
            if place.type is library.COND:
                names |= {"Wait", "Signal", "Broadcast"}
            u = t.underlying(place.type)
            if isinstance(u, t.Struct):
                names |= {f.name for f in u.fields if f != library.WAITERS}
            if isinstance(u, t.Interface):
                names |= {n for n, _ in u.methods}
        level = [below for place in level for below in _embedded(place)]
    return names


def why_not_implements(of: t.Type, want: t.Interface) -> str | None:
    """Why `of` does not implement `want`, as gc says it; None when it does."""
    for name, signature in want.methods:
        found = lookup(of, name)
        if not isinstance(found, Found) or found.field is not None:
            behind = deref(of)
            if behind is not None and isinstance(t.underlying(behind), t.Interface):
                return f"type {of} is pointer to interface, not interface"
            return f"missing method {name}"
        have = found.signature(name)
        if have != signature:
            wrong = f"{name}{str(have)[4:]}", f"{name}{str(signature)[4:]}"
            return f"wrong type for method {name}: have {wrong[0]}, want {wrong[1]}"
        if found.needs_pointer and not found.indirect:
            return f"method {name} has pointer receiver"
    return None
