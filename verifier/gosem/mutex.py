"""sync.Mutex (internal/sync/mutex.go, Go 1.27): `held` and nothing else.

No owner is kept: any goroutine may unlock, as in Go. Waiters are not queued: any waiter or newcomer may win, which
covers normal mode; the starvation hand-off only removes schedules.
"""

from __future__ import annotations

from verifier.gosem.fragment import Cells, CellSpec, Fragment, Piece, read, write
from verifier.gosem.rule import Rules
from verifier.program.expr import FALSE, ONE, TRUE, ZERO, Read, Ref, negate
from verifier.program.program import Bool, Fail, Sync

LAYOUT = (CellSpec(("held",), Bool()),)

RULES = Rules(
    "Mutex",
    """
    exclusive: no owner, not reentrant
        internal/sync/mutex.go:63  if atomic.CompareAndSwapInt32(&m.state, 0, mutexLocked) {
        steps  lock
    unlock: any goroutine may unlock; what it did before is visible to who locks next
        internal/sync/mutex.go:194  new := atomic.AddInt32(&m.state, -mutexLocked)
        steps  unlock
    unlock-unlocked: Unlock of an unlocked Mutex kills the process: nothing recovers from it
        internal/sync/mutex.go:204  fatal("sync: unlock of unlocked mutex")
        steps  unlock: fatal
    trylock: TryLock never waits: it takes a free lock and fails on a held one
        internal/sync/mutex.go:78  if old&(mutexLocked|mutexStarving) != 0 {
        steps  try_lock: got it, try_lock: failed
    trylock-failed: a TryLock that fails orders nothing, and may fail although the lock is free where races are judged
        ref/mem
        steps  try_lock: failed
    """,
)


def lock(cells: Cells) -> Fragment:
    """`Lock`: enabled while nobody holds it (compare-and-swap at internal/sync/mutex.go:63)."""
    held = cells("held")
    return (
        Piece(
            guard=negate(Read(held)),
            updates=((held, ONE),),
            accesses=(write(held, atomic=True),),
            cite="internal/sync/mutex.go:63",
            sync=(Sync("lock", held),),
        ),
    )


def unlock(cells: Cells) -> Fragment:
    """`Unlock`: fatal, not a panic, when it was not locked (internal/sync/mutex.go:194, :204)."""
    held = cells("held")
    access = (write(held, atomic=True),)
    return (
        Piece(
            guard=Read(held),
            updates=((held, ZERO),),
            accesses=access,
            cite="internal/sync/mutex.go:194",
            sync=(Sync("unlock", held),),
        ),
        Piece(
            guard=negate(Read(held)),
            accesses=access,
            cite="internal/sync/mutex.go:204",
            fail=Fail("fatal", "sync: unlock of unlocked mutex"),
        ),
    )


def try_lock(cells: Cells, got: Ref, spurious: bool = False) -> Fragment:
    """`TryLock` into `got` (internal/sync/mutex.go:76-93). With `spurious` it may fail although the lock is free.

    The memory model permits that failure; it is explored only to judge races (lowering report, section 8).
    """
    held = cells("held")
    return (
        Piece(
            guard=negate(Read(held)),
            updates=((held, ONE), (got, TRUE)),
            accesses=(write(held, atomic=True),),
            detail="got it",
            cite="internal/sync/mutex.go:85",
            sync=(Sync("lock", held),),
        ),
        Piece(
            guard=TRUE if spurious else Read(held),
            updates=((got, FALSE),),
            accesses=(read(held, atomic=True),),
            detail="failed",
            cite="internal/sync/mutex.go:78",
        ),
    )
