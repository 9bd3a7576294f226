"""Layout: which cells a value of a type takes, and the keys that tell reference sorts apart."""

from __future__ import annotations

from verifier.golang.library import TIME
from verifier.golang.lower.values import Leaf, Part
from verifier.golang.types import (
    Array,
    Basic,
    Chan,
    Interface,
    Map,
    Named,
    Pointer,
    Primitive,
    Signature,
    Slice,
    Struct,
    Tuple,
    Type,
    underlying,
)
from verifier.gosem import channel, cond, gomap, mutex, once, runtime_map, rwmutex, syncmap, timer, waitgroup
from verifier.gosem.fragment import CellSpec
from verifier.program.program import Bool, Range

MOST_PANICS = 15
"""Different panics that one function of sync.OnceFunc can end in."""

SET = Part("set")
"""The cell that says whether a pointer kept by content is not nil."""

ARRAY = Part("·array")
"""The cell of a growing slice that refers to its array."""

_FIXED: dict[str, tuple[CellSpec, ...]] = {
    "sync.Mutex": mutex.LAYOUT,
    "sync.RWMutex": rwmutex.LAYOUT,
    "sync.WaitGroup": waitgroup.LAYOUT,
    "sync.Once": once.LAYOUT,
    "sync.notifyList": cond.LAYOUT,
    "time.runtimeTimer": (),
    "time.runtimeTicker": (),
    "sync.oncePanic": (CellSpec(("number",), Range(0, MOST_PANICS)),),
}


class Layouts:
    """Layouts of one model: key domains and the map lowering are fixed per model.

    `keys` is the number of string constants, `int_keys` of integer keys; `map_layout` gives the cells of a map
    object for a number of keys (abstract, swiss or hmap). `channels`: element types and capacities of those made.
    """

    def __init__(
        self,
        strings: tuple[str, ...],
        int_keys: int,
        longest_slice: int,
        runtime: str = "",
        channels: tuple[tuple[Type, int], ...] = (),
        contents: frozenset[Named] = frozenset(),
        growing: frozenset[Type] = frozenset(),
        most_capacity: int = 0,
    ) -> None:
        self.strings = strings
        self.int_keys = int_keys
        self.longest_slice = longest_slice
        self.runtime = runtime
        self.contents = contents
        self.growing = growing
        self.most_capacity = most_capacity
        self._cache: dict[str, tuple[Leaf, ...]] = {}
        self._names: dict[int, str] = {}
        self._made: dict[str, list[int]] = {}
        for elem, capacity in channels:
            self._made.setdefault(self.key(Chan(elem)), []).append(capacity)

    def key(self, t: Type) -> str:
        """A text equal for identical types; declared types with the same name in two functions differ."""
        match t:
            case Named():
                taken = self._names.setdefault(id(t), t.name)
                clash = [i for i, n in self._names.items() if n == t.name]
                return taken if clash[0] == id(t) else f"{t.name}·{clash.index(id(t))}"
            case Pointer():
                return f"*{self.key(t.elem)}"
            case Map():
                return f"map[{self.key(t.key)}]{self.key(t.elem)}"
            case Slice():
                return f"[]{self.key(t.elem)}"
            case Chan():
                # One type for all directions: a channel of either is a channel of both.
                return f"chan {self.key(t.elem)}"
            case Array():
                return f"[{t.length}]{self.key(t.elem)}"
            case Primitive() if t.arg is not None:
                return f"{t.name}[{self.key(t.arg)}]"
            case Struct():
                return "struct{" + ";".join(f"{f.name} {self.key(f.type)}" for f in t.fields) + "}"
            case _:
                return str(t)

    def leaves(self, t: Type) -> tuple[Leaf, ...]:
        """The cells of a value of type `t`, in order."""
        key = self.key(t)
        if key not in self._cache:
            self._cache[key] = tuple(self._leaves(t))
        return self._cache[key]

    def _leaves(self, t: Type) -> list[Leaf]:
        u = underlying(t)
        match u:
            case Struct():
                return [Leaf((f.name, *x.path), x.spec) for f in u.fields for x in self.leaves(f.type)]
            case Array():
                inner = self.leaves(u.elem)
                return [Leaf((i, *x.path), x.spec) for i in range(u.length) for x in inner]
            case Tuple():
                return [Leaf((i, *x.path), x.spec) for i, p in enumerate(u.types) for x in self.leaves(p)]
            case Signature():
                return []
            case Primitive():
                return self._primitive(u)
            case Slice() if u in self.growing:
                counts = (Leaf((Part(name),), Range(0, self.most_capacity)) for name in ("·off", "·len", "·cap"))
                return [Leaf((ARRAY,), t), *counts]
            case Pointer() if self.by_content(u):
                return [Leaf((SET,), Bool()), *self.leaves(u.elem)]
            case _:
                return [Leaf((), t)]

    def grows(self, t: Type) -> bool:
        """Whether slices of this type grow or share arrays: then they are an array, an offset, a length, a capacity."""
        return underlying(t) in self.growing

    def by_content(self, t: Type) -> bool:
        """Whether a pointer type is kept by content: whether it is set, then the fields it points to."""
        u = underlying(t)
        return isinstance(u, Pointer) and u.elem in self.contents

    def _primitive(self, t: Primitive) -> list[Leaf]:
        if t.name in _FIXED:
            return self._specs(_FIXED[t.name], Interface(()))
        if t.name == "sync.Map":
            return self._specs(syncmap.layout(max(len(self.strings), self.int_keys)), Interface(()))
        if t.name == "atomic.Pointer" and t.arg is not None:
            return [Leaf((Part("v"), *x.path), x.spec) for x in self.leaves(Pointer(t.arg))]
        if t.name == "atomic.Value":
            return [Leaf((Part("v"),), Interface(()))]
        if t.name == "atomic.Bool":
            return [Leaf((Part("v"),), Basic("bool"))]
        return [Leaf((Part("v"),), Basic(t.name.removeprefix("atomic.").lower()))]

    def _specs(self, specs: tuple[CellSpec, ...], elem: Type) -> list[Leaf]:
        out = []
        for spec in specs:
            inside = tuple(Part(c) if isinstance(c, str) else c for c in spec.path)
            if spec.domain is None:
                out += [Leaf((*inside, *x.path), x.spec) for x in self.leaves(elem)]
            else:
                out.append(Leaf(inside, spec.domain))
        return out

    def object_leaves(self, t: Type) -> tuple[Leaf, ...]:
        """The cells of what a reference of type `t` points to: a map, a channel, a slice's array, or the pointee."""
        u = underlying(t)
        if isinstance(u, Map):
            return tuple(self._specs(self.map_specs(self.map_keys(u)), u.elem))
        if isinstance(u, Chan) and u.elem is TIME:
            return tuple(self._specs(timer.LAYOUT, Interface(())))
        if isinstance(u, Chan):
            return tuple(self._specs(channel.layout(self.capacities(t)), u.elem))
        if isinstance(u, Slice):
            return self.leaves(Array(self.longest_slice, u.elem))
        assert isinstance(u, Pointer)
        return self.leaves(u.elem)

    def capacities(self, t: Type) -> tuple[int, ...]:
        """The lengths that buffers of channels of this type have in the model."""
        return tuple(sorted(self._made.get(self.key(underlying(t)), ())))

    def map_specs(self, keys: int) -> tuple[CellSpec, ...]:
        """The cells of a map object under the lowering in use."""
        if self.runtime:
            return runtime_map.layout(keys)
        return gomap.layout(keys)

    def map_keys(self, t: Map) -> int:
        """How many keys a map of this type can hold: the model's key domain for its key type."""
        u = underlying(t.key)
        if isinstance(u, Basic) and u.name == "bool":
            return 2
        return len(self.strings) if isinstance(u, Basic) and u.name == "string" else self.int_keys

    def key_names(self, t: Map) -> tuple[str, ...]:
        """The keys of a map type as Go literals, for reports."""
        u = underlying(t.key)
        if isinstance(u, Basic) and u.name == "string":
            return tuple(f'"{s}"' for s in self.strings)
        if isinstance(u, Basic) and u.name == "bool":
            return ("false", "true")
        return tuple(map(str, range(self.int_keys)))

    def object_key(self, t: Type) -> str:
        """The sort key of what a reference of type `t` points to."""
        u = underlying(t)
        return self.key(u.elem) if isinstance(u, Pointer) else self.key(u)
