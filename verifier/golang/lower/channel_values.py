"""Channel values: what is behind a reference to a channel, what is sent, what comes out, `make`, `len` and `cap`."""

from __future__ import annotations

from verifier.golang import syntax as ast
from verifier.golang.lower import timers
from verifier.golang.lower.interfaces import integer_range
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.storage import allocate, deref, function_in_data, is_nil, materialize, numbers
from verifier.golang.lower.values import LeafValue, Loc, Spec, Value, is_func
from verifier.golang.types import INT, Basic, Chan, Type, underlying
from verifier.gosem import channel
from verifier.gosem.channel import ChannelObject
from verifier.gosem.fragment import Fragment
from verifier.program.expr import ZERO, Const, Expr, Own, PerInstance, Read, Ref, const, ite
from verifier.program.program import Bool, Enum_, Kind, Range, Reference, Union
from verifier.source import Span


def channel_object(m: Machine, holder: Value, span: Span) -> ChannelObject:
    """The channel a value refers to, as `gosem` wants it, for an operation at `span`."""
    if m.tm.number == 0 and not m.pure:
        raise m.unsupported(
            "using a channel in a package initialiser is not supported yet", span, "make it there, use it in a role"
        )
    t = _chan(holder.type)
    if is_func(t.elem):
        raise function_in_data(m, span)
    leaf = holder.leaves[0]
    capacities = m.layouts.capacities(holder.type)
    base = deref(m, leaf, holder.type).base
    inner = [x.path for x in m.layouts.leaves(t.elem)]

    def cells(*path: str | int | Expr) -> Ref:
        return m.ref(Loc(base, tuple(p for p in path if isinstance(p, str | int)), t, shared=True))

    slots = tuple(tuple(cells("buffer", i, *p) for p in inner) for i in range(max(capacities, default=0)))
    capacity = Read(cells("cap")) if len(capacities) > 1 else const(capacities[0] if capacities else 0)
    unbuffered = 0 in capacities
    number = materialize(m, leaf, m.layouts.leaves(holder.type)[0].spec) if unbuffered else ZERO
    kind = m.layouts.object_key(holder.type)
    return ChannelObject(cells, slots, is_nil(leaf), capacity, unbuffered, kind, number)


def _chan(t: Type) -> Chan:
    u = underlying(t)
    assert isinstance(u, Chan)
    return u


def handed(m: Machine, value: Value) -> tuple[Expr, ...]:
    """The leaves of a value to send. What is computed is kept first, where leaving its range is noticed."""
    updates: list[tuple[Ref, Expr]] = []
    out: list[Expr] = []
    for e, leaf in zip(numbers(m, value), m.layouts.leaves(value.type), strict=True):
        if _fits(m, e, leaf.spec):
            out.append(e)
            continue
        cell = m.temp("sent", leaf.spec)
        updates.append((cell, e))
        out.append(Read(cell))
    if updates:
        m.step(updates=tuple(updates))
    return tuple(out)


def _fits(m: Machine, e: Expr, spec: Spec) -> bool:
    """Whether an expression can only be what a cell of `spec` holds."""
    if isinstance(e, Const):
        if isinstance(spec, Bool | Range | Enum_ | Reference | Union):
            return True
        u = underlying(spec)
        if not isinstance(u, Basic) or u.name in ("bool", "string"):
            return True
        least, most = integer_range(m, spec)
        return least <= e.value <= most
    return isinstance(e, PerInstance) or (isinstance(e, Read) and isinstance(e.ref, Own))


def comes(m: Machine, holder: Value) -> tuple[Value, tuple[Ref, ...]]:
    """Cells for the value of a receive, and that value."""
    elem = _chan(holder.type).elem
    out = m.temps(elem, "v")
    return Value(elem, tuple(Read(r) for r in out)), out


def receive(m: Machine, x: ast.Unary) -> tuple[Value, Expr]:
    """`<-c`: the value, and whether it was sent."""
    return receive_from(m, m.value(x.x), x.span)


def receive_from(m: Machine, holder: Value, span: Span) -> tuple[Value, Expr]:
    """A receive from a channel that was evaluated before."""
    _, value, ok, pieces = receiving(m, holder, span)
    m.fragment(pieces)
    return value, ok


def receiving(
    m: Machine, holder: Value, span: Span, polls: bool = False
) -> tuple[ChannelObject, Value, Expr, Fragment]:
    """A receive that is still to be carried out: the channel, the value, whether it was sent, and the steps."""
    value, out = comes(m, holder)
    ok = m.temp("ok", Bool())
    if timers.is_timer(holder.type):
        pieces = timers.receive(m, holder, ok)
        # To `default` it looks like a channel that is never ready: it may not have fired yet.
        return channel.nothing_ready(), value, Read(ok), pieces or channel.on_nil()
    c = channel_object(m, holder, span)
    return c, value, Read(ok), channel.receive(c, out, ok, polls)


def close(m: Machine, holder: Value, span: Span) -> None:
    """`close(c)`."""
    m.fragment(channel.close(channel_object(m, holder, span)))


def make_channel(m: Machine, t: Type, capacity: int, span: Span) -> LeafValue:
    """`make(chan T, n)`: empty and open."""
    cells = tuple(const(capacity) if x.path == ("cap",) else ZERO for x in m.layouts.object_leaves(t))
    return allocate(m, t, cells, f"chan@{span.site}")


def length(m: Machine, holder: Value, span: Span, name: str) -> Value:
    """`len(c)` or `cap(c)`: 0 for nil. They order nothing."""
    if timers.is_timer(holder.type):
        return timers.length(m, span, name)
    c = channel_object(m, holder, span)
    if name == "cap":
        # A channel keeps its capacity: when it is looked at makes no difference.
        return Value(INT, (ite(c.is_nil, ZERO, c.capacity),)) if isinstance(c.capacity, Const) else _looked(m, c)
    if not c.slots:
        return Value(INT, (ZERO,))
    if m.pure:
        return Value(INT, (ite(c.is_nil, ZERO, Read(c.cells("len"))),))
    out = m.temp("len", INT)
    m.fragment(channel.length(c, out, m.settings.unordered))
    return Value(INT, (Read(out),))


def _looked(m: Machine, c: ChannelObject) -> Value:
    e = ite(c.is_nil, ZERO, c.capacity)
    if m.pure:
        return Value(INT, (e,))
    out = m.temp("cap", INT)
    m.step(updates=((out, e),), kind=Kind.SYNC)
    return Value(INT, (Read(out),))


def capacity_of(m: Machine, x: ast.Call) -> int:
    """The constant length of the buffer in a `make`."""
    if len(x.args) == 1:
        return 0
    size = m.info.types[x.args[1]].value
    if not isinstance(size, int) or size > channel.MOST:
        hint = f"0 to {channel.MOST}, such as make(chan T, 4)"
        raise m.unsupported("a channel needs a constant, small capacity", x.args[1].span, hint)
    return size
