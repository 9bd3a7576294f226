from __future__ import annotations

import pytest
from explore.locked_programs import locked_programs
from explore.machines import Decl, Role, build, server, spawner
from explore.random_programs import small_programs
from explore.reducing import compare
from hypothesis import HealthCheck, given, settings

from verifier.explore.search import explore
from verifier.program.expr import TRUE, At, Cell, Const, Expr, Family, Own, PerInstance, Read, both, equal, negate, op
from verifier.program.passes.compose import compose
from verifier.program.passes.constants import fold_constants
from verifier.program.passes.reduce import reduced
from verifier.program.passes.values import Values
from verifier.program.program import END, Access, Bool, Fail, Kind, Program, Range, Step, Sync

X, Y, T, J = Own(0, 0), Own(0, 1), Own(1, 0), Own(1, 1)
PACKAGE: list[Decl] = [("x", Range(0, 5), 1), ("y", Range(0, 5), 2), ("mu", Bool(), 0), ("nu", Bool(), 0)]
OWN: tuple[Decl, ...] = (("t", Range(0, 40), 0), ("i", Range(0, 5), 1))
LOCKS = Family("locks", (-1, 2, 3))
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def step(src: int, dst: int, *updates: tuple[Own | At | Cell, Expr], guard: Expr = TRUE) -> Step:
    return Step(src, dst, guard, tuple(updates), kind=Kind.SYNC)


def program(*steps: Step, count: int = 1, cells: tuple[Decl, ...] = OWN) -> Program:
    return build(PACKAGE, [Role("r", count, steps, cells)])


def folded(*steps: Step, count: int = 1, cells: tuple[Decl, ...] = OWN) -> tuple[Step, ...]:
    return fold_constants(program(*steps, count=count, cells=cells)).templates[1].steps


def test_a_cell_that_is_never_written_is_its_first_value() -> None:
    (made,) = folded(step(2, END, (T, op("+", Read(X), Read(J))), guard=equal(Read(X), Const(1))))
    assert made.guard == TRUE and made.updates == ((T, Const(2)),) and made.origin == (0,)


def test_a_pointer_that_is_never_written_selects_one_lock() -> None:
    mu = At(LOCKS, Read(X))
    take = Step(
        2, END, negate(Read(mu)), ((mu, Const(1)),), (Access(mu, True, True),), Kind.SYNC, sync=(Sync("lock", mu),)
    )
    (made,) = folded(take)
    assert made.sync[0].ref == made.accesses[0].ref == made.updates[0][0] == Own(0, 2)
    assert made.guard == negate(Read(Own(0, 2)))


def test_own_cells_are_followed_from_location_to_location() -> None:
    steps = folded(
        step(2, 3, (J, Const(3))),
        step(3, 4, (T, Read(J)), guard=equal(Read(J), Const(3))),
        step(3, END, guard=equal(Read(J), Const(1))),
        step(4, 5, (J, Const(0))),
        step(5, END, (T, op("+", Read(T), Read(J)))),
    )
    assert [(s.src, s.dst, s.guard) for s in steps] == [(2, 3, TRUE), (3, 4, TRUE), (4, 5, TRUE), (5, END, TRUE)]
    # At the end t keeps its value: that write is none.
    assert [s.updates for s in steps] == [((J, Const(3)),), ((T, Const(3)),), ((J, Const(0)),), ()]


def test_two_ways_to_a_location_leave_both_values() -> None:
    steps = folded(step(2, 3, (J, Const(3))), step(2, 3), step(3, END, guard=equal(Read(J), Const(3))))
    assert steps[2].guard == equal(Read(J), Const(3))
    dead = folded(step(2, 3, (J, Const(3))), step(2, 3), step(3, END, guard=equal(Read(J), Const(4))))
    assert len(dead) == 2


def test_instances_that_differ_are_not_taken_for_one() -> None:
    told = program(step(2, 3, (J, PerInstance(1, (4, 5)))), step(3, END, (T, Read(J))), count=2)
    assert fold_constants(told).templates[1].steps[1].updates == ((T, Read(J)),)
    assert Values(told).private[1, 3][J] == (4, 5)


def test_a_loop_ends_at_what_its_condition_allows_or_at_the_domain() -> None:
    more = op("<", Read(T), Const(5))
    looping = program(step(2, 2, (T, op("+", Read(T), Const(1))), guard=more), step(2, END, guard=negate(more)))
    assert Values(looping).private[1, END][T] == (5, 5)
    far = op("<", Read(T), Const(30))
    looping = program(step(2, 2, (T, op("+", Read(T), Const(1))), guard=far), step(2, END, guard=negate(far)))
    # Widened after a dozen rounds.
    assert Values(looping).private[1, END][T] == (30, 40)


def test_a_dead_step_makes_what_is_behind_it_dead() -> None:
    boom = Step(3, 3, fail=Fail("panic", "boom"), kind=Kind.SYNC)
    assert len(folded(step(2, 3, guard=equal(Read(X), Const(2))), boom, step(2, END), step(3, END, (X, Const(2))))) == 1


def test_what_another_goroutine_or_an_index_writes_is_shared() -> None:
    array = Family("own", (4, 5))
    steps = folded(
        step(2, 3, (At(array, Read(X)), Const(1)), (Y, Const(3))),
        step(3, END, guard=both(equal(Read(T), Const(0)), equal(Read(Y), Const(3)))),
    )
    assert len(steps) == 2 and "Read" in repr(steps[1].guard)
    assert steps[0].updates[0][0] == Cell(5)


def test_a_value_always_out_of_range_stays_a_failure() -> None:
    p = program(step(2, END, (X, Const(9))))
    assert explore(fold_constants(p)).first("bound") is not None
    p = program(step(2, 3, (Y, Const(3))), step(3, END, (X, op("+", Read(Y), Const(3)))))
    assert explore(fold_constants(p)).first("bound") is not None


@pytest.mark.parametrize("full", [spawner(2), spawner(3), server(2), server(1)], ids=["2", "3", "server", "full"])
def test_started_goroutines_and_recycled_blocks(full: Program) -> None:
    p = compose(full)
    assert compare(p, fold_constants(p)) is not None
    assert compare(p, reduced(p)) is not None


@QUICK
@given(small_programs() | locked_programs())
def test_folding_keeps_every_verdict(program: Program) -> None:
    full = compose(program)
    compare(full, fold_constants(full))
    compare(full, reduced(full))
