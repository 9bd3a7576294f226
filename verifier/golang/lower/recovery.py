"""What a panic carries, and `recover()`: the value is kept beside the number of the panicking place.

Only in models that call recover; elsewhere a panic is its message alone. Source: runtime/panic.go (gopanic:780,
gorecover:1010 of Go 1.27) and the Go specification, "Handling panics".
"""

from __future__ import annotations

from functools import partial

from verifier.golang.facts import NEGATIVE_COUNTER
from verifier.golang.lower.interfaces import convert, integer_range, into_interface
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.storage import scalar
from verifier.golang.lower.values import Value
from verifier.golang.types import ANY, STRING, Basic, Named
from verifier.program.expr import ZERO, Const, Expr, Read, const, equal, op
from verifier.source import Span

_TEXTS = Basic("uint8")
RUNTIME_ERROR = Named("runtime.Error", Span("", 0, 0), _TEXTS)
"""The dynamic type of what the runtime panics with: one value for every text."""

NIL_ARGUMENT = "runtime error: panic called with nil argument"


def carry_values(m: Machine) -> None:
    """Make every panic carry its value, if the model recovers any."""
    if m.facts.recovers:
        m.carried = partial(_carried, m)


def _carried(m: Machine, message: str) -> Expr:
    """The value of a panic that the runtime or the library raises with this message."""
    if message == NEGATIVE_COUNTER:
        # sync/waitgroup.go:118 panics with a string, as all of sync does.
        return into_interface(m, Value(STRING, (const(m.layouts.strings.index(message)),)))
    if message.startswith("sync") and m.where is not None:
        raise m.unsupported(f'recovering in a model that can panic with "{message}" is not supported yet', m.where)
    return _runtime_error(m, message)


def _runtime_error(m: Machine, message: str) -> Expr:
    texts = m.texts
    number = texts.setdefault(message, len(texts))
    lowest, highest = integer_range(m, _TEXTS)
    if lowest + number > highest and m.where is not None:
        raise m.unsupported("too many different panics in a model that recovers", m.where, "raise bounds: int")
    return into_interface(m, Value(RUNTIME_ERROR, (const(lowest + number),)))


def given(m: Machine, value: Value) -> Expr:
    """The value of `panic(value)`; a nil interface is replaced by an error since Go 1.21."""
    e = scalar(convert(m, value, ANY).leaves[0])
    if m.settings.lang < 121 or (isinstance(e, Const) and e != ZERO):
        return e
    return op("ite", equal(e, ZERO), _runtime_error(m, NIL_ARGUMENT), e)


def recover(m: Machine) -> Value:
    """`recover()`: stops the panic that runs the deferred function it is called in; nil anywhere else."""
    panicking = m.frames[-1].deferred_by if m.frames else None
    if panicking is None or panicking.panicking is None or panicking.carried is None:
        return Value(ANY, (ZERO,))
    out = m.temp("recovered", ANY)
    m.step(updates=((out, Read(panicking.carried)), (panicking.panicking, ZERO), (panicking.carried, ZERO)))
    return Value(ANY, (Read(out),))
