"""sync.Cond (sync/cond.go over runtime/sema.go, Go 1.27): a place for every goroutine that waits.

`Wait` takes its ticket *before* it unlocks L (:69-70): a Signal in between finds it. A ticket is one of these places,
the lowest free one, and free again once its owner goes on. A wake-up belongs to a ticket, so whoever comes to wait
later cannot take it away; nobody wakes without one. With nobody waiting, Signal and Broadcast do nothing: the wake-up
is lost.

Which waiter `Signal` wakes: any of them. That is all the documentation promises ("wakes one goroutine waiting on c, if
there is any", :75); the runtime takes the lowest ticket (runtime/sema.go:678-701). Every run of Go is one of the model,
and a program that is right only because of that order is not called safe. Races need it, too: two Waits are ordered by
the lock at most, never by their tickets, so a race may hide behind the order in which tickets were drawn. The price: a
goroutine that never moves again *only because* Signal always takes the oldest, in a program that goes on for ever,
is not found; when the signals end, the choice the runtime makes is among those explored.

Not modelled: a Cond that is copied after its first use (Go panics); the checker refuses copies.
"""

from __future__ import annotations

from verifier.gosem.fragment import Cells, CellSpec, Fragment, Piece, write
from verifier.gosem.rule import Rules
from verifier.program.expr import ONE, ZERO, Const, Expr, Read, Ref, all_of, equal, ite, negate
from verifier.program.program import Access, Fail, Range

MOST = 8
"""Goroutines that one Cond can have waiting at a time; one more is a limit of the model."""

FREE, WAITING, WOKEN = 0, 1, 2

LAYOUT = tuple(CellSpec((i, "waiter"), Range(FREE, WOKEN)) for i in range(MOST))

RULES = Rules(
    "Cond",
    """
    signal: Signal wakes any one goroutine that waits, or nobody; none wakes by itself
        sync/cond.go:75  // Signal wakes one goroutine waiting on c, if there is any.
        steps  signal: wakes one, park: woken
    lost: with nobody waiting a wake-up is lost
        sync/cond.go:84  runtime_notifyListNotifyOne(&c.notify)
        steps  signal: nobody waits, broadcast: nobody waits
    ticket: Wait queues before it unlocks: a Signal under the lock finds it
        sync/cond.go:69  t := runtime_notifyListAdd(&c.notify)
        steps  enqueue: queues
    broadcast: Broadcast wakes all that wait
        sync/cond.go:95  runtime_notifyListNotifyAll(&c.notify)
        steps  broadcast: wakes all, park: woken
    """,
)


def enqueue(cells: Cells, ticket: Ref) -> Fragment:
    """The start of `Wait`: a ticket, while L is still held (sync/cond.go:69)."""
    taken: list[Expr] = []
    pieces: list[Piece] = []
    for i, cell in enumerate(_all(cells)):
        free = equal(Read(cell), ZERO)
        pieces.append(
            Piece(
                guard=all_of(*taken, free),
                updates=((cell, ONE), (ticket, Const(i))),
                accesses=_accesses(cells),
                detail="queues",
                cite="sync/cond.go:69",
            )
        )
        taken.append(negate(free))
    full = Fail("bound", f"more than {MOST} goroutines waiting at one Cond")
    return (*pieces, Piece(guard=all_of(*taken), accesses=_accesses(cells), cite="sync/cond.go:69", fail=full))


def park(cells: Cells, ticket: Ref) -> Fragment:
    """The middle of `Wait`, between the unlock and the lock: enabled once the ticket was woken (sync/cond.go:71)."""
    mine = cells(Read(ticket), "waiter")
    return (
        Piece(
            guard=equal(Read(mine), Const(WOKEN)),
            updates=((mine, ZERO),),
            accesses=_accesses(cells),
            detail="woken",
            cite="sync/cond.go:71",
        ),
    )


def signal(cells: Cells) -> Fragment:
    """`Signal`: one of those that wait, or nobody (sync/cond.go:75-84)."""
    waits = [equal(Read(cell), ONE) for cell in _all(cells)]
    wakes = tuple(
        Piece(
            guard=waiting,
            updates=((cell, Const(WOKEN)),),
            accesses=_accesses(cells),
            detail="wakes one",
            cite="sync/cond.go:84",
        )
        for cell, waiting in zip(_all(cells), waits, strict=True)
    )
    return (*wakes, _nobody(cells, waits, "sync/cond.go:84"))


def broadcast(cells: Cells) -> Fragment:
    """`Broadcast`: all that wait now (sync/cond.go:87-96)."""
    waits = [equal(Read(cell), ONE) for cell in _all(cells)]
    updates = tuple(
        (cell, ite(waiting, Const(WOKEN), Read(cell))) for cell, waiting in zip(_all(cells), waits, strict=True)
    )
    nobody = _nobody(cells, waits, "sync/cond.go:95")
    return (
        Piece(
            guard=negate(nobody.guard),
            updates=updates,
            accesses=_accesses(cells),
            detail="wakes all",
            cite="sync/cond.go:95",
        ),
        nobody,
    )


def _all(cells: Cells) -> tuple[Ref, ...]:
    return tuple(cells(i, "waiter") for i in range(MOST))


def _accesses(cells: Cells) -> tuple[Access, ...]:
    return (write(cells(0, "waiter"), atomic=True),)


def _nobody(cells: Cells, waits: list[Expr], cite: str) -> Piece:
    guard = all_of(*(negate(w) for w in waits))
    return Piece(guard=guard, accesses=_accesses(cells), detail="nobody waits", cite=cite)
