"""Methods of sync and sync/atomic types: a table from (type, method) to the fragment of `gosem` that is its meaning."""

from __future__ import annotations

from collections.abc import Callable

from verifier.golang import syntax as ast
from verifier.golang.library import TIMERS
from verifier.golang.lower import atomicvalues, timers
from verifier.golang.lower.arithmetic import limits
from verifier.golang.lower.conditions import cond_call
from verifier.golang.lower.inline import inline
from verifier.golang.lower.interfaces import convert, from_interface, holds_type
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.objects import cells_of, target
from verifier.golang.lower.order import operands
from verifier.golang.lower.places import place
from verifier.golang.lower.spawn import spawn
from verifier.golang.lower.storage import deref, has_address, load, numbers, scalar
from verifier.golang.lower.syncrange import sync_range
from verifier.golang.lower.values import FuncVal, Loc, Value, nothing
from verifier.golang.types import ANY, BOOL, INT, Basic, Interface, Pointer, Primitive, Tuple, Type, underlying
from verifier.gosem import atomic, mutex, once, rwmutex, syncmap, waitgroup
from verifier.gosem.fragment import Cells
from verifier.program.expr import ZERO, Const, Expr, Read, Ref, any_of, negate, op
from verifier.program.program import Bool
from verifier.source import Span

Run = Callable[[tuple[Value, ...]], Value]


def prepare(m: Machine, x: ast.Call, primitive: Primitive, name: str, receiver: Value) -> tuple[tuple[Value, ...], Run]:
    """Operands of a primitive's method, and its steps."""
    if primitive.name == "sync.Map":
        return _sync_map(m, x, name, receiver)
    if primitive.name.startswith("atomic."):
        return _atomic(m, x, primitive, name, receiver)
    if primitive in TIMERS:
        return (receiver,), timers.control(m, x, name)
    if primitive.name == "sync.notifyList":
        return (receiver,), lambda values: cond_call(m, name, values[0], x.span)
    if (primitive.name, name) in (("sync.Once", "Do"), ("sync.WaitGroup", "Go")):
        return _with_function(m, x, name, receiver)
    wants: tuple[Type | None, ...] = tuple(INT for _ in x.args)
    held = (receiver, *operands(m, tuple(x.args), wants))

    def run(values: tuple[Value, ...]) -> Value:
        loc = target(m, values[0])
        numbers_ = [scalar(v.leaves[0]) for v in values[1:]]
        return _SIMPLE[(primitive.name, name)](m, cells_of(m, loc), *numbers_)

    if (primitive.name, name) not in _SIMPLE:
        raise m.unsupported(f"{primitive.name}.{name} is not supported yet", x.span)
    return held, run


def _try(make: Callable[[Cells, Ref, bool], object]) -> Callable[..., Value]:
    def run(m: Machine, cells: Cells) -> Value:
        got = m.temp("got", Bool())
        m.fragment(make(cells, got, m.settings.spurious))  # type: ignore[arg-type]
        return Value(BOOL, (Read(got),))

    return run


def _plain(make: Callable[..., object]) -> Callable[..., Value]:
    def run(m: Machine, cells: Cells, *args: Expr) -> Value:
        m.fragment(make(cells, *args))  # type: ignore[arg-type]
        return nothing()

    return run


_SIMPLE: dict[tuple[str, str], Callable[..., Value]] = {
    ("sync.Mutex", "Lock"): _plain(mutex.lock),
    ("sync.Mutex", "Unlock"): _plain(mutex.unlock),
    ("sync.Mutex", "TryLock"): _try(mutex.try_lock),
    ("sync.RWMutex", "Lock"): _plain(rwmutex.lock),
    ("sync.RWMutex", "Unlock"): _plain(rwmutex.unlock),
    ("sync.RWMutex", "RLock"): _plain(rwmutex.rlock),
    ("sync.RWMutex", "RUnlock"): _plain(rwmutex.runlock),
    ("sync.RWMutex", "TryLock"): _try(rwmutex.try_lock),
    ("sync.RWMutex", "TryRLock"): _try(rwmutex.try_rlock),
    ("sync.WaitGroup", "Add"): _plain(waitgroup.add),
    ("sync.WaitGroup", "Done"): _plain(waitgroup.done),
    ("sync.WaitGroup", "Wait"): _plain(waitgroup.wait),
}


def _with_function(m: Machine, x: ast.Call, name: str, receiver: Value) -> tuple[tuple[Value, ...], Run]:
    """`Once.Do(f)` and `WaitGroup.Go(f)`: the function is known now and its body becomes part of the machine."""
    f = m.value(x.args[0])
    _known(m, f, x.args[0].span)

    def do(values: tuple[Value, ...]) -> Value:
        leaf = _known(m, values[1], x.args[0].span)
        cells = cells_of(m, target(m, values[0]))
        done = m.new()
        m.fragment(once.begin(cells), {once.SKIP: done})
        inline(m, leaf, (), x.span, finish=lambda: m.fragment(once.finish(cells)))
        m.label(done)
        return nothing()

    def go(values: tuple[Value, ...]) -> Value:
        m.fragment(waitgroup.add(cells_of(m, target(m, values[0])), Const(1)))

        def body(parked: tuple[Value, ...]) -> Value:
            inline(m, _known(m, parked[1], x.args[0].span), (), x.span)
            m.fragment(waitgroup.done(cells_of(m, target(m, parked[0]))))
            return nothing()

        spawn(m, x.span, values, body)
        return nothing()

    return (receiver, f), do if name == "Do" else go


def _known(m: Machine, f: Value, span: Span) -> FuncVal:
    if not f.leaves or not isinstance(f.leaves[0], FuncVal):
        raise m.unsupported("this function value is not known before the program runs", span)
    return f.leaves[0]


def element(primitive: Primitive) -> Type:
    """The Go type of what an atomic holds."""
    if primitive.name == "atomic.Pointer" and primitive.arg is not None:
        return Pointer(primitive.arg)
    if primitive.name == "atomic.Value":
        return ANY
    return BOOL if primitive.name == "atomic.Bool" else Basic(primitive.name.removeprefix("atomic.").lower())


def _atomic(m: Machine, x: ast.Call, primitive: Primitive, name: str, receiver: Value) -> tuple[tuple[Value, ...], Run]:
    elem = element(primitive)
    if primitive.name == "atomic.Value":
        atomicvalues.check_operands(m, x, name)
        given = operands(m, tuple(x.args), tuple(None for _ in x.args))
        return (receiver, *given), lambda values: atomicvalues.operation(m, name, target(m, values[0]), values[1:])
    held = (receiver, *operands(m, tuple(x.args), tuple(elem for _ in x.args)))

    def run(values: tuple[Value, ...]) -> Value:
        return atomic_operation(m, name, target(m, values[0]), ("v",), elem, values[1:])

    return held, run


def atomic_operation(
    m: Machine, name: str, loc: Loc, path: tuple[str, ...], elem: Type, args: tuple[Value, ...]
) -> Value:
    """One atomic operation on the cells at `path` of a place."""
    m.settle_checks(loc.checks)
    cells = tuple(m.ref(loc, (*path, *x.path)) for x in m.layouts.leaves(elem))
    given = [numbers(m, convert(m, v, elem)) for v in args]
    match name:
        case "Load":
            out = m.temps(elem, "a")
            m.fragment(atomic.load(cells, out))
        case "Store":
            m.fragment(atomic.store(cells, given[0]))
            return nothing()
        case "Swap":
            out = m.temps(elem, "a")
            m.fragment(atomic.swap(cells, given[0], out))
        case "Add":
            out = m.temps(elem, "a")
            m.fragment(atomic.add(cells, _delta(given[0][0], elem), out[0]))
        case "CompareAndSwap":
            has_address(m, elem)
            got = m.temp("swapped", Bool())
            m.fragment(atomic.compare_and_swap(cells, given[0], given[1], got))
            return Value(BOOL, (Read(got),))
        case "And" | "Or":
            out = m.temps(elem, "a")
            make = atomic.and_ if name == "And" else atomic.or_
            m.fragment(make(cells, given[0][0], out[0]))
        case _:
            assert m.where is not None
            raise m.unsupported(f"atomic {name} is not supported yet", m.where)
    return Value(elem, tuple(Read(o) for o in out))


def _delta(e: Expr, t: Type) -> Expr:
    """What `Add` adds: `^uint32(0)` and the like are how Go subtracts from an unsigned counter."""
    least, most = limits(t)
    return Const(e.value - most - 1) if least == 0 and isinstance(e, Const) and e.value > most // 2 else e


def pure_call(m: Machine, x: ast.Call) -> Value:
    """The one call a clause may make: `Load` of a package-level atomic."""
    fun = x.fun
    if isinstance(fun, ast.Selector) and fun.name.name == "Load" and fun in m.info.selections:
        primitive = m.info.selections[fun].primitive
        loc = place(m, fun.x)
        if primitive is not None and primitive.name.startswith("atomic.") and loc is not None:
            elem = element(primitive)
            if isinstance(underlying(loc.type), Pointer):
                value = load(m, loc)
                loc = deref(m, value.leaves[0], value.type)
            m.settle_checks(loc.checks)
            return Value(elem, tuple(Read(m.ref(loc, ("v", *x.path))) for x in m.layouts.leaves(elem)))
    raise m.unsupported("a clause may not call functions", x.span, "read package variables, len, at(role, label)")


def _sync_map(m: Machine, x: ast.Call, name: str, receiver: Value) -> tuple[tuple[Value, ...], Run]:
    if name == "Range":
        f = m.value(x.args[0])
        _known(m, f, x.args[0].span)
        return (receiver, f), lambda values: sync_range(
            m, target(m, values[0]), _known(m, values[1], x.args[0].span), x.span
        )
    keyed = () if name == "Clear" else (None, *(ANY for _ in x.args[1:]))
    held = (receiver, *operands(m, tuple(x.args), keyed))

    def run(values: tuple[Value, ...]) -> Value:
        size = m.sync_keys
        cells = cells_of(m, target(m, values[0]), size)
        if name == "Clear":
            m.fragment(syncmap.clear(cells, size))
            return nothing()
        key = sync_key(m, x, values[1], size)
        rest = [scalar(v.leaves[0]) for v in values[2:]]
        return _sync_operation(m, name, cells, key, rest)

    return held, run


def sync_key(m: Machine, x: ast.Call, value: Value, size: int) -> Expr:
    """A key of a sync.Map as its position in the model's key domain; all keys of a model have one type."""
    if isinstance(underlying(value.type), Interface) and m.sync_key_go is not None:
        value = _key_inside(m, value, m.sync_key_go)
    key_type = m.layouts.key(value.type)
    first = m.sync_key_type or key_type
    m.sync_key_type = first
    u = underlying(value.type)
    if not isinstance(u, Basic) or first != key_type:
        raise m.unsupported(
            f"a sync.Map key of type {value.type} is not supported yet",
            x.args[0].span,
            "use strings or integers as keys, of one type in the whole model",
        )
    key = scalar(value.leaves[0])
    if u.name not in ("string", "bool"):
        m.fail_if(
            any_of(op("<", key, ZERO), op("<=", Const(size), key)),
            "bound",
            f"integer map key outside 0..{size - 1} (bounds: keys)",
        )
    m.sync_key_go = value.type
    return key


def _key_inside(m: Machine, value: Value, t: Type) -> Value:
    """A key that was handed out as an interface value, e.g. by Range."""
    e = scalar(value.leaves[0])
    m.fail_if(negate(holds_type(m, e, t)), "bound", f"a sync.Map key that is no {t}")
    return from_interface(m, e, t)


def _sync_operation(m: Machine, name: str, cells: Cells, key: Expr, rest: list[Expr]) -> Value:
    pair = Tuple((ANY, BOOL))
    match name:
        case "Store":
            m.fragment(syncmap.store(cells, key, rest[0]))
            return nothing()
        case "Delete":
            m.fragment(syncmap.delete(cells, key))
            return nothing()
        case "CompareAndSwap" | "CompareAndDelete":
            got = m.temp("got", Bool())
            # The map compares what it holds with `old`, as `==` would: Go panics where maps or slices meet.
            m.any_compared = m.any_compared or m.where
            if name == "CompareAndSwap":
                m.fragment(syncmap.compare_and_swap(cells, key, rest[0], rest[1], got))
            else:
                m.fragment(syncmap.compare_and_delete(cells, key, rest[0], got))
            return Value(BOOL, (Read(got),))
        case _:
            out, ok = m.temp("value", ANY), m.temp("ok", Bool())
            if name in ("Load", "LoadAndDelete"):
                make = syncmap.load if name == "Load" else syncmap.load_and_delete
                m.fragment(make(cells, key, out, ok))
            else:
                combined = syncmap.load_or_store if name == "LoadOrStore" else syncmap.swap
                m.fragment(combined(cells, key, rest[0], out, ok))
            return Value(pair, (Read(out), Read(ok)))
