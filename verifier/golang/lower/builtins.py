"""The predeclared functions: len, cap, make, new, delete, clear, panic, min, max, print, and `at` in clauses."""

from __future__ import annotations

from collections.abc import Callable

from verifier.golang import syntax as ast
from verifier.golang.lower import channel_values, literals, maps, slices
from verifier.golang.lower.elements import slice_length, view
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.order import has_call, hoist, operands
from verifier.golang.lower.recovery import NIL_ARGUMENT, given, recover
from verifier.golang.lower.storage import scalar
from verifier.golang.lower.unwind import panic
from verifier.golang.lower.values import Value, nothing
from verifier.golang.types import ANY, INT, Array, Chan, LibraryFunc, Map, Named, NilObj, Pointer, Slice, underlying
from verifier.program.expr import Const, Op, const, op

Run = Callable[[tuple[Value, ...]], Value]


def call(m: Machine, x: ast.Call, name: str) -> Value:
    """A call of a builtin as an expression."""
    match name:
        case "len" | "cap":
            return _len(m, x, name)
        case "make":
            return _make(m, x)
        case "new":
            return literals.new_object(m, x)
        case "min" | "max":
            return _extreme(m, x, name)
        case "at":
            return _at(m, x)
        case "recover":
            return recover(m)
        case "append":
            return slices.append(m, x)
        case "copy":
            return slices.copy(m, x)
        case _:
            held, run = prepare(m, x, name)
            return run(held)


def prepare(m: Machine, x: ast.Call, name: str) -> tuple[tuple[Value, ...], Run]:
    """A builtin used as a statement, in `defer` or in `go`: operands now, effect when run."""
    match name:
        case "delete":
            hoist(m, *x.args)
            holder = m.value(x.args[0])
            t = maps.map_type(holder.type)
            key = Value(t.key, (maps.key_value(m, t, x.args[1]),))

            def run_delete(held: tuple[Value, ...]) -> Value:
                maps.delete(m, held[0], scalar(held[1].leaves[0]))
                return nothing()

            return (holder, key), run_delete
        case "clear":
            holder = m.value(x.args[0])

            def run_clear(held: tuple[Value, ...]) -> Value:
                if isinstance(underlying(held[0].type), Map):
                    maps.clear(m, held[0])
                else:
                    slices.clear(m, held[0])
                return nothing()

            return (holder,), run_clear
        case "close":
            of = m.value(x.args[0])

            def run_close(held: tuple[Value, ...]) -> Value:
                channel_values.close(m, held[0], x.span)
                return nothing()

            return (of,), run_close
        case "panic":
            return _panic(m, x)
        case "recover":
            # Deferred itself it is not called *by* a deferred function: it returns nil, and nobody sees that.
            return (), lambda held: nothing() if m.deferring is not None else recover(m)
        case "copy":
            hoist(m, *x.args)
            both = tuple(m.value(a) for a in x.args)
            return both, lambda held: slices.copied(m, *held)
        case "print" | "println":
            operands(m, x.args, tuple(None for _ in x.args))
            return (), lambda held: nothing()
        case _:
            raise m.unsupported(f"{name} is not supported yet", x.span, _INSTEAD.get(name, ""))


_INSTEAD = {
    "append": "use a fixed array or make([]T, n) with a constant n",
    "copy": "assign the elements one by one",
}


def _panic(m: Machine, x: ast.Call) -> tuple[tuple[Value, ...], Run]:
    known = m.info.types[x.args[0]].value
    message = _said(m, x.args[0])
    if m.carried is not None:
        held: tuple[Value, ...] = (m.value(x.args[0], ANY),)
    else:
        held = ()
        if not isinstance(known, str):
            m.value(x.args[0])

    def run(values: tuple[Value, ...]) -> Value:
        panic(m, message, given(m, values[0]) if values else None)
        return nothing()

    return held, run


def _said(m: Machine, arg: ast.Expr) -> str:
    """What Go prints after `panic: ` (runtime/panic.go:777), without package names; else the argument as written.

    That is where the value is not known before the program runs, or has parts.
    """
    known = m.info.types[arg]
    match arg:
        case ast.Ident() if isinstance(m.info.uses.get(arg), NilObj) and m.settings.lang >= 121:
            return NIL_ARGUMENT
        case ast.Call(fun=ast.Selector(name=name), args=(text,)):
            made, said = m.info.uses.get(name), m.info.types[text].value
            if isinstance(made, LibraryFunc) and made.package == "errors" and isinstance(said, str):
                return said
    if known.value is None:
        return m.text(arg.span)
    value = known.value if isinstance(known.value, str) else str(known.value).lower()
    if isinstance(known.type, Named):
        return f'{known.type.name}("{value}")' if isinstance(known.value, str) else f"{known.type.name}({value})"
    return value


def _len(m: Machine, x: ast.Call, name: str) -> Value:
    t = underlying(m.info.types[x.args[0]].type)
    if isinstance(t, Pointer):
        t = underlying(t.elem)
    if isinstance(t, Array):
        if has_call(x.args[0], m):
            m.value(x.args[0])
        return Value(INT, (const(t.length),))
    holder = m.value(x.args[0])
    if isinstance(t, Slice):
        return Value(INT, (view(m, holder).capacity if name == "cap" else slice_length(m, holder),))
    if isinstance(t, Chan):
        return channel_values.length(m, holder, x.span, name)
    return maps.length(m, holder)


def _make(m: Machine, x: ast.Call) -> Value:
    t = m.info.types[x].type
    u = underlying(t)
    if isinstance(u, Map):
        return Value(t, (maps.make_map(m, t, (), f"map@{x.span.site}"),))
    if isinstance(u, Chan):
        return Value(t, (channel_values.make_channel(m, t, channel_values.capacity_of(m, x), x.span),))
    if isinstance(u, Slice):
        size = m.info.types[x.args[1]].value
        if m.layouts.grows(t):
            return slices.make(m, t, x)
        if len(x.args) != 2 or not isinstance(size, int):
            raise m.unsupported("make of a slice needs one constant length", x.span, "e.g. make([]T, 4)")
        return literals.make_slice(m, t, size, x)
    raise m.unsupported(f"make of {t} is not supported yet", x.span)


def _extreme(m: Machine, x: ast.Call, name: str) -> Value:
    t = m.info.types[x].type
    values = operands(m, x.args, tuple(t for _ in x.args))
    best = scalar(values[0].leaves[0])
    for v in values[1:]:
        e = scalar(v.leaves[0])
        best = op("ite", op("<", e, best) if name == "min" else op("<", best, e), e, best)
    return Value(t, (best,))


def _at(m: Machine, x: ast.Call) -> Value:
    """`at(role, label)`: a marker that linking replaces by a count over the role's goroutines."""
    role, label = x.args
    assert isinstance(role, ast.Ident) and isinstance(label, ast.Ident)
    builder = next(b for b in m.builders if b.name == role.name and b.parent is None and b.number)
    location = builder.find(builder.labels[label.name])
    return Value(INT, (Op("at", (Const(builder.number), Const(location))),))
