"""RWMutex, WaitGroup and Once: which steps are enabled, what they do, how they fail, and what they cannot do."""

from __future__ import annotations

import pytest

from verifier.gosem import once, rwmutex, waitgroup
from verifier.gosem.fragment import DONE, ENTRY, Piece
from verifier.program.expr import Cell, Const, Op, Read

from .machine import Memory, World, conflict, enabled, explore, run, touches


def _rw():
    memory = Memory()
    cells = memory.place("rw", rwmutex.LAYOUT)
    return memory, cells, memory.cell("got")


def test_rwmutex_cells_are_in_the_order_the_views_expect():
    assert [s.path for s in rwmutex.LAYOUT] == [("readers",), ("pending",), ("writer",)]


def test_announced_writer_waits_for_readers_and_keeps_new_ones_out():
    memory, cells, got = _rw()
    lock, rlock = rwmutex.lock(cells), rwmutex.rlock(cells)
    state = run(memory, rlock, memory.zero()).state
    (announce,) = enabled(lock, ENTRY, state)
    assert (announce.detail, announce.sync[0].op, announce.sync[0].ref) == ("announce", "announce", cells("readers"))
    state = (1, 1, 0, 0)
    assert enabled(rlock, ENTRY, state) == []
    assert enabled(lock, ENTRY, state) == []
    assert enabled(lock, announce.dst, state) == []
    assert run(memory, rwmutex.try_rlock(cells, got), state).details == ("failed",)
    state = run(memory, rwmutex.runlock(cells), state).state
    (acquire,) = enabled(lock, announce.dst, state)
    assert (acquire.detail, acquire.sync[0].op, acquire.dst) == ("acquire", "acquire", DONE)


def test_lock_and_unlock_alone_leave_the_mutex_as_it_was():
    memory, cells, _ = _rw()
    locked = run(memory, rwmutex.lock(cells), memory.zero())
    assert memory.show(locked.state) == {("rw", ("writer",)): 1}
    assert enabled(rwmutex.rlock(cells), ENTRY, locked.state) == []
    assert run(memory, rwmutex.unlock(cells), locked.state).state == memory.zero()


def test_misuse_is_fatal():
    memory, cells, _ = _rw()
    for make, message in (
        (rwmutex.unlock, "sync: Unlock of unlocked RWMutex"),
        (rwmutex.runlock, "sync: RUnlock of unlocked RWMutex"),
    ):
        (piece,) = enabled(make(cells), ENTRY, memory.zero())
        assert piece.fail is not None
        assert (piece.fail.kind, piece.fail.message) == ("fatal", message)


@pytest.mark.parametrize("readers, pending, writer", [(0, 0, 0), (2, 0, 0), (1, 1, 0), (0, 1, 0), (0, 0, 1)])
def test_try_operations_never_block_and_succeed_exactly_when_free(readers, pending, writer):
    memory, cells, got = _rw()
    state = (readers, pending, writer, 0)
    outcome = run(memory, rwmutex.try_lock(cells, got), state)
    free = (readers, pending, writer) == (0, 0, 0)
    assert outcome.state == ((0, 0, 1, 1) if free else (*state[:3], 0))
    outcome = run(memory, rwmutex.try_rlock(cells, got), state)
    open_ = not pending and not writer
    assert outcome.state == ((readers + 1, 0, 0, 1) if open_ else (*state[:3], 0))


def test_a_spurious_try_may_fail_although_the_lock_is_free():
    memory, cells, got = _rw()
    for make in (rwmutex.try_lock, rwmutex.try_rlock):
        details = {p.detail for p in enabled(make(cells, got, True), ENTRY, memory.zero())}
        assert details == {"got it", "failed"}


def test_more_readers_than_the_model_counts_are_a_bound_not_a_wrap():
    _, cells, got = _rw()
    full = (rwmutex.MOST_READERS, 0, 0, 0)
    for fragment in (rwmutex.rlock(cells), rwmutex.try_rlock(cells, got)):
        (piece,) = enabled(fragment, ENTRY, full)
        assert piece.fail is not None and piece.fail.kind == "bound"


def _deadlocks(*goroutines):
    memory, cells, _ = _rw()
    made = tuple(tuple(getattr(rwmutex, name)(cells) for name in g.split()) for g in goroutines)
    found = explore(World(memory, made), memory.zero())
    assert not found.failures
    return len(found.stuck)


@pytest.mark.parametrize(
    "goroutines",
    [
        ("lock unlock", "lock unlock", "rlock runlock", "rlock runlock"),
        ("lock unlock lock unlock", "lock unlock lock unlock", "rlock runlock rlock runlock"),
        ("rlock rlock runlock runlock", "rlock runlock"),
    ],
)
def test_well_nested_programs_do_not_deadlock(goroutines):
    assert _deadlocks(*goroutines) == 0


@pytest.mark.parametrize(
    "goroutines",
    [
        ("rlock rlock runlock runlock", "lock unlock"),
        ("rlock lock unlock runlock",),
        ("lock rlock runlock unlock",),
        ("rlock lock unlock runlock", "rlock lock unlock runlock"),
    ],
)
def test_recursion_and_upgrades_deadlock(goroutines):
    assert _deadlocks(*goroutines) > 0


def test_a_reader_parked_behind_one_writer_gets_in_before_the_next():
    """What Go's Unlock guarantees is a run of the model: after it the parked reader is enabled, announced or not."""
    memory, cells, _ = _rw()
    state = run(memory, rwmutex.unlock(cells), run(memory, rwmutex.lock(cells), memory.zero()).state).state
    state = run(memory, rwmutex.rlock(cells), state).state
    (announce,) = enabled(rwmutex.lock(cells), ENTRY, state)
    assert announce.detail == "announce"


def test_writers_exclude_everybody():
    memory, cells, _ = _rw()
    inside = memory.cell("inside")
    goroutines = tuple(
        (take(cells), _bump(inside, by), _bump(inside, -by), give(cells))
        for take, give, by in 2 * [(rwmutex.lock, rwmutex.unlock, 10), (rwmutex.rlock, rwmutex.runlock, 1)]
    )
    found = explore(World(memory, goroutines), memory.zero())
    assert {state[inside.number] for state in found.states} == {0, 1, 2, 10}


def _bump(cell: Cell, by: int):
    return (Piece(updates=((cell, Op("+", (Read(cell), Const(by)))),), cite="test"),)


def _wg():
    memory = Memory()
    return memory, memory.place("wg", waitgroup.LAYOUT)


def test_waitgroup_counts_and_releases_at_zero():
    memory, cells = _wg()
    state = run(memory, waitgroup.add(cells, Const(2)), memory.zero()).state
    assert enabled(waitgroup.wait(cells), ENTRY, state) == []
    state = run(memory, waitgroup.done(cells), state).state
    assert enabled(waitgroup.wait(cells), ENTRY, state) == []
    state = run(memory, waitgroup.done(cells), state).state
    assert run(memory, waitgroup.wait(cells), state).state == memory.zero()


def test_waitgroup_limits():
    memory, cells = _wg()
    (piece,) = enabled(waitgroup.done(cells), ENTRY, memory.zero())
    assert piece.fail is not None
    assert (piece.fail.kind, piece.fail.message) == ("panic", "sync: negative WaitGroup counter")
    (piece,) = enabled(waitgroup.add(cells, Const(16)), ENTRY, memory.zero())
    assert piece.fail is not None and piece.fail.kind == "bound"
    assert run(memory, waitgroup.add(cells, Const(15)), memory.zero()).failure == ""


@pytest.mark.parametrize(
    "count, first, second, races",
    [
        (0, "add", "wait", True),
        (0, "wait", "wait", False),
        (0, "add", "add", False),
        (1, "add", "done", False),
        (1, "done", "done", False),
    ],
)
def test_add_from_zero_races_with_wait_and_nothing_else_does(count, first, second, races):
    _, cells = _wg()
    make = {"add": waitgroup.add(cells, Const(1)), "done": waitgroup.done(cells), "wait": waitgroup.wait(cells)}
    state = (count, 0)
    (p,), (q,) = enabled(make[first], ENTRY, state), enabled(make[second], ENTRY, state)
    assert conflict(p, q, state) is races


def test_add_inside_the_goroutine_is_a_race_and_before_it_is_none():
    memory, cells = _wg()
    add, done, wait = waitgroup.add(cells, Const(1)), waitgroup.done(cells), waitgroup.wait(cells)
    assert explore(World(memory, ((add, done), (wait,))), memory.zero()).races > 0
    started = run(memory, waitgroup.add(cells, Const(2)), memory.zero()).state
    found = explore(World(memory, ((done,), (done,), (wait,), (wait,))), started)
    assert (found.races, len(found.stuck), found.failures) == (0, 0, set())


def test_once_runs_once_and_blocks_the_others_meanwhile():
    memory = Memory()
    cells = memory.place("once", once.LAYOUT)
    begin, finish = once.begin(cells), once.finish(cells)
    first = run(memory, begin, memory.zero())
    assert (first.end, first.state) == (DONE, (once.RUNNING,))
    assert enabled(begin, ENTRY, first.state) == []
    after = run(memory, finish, first.state)
    assert after.state == (once.FINISHED,)
    again = run(memory, begin, after.state)
    assert (again.end, again.state) == (once.SKIP, after.state)


def test_only_an_add_from_zero_touches_what_a_wait_writes():
    memory, cells = _wg()
    sema = cells("sema")
    for count, delta, expected in ((0, 1, 1), (1, 1, 0), (1, -1, 0)):
        state = (count, 0)
        (piece,) = enabled(waitgroup.add(cells, Const(delta)), ENTRY, state)
        assert len(touches(piece, state, sema)) == expected
    assert memory.zero() == (0, 0)
