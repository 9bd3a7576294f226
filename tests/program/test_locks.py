from __future__ import annotations

from dataclasses import replace

import pytest
from explore.locked_programs import (
    MU,
    PACKAGE,
    READERS,
    Body,
    assemble,
    lock,
    lock2,
    r_lock,
    r_lock2,
    r_unlock,
    r_unlock2,
    rw_lock,
    rw_unlock,
    sync,
    try_lock,
    unlock,
    unlock2,
    write,
)
from explore.machines import Role, build

from verifier.program.concrete import concrete
from verifier.program.expr import At, Const, Expr, Family, Own, Read
from verifier.program.passes.footprint import Footprint
from verifier.program.passes.locks import Locks
from verifier.program.program import END, IDLE, Access, Bool, Kind, Program, Step

GOT = (("got", Bool(), 0), ("got", Bool(), 0))


def program(*roles: tuple[int, list[Body]], extra: tuple[Step, ...] = ()) -> Program:
    made = [Role(f"r{n}", count, assemble(bodies, 0), GOT) for n, (count, bodies) in enumerate(roles, 1)]
    made[-1] = replace(made[-1], steps=(*made[-1].steps, *extra))
    return build(PACKAGE, made)


def locks(p: Program) -> Locks:
    return Locks(p, Footprint(p), [c for i in p.goroutines for c in concrete(p, i.number)])


def excluded(p: Program, here: tuple[int, int], there: tuple[int, int]) -> bool:
    return locks(p).together(here, there) is None


MUTEX = [lock(), unlock(True)]
RW, R = [rw_lock(), rw_unlock()], [r_lock(), r_unlock()]
# Bodies are numbered from 2; the second location of a Lock that announces is the first free one.
INSIDE, ANNOUNCED = 3, 4


def test_two_goroutines_are_never_both_inside_a_mutex() -> None:
    assert excluded(program((2, MUTEX)), (1, INSIDE), (1, INSIDE))
    assert excluded(program((1, MUTEX), (1, MUTEX)), (1, INSIDE), (2, INSIDE))
    assert not excluded(program((2, MUTEX)), (1, 2), (1, INSIDE))


def test_one_goroutine_is_never_two() -> None:
    assert excluded(program((1, MUTEX), (1, R)), (1, 2), (1, 2))


def test_readers_and_writers() -> None:
    p = program((2, RW), (2, R))
    assert excluded(p, (1, INSIDE), (1, INSIDE)) and excluded(p, (1, INSIDE), (2, INSIDE))
    assert not excluded(p, (2, INSIDE), (2, INSIDE))
    # While a writer is announced no other one is, nor inside.
    assert excluded(p, (1, ANNOUNCED), (1, ANNOUNCED)) and excluded(p, (1, ANNOUNCED), (1, INSIDE))
    assert not excluded(p, (1, ANNOUNCED), (2, INSIDE))


def test_a_counter_of_waiting_writers_does_not_exclude_another_one() -> None:
    p = program((2, [lock2(), unlock2()]), (2, [r_lock2(), r_unlock2()]))
    assert not excluded(p, (1, ANNOUNCED), (1, ANNOUNCED)) and not excluded(p, (1, ANNOUNCED), (1, INSIDE))
    assert excluded(p, (1, INSIDE), (2, INSIDE)) and excluded(p, (1, INSIDE), (1, INSIDE))


def test_what_the_cells_hold_while_somebody_holds_the_lock() -> None:
    joint = locks(program((1, RW), (2, R))).together((2, INSIDE), (2, INSIDE))
    assert joint is not None and joint[0].cells == (1, 2, 3)
    assert joint[0].values == {(2, 0, 0), (2, 1, 0)}
    joint = locks(program((1, RW), (2, R))).together((1, ANNOUNCED), (2, 2))
    assert joint is not None and joint[0].values == {(0, 1, 0), (1, 1, 0)}


def test_anybody_may_unlock() -> None:
    p = program((2, MUTEX), (1, [unlock(False)]))
    assert not excluded(p, (1, INSIDE), (1, INSIDE))
    p = program((2, MUTEX), (1, [[*r_unlock()]]))
    assert excluded(p, (1, INSIDE), (1, INSIDE))


def test_an_unlock_that_takes_a_read_lock_of_somebody_else() -> None:
    """The first RUnlock of the third goroutine is one too many: a writer may then be inside with a reader."""
    p = program((1, RW), (1, R), (1, [r_unlock()]))
    assert not excluded(p, (1, INSIDE), (2, INSIDE))


@pytest.mark.parametrize(
    "spoiler",
    [
        write(MU, Const(0)),
        write(MU, Read(Own(2, 0))),
        write(At(Family("locks", (0, 3)), Read(Own(2, 0))), Const(0)),
        (replace(sync("unlock", MU), updates=((At(Family("locks", (0,)), Const(0)), Const(0)),)),),
    ],
    ids=["assigned", "copied", "through an index", "unlocked through an index"],
)
def test_a_lock_that_is_written_otherwise_excludes_nothing(spoiler: Body) -> None:
    assert not excluded(program((2, MUTEX), (1, [spoiler])), (1, INSIDE), (1, INSIDE))


def test_a_lock_that_is_reset_only_before_anybody_could_hold_it() -> None:
    """An assignment is a step like any other: what matters is what can happen."""
    held = replace(write(MU, Const(1))[0], guard=Read(MU))
    assert excluded(program((2, MUTEX), (1, [(held,)])), (1, INSIDE), (1, INSIDE))


def test_two_ways_to_a_location_leave_what_both_hold() -> None:
    around = Step(2, INSIDE, kind=Kind.SYNC)
    assert not excluded(program((2, MUTEX), extra=(around,)), (1, INSIDE), (1, INSIDE))


def test_a_failed_try_holds_nothing() -> None:
    p = program((2, [try_lock(1), unlock(True)]))
    assert not excluded(p, (1, INSIDE), (1, INSIDE))


def test_a_goroutine_that_returned_with_the_lock_holds_it_no_more() -> None:
    p = program((2, [lock()]), (1, MUTEX))
    assert not excluded(p, (1, END), (1, END)) and not excluded(p, (1, END), (1, IDLE))


def test_a_lock_in_a_goroutine_or_a_recycled_block_says_nothing() -> None:
    mine = Own(1, 0)
    private = (sync("lock", mine, u=(mine, Const(1))),)
    assert locks(program((2, [private, private]))).together((1, 3), (1, 3)) == ()


def test_a_condition_that_another_one_protects_is_dropped_or_the_lock_is() -> None:
    """`1 / held` is evaluated only where an own cell allows it: the lock's machine does not know that cell."""
    from verifier.program.expr import both, op

    guard: Expr = both(Read(Own(1, 0)), op("/", Const(1), Read(MU)))
    odd = (replace(lock()[0], guard=guard),)
    assert locks(program((2, [odd, unlock(True)]))).together((1, 3), (1, 3)) == ()


def test_known_ranges_hold_at_a_location() -> None:
    from verifier.program.expr import op

    p = program((1, RW), (2, R))
    known = repr(locks(p).known((2, 2)))
    assert repr(op("<=", Read(READERS), Const(1))) in known and repr(op("<=", Read(READERS), Const(2))) not in known
    assert Access(READERS, True, True) in p.templates[2].steps[0].accesses
