from __future__ import annotations

from dataclasses import replace

import pytest
from explore.machines import Role, build, counter, server
from explore.random_programs import small_programs
from explore.reducing import compare
from hypothesis import HealthCheck, given, settings

from benchmarks.rwmap import rwmap
from verifier.explore.search import explore
from verifier.program.expr import TRUE, At, Cell, Const, Expr, Family, Own, Read, either, equal, op
from verifier.program.passes.compose import compose
from verifier.program.passes.slice import slice_cells
from verifier.program.program import END, Access, Clause, Kind, Program, Range, Step

X, Y, Z, T = Own(0, 0), Own(0, 1), Own(0, 2), Own(1, 0)
PACKAGE = [(n, Range(0, 3), 0) for n in "xyz"]
READS_X = Clause("x", "always", op("<", Read(Cell(0)), Const(3)))


def write(src: int, dst: int, *updates: tuple[Own | At, Expr], guard: Expr = TRUE) -> Step:
    return Step(src, dst, guard, tuple(updates), kind=Kind.SYNC)


def written(*steps: Step, clauses: tuple[Clause, ...] = ()) -> list[set[str]]:
    """Per step, the names of the cells it still writes."""
    program = build(PACKAGE, [Role("r", 1, steps, (("t", Range(0, 3), 0),))], clauses=clauses)
    names = {X: "x", Y: "y", Z: "z", T: "t"}
    sliced = slice_cells(program).templates[1].steps
    return [{names[r] if isinstance(r, Own) else "array" for r, _ in s.updates} for s in sliced]


def test_a_cell_nobody_reads_is_not_written() -> None:
    assert written(write(2, 3, (X, Const(1))), write(3, END, (T, Read(X)))) == [set(), set()]


def test_what_a_guard_or_a_clause_reads_is_kept_with_all_it_is_computed_from() -> None:
    steps = write(2, 3, (Y, Const(1))), write(3, 4, (X, Read(Y)), (Z, Read(Y))), write(4, END, guard=Read(X))
    assert written(*steps) == [{"y"}, {"x"}, set()]
    assert written(*steps[:2], clauses=(READS_X,)) == [{"y"}, {"x"}]


def test_a_write_that_may_leave_the_range_is_kept() -> None:
    assert written(write(2, END, (X, op("+", Read(Y), Const(1)))), write(2, END, (Y, Const(2)))) == [{"x"}, {"y"}]
    in_range = write(2, END, (X, op("+", Read(Y), Const(1))), guard=op("<", Read(Y), Const(3)))
    assert written(in_range, write(2, END, (Y, Const(2)))) == [set(), {"y"}]


def test_the_places_of_accesses_and_when_they_happen_are_kept() -> None:
    array = At(Family("a", (1, 2)), Read(X))
    touch = replace(write(3, END), accesses=(Access(array, True, False),))
    assert written(write(2, 3, (X, Const(1)), (Y, Const(1))), touch) == [{"x"}, set()]
    sometimes = replace(write(3, END), accesses=(Access(Y, True, False, equal(Read(X), Const(1))),))
    assert written(write(2, 3, (X, Const(1)), (Y, Const(1))), sometimes) == [{"x"}, set()]


def test_a_write_through_an_index_is_kept_if_it_may_hit_a_relevant_cell() -> None:
    store = write(2, END, (At(Family("a", (0, 1)), Read(T)), Const(1)))
    assert written(write(2, END, (T, Const(1))), store, clauses=(READS_X,)) == [{"t"}, {"array"}]
    store = write(2, END, (At(Family("a", (1, 2)), Read(T)), Const(1)))
    assert written(write(2, END, (T, Const(1))), store, clauses=(READS_X,)) == [set(), set()]


def test_references_that_the_collector_follows_are_kept_and_what_nobody_reads_behind_them_is_not() -> None:
    program = server(2)
    make, fill, keep = program.templates[1].steps
    small = slice_cells(program)
    assert [s.updates for s in small.templates[1].steps] == [make.updates, (), keep.updates]
    one, two = explore(program), explore(small)
    assert one.complete and two.complete and two.states <= one.states
    ((field, _),) = fill.updates
    assert isinstance(field, At)
    q = Read(Cell(0))
    reads_x = Clause("x", "always", either(equal(q, Const(0)), Read(At(field.family, q))))
    judged = replace(program, clauses=(reads_x,))
    assert [s.updates for s in slice_cells(judged).templates[1].steps] == [s.updates for s in (make, fill, keep)]


def test_steps_keep_their_numbers_and_the_program_they_come_from() -> None:
    program = compose(counter(locked=True))
    small = slice_cells(program)
    assert small.raw is program and small.initial == program.initial and set(small.prelude) == {()}
    for before, after in zip(program.templates, small.templates, strict=True):
        assert [s.origin for s in after.steps] == [(n,) for n in range(len(before.steps))]
        assert [(s.guard, s.accesses, s.sync) for s in after.steps] == [
            (s.guard, s.accesses, s.sync) for s in before.steps
        ]


@pytest.mark.parametrize(
    ("size", "states"), [((1, 1, 1), 25), ((2, 2, 1), 345), ((3, 3, 1), 4_455), ((2, 2, 2), 2_925)]
)
def test_the_shared_workload(size: tuple[int, int, int], states: int) -> None:
    """The counts of an independent prototype."""
    assert explore(slice_cells(compose(rwmap(*size)))).states == states


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(small_programs())
def test_slicing_keeps_every_verdict(program: Program) -> None:
    full = compose(program)
    compare(full, slice_cells(full))
