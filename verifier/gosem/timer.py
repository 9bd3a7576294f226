"""Timers and tickers (time/sleep.go, time/tick.go, Go 1.27): a model has no clock, so one that runs fires at any time.

Cells: `armed`, whether it can fire, and `periodic`, whether it stays armed. Since Go 1.23 the channel of a timer has no
buffer anybody can see: `len` and `cap` are 0, and after Stop or Reset no old value is received (runtime/chan.go:819,
runtime/time.go:478). So firing and being received are one step. `default` beside a timer is always possible: it may not
have fired yet.
"""

from __future__ import annotations

from verifier.gosem.fragment import Cells, CellSpec, Fragment, Piece
from verifier.program.expr import ONE, TRUE, ZERO, Const, Expr, Read, Ref, all_of, negate
from verifier.program.program import Bool, Fail

LAYOUT = (CellSpec(("armed",), Bool()), CellSpec(("periodic",), Bool()))

FIRES = "runtime/chan.go:545"
"""Where a receive looks whether the timer of its channel has to fire."""


def receive(cells: Cells, is_nil: Expr, ok: Ref) -> Fragment:
    """`<-t.C`: the timer fires. Nothing is received from one that was stopped, or has fired."""
    if is_nil == TRUE:
        return ()
    return (
        Piece(
            guard=all_of(negate(is_nil), Read(cells("armed"))),
            updates=((cells("armed"), Read(cells("periodic"))), (ok, ONE)),
            detail="the timer fires",
            cite=FIRES,
        ),
    )


def set_to(cells: Cells, is_nil: Expr, armed: int, was: Ref, name: str, cite: str) -> Fragment:
    """`Stop` and `Reset`: into `was` whether it was running."""
    stopped = "stopped" if not armed else "started again"
    pieces = []
    if is_nil != TRUE:
        pieces.append(
            Piece(
                guard=negate(is_nil),
                updates=((was, Read(cells("armed"))), (cells("armed"), ONE if armed else ZERO)),
                detail=f"the timer is {stopped}",
                cite=cite,
            )
        )
    message = f"time: {name} called on uninitialized Timer"
    pieces.append(Piece(guard=is_nil, cite=cite, fail=Fail("panic", message)))
    return tuple(p for p in pieces if p.guard != Const(0))
