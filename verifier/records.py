"""`dataclass` as in the standard library, but cheap to define: a run makes 250 such classes before it does anything.

The library imports `inspect`, looks at every field with care, and writes and compiles the text of six methods for every
class: a third of our start-up. Here all classes share methods that need no text, and `__init__`, which should be fast,
is compiled when a class is first used. To the functions of the library the classes are dataclasses like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import (
        dataclass as dataclass,
        field as field,
        fields as fields,
        is_dataclass as is_dataclass,
        replace as replace,
    )
else:

    def dataclass(
        cls: type | None = None, /, *, eq: bool = True, order: bool = False, frozen: bool = False, slots: bool = False
    ) -> Any:
        """What `dataclasses.dataclass` does with these arguments, for classes that define none of its methods."""

        def made(cls: type) -> type:
            return _made(cls, eq=eq, order=order, frozen=frozen, slots=slots)

        return made if cls is None else made(cls)

    def field(**given: Any) -> Any:
        """What `dataclasses.field` says of a field with `default` or `default_factory`, `compare` and `repr`."""
        return Part(**given)

    def fields(of: Any) -> tuple[Any, ...]:
        """What `dataclasses.fields` returns, as far as `Part` has it."""
        try:
            return of.__parts__
        except AttributeError:
            import dataclasses

            return dataclasses.fields(of)

    def is_dataclass(what: Any) -> bool:
        """What `dataclasses.is_dataclass` says."""
        return hasattr(what, "__parts__") or hasattr(what, "__dataclass_fields__")

    def replace(given: Any, /, **changes: Any) -> Any:
        """What `dataclasses.replace` does, without asking every field whether it may: five times as fast."""
        taken = given.__class__.__dict__.get("__taken__")
        if taken is None:  # made by the library, or a subclass that may have more fields
            import dataclasses

            return dataclasses.replace(given, **changes)
        names, values = taken
        return given.__class__(**(dict(zip(names, values(given), strict=True)) | changes))


_NONE: Any = object()
"""No default."""

Values = Callable[[Any], tuple[Any, ...]]


class Part:
    """One field of a class: what `dataclasses.Field` is in the library, with its names."""

    __slots__ = ("compare", "default", "default_factory", "name", "repr", "type")

    def __init__(
        self, *, default: Any = _NONE, default_factory: Any = _NONE, compare: bool = True, repr: bool = True
    ) -> None:
        self.name = self.type = ""
        self.default = default
        self.default_factory = default_factory
        self.compare = compare
        self.repr = repr

    def library(self) -> tuple[str, Any, Any]:
        """The field as `dataclasses.make_dataclass` takes it."""
        from dataclasses import field

        named = {"default": self.default, "default_factory": self.default_factory}
        given = {name: value for name, value in named.items() if value is not _NONE}
        return self.name, self.type, field(**given, compare=self.compare, repr=self.repr)


class _Library:
    """An attribute that the library's functions look for: made when one of them does."""

    def __init__(self, name: str, frozen: bool) -> None:
        self.name = name
        self.frozen = frozen

    def __get__(self, instance: Any, owner: Any) -> Any:
        from dataclasses import make_dataclass

        twin = make_dataclass(owner.__name__, [p.library() for p in owner.__parts__], frozen=self.frozen)
        found = getattr(twin, self.name)
        type.__setattr__(owner, self.name, found)
        return found


def _made(cls: type, *, eq: bool, order: bool, frozen: bool, slots: bool) -> type:
    parts = _parts(cls)
    names = [p.name for p in parts]
    new: dict[str, Any] = {
        "__parts__": parts,
        "__taken__": (names, _attributes(names)),
        "__match_args__": tuple(names),
        "__repr__": _repr,
        "__dataclass_fields__": _Library("__dataclass_fields__", frozen),
        "__dataclass_params__": _Library("__dataclass_params__", frozen),
    }
    if eq:
        values = _attributes([p.name for p in parts if p.compare])
        new |= {"__eq__": _eq(values), "__hash__": _hash(values) if frozen else None}
        if order:
            new |= _order(values)
    if frozen:
        new |= {"__setattr__": _no_set, "__delattr__": _no_delete}
        if slots:
            new |= {"__getstate__": _get_state, "__setstate__": _set_state}
    if slots:
        inherited = {s for base in cls.__mro__[1:] for s in base.__dict__.get("__slots__", ())}
        new["__slots__"] = tuple(n for n in names if n not in inherited)
        left_out = {"__dict__", "__weakref__", *names}
        body = {name: value for name, value in cls.__dict__.items() if name not in left_out} | new
        qualified = cls.__qualname__
        cls = type(cls)(cls.__name__, cls.__bases__, body)
        cls.__qualname__ = qualified
    else:
        for p in parts:
            if p.default is not _NONE:
                new[p.name] = p.default
            elif p.name in cls.__dict__:
                delattr(cls, p.name)
        for name, value in new.items():
            setattr(cls, name, value)
    setattr(cls, "__init__", _first_init(cls, frozen, slots))  # noqa: B010
    return cls


def _parts(cls: type) -> tuple[Part, ...]:
    """The fields of a class, those of its bases first."""
    found: dict[str, Part] = {}
    for base in cls.__mro__[-1:0:-1]:
        if "__parts__" in base.__dict__:
            found |= {p.name: p for p in base.__dict__["__parts__"]}
        elif "__dataclass_fields__" in base.__dict__:
            raise TypeError(f"{base.__name__} is a dataclass of the library, which {cls.__name__} cannot extend")
    for name, text in cls.__annotations__.items():
        given = cls.__dict__.get(name, _NONE)
        if given.__class__.__module__ == "dataclasses":
            raise TypeError(f"{name} of {cls.__name__} is a field of the library: take `field` from here")
        part = given if isinstance(given, Part) else Part(default=given)
        part.name, part.type = name, text
        if part.default.__class__.__hash__ is None:
            raise ValueError(f"mutable default {type(part.default)} for field {name} is not allowed")
        found[name] = part
    return tuple(found.values())


def _first_init(cls: type, frozen: bool, slots: bool) -> Callable[..., None]:
    """An `__init__` that puts the real one in its own place."""

    def __init__(self: Any, *args: Any, **named: Any) -> None:
        real = _init(cls, frozen, slots)
        type.__setattr__(cls, "__init__", real)
        real(self, *args, **named)

    return __init__


def _init(cls: type, frozen: bool, slots: bool) -> Callable[..., None]:
    known: dict[str, Any] = {"_NONE": _NONE, "put": object.__setattr__}
    parameters, lines = ["self"], []
    for n, f in enumerate(cls.__dict__["__parts__"]):
        value, default = f.name, f"={f'd{n}'}"
        if f.default is not _NONE:
            known[f"d{n}"] = f.default
        elif f.default_factory is not _NONE:
            known |= {f"d{n}": _NONE, f"f{n}": f.default_factory}
            value = f"f{n}() if {f.name} is _NONE else {f.name}"
        else:
            default = ""
        parameters.append(f.name + default)
        if not frozen:
            lines.append(f"self.{f.name} = {value}")
        elif slots:
            # The slot's own setter: what `object.__setattr__` would look up every time.
            known[f"s{n}"] = getattr(cls, f.name).__set__
            lines.append(f"s{n}(self, {value})")
        else:
            lines.append(f"put(self, {f.name!r}, {value})")
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    body = "\n  ".join(lines or ["pass"])
    exec(f"def __init__({', '.join(parameters)}):\n  {body}", known)
    made: Callable[..., None] = known["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


def _attributes(names: Sequence[str]) -> Values:
    if len(names) > 1:
        return attrgetter(*names)
    if not names:
        return lambda self: ()
    get = attrgetter(names[0])
    return lambda self: (get(self),)


def _eq(values: Values) -> Callable[[Any, Any], Any]:
    def __eq__(self: Any, other: Any) -> Any:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    return __eq__


def _hash(values: Values) -> Callable[[Any], int]:
    def __hash__(self: Any) -> int:
        return hash(values(self))

    return __hash__


def _order(values: Values) -> dict[str, Callable[[Any, Any], Any]]:
    def __lt__(self: Any, other: Any) -> Any:
        return values(self) < values(other) if other.__class__ is self.__class__ else NotImplemented

    def __le__(self: Any, other: Any) -> Any:
        return values(self) <= values(other) if other.__class__ is self.__class__ else NotImplemented

    def __gt__(self: Any, other: Any) -> Any:
        return values(self) > values(other) if other.__class__ is self.__class__ else NotImplemented

    def __ge__(self: Any, other: Any) -> Any:
        return values(self) >= values(other) if other.__class__ is self.__class__ else NotImplemented

    return {m.__name__: m for m in (__lt__, __le__, __gt__, __ge__)}


def _repr(self: Any) -> str:
    shown = (f"{p.name}={getattr(self, p.name)!r}" for p in self.__parts__ if p.repr)
    return f"{self.__class__.__qualname__}({', '.join(shown)})"


def _no_set(self: Any, name: str, value: Any) -> None:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _no_delete(self: Any, name: str) -> None:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _get_state(self: Any) -> list[Any]:
    return [getattr(self, p.name) for p in self.__parts__]


def _set_state(self: Any, state: list[Any]) -> None:
    for p, value in zip(self.__parts__, state, strict=True):
        object.__setattr__(self, p.name, value)
