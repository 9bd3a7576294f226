"""time.After, Tick, NewTimer, NewTicker and their methods: channels that are ready at any time (see `gosem.timer`)."""

from __future__ import annotations

from collections.abc import Callable

from verifier.golang import syntax as ast
from verifier.golang.library import TICKER, TIME, TIMER
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.objects import target
from verifier.golang.lower.storage import allocate, deref, is_nil, load, numbers, scalar, zero
from verifier.golang.lower.values import Loc, Value, nothing
from verifier.golang.types import BOOL, INT, Chan, Pointer, Type, underlying
from verifier.gosem import timer
from verifier.gosem.fragment import Cells, Fragment
from verifier.program.expr import ONE, ZERO, Const, Expr, Read, Ref, op
from verifier.program.program import Bool
from verifier.records import replace
from verifier.source import Span

CHANNEL = Chan(TIME, "receive")

_CITED = {
    (False, "Stop"): "time/sleep.go:85",
    (False, "Reset"): "time/sleep.go:138",
    (True, "Stop"): "time/tick.go:53",
    (True, "Reset"): "time/tick.go:66",
}

ZERO_PANICS = {
    (False, "Stop"): "time: Stop called on uninitialized Timer",
    (False, "Reset"): "time: Reset called on uninitialized Timer",
    (True, "Reset"): "time: Reset called on uninitialized Ticker",
}
"""What Go panics with where a Timer or a Ticker was never made; `Stop` of such a Ticker does nothing (tick.go:54)."""

_SYNCHRONOUS = 123
"""Go 1.23 made the channels of timers synchronous (runtime/time.go:478); before, old values stay in their buffers."""


def is_timer(t: Type) -> bool:
    """Whether a channel type is that of timers: no other channel carries a time.Time."""
    u = underlying(t)
    return isinstance(u, Chan) and u.elem is TIME


def start(m: Machine, x: ast.Call, name: str) -> Value:
    """`time.After(d)`, `time.Tick(d)`, `time.NewTimer(d)`, `time.NewTicker(d)`."""
    periodic = name in ("Tick", "NewTicker")
    wait = _duration(m, x)
    if name == "NewTicker":
        m.fail_if(op("<=", wait, ZERO), "panic", "non-positive interval for NewTicker")
    elif name == "Tick" and isinstance(wait, Const) and wait.value <= 0:
        # `Tick` has no ticker to panic about: it gives nil, from which nothing is ever received (time/tick.go:86).
        return zero(m, CHANNEL)
    elif name == "Tick" and not isinstance(wait, Const):
        raise m.unsupported("Tick of a duration that is not constant", x.span, "use NewTicker, or a constant")
    channel = Value(CHANNEL, (allocate(m, CHANNEL, (ONE, ONE if periodic else ZERO), f"timer@{x.span.site}"),))
    if name in ("After", "Tick"):
        return channel
    whole = TICKER if periodic else TIMER
    t = Pointer(whole)
    return Value(t, (allocate(m, t, numbers(m, channel), f"{whole.name}@{x.span.site}"),))


def _duration(m: Machine, x: ast.Call) -> Expr:
    """How long a timer is told to wait; a constant may be far outside `bounds.int`."""
    wait = m.info.types[x.args[0]].value
    return scalar(m.value(x.args[0]).leaves[0]) if wait is None else Const(int(wait))


def receive(m: Machine, holder: Value, ok: Ref) -> Fragment:
    """The step of a receive from a timer's channel."""
    cells, nil = _cells(m, holder)
    return timer.receive(cells, nil, ok)


def _cells(m: Machine, holder: Value) -> tuple[Cells, Expr]:
    leaf = holder.leaves[0]
    base = deref(m, leaf, holder.type).base

    def cells(*path: str | int | Expr) -> Ref:
        return m.ref(Loc(base, tuple(p for p in path if isinstance(p, str | int)), CHANNEL, shared=True))

    return cells, is_nil(leaf)


def control(m: Machine, x: ast.Call, name: str) -> Callable[[tuple[Value, ...]], Value]:
    """`Stop` and `Reset` of a Timer or a Ticker, once their operands are there."""
    wait = _duration(m, x) if name == "Reset" else ONE
    return lambda values: _control(m, name, values[0], wait, x.span)


def _control(m: Machine, name: str, receiver: Value, wait: Expr, span: Span) -> Value:
    if m.settings.lang < _SYNCHRONOUS:
        raise m.unsupported(
            f"{name} of a timer before Go 1.23 is not supported",
            span,
            "a value that fired before may still be in its channel there; raise `go:`, or leave the timer running",
        )
    loc = target(m, receiver)
    periodic = loc.type is TICKER
    # C is set when the timer is made and never again: looking at it is no access that could race.
    holder = load(m, replace(loc, path=(*loc.path, "C"), type=CHANNEL, shared=False))
    cells, nil = _cells(m, holder)
    was = m.temp("was", Bool())
    if periodic and name == "Reset":
        m.fail_if(op("<=", wait, ZERO), "panic", "non-positive interval for Ticker.Reset")
    stops, zero_panics = name == "Stop", ZERO_PANICS.get((periodic, name), "")
    m.fragment(timer.set_to(cells, nil, not stops, was, zero_panics, _CITED[(periodic, name)]))
    return nothing() if periodic else Value(BOOL, (Read(was),))


def length(m: Machine, span: Span, name: str) -> Value:
    """`len` and `cap` of a timer's channel: it looks as if it had no buffer (runtime/chan.go:819)."""
    if m.settings.lang < _SYNCHRONOUS:
        raise m.unsupported(f"{name} of a timer's channel before Go 1.23 is not supported", span, "raise `go:`")
    return Value(INT, (ZERO,))
