"""sync.Cond: Wait is a ticket, an unlock, a wake-up and a lock, each a step others can come between."""

from __future__ import annotations

from verifier.golang.library import COND, LOCKER, WAITERS
from verifier.golang.lower.dispatch import interface_call
from verifier.golang.lower.machine import Machine
from verifier.golang.lower.objects import cells_of, target
from verifier.golang.lower.storage import allocate, load, numbers, zero
from verifier.golang.lower.values import Loc, Value, nothing
from verifier.golang.types import Pointer
from verifier.gosem import cond
from verifier.program.program import Range
from verifier.records import replace
from verifier.source import Span


def new_cond(m: Machine, locker: Value, at: Span) -> Value:
    """`sync.NewCond(l)`: a new object that refers to `l`."""
    t = Pointer(COND)
    empty = numbers(m, zero(m, COND))
    return Value(t, (allocate(m, t, (*numbers(m, locker), *empty[1:]), f"Cond@{at.site}"),))


def cond_call(m: Machine, name: str, receiver: Value, at: Span) -> Value:
    """`Wait`, `Signal` or `Broadcast`."""
    loc = target(m, receiver)
    cells = cells_of(m, replace(loc, path=(*loc.path, WAITERS.name)), cond.MOST)
    match name:
        case "Signal":
            m.fragment(cond.signal(cells))
        case "Broadcast":
            m.fragment(cond.broadcast(cells))
        case _:
            ticket = m.temp("ticket", Range(0, cond.MOST - 1))
            m.fragment(cond.enqueue(cells, ticket))
            interface_call(m, _locker(m, loc), "Unlock", (), at)
            m.fragment(cond.park(cells, ticket))
            interface_call(m, _locker(m, loc), "Lock", (), at)
    return nothing()


def _locker(m: Machine, loc: Loc) -> Value:
    """`c.L`, read each time it is used (sync/cond.go:70, :72); without a step where nobody ever writes it."""
    field = replace(loc, path=(*loc.path, "L"), type=LOCKER)
    return load(m, replace(field, shared=field.shared and m.facts.writes_lockers))
