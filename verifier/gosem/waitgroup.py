"""sync.WaitGroup (sync/waitgroup.go, Go 1.27): the counter, and a location of no bits for the race detector.

`-race` reports an `Add` from zero that is concurrent with a `Wait`: Add reads `sema` and the first waiter writes it
(:111-116, :185-191). A guard sees no "first waiter", and two Waits must not race with each other. So Wait writes `sema`
*atomically* and Add from zero reads it *plainly*: these two conflict, two Waits do not, two Adds do not.

A Wait that finds the counter at zero writes nothing in Go. That is no false alarm: an Add from zero that is unordered
with it may also come first, and then this Wait is a first waiter. The panics "WaitGroup misuse: Add called concurrently
with Wait" and "WaitGroup is reused before previous Wait has returned" need exactly such a pair, so a model in which
they can happen is reported as a race; they are not reported as panics. After a *recovered* negative counter the model
keeps the old value where Go keeps the negative one.
"""

from __future__ import annotations

from verifier.gosem.fragment import Cells, CellSpec, Fragment, Piece, read, write
from verifier.gosem.rule import Rules
from verifier.program.expr import ONE, ZERO, Const, Expr, Read, all_of, equal, negate, op
from verifier.program.program import Access, Fail, Range

MOST = 15
"""The highest count the model can hold; a higher one is a limit of the model."""

LAYOUT = (CellSpec(("n",), Range(0, MOST)), CellSpec(("sema",), Range(0, 0)))

RULES = Rules(
    "WaitGroup",
    """
    wait: Done happens before the Wait it unblocks
        sync/waitgroup.go:172  race.Acquire(unsafe.Pointer(wg))
        steps  wait, done
    counter: Wait returns when the counter is zero, at once if it is
        sync/waitgroup.go:168  if v == 0 {
        steps  wait, add
    negative: a counter below zero panics
        sync/waitgroup.go:118  panic("sync: negative WaitGroup counter")
        steps  add: panic, done: panic
    add-race: an Add from zero that is unordered with a Wait is a race
        sync/waitgroup.go:115  race.Read(unsafe.Pointer(&wg.sema))
        steps  add, wait
    go: Go counts before it starts the goroutine, which is done when f returns
        sync/waitgroup.go:236  func (wg *WaitGroup) Go(f func()) {
        steps  add, done
    """,
)


def add(cells: Cells, delta: Expr) -> Fragment:
    """`Add(delta)`: panics when the counter would become negative (sync/waitgroup.go:104-118)."""
    n = cells("n")
    after = op("+", Read(n), delta)
    negative = op("<", after, ZERO)
    too_big = op("<", Const(MOST), after)
    from_zero = all_of(op("<", ZERO, delta), equal(Read(n), ZERO))
    counted = write(n, atomic=True)
    accesses = (counted, Access(cells("sema"), write=False, atomic=False, when=from_zero))
    return (
        Piece(
            guard=negate(op("or", negative, too_big)),
            updates=((n, after),),
            accesses=accesses,
            cite="sync/waitgroup.go:104",
        ),
        Piece(
            guard=negative,
            accesses=(counted,),
            cite="sync/waitgroup.go:118",
            fail=Fail("panic", "sync: negative WaitGroup counter"),
        ),
        Piece(
            guard=too_big,
            accesses=accesses,
            cite="sync/waitgroup.go:104",
            fail=Fail("bound", f"a WaitGroup counter above {MOST}"),
        ),
    )


def done(cells: Cells) -> Fragment:
    """`Done` is `Add(-1)` (sync/waitgroup.go:156)."""
    return add(cells, op("neg", ONE))


def wait(cells: Cells) -> Fragment:
    """`Wait`: enabled while the counter is zero (sync/waitgroup.go:168, :206)."""
    n = cells("n")
    return (
        Piece(
            guard=equal(Read(n), ZERO),
            accesses=(read(n, atomic=True), write(cells("sema"), atomic=True)),
            cite="sync/waitgroup.go:168",
        ),
    )
