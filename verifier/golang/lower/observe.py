"""What reports look at: the shared objects worth a column, and the symptoms a race can show at run time."""

from __future__ import annotations

from collections.abc import Iterator

from verifier.golang.library import COND, TIMERS, WAITERS
from verifier.golang.lower.arrange import Arrangement
from verifier.golang.lower.layout import Layouts
from verifier.golang.lower.link import Linker, cell_name
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.maps import map_object
from verifier.golang.lower.timers import is_timer
from verifier.golang.lower.values import Address, Binding, FuncVal, Made, Part, Region, Value
from verifier.golang.types import Array, Chan, Map, Pointer, Primitive, Slice, Struct, Type, Var, underlying
from verifier.gosem import runtime_map
from verifier.program.expr import FALSE, Expr, Own, Read, all_of, either, negate
from verifier.program.program import View

_KINDS = {
    "sync.Mutex": "mutex",
    "sync.RWMutex": "rwmutex",
    "sync.Once": "once",
    "sync.WaitGroup": "waitgroup",
    "sync.Map": "syncmap",
    "sync.notifyList": "cond",
}

Path = tuple[str | int, ...]

ONCE = Primitive("sync.Once")


def views(
    m: Machine, at: Arrangement, linker: Linker, bindings: tuple[tuple[Var, Binding], ...], state: list[int]
) -> tuple[View, ...]:
    """A view for every lock, map and variable of the package, in the order of declaration."""
    out: list[View] = []
    seen: set[tuple[Region, Path]] = set()
    for var, binding in bindings:
        if binding.loc is not None and isinstance(binding.loc.base, Region):
            out += _walk(m, at, state, binding.loc.base, (), var.type, seen)
        elif binding.value is not None and binding.value.leaves and isinstance(binding.value.leaves[0], Address):
            out += _target(m, at, state, binding.value.leaves[0], var.type, seen)
        elif binding.value is not None:
            out += _once(m, at, state, binding.value, seen)
    return tuple(out)


def _once(
    m: Machine, at: Arrangement, state: list[int], value: Value, seen: set[tuple[Region, Path]]
) -> Iterator[View]:
    """The Once inside a function that `sync.OnceFunc` or its kin made."""
    f = value.leaves[0] if value.leaves else None
    recv = f.recv.leaves[0] if isinstance(f, FuncVal) and isinstance(f.target, Made) and f.recv is not None else None
    if isinstance(recv, Address):
        yield from _walk(m, at, state, recv.region, ("·once",), ONCE, seen)


def _target(
    m: Machine, at: Arrangement, state: list[int], a: Address, t: Type, seen: set[tuple[Region, Path]]
) -> Iterator[View]:
    u = underlying(t)
    if isinstance(u, Pointer):
        yield from _walk(m, at, state, a.region, a.path, u.elem, seen)
    elif isinstance(u, Map):
        yield from _map(m, a.region, u, seen)
    elif isinstance(u, Chan):
        yield from _timer(a.region, seen) if is_timer(t) else _channel(m, a.region, seen)
    elif isinstance(u, Slice):
        for i in range(m.slice_lengths.get(a.region, 0)):
            yield from _walk(m, at, state, a.region, (i,), u.elem, seen)


def _timer(r: Region, seen: set[tuple[Region, Path]]) -> Iterator[View]:
    """A timer: whether it can still fire."""
    if (r, ()) not in seen:
        seen.add((r, ()))
        yield View(f"{r.name} runs", "value", (r.offset + r.index[(Part("armed"),)],))


def _walk(
    m: Machine, at: Arrangement, state: list[int], r: Region, path: Path, t: Type, seen: set[tuple[Region, Path]]
) -> Iterator[View]:
    if (r, path) in seen or r.template != 0:
        return
    seen.add((r, path))
    u = underlying(t)
    match u:
        case Struct():
            for f in u.fields if t is not COND else (WAITERS,):
                yield from _walk(m, at, state, r, (*path, f.name), f.type, seen)
        case Array():
            for i in range(u.length):
                yield from _walk(m, at, state, r, (*path, i), u.elem, seen)
        case Primitive() if u in TIMERS:
            pass  # what is to be seen of a timer is at its channel
        case Primitive():
            yield _primitive(m, r, path, u)
        case Pointer() if m.layouts.by_content(u):
            yield View(cell_name(m, r, path), "pointer", _cells(r, path))
        case Pointer() | Map() | Slice() | Chan():
            yield from _reference(m, at, state, r, path, t, seen)
        case _:
            yield _value(m, r, path)


def _reference(
    m: Machine, at: Arrangement, state: list[int], r: Region, path: Path, t: Type, seen: set[tuple[Region, Path]]
) -> Iterator[View]:
    """A variable that holds a reference: its own value, and what it refers to at the start."""
    if m.layouts.grows(t):
        return  # what it refers to moves: there is no column that would stay
    number = state[r.offset + r.index[path]]
    key = m.layouts.object_key(t)
    if not isinstance(underlying(t), Map | Chan) or number == 0:
        yield _value(m, r, path)
    if number and key in at.places:
        spot = at.places[key][number - 1]
        if spot.instance == 0 and spot.block == 0:
            yield from _target(m, at, state, Address(spot.region, spot.path), t, seen)


def _value(m: Machine, r: Region, path: Path) -> View:
    return View(cell_name(m, r, path), "value", _cells(r, path))


def _cells(r: Region, path: Path) -> tuple[int, ...]:
    return tuple(r.offset + i for p, i in r.index.items() if p[: len(path)] == path)


def _primitive(m: Machine, r: Region, path: Path, t: Primitive) -> View:
    kind = _KINDS.get(t.name, "atomic")
    cells = _cells(r, path)
    name = cell_name(m, r, path)
    if kind == "waitgroup":
        cells = cells[:1]
    keys: tuple[str, ...] = ()
    if t.arg is not None and m.layouts.by_content(Pointer(t.arg)):
        kind = "pointer"
    if kind == "syncmap":
        keys = _sync_keys(m, m.layouts)
        # Of those keys only (there is room for integers where the keys are strings), and without the bit that only a
        # Range looks at, as for the built-in map.
        cells = tuple(
            r.offset + i
            for n in range(len(keys))
            for p, i in r.index.items()
            if p[: len(path) + 1] == (*path, n) and p[-1] != "fresh"
        )
    return View(name, kind, cells, keys)


def _sync_keys(m: Machine, layouts: Layouts) -> tuple[str, ...]:
    if m.sync_key_go is None or str(underlying(m.sync_key_go)) == "string":
        return tuple(f'"{s}"' for s in layouts.strings)
    return tuple(map(str, range(layouts.int_keys)))


def _map(m: Machine, r: Region, t: Map, seen: set[tuple[Region, Path]]) -> Iterator[View]:
    if (r, ()) in seen or m.settings.runtime or r.template != 0:
        return
    seen.add((r, ()))
    # Neither the header, which holds nothing, nor the bit that only a range looks at (`gomap`).
    keep = [i for i, leaf in enumerate(r.leaves) if len(leaf.path) > 1 and leaf.path[1] != "fresh"]
    yield View(r.name, "map", tuple(r.offset + i for i in keep), m.layouts.key_names(t))


def _channel(m: Machine, r: Region, seen: set[tuple[Region, Path]]) -> Iterator[View]:
    """Whether it is closed, and what waits in its buffer; of a channel that can be neither there is nothing to see."""
    shown = [p for p in r.index if p[0] == "buffer" or p in (("closed",), ("len",))]
    if (r, ()) in seen or r.template != 0 or (len(shown) == 1 and not m.facts.closes):
        return
    seen.add((r, ()))
    shown.sort(key=lambda p: (p[0] == "buffer", p != ("closed",)))
    yield View(r.name, "channel", tuple(r.offset + r.index[p] for p in shown))


def symptom_clauses(m: Machine) -> tuple[tuple[str, str, Expr], ...]:
    """Under the runtime lowering: what the final state of the package's maps can show (see `gosem.runtime_map`)."""
    if m.odd is None:
        return ()
    found: dict[str, tuple[str, Expr]] = {}
    clean: list[Expr] = [negate(Read(Own(0, m.odd)))]
    m.pure = True
    for region in m.builders[0].regions:
        if ("writing",) not in region.index or region.blocks != 1:
            continue
        obj = map_object(m, Value(m.sort_types[region.sort], (Address(region),)))
        for name, sentence, present in runtime_map.symptoms(obj):
            before = found.get(name, (sentence, FALSE))[1]
            found[name] = (sentence, either(before, present))
        clean.append(runtime_map.no_symptom(obj))
    m.pure = False
    if not found:
        return ()
    quiet = ("no symptom", "every goroutine returns and nothing shows", all_of(*clean))
    return (*((name, sentence, e) for name, (sentence, e) in found.items()), quiet)
