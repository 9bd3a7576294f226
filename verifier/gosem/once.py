"""sync.Once (sync/once.go, Go 1.27): not called yet, running, done.

All callers return after the function has returned. The caller of `begin` runs the function and then `finish`, also
when the function panics (`defer o.done.Store(true)`, :77). Do inside the function on the same Once blocks for ever.
"""

from __future__ import annotations

from verifier.gosem.fragment import DONE, Cells, CellSpec, Fragment, Piece, read, write
from verifier.gosem.rule import Rules
from verifier.program.expr import ONE, ZERO, Const, Read, both, equal, negate
from verifier.program.program import Fail, Range, Sync

SKIP = -2
"""Where `begin` ends when the function has already returned: it is not called again."""

NEW, RUNNING, FINISHED = 0, 1, 2

LAYOUT = (CellSpec(("state",), Range(NEW, FINISHED)),)

RULES = Rules(
    "Once",
    """
    waits: every Do returns after the first call of f has
        sync/once.go:52  func (o *Once) Do(f func()) {
        steps  begin: already done, finish: done
    once: one Do calls f, whoever comes first
        sync/once.go:76  if !o.done.Load() {
        steps  begin: first call
    panic: a call of f that panics was the one call: the next Do returns at once
        sync/once.go:77  defer o.done.Store(true)
        steps  finish: done
    reentrant: Do inside f on the same Once waits for ever
        sync/once.go:74  o.m.Lock()
        steps  begin: first call, begin: already done
    overwritten: a Once that is overwritten while f runs has a mutex that nobody holds
        sync/once.go:75  defer o.m.Unlock()
        steps  finish: fatal
    """,
)


def begin(cells: Cells) -> Fragment:
    """The start of `Do(f)`: to DONE to call `f` now, to SKIP when it was called; blocked while it runs."""
    state = cells("state")
    return (
        Piece(
            guard=equal(Read(state), ZERO),
            updates=((state, ONE),),
            accesses=(write(state, atomic=True),),
            dst=DONE,
            detail="first call",
            cite="sync/once.go:76",
            sync=(Sync("begin", state),),
        ),
        Piece(
            guard=equal(Read(state), Const(FINISHED)),
            accesses=(read(state, atomic=True),),
            dst=SKIP,
            detail="already done",
            cite="sync/once.go:67",
        ),
    )


def finish(cells: Cells) -> Fragment:
    """The end of the call of `f`, by return or by panic (sync/once.go:77).

    `Do` holds the inner mutex while `f` runs and unlocks it then: a Once assigned to meanwhile has another mutex.
    """
    state = cells("state")
    # Not `state == 1`: proofs keep the name of the running goroutine there instead of a 1.
    running = both(negate(equal(Read(state), ZERO)), negate(equal(Read(state), Const(FINISHED))))
    return (
        Piece(
            guard=negate(running),
            accesses=(write(state, atomic=True),),
            detail="the Once was overwritten",
            cite="sync/once.go:77",
            fail=Fail("fatal", "sync: unlock of unlocked mutex"),
        ),
        Piece(
            guard=running,
            updates=((state, Const(FINISHED)),),
            accesses=(write(state, atomic=True),),
            detail="done",
            cite="sync/once.go:77",
            sync=(Sync("finish", state),),
        ),
    )
