"""Wrong rules for locks, Once, WaitGroup and Cond."""

from __future__ import annotations

from dataclasses import replace

from verifier.gosem import cond, mutex, once, rwmutex, waitgroup
from verifier.gosem.fragment import CellSpec, Piece
from verifier.program.expr import ONE, TRUE, ZERO, Const, Me, Read, all_of, equal, negate, op
from verifier.program.program import Range

from .wrong import Swap, all_pieces, each, without, wrong


@wrong("mutex.exclusive", "mutex-counts")
def Lock_does_not_wait(swap: Swap) -> None:
    swap(mutex, "lock", all_pieces(guard=TRUE))


@wrong("mutex.exclusive", "mutex-not-reentrant")
def a_Mutex_is_reentrant(swap: Swap) -> None:
    swap.cells("sync.Mutex", (CellSpec(("held",), Range(0, 7)),))
    swap(mutex, "lock", lambda f, cells: (_mine(f[0], cells, ZERO), _mine(f[0], cells, Me())))


@wrong("mutex.unlock", "mutex-other-unlocks")
def only_the_owner_may_Unlock(swap: Swap) -> None:
    swap.cells("sync.Mutex", (CellSpec(("held",), Range(0, 7)),))
    swap(mutex, "lock", lambda f, cells: (_mine(f[0], cells, ZERO),))

    def unlock(f, cells):
        mine = equal(Read(cells("held")), Me())
        return (replace(f[0], guard=mine), replace(f[1], guard=negate(mine)))

    swap(mutex, "unlock", unlock)


def _mine(p: Piece, cells, held):
    return replace(p, guard=equal(Read(cells("held")), held), updates=((cells("held"), Me()),))


@wrong("mutex.unlock-unlocked", "mutex-unlock-twice")
def Unlock_of_an_unlocked_Mutex_panics(swap: Swap) -> None:
    swap(mutex, "unlock", lambda f, *_: (f[0], replace(f[1], fail=replace(f[1].fail, kind="panic"))))


@wrong("mutex.unlock-unlocked", "mutex-unlock-twice")
def Unlock_of_an_unlocked_Mutex_does_nothing(swap: Swap) -> None:
    swap(mutex, "unlock", each("fatal", fail=None))


@wrong("mutex.trylock", "mutex-trylock-held")
def TryLock_waits(swap: Swap) -> None:
    swap(mutex, "try_lock", without("failed"))


@wrong("mutex.trylock-failed", "mutex-trylock-orders-nothing")
def a_TryLock_that_fails_waits_first(swap: Swap) -> None:
    swap(mutex, "try_lock", without("failed"))


@wrong("rwmutex.writer-first", "rwmutex-recursive-rlock", "rwmutex-waiting-writer")
def a_waiting_Lock_lets_readers_in(swap: Swap) -> None:
    swap(rwmutex, "rlock", lambda f, cells: (replace(f[0], guard=negate(Read(cells("writer")))),))


@wrong("rwmutex.exclusive", "rwmutex-upgrade", "rwmutex-excludes")
def Lock_does_not_wait_for_readers(swap: Swap) -> None:
    swap(rwmutex, "lock", each("acquire", guard=TRUE))


@wrong("rwmutex.exclusive", "rwmutex-downgrade")
def RLock_gets_in_beside_a_writer(swap: Swap) -> None:
    swap(rwmutex, "rlock", lambda f, cells: (replace(f[0], guard=negate(Read(cells("pending")))),))


@wrong("rwmutex.one-writer", "rwmutex-lock-twice", "rwmutex-two-writers-one-reader")
def two_writers_at_a_time(swap: Swap) -> None:
    swap(rwmutex, "lock", each("announce", guard=TRUE))


@wrong("rwmutex.readers-share", "rwmutex-readers-meet", "rwmutex-readers-write")
def one_reader_at_a_time(swap: Swap) -> None:
    def rlock(f, cells):
        return tuple(replace(p, guard=all_of(p.guard, equal(Read(cells("readers")), ZERO))) for p in f)

    swap(rwmutex, "rlock", rlock)


@wrong("rwmutex.unlock", "rwmutex-after-unlock", "rwmutex-other-unlocks")
def Unlock_leaves_the_writer_in(swap: Swap) -> None:
    swap(rwmutex, "unlock", each("", updates=()))


@wrong("rwmutex.unlock-unlocked", "rwmutex-unlock-a-read-lock")
def Unlock_gives_back_a_read_lock(swap: Swap) -> None:
    swap(rwmutex, "unlock", each("fatal", fail=None))


@wrong("rwmutex.runlock", "rwmutex-steals-a-read-lock")
def RUnlock_keeps_the_lock(swap: Swap) -> None:
    swap(rwmutex, "runlock", each("", updates=()))


@wrong("rwmutex.runlock-unlocked", "rwmutex-runlock-unlocked")
def RUnlock_of_an_unlocked_RWMutex_does_nothing(swap: Swap) -> None:
    swap(rwmutex, "runlock", each("fatal", fail=None))


@wrong("rwmutex.trylock", "rwmutex-trylock-held", "rwmutex-trylock-beside-a-reader")
def TryLock_of_an_RWMutex_gets_in_beside_readers(swap: Swap) -> None:
    swap(rwmutex, "try_lock", lambda f, cells, *_: (replace(f[0], guard=negate(Read(cells("writer")))), f[1]))


@wrong("rwmutex.tryrlock", "rwmutex-tryrlock-beside-a-reader")
def TryRLock_fails_beside_a_reader(swap: Swap) -> None:
    def try_rlock(f, cells, *_):
        alone = equal(Read(cells("readers")), ZERO)
        return (replace(f[0], guard=all_of(f[0].guard, alone)), replace(f[1], guard=negate(alone)))

    swap(rwmutex, "try_rlock", try_rlock)


@wrong("rwmutex.tryrlock", "rwmutex-tryrlock-waiting-writer")
def TryRLock_may_get_in_although_a_writer_waits(swap: Swap) -> None:
    swap(rwmutex, "try_rlock", lambda f, cells, *_: (replace(f[0], guard=negate(Read(cells("writer")))), f[1]))


@wrong("rwmutex.writer-first", "rwmutex-waiting-writer")
def TryRLock_gets_in_before_a_waiting_writer(swap: Swap) -> None:
    def try_rlock(f, cells, *_):
        inside = Read(cells("writer"))
        return (replace(f[0], guard=negate(inside)), replace(f[1], guard=inside))

    swap(rwmutex, "try_rlock", try_rlock)


@wrong("once.waits", "once-done-before")
def Do_returns_while_f_runs(swap: Swap) -> None:
    def begin(f, cells):
        return (f[0], replace(f[1], guard=negate(equal(Read(cells("state")), ZERO))))

    swap(once, "begin", begin)


@wrong("once.once", "once-one-call")
def every_Do_calls_f(swap: Swap) -> None:
    swap(once, "begin", lambda f, cells: (replace(f[0], guard=negate(equal(Read(cells("state")), ONE))),))


@wrong("once.panic", "once-panics")
def a_call_that_panics_does_not_count(swap: Swap) -> None:
    # Nor does any other: the fragment does not know how f ended.
    swap(once, "finish", lambda f, cells: (f[0], replace(f[1], updates=((cells("state"), ZERO),))))


@wrong("once.reentrant", "once-reentrant")
def Do_inside_f_returns(swap: Swap) -> None:
    Do_returns_while_f_runs(swap)


@wrong("once.overwritten", "once-overwritten")
def an_overwritten_Once_is_fine(swap: Swap) -> None:
    swap(once, "finish", lambda f, *_: (replace(f[0], fail=None), f[1]))


@wrong("waitgroup.wait", "waitgroup-orders", "waitgroup-go")
def Done_orders_nothing(swap: Swap) -> None:
    swap(waitgroup, "wait", all_pieces(guard=TRUE))


@wrong("waitgroup.counter", "waitgroup-waits-for-all", "waitgroup-never")
def Wait_returns_at_one(swap: Swap) -> None:
    swap(waitgroup, "wait", lambda f, cells: (replace(f[0], guard=op("<=", Read(cells("n")), ONE)),))


@wrong("waitgroup.negative", "waitgroup-negative")
def a_negative_counter_stays_zero(swap: Swap) -> None:
    swap(waitgroup, "add", each("panic", fail=None))


@wrong("waitgroup.add-race", "waitgroup-add-inside")
def Add_beside_Wait_is_no_race(swap: Swap) -> None:
    swap(waitgroup, "add", lambda f, *_: tuple(replace(p, accesses=p.accesses[:1]) for p in f))


@wrong("waitgroup.go", "waitgroup-go")
def Go_counts_nothing(swap: Swap) -> None:
    swap(waitgroup, "add", lambda f, *_: (replace(f[0], guard=TRUE, updates=()),))


@wrong("cond.signal", "cond-signal-wakes-one")
def Signal_wakes_all(swap: Swap) -> None:
    swap(cond, "signal", lambda f, cells: cond.broadcast(cells))


@wrong("cond.signal", "cond-broadcast-lost")
def Wait_wakes_by_itself(swap: Swap) -> None:
    swap(cond, "park", all_pieces(guard=TRUE))


@wrong("cond.lost", "cond-broadcast-lost", "cond-signal-lost")
def a_wake_up_is_kept(swap: Swap) -> None:
    def keep(f, cells):
        first = cells(0, "waiter")
        return tuple(replace(p, updates=((first, Const(cond.WOKEN)),)) if p.detail == "nobody waits" else p for p in f)

    swap(cond, "signal", keep)
    swap(cond, "broadcast", keep)
    swap(cond, "enqueue", lambda f, cells, ticket: (_first(f[0], cells, ticket), *f[1:]))


def _first(p: Piece, cells, ticket):
    """The first ticket may be one that is woken already."""
    first = cells(0, "waiter")
    return replace(
        p,
        guard=negate(equal(Read(first), Const(cond.WAITING))),
        updates=((first, op("ite", equal(Read(first), ZERO), ONE, Read(first))), (ticket, ZERO)),
    )


@wrong("cond.ticket", "cond-signal-under-the-lock")
def Wait_queues_after_it_unlocked(swap: Swap) -> None:
    # A Signal may then come before the ticket.
    swap(cond, "signal", each("nobody waits", guard=TRUE))


@wrong("cond.broadcast", "cond-broadcast-wakes-all")
def Broadcast_wakes_one(swap: Swap) -> None:
    signal = cond.signal
    swap(cond, "broadcast", lambda f, cells: signal(cells))


@wrong("cond.lost", "cond-signal-lost")
def Signal_waits_for_a_waiter(swap: Swap) -> None:
    swap(cond, "signal", without("nobody waits"))
