"""`dataclass` as in the standard library, but cheap to define: a run makes 250 such classes before it does anything.

The library writes and compiles the text of six methods for every class, which is half of our start-up. Here all
classes share methods that need no text, and `__init__`, which should be fast, is compiled when a class is first used.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import MISSING, FrozenInstanceError
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # To the type checker, and to `fields` and `is_dataclass`, these are dataclasses like any other.
    from dataclasses import dataclass as dataclass, replace as replace
else:

    def replace(given: Any, /, **changes: Any) -> Any:
        """What `dataclasses.replace` does, without asking every field whether it may: five times as fast."""
        parts = given.__class__.__dict__.get("__parts__")
        if parts is None:  # made by the library, or a subclass that may have more fields
            return dataclasses.replace(given, **changes)
        names, values = parts
        return given.__class__(**(dict(zip(names, values(given), strict=True)) | changes))

    def dataclass(
        cls: type | None = None, /, *, eq: bool = True, order: bool = False, frozen: bool = False, slots: bool = False
    ) -> Any:
        """What `dataclasses.dataclass` does with these arguments, for classes that define none of its methods."""

        def made(cls: type) -> type:
            # Fields, defaults, `__match_args__` and slots need no generated code: these are the library's.
            cls = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots)(cls)
            methods: dict[str, Any] = {"__init__": _first_init(cls, frozen, slots), "__repr__": _repr(cls)}
            if eq:
                values = _values(cls)
                methods |= {"__eq__": _eq(values), "__hash__": _hash(values) if frozen else None}
                if order:
                    methods |= _order(values)
            if frozen:
                methods |= {"__setattr__": _no_set, "__delattr__": _no_delete}
            names = [f.name for f in dataclasses.fields(cls)]
            methods["__parts__"] = names, _attributes(names)
            if frozen and slots:
                methods |= {"__getstate__": _get_state, "__setstate__": _set_state}
            for name, method in methods.items():
                setattr(cls, name, method)
            return cls

        return made if cls is None else made(cls)


Values = Callable[[Any], tuple[Any, ...]]


def _first_init(cls: type, frozen: bool, slots: bool) -> Callable[..., None]:
    """An `__init__` that puts the real one in its own place."""

    def __init__(self: Any, *args: Any, **named: Any) -> None:
        real = _init(cls, frozen, slots)
        type.__setattr__(cls, "__init__", real)
        real(self, *args, **named)

    return __init__


def _init(cls: type, frozen: bool, slots: bool) -> Callable[..., None]:
    known: dict[str, Any] = {"MISSING": MISSING, "put": object.__setattr__}
    parameters, lines = ["self"], []
    for n, f in enumerate(dataclasses.fields(cls)):
        value, default = f.name, f"={f'd{n}'}"
        if f.default is not MISSING:
            known[f"d{n}"] = f.default
        elif f.default_factory is not MISSING:
            known |= {f"d{n}": MISSING, f"f{n}": f.default_factory}
            value = f"f{n}() if {f.name} is MISSING else {f.name}"
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


def _values(cls: type) -> Values:
    """All that is compared, as a tuple."""
    return _attributes([f.name for f in dataclasses.fields(cls) if f.compare])


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


def _repr(cls: type) -> Callable[[Any], str]:
    def __repr__(self: Any) -> str:
        shown = (f"{f.name}={getattr(self, f.name)!r}" for f in dataclasses.fields(self) if f.repr)
        return f"{self.__class__.__qualname__}({', '.join(shown)})"

    return __repr__


def _no_set(self: Any, name: str, value: Any) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _no_delete(self: Any, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _get_state(self: Any) -> list[Any]:
    return [getattr(self, f.name) for f in dataclasses.fields(self)]


def _set_state(self: Any, state: list[Any]) -> None:
    for f, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, f.name, value)
