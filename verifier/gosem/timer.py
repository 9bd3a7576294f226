"""Timers and tickers (time/sleep.go, time/tick.go, Go 1.27): a model has no clock, so one that runs fires at any time.

Cells: `armed`, whether it can fire, and `periodic`, whether it stays armed. Since Go 1.23 the channel of a timer has no
buffer anybody can see: `len` and `cap` are 0, and after Stop or Reset no old value is received (runtime/chan.go:819,
runtime/time.go:478). So firing and being received are one step. `default` beside a timer is always possible: it may not
have fired yet.
"""

from __future__ import annotations

from verifier.gosem.fragment import Cells, CellSpec, Fragment, Piece
from verifier.gosem.rule import Rules
from verifier.program.expr import FALSE, ONE, TRUE, ZERO, Expr, Read, Ref, all_of, negate
from verifier.program.program import Bool, Fail

LAYOUT = (CellSpec(("armed",), Bool()), CellSpec(("periodic",), Bool()))

FIRES = "runtime/chan.go:545"
"""Where a receive looks whether the timer of its channel has to fire."""

RULES = Rules(
    "timers",
    """
    any-time: one that runs fires at any time, its channel has no buffer to look at
        runtime/time.go:478  func (t *timer) stop() bool {
        steps  receive: the timer fires
    stop: Stop says whether the timer was running; after it nothing is received
        time/sleep.go:85  func (t *Timer) Stop() bool {
        steps  set_to: the timer is stopped
    reset: Reset starts a timer again, and says whether it was running
        time/sleep.go:138  func (t *Timer) Reset(d Duration) bool {
        steps  set_to: the timer is started again
    uninitialized: Stop and Reset of a zero Timer panic, and Reset of a zero Ticker; Stop of that one does nothing
        time/sleep.go:87  panic("time: Stop called on uninitialized Timer")
        steps  set_to: panic, set_to: there is no timer
    """,
)


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


def set_to(cells: Cells, is_nil: Expr, armed: bool, was: Ref, zero_panics: str, cite: str) -> Fragment:
    """`Stop` and `Reset`: into `was` whether it was running. `zero_panics`: what one that was never made panics with.

    It is empty for `Stop` of a Ticker, which then does nothing (time/tick.go:54).
    """
    pieces = (
        Piece(
            guard=negate(is_nil),
            updates=((was, Read(cells("armed"))), (cells("armed"), ONE if armed else ZERO)),
            detail=f"the timer is {'started again' if armed else 'stopped'}",
            cite=cite,
        ),
        Piece(guard=is_nil, cite=cite, fail=Fail("panic", zero_panics))
        if zero_panics
        else Piece(guard=is_nil, updates=((was, ZERO),), detail="there is no timer", cite=cite),
    )
    return tuple(p for p in pieces if p.guard != FALSE)
