"""sync.RWMutex (sync/rwmutex.go, Go 1.27): readers inside, a writer announced, a writer inside.

Why parked readers are not counted. In Go a reader that comes while a writer is announced or inside adds itself to
readerCount and parks; that writer's `Unlock` admits all parked readers before it releases `w`, so before another
writer can announce. Here such a reader is merely not enabled yet, and the next writer may announce before it gets in.
Nothing is added and nothing is lost:

* every run of the model is a run of Go in which the reader executes its `readerCount.Add(1)` (:72) only at the moment
  it gets in. Arriving cannot be observed by anybody, so a deadlock of the model, total or partial, is one of Go: a
  reader kept out at the end is one that arrives late and parks;
* every run of Go is a run of the model: map "parked" to "before RLock" and let each admitted reader take its RLock
  step right after the `Unlock` that admitted it, where it is enabled. What a goroutine can still do is the same on both
  sides.

What differs is fairness only: Go admits a parked reader at the next `Unlock`, so an rlock, announce or lock step that
is enabled again and again is taken in the end. Liveness must assume strong fairness of these steps, not weak fairness.

No owner is kept: any goroutine may unlock. `Unlock` while another writer is announced but not inside is reported as the
fatal error, although Go notices it only later: the same program dies at this very call when that writer comes later.
"""

from __future__ import annotations

from verifier.gosem.fragment import Cells, CellSpec, Fragment, Piece, read, write
from verifier.gosem.rule import Rules
from verifier.program.expr import FALSE, ONE, TRUE, ZERO, Const, Expr, Read, Ref, all_of, any_of, equal, negate, op
from verifier.program.program import Bool, Fail, Range, Sync

MOST_READERS = 15
"""Read locks held at a time that the model can count; one more is a limit of the model."""

LAYOUT = (
    CellSpec(("readers",), Range(0, MOST_READERS)),
    CellSpec(("pending",), Bool()),
    CellSpec(("writer",), Bool()),
)

RULES = Rules(
    "RWMutex",
    """
    writer-first: a waiting Lock keeps new readers out
        sync/rwmutex.go:64  // It should not be used for recursive read locking; a blocked Lock
        steps  lock: announce, rlock
    exclusive: Lock gets in when the readers inside have left; not reentrant, no upgrade
        sync/rwmutex.go:154  if r != 0 && rw.readerWait.Add(r) != 0 {
        steps  lock: acquire
    one-writer: one writer at a time is inside or waits for readers
        sync/rwmutex.go:150  rw.w.Lock()
        steps  lock: announce
    readers-share: readers are inside together, and nothing orders them
        sync/rwmutex.go:72  if rw.readerCount.Add(1) < 0 {
        steps  rlock, runlock
    unlock: any goroutine may call Unlock; readers and writers come in after it
        sync/rwmutex.go:209  r := rw.readerCount.Add(rwmutexMaxReaders)
        steps  unlock
    unlock-unlocked: Unlock without a writer inside kills the process, readers or not
        sync/rwmutex.go:212  fatal("sync: Unlock of unlocked RWMutex")
        steps  unlock: fatal
    runlock: RUnlock gives back a read lock, whoever took it
        sync/rwmutex.go:120  if r := rw.readerCount.Add(-1); r < 0 {
        steps  runlock
    runlock-unlocked: RUnlock with no reader inside kills the process
        sync/rwmutex.go:132  fatal("sync: RUnlock of unlocked RWMutex")
        steps  runlock: fatal
    trylock: TryLock never waits: it fails while a reader or a writer is inside or a writer waits
        sync/rwmutex.go:180  if !rw.readerCount.CompareAndSwap(0, -rwmutexMaxReaders) {
        steps  try_lock: got it, try_lock: failed
    tryrlock: TryRLock never waits: it fails while a writer is inside or waits, and only then
        sync/rwmutex.go:94  if c < 0 {
        steps  try_rlock: got it, try_rlock: failed
    """,
    # Where nobody calls Lock, or nobody RLock, no waiting Lock keeps a reader out.
    needs=("sync/rwmutex.go:152", "sync/rwmutex.go:72"),
)


def lock(cells: Cells) -> Fragment:
    """`Lock`: announce (one announced or active writer at a time, as `w` is held until Unlock), then wait for readers.

    No reader gets in between, so "the readers present at the announcement are gone" is `readers == 0`.
    """
    readers, pending, writer = _state(cells)
    access = (write(readers, atomic=True),)
    return (
        Piece(
            guard=_no_writer(cells),
            updates=((pending, ONE),),
            accesses=access,
            dst=1,
            detail="announce",
            cite="sync/rwmutex.go:152",
            sync=(Sync("announce", readers),),
        ),
        Piece(
            guard=equal(Read(readers), ZERO),
            updates=((pending, ZERO), (writer, ONE)),
            accesses=access,
            src=1,
            detail="acquire",
            cite="sync/rwmutex.go:154",
            sync=(Sync("acquire", readers),),
        ),
    )


def unlock(cells: Cells) -> Fragment:
    """`Unlock`: fatal, not a panic, when no writer is inside (sync/rwmutex.go:209-213)."""
    readers, _, writer = _state(cells)
    access = (write(readers, atomic=True),)
    return (
        Piece(
            guard=Read(writer),
            updates=((writer, ZERO),),
            accesses=access,
            cite="sync/rwmutex.go:209",
            sync=(Sync("unlock", readers),),
        ),
        Piece(
            guard=negate(Read(writer)),
            accesses=access,
            cite="sync/rwmutex.go:212",
            fail=Fail("fatal", "sync: Unlock of unlocked RWMutex"),
        ),
    )


def rlock(cells: Cells) -> Fragment:
    """`RLock`: enabled while no writer is announced or inside (sync/rwmutex.go:72)."""
    readers, _, _ = _state(cells)
    return (
        Piece(
            guard=all_of(_no_writer(cells), _room(readers)),
            updates=((readers, _plus(readers, 1)),),
            accesses=(write(readers, atomic=True),),
            cite="sync/rwmutex.go:72",
            sync=(Sync("rlock", readers),),
        ),
        _too_many(cells),
    )


def runlock(cells: Cells) -> Fragment:
    """`RUnlock`: fatal when nobody holds a read lock; with other readers inside it silently takes one of theirs."""
    readers, _, _ = _state(cells)
    access = (write(readers, atomic=True),)
    return (
        Piece(
            guard=negate(equal(Read(readers), ZERO)),
            updates=((readers, _plus(readers, -1)),),
            accesses=access,
            cite="sync/rwmutex.go:120",
            sync=(Sync("runlock", readers),),
        ),
        Piece(
            guard=equal(Read(readers), ZERO),
            accesses=access,
            cite="sync/rwmutex.go:132",
            fail=Fail("fatal", "sync: RUnlock of unlocked RWMutex"),
        ),
    )


def try_lock(cells: Cells, got: Ref, spurious: bool = False) -> Fragment:
    """`TryLock` into `got`. With `spurious` it may fail although the lock is free, as the memory model permits.

    That covers the moments when another goroutine holds the inner mutex `w` without having announced itself yet, or
    still holds it on its way out of `Unlock`. A success takes the lock in one step and is marked "lock".
    """
    readers, _, writer = _state(cells)
    free = all_of(_no_writer(cells), equal(Read(readers), ZERO))
    return (
        Piece(
            guard=free,
            updates=((writer, ONE), (got, TRUE)),
            accesses=(write(readers, atomic=True),),
            detail="got it",
            cite="sync/rwmutex.go:180",
            sync=(Sync("lock", readers),),
        ),
        Piece(
            guard=TRUE if spurious else negate(free),
            updates=((got, FALSE),),
            accesses=(read(readers, atomic=True),),
            detail="failed",
            cite="sync/rwmutex.go:174",
        ),
    )


def try_rlock(cells: Cells, got: Ref, spurious: bool = False) -> Fragment:
    """`TryRLock` into `got`: fails also while a writer is only announced (sync/rwmutex.go:92-107)."""
    readers, _, _ = _state(cells)
    return (
        Piece(
            guard=all_of(_no_writer(cells), _room(readers)),
            updates=((readers, _plus(readers, 1)), (got, TRUE)),
            accesses=(write(readers, atomic=True),),
            detail="got it",
            cite="sync/rwmutex.go:100",
            sync=(Sync("rlock", readers),),
        ),
        Piece(
            guard=TRUE if spurious else negate(_no_writer(cells)),
            updates=((got, FALSE),),
            accesses=(read(readers, atomic=True),),
            detail="failed",
            cite="sync/rwmutex.go:94",
        ),
        _too_many(cells),
    )


def _state(cells: Cells) -> tuple[Ref, Ref, Ref]:
    return cells("readers"), cells("pending"), cells("writer")


def _no_writer(cells: Cells) -> Expr:
    _, pending, writer = _state(cells)
    return negate(any_of(Read(pending), Read(writer)))


def _room(readers: Ref) -> Expr:
    return negate(equal(Read(readers), Const(MOST_READERS)))


def _plus(ref: Ref, by: int) -> Expr:
    return op("+", Read(ref), Const(by))


def _too_many(cells: Cells) -> Piece:
    readers, _, _ = _state(cells)
    return Piece(
        guard=all_of(_no_writer(cells), equal(Read(readers), Const(MOST_READERS))),
        accesses=(write(readers, atomic=True),),
        cite="sync/rwmutex.go:72",
        fail=Fail("bound", f"more than {MOST_READERS} read locks of one RWMutex at a time"),
    )
